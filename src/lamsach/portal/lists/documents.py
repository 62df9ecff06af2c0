"""Documents of a list: stored unchanged, read by the worker, doubts recorded."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from lamsach.errors import InputError, LimitError
from lamsach.i18n import mark
from lamsach.indicators.review.examiner import Examiner
from lamsach.indicators.review.facts import Concern, Level
from lamsach.indicators.review.knowledge import Own, knowledge
from lamsach.indicators.values.normalise import Refused, Value, named_values
from lamsach.model import Indicator, Problem, Reference, Refusal
from lamsach.portal.base.storage import copy_to
from lamsach.portal.base.uploads import save_once
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.lists.models import Decision, Document, Doubt, KeptList, Origin
from lamsach.runtime.file_names import safe_name

if TYPE_CHECKING:
    from lamsach.indicators.judge.explanation import Explained

BATCH = 1000
MOST_DOUBTS = 200_000
"""Limit of doubts in a document; one with more is refused whole: nobody reviews so many."""
REFUSALS_KEPT = 200
_TOO_MANY = mark("The list holds too many doubtful values to review: split it, or ask its author.")


def key_of(kind: str, value: str) -> str:
    """Return the index key of a value, of fixed length."""
    return hashlib.sha256(f"{kind} {value}".encode()).hexdigest()


def sha256_of(file: File[Any]) -> str:
    """Return the digest of a document's content."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def add(
    kept_list: KeptList, file: File[Any], name: str, by: Any = None, origin: Origin | None = None
) -> Document:
    """Store a document and queue its reading. LimitError if too large."""
    if file.size > settings.UPLOAD_LIMIT_BYTES:
        raise LimitError(mark("The file is larger than allowed."), name)
    sha256 = sha256_of(file)
    path = save_once(file, sha256, "lists")
    with transaction.atomic():
        made = Document.objects.create(
            list=kept_list,
            origin=origin,
            name=safe_name(name),
            path=path,
            size=file.size,
            sha256=sha256,
            added_by=by,
        )
        enqueue("lists.read", by, document_id=made.pk)
    return made


@contextmanager
def copies(documents: Iterable[Document]) -> Iterator[list[tuple[Document, Path]]]:
    """Provide the documents as temporary files under their own names, each in its own folder."""
    with tempfile.TemporaryDirectory(prefix="lamsach-lists-") as folder:
        found = []
        for document in documents:
            path = Path(folder) / str(document.pk) / document.name
            path.parent.mkdir()
            found.append((document, copy_to(document.path, path)))
        yield found


def read(document_id: int, step: Callable[[int], None] = lambda done: None) -> dict[str, int]:
    """Read a document: counts, refusals, doubts. Reading again changes no decision."""
    from lamsach.hunt.swapped_inputs import lists_alone
    from lamsach.indicators.judge.explanation import explanations

    document = Document.objects.select_related("list").get(pk=document_id)
    examiner = Examiner(own_of(document.list), knowledge())
    decided = set(Decision.objects.filter(list=document.list, revoked=None).values_list("type", "value"))
    problems: list[Problem] = []
    doubts: dict[str, Doubt] = {}
    refusals: list[dict[str, Any]] = []
    count = refused = mentioned = 0
    with copies([document]) as [(_, path)]:
        files = lists_alone([str(path)], problems.append)
        for explained in chain.from_iterable(explanations(file, problems.append) for file in files):
            item = explained.entry
            if isinstance(item, Refusal):
                refused += 1
                mentioned += item.type is not None
                if len(refusals) < REFUSALS_KEPT:
                    refusals.append(_refusal(item, explained, document))
                continue
            count += 1
            if count % 20_000 == 0:
                step(count)
            concerns = [*examiner.concerns(item)]
            if concerns and (item.type.value, item.value) not in decided:
                doubts.setdefault(
                    key_of(item.type.value, item.value),
                    doubt_about(document.list, item, concerns, document.name),
                )
                if len(doubts) > MOST_DOUBTS:
                    problems = [Problem("", _TOO_MANY)]
                    break
    problem = problems[0].what[:400] if problems else ""
    counts = {"count": count, "refused": refused, "mentioned": mentioned, "refusals": refusals}
    _note(document, doubts.values(), problem=problem, **counts)
    return {"count": count, "refused": refused, "doubts": len(doubts)}


@transaction.atomic
def _note(document: Document, doubts: Iterable[Doubt], **facts: Any) -> None:
    """Store the results of reading; a fetched document replaces the older ones of its source."""
    Doubt.objects.bulk_create(doubts, batch_size=BATCH, ignore_conflicts=True)
    Document.objects.filter(pk=document.pk).update(read=timezone.now(), **facts)
    if document.origin_id and not facts["problem"] and facts["count"]:
        older = Document.objects.filter(origin=document.origin_id, withdrawn=None, pk__lt=document.pk)
        older.update(withdrawn=timezone.now())


def own_of(kept_list: KeptList) -> Own:
    """Parse the own networks and names of a list's unit."""
    return Own.read(line for line in kept_list.own.splitlines() if line.strip())


def place_of(reference: Reference | None, name: str) -> str:
    """Format a value's place for people: `annex.pdf, 3, 12`."""
    if reference is None:
        return name
    inner = reference.document.rpartition("!")[2] if "!" in reference.document else ""
    parts = [name + (f"!{inner}" if inner else "")]
    parts += [str(part) for part in (reference.page, reference.row) if part is not None]
    return ", ".join(parts)[:300]


def doubt_about(kept_list: KeptList, item: Indicator, concerns: list[Concern], document: str = "") -> Doubt:
    """Build an unsaved doubt about a value. `document`: name of the document read; else the reference's."""
    name = document or (item.reference.document if item.reference else "")
    return Doubt(
        list=kept_list,
        type=item.type.value,
        value=item.value[:2000],
        key=key_of(item.type.value, item.value),
        dangerous=any(concern.level is Level.DANGEROUS for concern in concerns),
        kinds=[concern.kind.value for concern in concerns],
        about=", ".join(dict.fromkeys(concern.about for concern in concerns if concern.about))[:300],
        place=place_of(item.reference, name),
        words=((item.reference.words if item.reference else None) or item.threat or "")[:300],
    )


def queue_for_review(kept_list: KeptList, doubts: list[Doubt]) -> None:
    """Queue values for review as dangerous, also decided and new ones."""
    for start in range(0, len(doubts), BATCH):
        part = doubts[start : start + BATCH]
        keys = [doubt.key for doubt in part]
        Doubt.objects.filter(list=kept_list, key__in=keys).exclude(decided=None, dangerous=True).update(
            decided=None, dangerous=True
        )
        Doubt.objects.bulk_create(part, ignore_conflicts=True)


def _refusal(item: Refusal, why: Explained, document: Document) -> dict[str, Any]:
    return {
        "rule": why.rule,
        "fired": [rule for rule in why.fired if rule != why.rule],
        "type": item.type.value if item.type else "",
        "value": item.value[:300],
        "reason": item.reason,
        "place": place_of(item.reference, document.name),
    }


def values_of(text: str) -> tuple[Value, ...]:
    """Return the canonical values of a text. InputError."""
    try:
        return named_values(text)
    except Refused:
        raise InputError(mark("This is no address, name, URL or hash."), text[:100]) from None
