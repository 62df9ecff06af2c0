"""Account of a chaos run: events, messages sent, archived and found."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lamsach.archive.archive import Archive
from lamsach.archive.export import export
from lamsach.archive.retro import retro
from lamsach.archive.verification import verify
from lamsach.investigate import Request
from tests.chaos.world import EVERY


@dataclass
class Account:
    """Events and findings of a run.

    `certain`: numbers of messages counted by the collector before a kill, or sent after the last kill.
    `wrong`: violations.
    """

    seconds: float = 0.0
    mishaps: Counter[str] = field(default_factory=Counter)
    written: int = 0
    archived_of_file: int = 0
    sent_tcp: int = 0
    certain: set[int] = field(default_factory=set, repr=False)
    archived_tcp: int = 0
    planted: int = 0
    found: int = 0
    retro_runs: int = 0
    portal: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def check(self, good: bool, what: str) -> None:
        """Record a required condition."""
        if not good:
            self.wrong.append(what)

    def as_json(self) -> dict[str, Any]:
        """Return the account for printing."""
        return {**vars(self), "mishaps": dict(self.mishaps), "certain": len(self.certain)}


def count(account: Account, place: Path, out: Path, listed: Path) -> None:
    """Verify sent = archived = found. `account.written`, `sent_tcp` and `certain` are known."""
    archive = Archive(str(place))
    account.check(verify(archive).problems == [], "the archive is not whole")
    archived = _archived(archive, "*fw.log", "file", out)
    account.archived_of_file = len(archived)
    account.check(
        archived == list(range(account.written)), "lines of the file are missing, doubled or in disorder"
    )
    tcp = _archived(archive, "syslog-tcp*", "tcp", out)
    account.archived_tcp = len(tcp)
    account.check(len(tcp) == len(set(tcp)), "messages are there twice")
    missing = sorted(account.certain - set(tcp))
    account.check(not missing, f"acknowledged messages are missing: {_spans(missing)}")
    account.planted = sum(number % EVERY == 0 for number in [*archived, *tcp])
    findings, _, _ = retro(archive, Request([""], [str(listed)]))
    account.found = sum(item.count for item in findings.sightings)
    account.check(account.found == account.planted, "not everything that is listed was found")
    if account.portal:
        of_list = account.portal["list"].get("365", {})
        account.check(of_list.get("events") == account.planted, "the portal's run found something else")
        account.check(account.portal["live"] <= account.planted, "more live sightings than lines")


def _archived(archive: Archive, pattern: str, kind: str, out: Path) -> list[int]:
    shape = re.compile(rf"app: {kind} (\d+) ")
    found: list[int] = []
    for item in export(archive, out / kind, pattern=pattern):
        found += [int(match[1]) for match in map(shape.search, item.path.read_text().splitlines()) if match]
    return found


def _spans(numbers: list[int]) -> str:
    """Format `3-7, 9`."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(f"{first}-{last}" if first != last else str(first) for first, last in spans[:20])
