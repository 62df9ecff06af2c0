"""Questions: asked, answered, handed over, with their files.

First answers are due within eight working hours.

Files are few, small, and of a kind that a desk can look at without harm.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from typing import Any

from django.core import signing
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import InputError, LamsachError, LimitError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.base import links
from lamsach.portal.base.links import absolute
from lamsach.portal.base.uploads import StoredFile, store
from lamsach.portal.base.working_time import add_working_hours
from lamsach.portal.mail.letters import queue_letter
from lamsach.portal.support.models import Counter, Message, Question, QuestionFile, QuestionState
from lamsach.portal.units.models import Unit

FIRST_ANSWER_HOURS = 8
MOST_FILES = 10
PURPOSE = "question"


def ask(question: Question, once: str, files: Iterable[StoredFile] = (), *, receipt: bool = True) -> Question:
    """Number the question, start its clock; the same form twice is the first. `receipt`: by e-mail."""
    now = timezone.now()
    question.once, question.nonce = once, links.nonce()
    question.created, question.due = now, add_working_hours(now, FIRST_ANSWER_HOURS)
    try:
        with transaction.atomic():
            question.number = _number(timezone.localdate().year)
            question.save()
            attach(question, files)
            _tell_desk(question)
            if question.email and receipt:
                _tell_asker(question, "question_received", f"question:{question.nonce}")
    except IntegrityError:
        return Question.objects.get(once=once)
    return question


def attach(question: Question, files: Iterable[StoredFile]) -> None:
    """Keep files with the question; one that is there already is left alone."""
    known = set(question.files.values_list("sha256", flat=True))
    for file in files:
        if file.sha256 not in known and len(known) < MOST_FILES:
            known.add(file.sha256)
            QuestionFile.objects.create(
                question=question, name=file.name, path=file.path, size=file.size, sha256=file.sha256
            )


def _number(year: int) -> str:
    Counter.objects.get_or_create(year=year)
    Counter.objects.filter(pk=year).update(last=F("last") + 1)
    return f"{year}-{Counter.objects.get(pk=year).last:05d}"


def address_of(question: Question) -> str:
    """The asker's own link to the question."""
    return absolute("support:mine", token=links.sign(PURPOSE, question.nonce))


def find(token: str) -> Question | None:
    """The question behind an asker's link."""
    word = links.read(PURPOSE, token)
    return Question.objects.filter(nonce=word or "", erased=None).select_related("unit").first()


def _context(question: Question, text: str = "") -> dict[str, Any]:
    return {
        "number": question.number,
        "subject": question.subject,
        "text": text,
        "due": f"{timezone.localtime(question.due):%H:%M %d/%m/%Y}",
        "contact": question.unit.contact,
        "issuer": question.unit.name,
    }


def _tell_desk(question: Question) -> None:
    queue_letter(
        "question_new",
        to=question.unit.email,
        key=f"question-desk:{question.nonce}:{question.unit_id}",
        unit=question.unit,
        about=f"desk:{question.pk}",
        context={**_context(question), "address": absolute("support:question", question_id=question.pk)},
    )


def _tell_asker(question: Question, kind: str, key: str, text: str = "") -> None:
    queue_letter(
        kind,
        to=question.email,
        key=key,
        unit=question.unit,
        about=f"question:{question.pk}",
        context={**_context(question, text), "address": address_of(question)},
    )


@transaction.atomic
def answer(question: Question, by: Any, text: str, *, internal: bool, who: str = "") -> Message:
    """An answer, mailed to the asker; or a note that only the desk sees."""
    now = timezone.now()
    message = Message.objects.create(
        question=question, at=now, user=by, who=who or str(by), text=text, internal=internal
    )
    if not internal:
        row = Question.objects.filter(pk=question.pk)
        row.filter(first_answer=None).update(first_answer=now)
        row.update(state=QuestionState.ANSWERED)
        if question.email:
            _tell_asker(question, "question_answered", f"answer:{message.pk}", text)
    record(by, "question.note" if internal else "question.answered", question, question.unit)
    return message


@transaction.atomic
def add(question: Question, text: str, files: Iterable[StoredFile] = ()) -> None:
    """A further word of the asker: the question waits for an answer again."""
    attach(question, files)
    Message.objects.create(question=question, at=timezone.now(), who=question.name, text=text)
    Question.objects.filter(pk=question.pk).update(state=QuestionState.OPEN, solved=None)


@transaction.atomic
def solve(question: Question, by: Any) -> None:
    """The question is solved."""
    row = Question.objects.filter(pk=question.pk, solved=None)
    if row.update(state=QuestionState.SOLVED, solved=timezone.now()):
        record(by, "question.solved", question, question.unit)


@transaction.atomic
def hand_over(question: Question, by: Any, note: str) -> Unit | None:
    """Give the question to the parent unit's contact; None at the root."""
    above = question.unit.parent
    if above is None:
        return None
    moved = Question.objects.filter(pk=question.pk, unit=question.unit).update(unit=above)
    if not moved:
        return None
    text = f"{question.unit.name} → {above.name}. {note}".strip()
    Message.objects.create(
        question=question, at=timezone.now(), user=by, who=str(by), text=text, internal=True
    )
    record(by, "question.handed_over", question, question.unit, to=above.code)
    question.unit = above
    _tell_desk(question)
    return above


FILE_KINDS = ("pdf", "docx", "xlsx", "png", "jpg", "jpeg", "txt", "csv")
LARGEST_BYTES = 10_000_000
MOST_SENT = 5
_SALT = "lamsach.question-files"


def kept_files(files: list[Any]) -> list[StoredFile]:
    """Store the files of a form. LamsachError for the first that may not be kept; then none counts."""
    if len(files) > MOST_SENT:
        raise LimitError(mark("At most five files can be sent with a question."))
    found = []
    for file in files:
        if file.size > LARGEST_BYTES:
            raise LimitError(mark("A file is larger than 10 MB."), file.name[:100])
        _check_office(file)
        found.append(store(file, FILE_KINDS))
    return found


def _check_office(file: Any) -> None:
    """Refuse what is no office document or holds macros (ECMA-376 part 2: a ZIP archive)."""
    if not file.name.lower().endswith((".docx", ".xlsx")):
        return
    try:
        with zipfile.ZipFile(file) as archive:
            names = {name.lower() for name in archive.namelist()[:10_000]}
    except ZIP_ERRORS as problem:
        raise InputError(mark("The file's content does not fit its name."), file.name[:100]) from problem
    finally:
        file.seek(0)
    if "[content_types].xml" not in names:
        raise InputError(mark("The file's content does not fit its name."), file.name[:100])
    if any(name.endswith("vbaproject.bin") for name in names):
        raise InputError(mark("Documents with macros are not accepted."), file.name[:100])


def carried(files: list[StoredFile]) -> str:
    """Files as a signed word for a hidden field, so that nobody chooses them again."""
    return signing.dumps([[file.name, file.path, file.size, file.sha256] for file in files], salt=_SALT)


def from_carried(word: str) -> list[StoredFile]:
    """The files of such a word; none when it is not ours or older than a day."""
    try:
        rows = signing.loads(word, salt=_SALT, max_age=86_400)
        return [StoredFile(*row) for row in rows if default_storage.exists(row[1])]
    except (signing.BadSignature, LamsachError, TypeError, ValueError):
        return []
