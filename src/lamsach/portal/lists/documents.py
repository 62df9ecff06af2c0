"""Documents of a list: stored as they came, read by the worker, doubts noted."""

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
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from lamsach.errors import InputError, LimitError
from lamsach.i18n import mark
from lamsach.indicators.review.examination import Examiner
from lamsach.indicators.review.facts import Concern, Level
from lamsach.indicators.review.knowledge import Own, knowledge
from lamsach.indicators.values.normalise import Refused, Value, canonical_values
from lamsach.model import Indicator, Problem, Reference, Refusal
from lamsach.portal.base.storage import copy_to
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.lists.models import Decision, Document, Doubt, KeptList, Origin
from lamsach.runtime.file_names import safe_name

if TYPE_CHECKING:
    from lamsach.indicators.judge.explanation import Explained

BATCH = 1000
MOST_DOUBTS = 200_000
"""Doubts that a list may wait with; a document with more is refused whole: nobody looks at so many."""
REFUSALS_KEPT = 200
_TOO_MANY = mark("The list holds too many doubtful values to review: split it, or ask its author.")


def key_of(kind: str, value: str) -> str:
    """Return what names a value in an index, however long it is."""
    return hashlib.sha256(f"{kind} {value}".encode()).hexdigest()


def sha256_of(file: File[Any]) -> str:
    """Return what names a document's content."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def add(kept: KeptList, file: File[Any], name: str, by: Any = None, origin: Origin | None = None) -> Document:
    """Keep a document and queue its reading. LimitError when it is too large."""
    if file.size > settings.UPLOAD_LIMIT_BYTES:
        raise LimitError(mark("The file is larger than allowed."), name)
    sha256 = sha256_of(file)
    path = f"lists/{sha256[:2]}/{sha256}"
    if not default_storage.exists(path):
        file.seek(0)
        path = default_storage.save(path, file)
    with transaction.atomic():
        made = Document.objects.create(
            list=kept,
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
    """The documents as files under their own names, each in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="lamsach-lists-") as folder:
        found = []
        for document in documents:
            place = Path(folder) / str(document.pk) / document.name
            place.parent.mkdir()
            found.append((document, copy_to(document.path, place)))
        yield found


def read(document_id: int, step: Callable[[int], None] = lambda done: None) -> dict[str, int]:
    """Read a document: counts, refusals, doubts. Reading again replaces nothing that was decided."""
    from lamsach.hunt.mistaken import lists_alone
    from lamsach.indicators.judge.explanation import explanations

    document = Document.objects.select_related("list").get(pk=document_id)
    examiner = Examiner(own_of(document.list), knowledge())
    decided = set(Decision.objects.filter(list=document.list, revoked=None).values_list("type", "value"))
    problems: list[Problem] = []
    doubts: dict[str, Doubt] = {}
    refusals: list[dict[str, Any]] = []
    count = refused = mentioned = 0
    with copies([document]) as [(_, place)]:
        files = lists_alone([str(place)], problems.append)
        for one in chain.from_iterable(explanations(file, problems.append) for file in files):
            item = one.entry
            if isinstance(item, Refusal):
                refused += 1
                mentioned += item.type is not None
                if len(refusals) < REFUSALS_KEPT:
                    refusals.append(_refusal(item, one, document))
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
    """Keep what reading gave; a fetched document takes the place of the older ones of its source."""
    Doubt.objects.bulk_create(doubts, batch_size=BATCH, ignore_conflicts=True)
    Document.objects.filter(pk=document.pk).update(read=timezone.now(), **facts)
    if document.origin_id and not facts["problem"] and facts["count"]:
        older = Document.objects.filter(origin=document.origin_id, withdrawn=None, pk__lt=document.pk)
        older.update(withdrawn=timezone.now())


def own_of(kept: KeptList) -> Own:
    """The own networks and names of a list's unit."""
    return Own.read(line for line in kept.own.splitlines() if line.strip())


def place_of(reference: Reference | None, name: str) -> str:
    """Return a value's place, for people: `annex.pdf, 3, 12`."""
    if reference is None:
        return name
    inner = reference.document.rpartition("!")[2] if "!" in reference.document else ""
    parts = [name + (f"!{inner}" if inner else "")]
    parts += [str(part) for part in (reference.page, reference.row) if part is not None]
    return ", ".join(parts)[:300]


def doubt_about(kept: KeptList, item: Indicator, concerns: list[Concern], document: str = "") -> Doubt:
    """Doubt about a value, not saved. `document`: name of the one being read; else by its reference."""
    name = document or (item.reference.document if item.reference else "")
    return Doubt(
        list=kept,
        type=item.type.value,
        value=item.value[:2000],
        key=key_of(item.type.value, item.value),
        dangerous=any(concern.level is Level.DANGEROUS for concern in concerns),
        kinds=[concern.kind.value for concern in concerns],
        about=", ".join(dict.fromkeys(concern.about for concern in concerns if concern.about))[:300],
        place=place_of(item.reference, name),
        words=((item.reference.words if item.reference else None) or item.threat or "")[:300],
    )


def wait_again(kept: KeptList, doubts: list[Doubt]) -> None:
    """Let values wait to be looked at, whether they did before, were decided about or are new."""
    for start in range(0, len(doubts), BATCH):
        part = doubts[start : start + BATCH]
        keys = [doubt.key for doubt in part]
        Doubt.objects.filter(list=kept, key__in=keys).exclude(decided=None, dangerous=True).update(
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
    """The canonical values of what somebody wrote. InputError."""
    try:
        return canonical_values(text)
    except Refused as refused:
        if refused.type is not None and refused.value:
            return ((refused.type, refused.value),)
        raise InputError(mark("This is no address, name, URL or hash."), text[:100]) from None
