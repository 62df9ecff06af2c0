"""After a backup was put back: erasing again what was erased since it was made, by the list that lies beside the database (`base.ledger`).

Everything here is harmless when it is done twice, and when a row is not there. A legal hold does not stop it: it was erased when no hold covered it.
"""

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

from lamsach.portal.audit.trail import record
from lamsach.portal.awareness import consent, waves
from lamsach.portal.awareness.models import ConsentHow, ConsentState, Person
from lamsach.portal.base import ledger
from lamsach.portal.cases.models import Case
from lamsach.portal.exchange import epochs
from lamsach.portal.findings.models import Bundle, Device, EvidenceLine
from lamsach.portal.privacy import erasing, granted, retention
from lamsach.portal.privacy.files import ERASED
from lamsach.portal.privacy.person import SOURCES, Source
from lamsach.portal.units.models import Unit

_PURPOSE = "lamsach.privacy.erased/1"
_TOLD = 20
logger = logging.getLogger("lamsach.portal.privacy")
Place = tuple[str, int]
"""A table's name (see `person.SOURCES`) and a row's number."""
_WORD = re.compile(r"\w")


def digest(term: str) -> str:
    """Return what stands for the name of a person in the list: nothing can be read from it without the portal's secret key."""
    said = f"{_PURPOSE}\n{term.casefold()}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), said, hashlib.sha256).hex()


def note_person(
    units: Iterable[int], unit: Unit, term: str, erased: Sequence[Place], held: Iterable[Place]
) -> None:
    """Put the erasure of a person on the list: the rows that held the name tell it again; those that a hold kept are not erased then either."""
    values = {"units": sorted(units), "unit": unit.pk, "digest": digest(term), "length": len(term)}
    ledger.note("person", rows=erased[:_TOLD], held=sorted(held), **values)


def pending() -> Counter[str] | None:
    """Do what is to be done after a restore; how much of what. None when there was none."""
    marker = Path(settings.DATA) / ledger.PENDING
    if not marker.exists():
        return None
    epochs.restored()
    granted.hide()
    made = datetime.fromisoformat(json.loads(marker.read_text("utf-8"))["made"])
    counts: Counter[str] = Counter()
    for line in ledger.due(ledger.read(Path(settings.DATA) / ledger.NAME), made):
        again = _AGAIN.get(line["what"])
        if again is not None:
            try:
                with transaction.atomic():
                    counts[line["what"]] += again(line)
            except (KeyError, TypeError, ValueError):
                logger.warning("a line of %s cannot be understood: %s", ledger.NAME, line["at"])
    counts = +counts
    if counts:
        details: dict[str, Any] = dict(counts)
        record(None, "privacy.erased_again", **details)
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
    counts = erasing.erase(line["units"], unit, term, "", None, again=held)
    return int(counts.total() > counts["held"])


def _term(line: ledger.Line) -> str | None:
    """The name that is to be erased, found in the rows that still hold it."""
    sources = {source.name: source for source in SOURCES}
    for name, number in line.get("rows", []):
        source = sources.get(name)
        row = source.model._default_manager.filter(pk=number).first() if source else None
        if source is None or row is None:
            continue
        for said in _said(source, row):
            for part in _parts(said, line["length"]):
                if hmac.compare_digest(digest(part), line["digest"]):
                    return part
    return None


def _said(source: Source, row: Any) -> Iterator[str]:
    for column in (*source.whole, *source.inside):
        value = getattr(row, column)
        yield value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _parts(text: str, length: int) -> Iterator[str]:
    """Yield what of a text is so long and stands as a word."""
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
    return sum(consent.say(one, ConsentState.WITHDRAWN, ConsentHow(line["how"])) for one in rows)


_AGAIN: dict[str, Callable[[ledger.Line], int]] = {
    "cases": _cases,
    "devices": _devices,
    "bundles": _bundles,
    "person": _person,
    "people": _people,
    "withdrawn": _withdrawn,
}
