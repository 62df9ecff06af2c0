"""Erasure of a person's data, and its repetition after a restore; counts and other text remain."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.awareness import waves
from lamsach.portal.awareness.models import ConsentHow, ConsentState, Person
from lamsach.portal.base import ledger
from lamsach.portal.base.queries import in_parts
from lamsach.portal.cases.models import Case, Note, Step
from lamsach.portal.cases.search import index
from lamsach.portal.exchange import returned_files
from lamsach.portal.findings.models import Appearance, Bundle, Device, EvidenceLine, Identity, Mark
from lamsach.portal.fleet.inventory import erase as erase_machine
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.mail.retention import forget, forget_letters
from lamsach.portal.privacy import granted, retention
from lamsach.portal.privacy.holds import held_cases, held_units
from lamsach.portal.privacy.models import Erasure
from lamsach.portal.privacy.person import SOURCES, Source, matches, rows, word
from lamsach.portal.privacy.retention import ERASED, drop_bundle
from lamsach.portal.support.models import Message
from lamsach.portal.traces.files import delete_result
from lamsach.portal.traces.models import TraceRow
from lamsach.portal.units.models import Unit

MASK = "█"
BATCH = 200


def _each(query: QuerySet[Any]) -> Iterator[Any]:
    """Yield rows in batches by primary key, unaffected by changes meanwhile."""
    numbers = list(query.values_list("pk", flat=True))
    for part in in_parts(numbers, BATCH):
        yield from query.model._default_manager.filter(pk__in=part).order_by("pk")


@transaction.atomic
def erase(
    units: Iterable[int],
    unit: Unit,
    term: str,
    reason: str,
    by: Any,
    *,
    again: frozenset[Place] | None = None,
) -> Counter[str]:
    """Erase a term except under legal holds; `again`: rows held before a restore. Return counts by source."""
    unit_ids = set(units)
    spared_units, spared_cases = (held_units(), held_cases()) if again is None else (set(), set())
    held = set(again or ())
    erased: list[Place] = []
    counts: Counter[str] = Counter()
    cases: set[int] = set()
    for source in SOURCES:
        for row in _each(rows(source, unit_ids, term)):
            if not matches(source, row, term):
                continue
            key = (source.name, row.pk)
            if key in held or _is_held(row, spared_units, spared_cases):
                held.add(key)
                continue
            erased.append(key)
            (_ERASERS.get(source.name) or _columns)(source, row, term)
            counts[source.name] += 1
            cases |= _cases_of(row)
    index(Case.objects.filter(pk__in=cases))
    if held:
        counts["held"] = len(held)
    if again is not None:
        return counts
    note_person(unit_ids, unit, term, erased, held)
    erasure = Erasure.objects.create(unit=unit, user=user_of(by), reason=reason, counts=dict(counts))
    record(by, "privacy.erased", erasure, unit, **dict[str, Any](counts))
    return counts


def _cases_of(row: Any) -> set[int]:
    """Cases whose search index changes with the row."""
    if isinstance(row, Device):
        members = [row.pk, row.into_id or row.pk]
        return set(Case.objects.filter(device__in=members).values_list("pk", flat=True))
    return {row.pk} if isinstance(row, Case) else {row.case_id} if isinstance(row, Note) else set()


def _is_held(row: Any, units: set[int], cases: set[int]) -> bool:
    device = row if isinstance(row, Device) else row.device if isinstance(row, EvidenceLine) else None
    if device is not None:
        merged = device.into_id or device.pk
        held = Case.objects.filter(device__in=(device.pk, merged), pk__in=cases)
        return device.unit_id in units or held.exists()
    case = row if isinstance(row, Case) else row.case if isinstance(row, (Note, Step)) else None
    if case is not None:
        return case.pk in cases or case.unit_id in units
    parent = row.question if isinstance(row, Message) else row.trace if isinstance(row, TraceRow) else row
    return parent.unit_id in units


def _device(source: Source, row: Any, term: str) -> None:
    """Erase columns equal to the term, the machine's records of all hunts, and the bundles' files."""
    changed = {column: "" for column in source.whole if getattr(row, column).casefold() == term.casefold()}
    if set(changed) - {"user"}:
        Identity.objects.filter(device=row, value__icontains=term).delete()
        Mark.objects.filter(device=row).delete()
    if term.casefold() in row.key.casefold():
        changed["key"] = f"erased:{row.pk}"
        Identity.objects.filter(device=row, kind="key").delete()
    Device.objects.filter(pk=row.pk).update(**changed)
    Appearance.objects.filter(device=row).update(record={})
    for bundle in Bundle.objects.filter(appearances__device=row).exclude(path=ERASED):
        drop_bundle(bundle)


def _columns(source: Source, row: Any, term: str) -> None:
    """Empty columns equal to the term, and mask it in texts."""
    values: dict[str, Any] = {
        column: "" for column in source.whole if str(getattr(row, column)).casefold() == term.casefold()
    }
    for column in source.inside:
        values[column] = _masked(getattr(row, column), word(term))
    source.model._default_manager.filter(pk=row.pk).update(**values)


def _masked(value: Any, word: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return word.sub(MASK, value)
    if isinstance(value, dict):
        return {name: _masked(item, word) for name, item in value.items()}
    return [_masked(item, word) for item in value] if isinstance(value, list) else value


def _trace(source: Source, row: Any, term: str) -> None:
    """Mask the row and delete the files of its trace's result; counts and cases remain."""
    _columns(source, row, term)
    if row.trace.result_deleted is None:
        delete_result(row.trace)


_ERASERS: dict[str, Callable[[Source, Any, str], Any]] = {
    "devices": _device,
    "scanned": lambda source, row, term: erase_machine(row),
    "traces": _trace,
    "people": lambda source, row, term: row.delete(),  # the notice remains for the count
    "letters": lambda source, row, term: forget_letters(Letter.objects.filter(pk=row.pk)),
    "incoming": lambda source, row, term: forget(Incoming.objects.filter(pk=row.pk)),
}
"""Erasure from a source; of the others, columns are emptied and texts masked (`_columns`)."""


_PURPOSE = "lamsach.privacy.erased/1"
_MOST_ROWS = 20
logger = logging.getLogger("lamsach.portal.privacy")
Place = tuple[str, int]
"""Source name (see `person.SOURCES`) and primary key."""
_WORD = re.compile(r"\w")


def digest(term: str) -> str:
    """Compute the keyed digest of a term for the ledger, case-insensitive."""
    message = f"{_PURPOSE}\n{term.casefold()}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256).hex()


def note_person(
    units: Iterable[int], unit: Unit, term: str, erased: Sequence[Place], held: Iterable[Place]
) -> None:
    """Note a person's erasure in the ledger: erased rows, and rows under a legal hold."""
    values = {"units": sorted(units), "unit": unit.pk, "digest": digest(term), "length": len(term)}
    ledger.note("person", rows=erased[:_MOST_ROWS], held=sorted(held), **values)


def pending() -> Counter[str] | None:
    """Repeat erasures after a restore; return counts, or None without a restore."""
    marker = Path(settings.DATA) / ledger.PENDING
    if not marker.exists():
        return None
    returned_files.begin_epochs()
    granted.hide()
    made = datetime.fromisoformat(json.loads(marker.read_text("utf-8"))["made"])
    counts: Counter[str] = Counter()
    for line in ledger.due(ledger.read(Path(settings.DATA) / ledger.NAME), made):
        repeat = _REPEATERS.get(line["what"])
        if repeat is not None:
            try:
                with transaction.atomic():
                    counts[line["what"]] += repeat(line)
            except (KeyError, TypeError, ValueError):
                logger.warning("a line of %s cannot be understood: %s", ledger.NAME, line["at"])
    counts = +counts
    if counts:
        record(None, "privacy.erased_again", **dict[str, Any](counts))
    marker.unlink()
    return counts


def _numbers(line: ledger.Line) -> list[int]:
    return [number for number in line.get("ids", []) if type(number) is int]


def _cases(line: ledger.Line) -> int:
    numbers = Case.objects.filter(pk__in=_numbers(line)).values_list("pk", flat=True)
    return sum(bool(retention.purge(number, again=True)) for number in list(numbers))


def _devices(line: ledger.Line) -> int:
    rows = Device.objects.filter(pk__in=_numbers(line)).exclude(key__startswith="purged:")
    members = set(rows.values_list("pk", flat=True))
    EvidenceLine.objects.filter(device__in=members).delete()
    return retention.forget_devices(members)["devices"] if members else 0


def _bundles(line: ledger.Line) -> int:
    rows = list(Bundle.objects.filter(pk__in=_numbers(line)).exclude(path=ERASED))
    for bundle in rows:
        retention.drop_bundle(bundle)
    return len(rows)


def _person(line: ledger.Line) -> int:
    unit, term = Unit.objects.filter(pk=line["unit"]).first(), _term(line)
    if unit is None or term is None:
        return 0
    held = frozenset((name, number) for name, number in line.get("held", []))
    counts = erase(line["units"], unit, term, "", None, again=held)
    return int(counts.total() > counts["held"])


def _term(line: ledger.Line) -> str | None:
    """Recover the erased term from restored rows by its digest and length."""
    sources = {source.name: source for source in SOURCES}
    for name, number in line.get("rows", []):
        source = sources.get(name)
        row = source.model._default_manager.filter(pk=number).first() if source else None
        if source is None or row is None:
            continue
        for text in _texts(source, row):
            for part in _parts(text, line["length"]):
                if hmac.compare_digest(digest(part), line["digest"]):
                    return part
    return None


def _texts(source: Source, row: Any) -> Iterator[str]:
    for column in (*source.whole, *source.inside):
        value = getattr(row, column)
        yield value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _parts(text: str, length: int) -> Iterator[str]:
    """Yield parts of a text of this length that begin and end at word boundaries."""
    for begin in range(len(text) - length + 1):
        end = begin + length
        before, behind = text[begin - 1 : begin] if begin else "", text[end : end + 1]
        if not _WORD.match(before) and not _WORD.match(behind):
            yield text[begin:end]


def _people(line: ledger.Line) -> int:
    rows = list(Person.objects.filter(pk__in=_numbers(line)))
    for person in rows:
        waves.erase(person, None)
    return len(rows)


def _withdrawn(line: ledger.Line) -> int:
    rows = Person.objects.filter(pk__in=_numbers(line))
    return sum(
        waves.record_consent(person, ConsentState.WITHDRAWN, ConsentHow(line["how"])) for person in rows
    )


_REPEATERS: dict[str, Callable[[ledger.Line], int]] = {
    "cases": _cases,
    "devices": _devices,
    "bundles": _bundles,
    "person": _person,
    "people": _people,
    "withdrawn": _withdrawn,
}
