"""An entry that the system starts automatically, and its assessment."""

from __future__ import annotations

from dataclasses import dataclass

from lamsach.scanner.checks.commands import judged, programs
from lamsach.scanner.checks.context import Context
from lamsach.scanner.findings import Area, Finding, Level, Target


@dataclass(frozen=True, slots=True)
class StartEntry:
    """`kind`: code of START_KINDS; `place`: its location; `command`: the command; `target`: to disable."""

    kind: str
    place: str
    command: str
    target: Target | None = None


def consider(context: Context, entry: StartEntry) -> None:
    """Count an entry, report listed values and habits, and note its programs for examination."""
    context.counts.start_entries += 1
    context.listed(Area.START, entry.place, entry.command, reason="listed_start", target=entry.target)
    if habit := judged(entry.command):
        values = {"kind": entry.kind, "habit": habit}
        context.findings.append(
            Finding(
                Area.START,
                Level.SUSPICIOUS,
                "start_habit",
                entry.place,
                values,
                entry.command[:2000],
                target=entry.target,
            )
        )
    for program in programs(entry.command):
        context.starting.setdefault(program, entry.place)
