"""Questions to a unit's desk: asking, answering, handing over, with harmless files.

First answers are due within eight working hours.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import asdict, astuple
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
    """Save a question with number and due time; idempotent by `once`. `receipt`: confirm by e-mail."""
    now = timezone.now()
    question.once, question.nonce = once, links.nonce()
    question.created, question.due = now, add_working_hours(now, FIRST_ANSWER_HOURS)
    try:
        with transaction.atomic():
            question.number = _number(timezone.localdate().year)
            question.save()
            attach(question, files)
            _notify_desk(question)
            if question.email and receipt:
                _notify_asker(question, "question_received", f"question:{question.nonce}")
    except IntegrityError:
        return Question.objects.get(once=once)
    return question


def attach(question: Question, files: Iterable[StoredFile]) -> None:
    """Attach files to the question, up to MOST_FILES and without duplicates."""
    digests = set(question.files.values_list("sha256", flat=True))
    for file in files:
        if file.sha256 not in digests and len(digests) < MOST_FILES:
            digests.add(file.sha256)
            QuestionFile.objects.create(question=question, **asdict(file))


def _number(year: int) -> str:
    Counter.objects.get_or_create(year=year)
    Counter.objects.filter(pk=year).update(last=F("last") + 1)
    return f"{year}-{Counter.objects.get(pk=year).last:05d}"


def address_of(question: Question) -> str:
    """Return the asker's personal link to the question."""
    return absolute("support:mine", token=links.sign(PURPOSE, question.nonce))


def find(token: str) -> Question | None:
    """Return the question of a personal link's token."""
    nonce = links.read(PURPOSE, token)
    return Question.objects.filter(nonce=nonce or "", erased=None).select_related("unit").first()


def _notify(question: Question, kind: str, address: str, text: str = "", **stated: str) -> None:
    context = {
        "number": question.number,
        "subject": question.subject,
        "text": text,
        "due": f"{timezone.localtime(question.due):%H:%M %d/%m/%Y}",
        "contact": question.unit.contact,
        "issuer": question.unit.name,
        "address": address,
    }
    queue_letter(kind, unit=question.unit, context=context, **stated)


def _notify_desk(question: Question) -> None:
    key = f"question-desk:{question.nonce}:{question.unit_id}"
    address = absolute("support:question", question_id=question.pk)
    to = {"to": question.unit.email, "about": f"desk:{question.pk}"}
    _notify(question, "question_new", address, key=key, **to)


def _notify_asker(question: Question, kind: str, key: str, text: str = "") -> None:
    to = {"to": question.email, "about": f"question:{question.pk}"}
    _notify(question, kind, address_of(question), text, key=key, **to)


@transaction.atomic
def answer(question: Question, by: Any, text: str, *, internal: bool, who: str = "") -> Message:
    """Add an answer, which is mailed to the asker, or an `internal` note."""
    now = timezone.now()
    message = Message.objects.create(
        question=question, at=now, user=by, who=who or str(by), text=text, internal=internal
    )
    if not internal:
        row = Question.objects.filter(pk=question.pk)
        row.filter(first_answer=None).update(first_answer=now)
        row.update(state=QuestionState.ANSWERED)
        if question.email:
            _notify_asker(question, "question_answered", f"answer:{message.pk}", text)
    record(by, "question.note" if internal else "question.answered", question, question.unit)
    return message


@transaction.atomic
def add(question: Question, text: str, files: Iterable[StoredFile] = ()) -> None:
    """Add a message of the asker and reopen the question."""
    attach(question, files)
    Message.objects.create(question=question, at=timezone.now(), who=question.name, text=text)
    Question.objects.filter(pk=question.pk).update(state=QuestionState.OPEN, solved=None)


@transaction.atomic
def solve(question: Question, by: Any) -> None:
    """Mark the question as solved."""
    row = Question.objects.filter(pk=question.pk, solved=None)
    if row.update(state=QuestionState.SOLVED, solved=timezone.now()):
        record(by, "question.solved", question, question.unit)


@transaction.atomic
def hand_over(question: Question, by: Any, note: str) -> Unit | None:
    """Move the question to the parent unit and return that; None at the root, or if moved meanwhile."""
    above = question.unit.parent
    if above is None:
        return None
    updated = Question.objects.filter(pk=question.pk, unit=question.unit).update(unit=above)
    if not updated:
        return None
    text = f"{question.unit.name} → {above.name}. {note}".strip()
    Message.objects.create(
        question=question, at=timezone.now(), user=by, who=str(by), text=text, internal=True
    )
    record(by, "question.handed_over", question, question.unit, to=above.code)
    question.unit = above
    _notify_desk(question)
    return above


FILE_KINDS = ("pdf", "docx", "xlsx", "png", "jpg", "jpeg", "txt", "csv")
LARGEST_BYTES = 10_000_000
MOST_SENT = 5
_SALT = "lamsach.question-files"


def store_files(files: list[Any]) -> list[StoredFile]:
    """Store the files of a form. LamsachError for the first that is rejected."""
    if len(files) > MOST_SENT:
        raise LimitError(mark("At most five files can be sent with a question."))
    stored = []
    for file in files:
        if file.size > LARGEST_BYTES:
            raise LimitError(mark("A file is larger than 10 MB."), file.name[:100])
        _check_office(file)
        stored.append(store(file, FILE_KINDS))
    return stored


def _check_office(file: Any) -> None:
    """Reject Office files that are no ZIP archive of ECMA-376 part 2, or contain macros."""
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


def sign_files(files: list[StoredFile]) -> str:
    """Serialize stored files, signed, for a hidden field of the next form."""
    return signing.dumps([astuple(file) for file in files], salt=_SALT)


def load_files(signed: str) -> list[StoredFile]:
    """Load serialized files; none if the signature is invalid or older than a day."""
    try:
        rows = signing.loads(signed, salt=_SALT, max_age=86_400)
        return [StoredFile(*row) for row in rows if default_storage.exists(row[1])]
    except (signing.BadSignature, LamsachError, TypeError, ValueError):
        return []
