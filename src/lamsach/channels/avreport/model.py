"""Model of a malware report: entries about machines, each in one of the report's parts."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lamsach.channels.edxml.model import Organ


class Part(StrEnum):
    """The parts that name machines, in the report's order."""

    MALWARE = "Malware"
    CONNECTION = "Connection"
    VULNERABILITY = "Vulnerability"
    OS = "OS"
    QUALITY = "QualityFeature"


UPDATE = "Update"
"""The part that holds a number only."""
FIELDS: Mapping[Part, tuple[str, tuple[str, ...]]] = {
    Part.MALWARE: (
        "MalwareInfo",
        ("MalwareName", "MalwareType", "MalwareBehavior", "TypeOfDevice", "NumberFile"),
    ),
    Part.CONNECTION: ("ConnectionInfo", ("Program", "md5", "Sha2", "TargetIP")),
    Part.VULNERABILITY: ("VulnerabilityInfo", ("Name", "OSName")),
    Part.OS: ("", ("OSName", "LastUpdate")),
    Part.QUALITY: ("", ("AutoProtect", "EnableFirewall")),
}
"""For each part the element around its values (none: they are the machine's own), and their order."""


class Naming(StrEnum):
    """Naming of machines in what leaves the unit."""

    NAMES = "names"
    PSEUDONYMS = "pseudonyms"
    COUNTS = "counts"


@dataclass(frozen=True, slots=True, order=True)
class Machine:
    """A machine as the report calls it; both empty where it calls none."""

    ip: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One thing known of a machine.

    `values` in the order of `FIELDS`, empty for what is not known; `machine_key` tells the machine again in
    every report.
    """

    part: Part
    values: tuple[str, ...]
    machine_key: str
    machine: Machine


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that is known of a period.

    `sources`: what it comes from; `not_updated`: machines whose newest scan is over 15 days old, None where
    no scan is known; `unattributed`: sources of contacts behind which no machine is known; `warnings` are
    English sentences.
    """

    entries: frozenset[Entry] = frozenset()
    not_updated: int | None = None
    sources: int = 0
    unattributed: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def absent(self) -> tuple[str, ...]:
        """The parts of which nothing is known, which are left out."""
        held = {entry.part for entry in self.entries}
        parts = tuple(str(part) for part in Part if part not in held)
        return parts if self.not_updated is not None else (*parts, UPDATE)

    @property
    def machines(self) -> int:
        """Machines that the report is about."""
        return len({entry.machine_key for entry in self.entries})


@dataclass(frozen=True, slots=True)
class Report:
    """A report that can be written: from whom, of which period (`until` not included), made when."""

    sender: Organ
    since: datetime
    until: datetime
    made: datetime
    gathered: Gathered
    naming: Naming
    key: bytes = b""
    """The unit's secret, from which pseudonyms are made."""

    def called(self, entry: Entry) -> Machine:
        """Return what the report calls an entry's machine."""
        if self.naming is Naming.NAMES:
            return entry.machine
        if self.naming is Naming.COUNTS:
            return Machine()
        return Machine(name=pseudonym(self.key, entry.machine_key))


_PURPOSE = b"lamsach.avreport.pseudonym/1\n"


def pseudonym(key: bytes, machine_key: str) -> str:
    """A machine's stable name, opaque without the unit's key: 64 bits of an HMAC-SHA256 of its identity."""
    if not key:
        raise ValueError("pseudonyms need the unit's key")
    return (
        "M-" + hmac.digest(key, _PURPOSE + machine_key.encode("utf-8", "replace"), hashlib.sha256).hex()[:16]
    )
