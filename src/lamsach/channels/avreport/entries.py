"""Report entries from findings bundles and scan bundles about machines in a period.

Only observations are reported: an unknown machine is in no part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from lamsach.channels.avreport.model import Entry, Gathered, Machine, Part
from lamsach.channels.avreport.tables import Tables, tables
from lamsach.devices.names import host_key, mac_address
from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import UnreadableError
from lamsach.i18n import mark
from lamsach.model import DeviceState, MatchStatus, Role
from lamsach.model.threat_kinds import kind_of
from lamsach.results.bundle import Bundle, read_bundle
from lamsach.scanner.report.bundle_reader import read_scan

OLD = timedelta(days=15)
"""Machines whose newest scan is older are counted as not updated (`NumberMachineNotUpdateOn15Day`)."""
BLIND = mark("On some days of the period an observer has no log. What happened there is not in the report.")
PARTIAL = mark("A hunt or scan was stopped before its end, so what it found is not complete.")
_SHA256 = re.compile(r"[0-9a-f]{64}$")
_CONNECTED = frozenset({DeviceState.INFECTED, DeviceState.BLOCKED})
_DAMAGED = mark("The bundle is damaged or is not one.")
_AGAIN = mark("Ask the sender for the bundle again. Nothing in it was used.")


@dataclass(frozen=True, slots=True)
class Period:
    """Period from `since` until just before `until`."""

    since: datetime
    until: datetime

    def holds(self, moment: datetime) -> bool:
        """Return whether a time is in the period."""
        return self.since <= moment < self.until

    def holds_day(self, day: date) -> bool:
        """Return whether the period contains any part of a day."""
        return self.since.date() <= day <= (self.until - timedelta(microseconds=1)).date()


@dataclass(slots=True)
class Gathering:
    """Collector of the statements of bundles."""

    period: Period
    tables: Tables = field(default_factory=tables)
    _entries: set[Entry] = field(default_factory=set)
    _machines: dict[str, tuple[datetime, Machine]] = field(default_factory=dict)
    _scanned: dict[str, datetime] = field(default_factory=dict)
    _singles: dict[tuple[Part, str], tuple[datetime, tuple[str, ...]]] = field(default_factory=dict)
    _nobody: set[str] = field(default_factory=set)
    _warnings: set[str] = field(default_factory=set)
    _sources: int = 0

    def add_bundle(self, path: Path) -> None:
        """Read a bundle of a hunt or of a scan. UnreadableError, LimitError."""
        try:
            if _is_scan(path):
                manifest, findings, _ = read_scan(path)
                self.add_scan(manifest, findings)
            else:
                self.add_hunt(read_bundle(path))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnreadableError(_DAMAGED, str(path), _AGAIN) from error

    def add_hunt(self, bundle: Bundle) -> None:
        """Add a hunt's machines that connected on days of the period, blocked or not."""
        manifest = bundle.manifest
        searched = [row for row in manifest["coverage"] if self._in(row.get("day"))]
        blind = [row for row in manifest.get("blind_days") or [] if self._in(row["day"])]
        self._sources += bool(searched)
        self._warnings |= {BLIND for _ in blind} | ({PARTIAL} if manifest["partial"] else set())
        devices = {device["key"]: device for device in bundle.devices}
        for sighting in bundle.sightings:
            device = devices.get(sighting["device"])
            if device is not None and self._counts(sighting):
                self._contact(device, sighting)

    def _counts(self, sighting: Mapping[str, Any]) -> bool:
        days = sighting.get("days") or {}
        return (
            sighting.get("status") in (None, MatchStatus.COUNTED)
            and sighting.get("role") in (None, Role.OUTBOUND)
            and any(self._in(day) for day in days)
        )

    def _in(self, day: str | None) -> bool:
        return day is not None and self.period.holds_day(date.fromisoformat(day))

    def _contact(self, device: Mapping[str, Any], sighting: Mapping[str, Any]) -> None:
        state = DeviceState(device["state"])
        if state is DeviceState.UNATTRIBUTED:
            self._nobody.add(device["key"])
        if state not in _CONNECTED:
            return
        seen = datetime.fromisoformat(sighting["last"]) if sighting.get("last") else self.period.since
        named = Machine(str(device["ip"] or ""), str(device["name"] or ""))
        key = self.machine(named, [str(device["mac"] or "")], str(device["key"]), seen)
        self.contact(
            key, sighting["indicator"], sighting.get("threat") or "", passed=state is DeviceState.INFECTED
        )

    def contact(self, key: str, target: str, threat: str, *, passed: bool) -> None:
        """Add a machine's contact with a listed value; only a contact not blocked is evidence of malware."""
        if not target:
            return
        self._add(Part.CONNECTION, key, ("", "", "", target))
        if passed and threat:
            self._malware(key, threat, "contact", 0)

    def _malware(self, key: str, threat: str, reason: str, files: int) -> None:
        kind = self.tables["malware_types"].get(kind_of(threat), "")
        behaviour = self.tables["behaviours"].get(reason, "")
        self._add(Part.MALWARE, key, (threat, kind, behaviour, "", str(files) if files else ""))

    def add_scan(
        self, manifest: Mapping[str, Any], findings: Iterable[Mapping[str, Any]], *, whenever: bool = False
    ) -> None:
        """Add a scan of one machine that ended in the period, or `whenever`; early ones date the newest."""
        host, finished = manifest["host"], datetime.fromisoformat(manifest["finished"])
        addresses = [str(address) for address in host.get("addresses") or []]
        named = Machine(addresses[0] if addresses else "", str(host["name"]))
        if finished.astimezone(UTC) >= self.period.until:
            return
        key = self.machine(named, [str(mac) for mac in host.get("macs") or []], "", finished)
        self._scanned[key] = max(finished, self._scanned.get(key, finished))
        if not whenever and not self.period.holds(finished):
            return
        self._sources += 1
        self._warnings |= {PARTIAL} if manifest.get("stopped") else set()
        if system := f"{host.get('system') or ''} {host.get('release') or ''}".strip():
            self._single(Part.OS, key, (system, ""), finished)
        self._found(key, list(findings), finished)

    def _found(self, key: str, findings: list[Mapping[str, Any]], finished: datetime) -> None:
        files: dict[tuple[str, str], set[str]] = {}
        for finding in findings:
            if finding["reason"] == "protection_off":
                self._single(Part.QUALITY, key, ("false", ""), finished)
            if finding["level"] != "malicious":
                continue
            if finding["area"] == "connection" and finding.get("indicator"):
                program = str(finding["subject"]).rpartition(" -> ")[0]
                sha2 = found[0] if (found := _SHA256.match(str(finding.get("sha256", "")))) else ""
                self._add(Part.CONNECTION, key, (program, "", sha2, str(finding["indicator"])))
            name = str(finding.get("threat") or (finding.get("values") or {}).get("rule") or "")
            if name:
                of_file = {str(finding["subject"])} if finding["area"] == "file" else set()
                files.setdefault((name, str(finding["reason"])), set()).update(of_file)
        for (name, reason), paths in files.items():
            self._malware(key, name, reason, len(paths))

    def machine(self, named: Machine, macs: Iterable[str], otherwise: str, seen: datetime) -> str:
        """Return a machine's identity: host name, else network card, else IP address; the last name wins."""
        clean = sorted(mac for text in macs if (mac := mac_address(text)))
        name = host_key(named.name)
        key = name or (f"mac:{clean[0]}" if clean else f"ip:{named.ip}" if named.ip else otherwise)
        known = self._machines.get(key)
        if known is None or (known[0], known[1]) <= (seen, named):
            self._machines[key] = (seen, named)
        return key

    def _add(self, part: Part, key: str, values: tuple[str, ...]) -> None:
        self._entries.add(Entry(part, values, key, Machine()))

    def _single(self, part: Part, key: str, values: tuple[str, ...], at: datetime) -> None:
        """Store the newest statement of a part that has one per machine."""
        self._singles[part, key] = max((at, values), self._singles.get((part, key), (at, values)))

    def searched(self, sources: int, warnings: Iterable[str] = (), nobody: Iterable[str] = ()) -> None:
        """Record that logs of the period were searched, by evidence other than a bundle."""
        self._sources += sources
        self._warnings |= set(warnings)
        self._nobody |= set(nobody)

    def result(self, not_updated: int | None = None) -> Gathered:
        """Return all entries.

        `not_updated`: machines with an old scan, if known from more than the added bundles.
        """
        singles = {
            Entry(part, statement[1], key, Machine()) for (part, key), statement in self._singles.items()
        }
        if not_updated is None and self._scanned:
            not_updated = sum(at < self.period.until - OLD for at in self._scanned.values())
        return Gathered(
            frozenset(
                replace(entry, machine=self._machines[entry.machine_key][1])
                for entry in self._entries | singles
            ),
            not_updated,
            self._sources,
            len(self._nobody),
            tuple(sorted(self._warnings)),
        )


def gather(paths: Iterable[Path], period: Period) -> Gathered:
    """Gather the statements of bundles about the period. UnreadableError, LimitError."""
    gathering = Gathering(period)
    for path in paths:
        gathering.add_bundle(path)
    return gathering.result()


def _is_scan(path: Path) -> bool:
    """Return whether a bundle is a scan's, by a member's name; any other is read as a hunt's."""
    try:
        with ZipFile(path) as archive:
            return "skips.jsonl" in archive.namelist()
    except ZIP_ERRORS:
        return False
