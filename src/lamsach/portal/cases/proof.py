"""How a log line leads to a case's machine: the address in the line, who held it at that time by which lease or session, and the machine.

A case names the machine by the address that it had last; its lines show the addresses that it had then. Which ones, and how that is known, is in the bundles' devices.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from lamsach.portal.cases.models import Case
from lamsach.portal.findings.models import Appearance, EvidenceLine
from lamsach.results.labels import KNOWN_BY

MOST_ADDRESSES, MOST_LINES = 50, 20
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """An address that the machine had: from when to when it is proved (None: not known), and how (a key of `KNOWN_BY`)."""

    ip: str
    how: str
    first: datetime | None = None
    last: datetime | None = None

    @property
    def by(self) -> str:
        """Return how it is known, in English words to be translated."""
        return KNOWN_BY.get(self.how, "")

    def on(self, moment: datetime | None) -> bool:
        """Return whether it is proved for a moment."""
        return moment is None or (
            (not self.first or self.first <= moment) and (not self.last or moment <= self.last)
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """A line and what links it to the machine: the address that the machine held; else the machine's own `name` in the line; else the servers that asked for it (`through`)."""

    line: EvidenceLine
    held: Held | None = None
    name: str = ""
    through: tuple[str, ...] = ()


def held_by(records: Iterable[Record]) -> list[Held]:
    """The addresses of the case's machine by all its bundles in the campaign (`records_of`), each once for each way in which it is known; in order of time."""
    found: dict[tuple[str, str], Held] = {}
    for record in records:
        for item in _mappings(record.get("addresses")):
            one = Held(
                str(item.get("ip") or ""),
                str(item.get("how") or ""),
                _moment(item.get("first")),
                _moment(item.get("last")),
            )
            known = found.get((one.ip, one.how))
            found[one.ip, one.how] = _joined(known, one) if known else one
    beginning = datetime.min.replace(tzinfo=UTC)
    return sorted(
        (one for one in found.values() if one.ip), key=lambda one: (one.first or beginning, one.ip)
    )[:MOST_ADDRESSES]


def proofs(
    case: Case, members: Sequence[int], held: Sequence[Held], records: Iterable[Record]
) -> list[Proof]:
    """The first lines of evidence, each with its link to the machine."""
    lines = EvidenceLine.objects.filter(device__in=members, campaign=case.campaign_id)[:MOST_LINES]
    through = _through(records)
    device = case.device
    names = [name for name in (device.name, device.mac, device.mac.replace(":", "-"), device.user) if name]
    return [_proof(line, held, names, through) for line in lines]


def _proof(line: EvidenceLine, held: Sequence[Held], names: Sequence[str], through: tuple[str, ...]) -> Proof:
    here = [one for one in held if _stands_in(one.ip, line.text)]
    moment = _moment(line.time)
    if here:
        return Proof(line, next((one for one in here if one.on(moment)), here[0]))
    name = next((name for name in names if _stands_in(name, line.text)), "")
    return Proof(
        line, None, name, () if name else tuple(one for one in through if _stands_in(one, line.text))
    )


def _stands_in(value: str, text: str) -> bool:
    """Return whether a line holds an address or name, and not merely a longer one that begins or ends like it."""
    return bool(re.search(rf"(?<![\w.:-]){re.escape(value)}(?![\w-]|:\w|\.\w)", text, re.IGNORECASE)) or bool(
        re.search(rf"(?<![\w.:-]){re.escape(value)}:\d{{1,5}}(?![\w:.])", text)
    )


def _through(records: Iterable[Record]) -> tuple[str, ...]:
    """The name servers, proxies and gateways by which the hunt says that the machine's contacts went."""
    found = {
        str(values.get("forwarder"))
        for record in records
        for reason in _mappings(record.get("reasons"))
        if isinstance(values := reason.get("values"), dict) and values.get("forwarder")
    }
    return tuple(sorted(found))[:MOST_ADDRESSES]


def records_of(case: Case, members: Sequence[int]) -> list[Record]:
    """Return what the campaign's bundles say of the case's machine."""
    rows = Appearance.objects.filter(bundle__campaign=case.campaign_id, device__in=members).order_by("pk")
    return [record for record in rows.values_list("record", flat=True)[:200] if isinstance(record, dict)]


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if value else None
    except (TypeError, ValueError):
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def _joined(one: Held, other: Held) -> Held:
    """The same address twice: from the earlier beginning to the later end; what is open on one side stays open."""
    first = min(one.first, other.first) if one.first and other.first else None
    last = max(one.last, other.last) if one.last and other.last else None
    return replace(one, first=first, last=last)
