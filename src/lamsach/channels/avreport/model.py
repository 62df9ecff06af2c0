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
    """Parts that name machines, in the report's order."""

    MALWARE = "Malware"
    CONNECTION = "Connection"
    VULNERABILITY = "Vulnerability"
    OS = "OS"
    QUALITY = "QualityFeature"


UPDATE = "Update"
"""Part that contains only a number."""
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
"""For each part the element around its values (empty: they are the machine's own), and their order."""


class Naming(StrEnum):
    """Naming of machines in what leaves the unit."""

    NAMES = "names"
    PSEUDONYMS = "pseudonyms"
    COUNTS = "counts"


@dataclass(frozen=True, slots=True, order=True)
class Machine:
    """Machine as named in the report; both empty where it is unnamed."""

    ip: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """Fact about a machine.

    `values` in the order of `FIELDS`, empty for unknown ones; `machine_key` identifies the machine across
    reports.
    """

    part: Part
    values: tuple[str, ...]
    machine_key: str
    machine: Machine


@dataclass(frozen=True, slots=True)
class Gathered:
    """Facts of a period.

    `sources`: count of sources; `not_updated`: machines whose newest scan is over 15 days old, None without a
    known scan; `unattributed`: sources of contacts without a known machine; `warnings` are English sentences.
    """

    entries: frozenset[Entry] = frozenset()
    not_updated: int | None = None
    sources: int = 0
    unattributed: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def absent(self) -> tuple[str, ...]:
        """Parts without facts, omitted from the report."""
        present = {entry.part for entry in self.entries}
        parts = tuple(str(part) for part in Part if part not in present)
        return parts if self.not_updated is not None else (*parts, UPDATE)

    @property
    def machines(self) -> int:
        """Count of machines in the report."""
        return len({entry.machine_key for entry in self.entries})


@dataclass(frozen=True, slots=True)
class Report:
    """Complete report: sender, period (`until` exclusive), time of creation."""

    sender: Organ
    since: datetime
    until: datetime
    made: datetime
    gathered: Gathered
    naming: Naming
    key: bytes = b""
    """Secret of the unit for pseudonyms."""

    def named_machine(self, entry: Entry) -> Machine:
        """Return the name of an entry's machine in the report."""
        if self.naming is Naming.NAMES:
            return entry.machine
        if self.naming is Naming.COUNTS:
            return Machine()
        return Machine(name=pseudonym(self.key, entry.machine_key))


_PURPOSE = b"lamsach.avreport.pseudonym/1\n"


def pseudonym(key: bytes, machine_key: str) -> str:
    """Return a machine's stable name, opaque without the unit's key: 64 bits of an HMAC-SHA256."""
    if not key:
        raise ValueError("pseudonyms need the unit's key")
    return (
        "M-" + hmac.digest(key, _PURPOSE + machine_key.encode("utf-8", "replace"), hashlib.sha256).hex()[:16]
    )
