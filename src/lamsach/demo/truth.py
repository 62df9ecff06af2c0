"""The planted truth: the required findings of a hunt over the demo's files, and the machines not to accuse.

`truth.json` is one object:

- `schema` (1), `seed`, `days`, `devices`, `timezone`, `first_day`, `last_day`.
- `infrastructure`: machines that act for others: `name`, `ip`, `role` (dns, proxy, nat), and `inventory`,
  true for the one known only by its note in the inventory.
- `cases`: the planted cases. Each has `name`, `about`, `state` (infected, blocked, inbound, resolved,
  unattributed; null: no result), `device` (`name`, `mac`, `addresses`: `ip`, `from`, `until`, `how`) or null,
  `ip` (where only an address is known, or the device has a fixed one), `indicators` (`type`, canonical
  `value`, `lines`: the count per `file` and kind of line, `what`), `first` and `last` line of the case in
  UTC. A DNS packet is a line here, with or without its contents.
- `own_lines` of a case: the number of lines that name the device itself as the one that asked or connected,
  by `allowed` and `blocked` (a client's DNS query is allowed; answers, and actions of a DNS server or proxy
  on its behalf, are not counted).
- `unattributed`: further values that may be reported as `unattributed` (by the chain of forwarders between
  such a case's client and the outside), and never of a machine: `type`, `value`.
- `innocent`: machines similar to a case that must not be accused of anything: `name`, `mac`, `case`, `why`,
  and `state`: the permitted result (null: none). No machine outside `cases` may be accused either.
- `list`: the content of the annex: `count`, `by_type`, `refused` (`column`, `text`, `why`), `not_indicators`.
- `blind`: times without a log: `file`, `from`, `until`, `utc_day` (without any line in the file), `why`.
- `raw`: texts that must be in the files for the traps to work: `case`, `file`, `text`.

Times are ISO 8601 in UTC. `file` is below the demo's folder.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lamsach.demo.cases import UNATTRIBUTED, Case
from lamsach.demo.clock import TIMEZONE, day_of, iso
from lamsach.demo.dhcp import Month
from lamsach.demo.journal import Gap, Journal, Planted, Tally
from lamsach.demo.listed import REFUSED, TITLE_LINK, Entry
from lamsach.demo.network import ALLOWED, BLOCKED
from lamsach.demo.world import BRANCH_NAT_IP, DNS_IP, PROXY_IP, Device
from lamsach.demo.writers.windows_dns import CLIENT_ASKS

INFRASTRUCTURE = (
    ("DC01", DNS_IP, "dns", False),
    ("PROXY01", PROXY_IP, "proxy", False),
    ("RT-CHINHANH", BRANCH_NAT_IP, "nat", True),
)
_OWN = {ALLOWED: ALLOWED, CLIENT_ASKS: ALLOWED, BLOCKED: BLOCKED}


def write(
    path: Path,
    *,
    seed: int,
    days: int,
    devices: int,
    cases: Sequence[Case],
    journal: Journal,
    month: Month,
    entries: Sequence[Entry],
) -> None:
    """Write the truth file."""
    types = Counter(entry.planted.type for entry in entries)
    truth = {
        "schema": 1,
        "seed": seed,
        "days": days,
        "devices": devices,
        "timezone": TIMEZONE,
        "first_day": day_of(0).isoformat(),
        "last_day": day_of(days - 1).isoformat(),
        "infrastructure": [
            {"name": name, "ip": ip, "role": role, "inventory": noted}
            for name, ip, role, noted in INFRASTRUCTURE
        ],
        "cases": [_case(case, journal.tallies.get(case.name, Tally()), month) for case in cases],
        "unattributed": _unattributed(cases, journal),
        "innocent": _innocent(cases),
        "list": {
            "count": len(entries),
            "by_type": dict(sorted(types.items())),
            "refused": [{"column": item.column, "text": item.text, "why": item.why} for item in REFUSED],
            "not_indicators": [TITLE_LINK],
        },
        "blind": [_blind(gap) for gap in journal.gaps],
        "raw": [{"case": case.name, "file": file, "text": text} for case in cases for file, text in case.raw],
    }
    path.write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


def _case(case: Case, tally: Tally, month: Month) -> dict[str, Any]:
    device = None
    if case.device is not None:
        device = {
            "name": case.device.name,
            "mac": case.device.mac,
            "addresses": _addresses(case.device, month),
        }
    return {
        "name": case.name,
        "about": case.about,
        "state": case.state or None,
        "device": device,
        "ip": case.ip or (case.device.fixed_ip if case.device else None),
        "indicators": [
            _indicator(planted, tally)
            for planted in sorted(tally.counts, key=lambda item: (item.type, item.value))
        ],
        "own_lines": _own_lines(tally),
        "first": None if tally.first is None else iso(tally.first),
        "last": None if tally.last is None else iso(tally.last),
    }


def _indicator(planted: Planted, tally: Tally) -> dict[str, Any]:
    lines = [
        {"file": file, "what": what, "count": count}
        for (file, what), count in sorted(tally.counts[planted].items())
    ]
    return {"type": planted.type, "value": planted.value, "lines": lines}


def _own_lines(tally: Tally) -> dict[str, int]:
    own = {ALLOWED: 0, BLOCKED: 0}
    for counts in tally.counts.values():
        for (_, what), count in counts.items():
            if what in _OWN:
                own[_OWN[what]] += count
    return own


def _addresses(device: Device, month: Month) -> list[dict[str, str]]:
    if device.fixed_ip is not None:
        return [{"ip": device.fixed_ip, "from": "", "until": "", "how": "inventory"}]
    return [
        {"ip": session.ip, "from": iso(session.start), "until": iso(session.end), "how": "lease"}
        for session in month.of(device)
    ]


def _innocent(cases: Sequence[Case]) -> list[dict[str, str | None]]:
    states = {case.device.mac: case.state for case in cases if case.device is not None}
    return [
        {
            "name": device.name,
            "mac": device.mac,
            "case": case.name,
            "why": why,
            "state": states.get(device.mac),
        }
        for case in cases
        for device, why in case.innocent
    ]


def _unattributed(cases: Sequence[Case], journal: Journal) -> list[dict[str, str]]:
    found = {
        planted
        for case in cases
        if case.state in ("", UNATTRIBUTED) and case.name in journal.tallies
        for planted in journal.tallies[case.name].counts
    }
    return [
        {"type": planted.type, "value": planted.value}
        for planted in sorted(found, key=lambda item: (item.type, item.value))
    ]


def _blind(gap: Gap) -> dict[str, str]:
    return {
        "file": gap.file,
        "from": iso(gap.start),
        "until": iso(gap.end),
        "utc_day": gap.day.isoformat(),
        "why": gap.why,
    }
