"""A trace from end to end: lists, NAT records, leases and inventory in, `Trace` out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lamsach import __version__
from lamsach.devices.holder_logs import HolderLogs
from lamsach.devices.inventory import Inventory
from lamsach.devices.inventory_sheets import read_inventory
from lamsach.devices.nat import NatTable
from lamsach.devices.nat.nat_logs import NatLogs
from lamsach.errors import InputError, LamsachError
from lamsach.logs.opening.inputs import LogFile, find_logs
from lamsach.model import Problem
from lamsach.trace.explain import answers_of, devices_of, marked_repeats, with_other_rows
from lamsach.trace.holders import Holders
from lamsach.trace.lookups import Lookup, Lookups
from lamsach.trace.model import Reported, Request, Skew, Trace
from lamsach.trace.proofs import with_texts
from lamsach.trace.reports import ReadReports, read_reports
from lamsach.trace.skew import skews_of

Say = Callable[[str], None]


@dataclass(slots=True)
class _Logs:
    problems: list[Problem] = field(default_factory=list)
    logs: list[LogFile] = field(default_factory=list)
    nat: list[LogFile] = field(default_factory=list)
    leases: list[LogFile] = field(default_factory=list)

    @property
    def all(self) -> list[LogFile]:
        """Every file once."""
        return list({log.name: log for log in (*self.logs, *self.nat, *self.leases)}.values())


def trace(request: Request, say: Say = lambda _text: None) -> Trace:
    """Trace the rows of the lists back to devices.

    Raises InputError when no list has a row or no log can be opened; other unreadable inputs are problems of
    the result.
    """
    started = datetime.now(UTC)
    found = _find(request)
    inventory = _inventory(request, found)
    say("Reading the NAT records.")
    logs = list({log.name: log for log in (*found.nat, *found.logs)}.values())
    nat = NatLogs(logs, request.timezone, found.problems.append)
    table = NatTable(nat.records())
    say("Reading the authority's list.")
    read = _reports(request, found, table)
    say("Comparing the clocks of list and logs.")
    skews = skews_of(read.rows, table, request.skew)
    lookups = _look_up(read.rows, table, skews)
    if found.leases:
        say("Reading the leases.")
    holders = _holders(request, found, inventory, lookups, read)
    say("Naming the devices.")
    answers = with_other_rows(marked_repeats(answers_of(read.rows, lookups, holders, skews)))
    answers = with_texts(answers, found.all)
    return Trace(
        answers=tuple(answers),
        devices=devices_of(answers),
        skews=tuple(skews.items()),
        reports=tuple(read.documents),
        refusals=tuple(read.refusals),
        problems=tuple(dict.fromkeys(found.problems)),
        tool_version=__version__,
        started=started,
        finished=datetime.now(UTC),
        timezone=request.timezone,
        nat_records=len(table),
        nat_files=tuple(name for name, count in nat.counts.items() if count),
        lease_records=holders.leases.record_count,
        public_addresses=table.public_addresses(),
    )


def _holders(
    request: Request, found: _Logs, inventory: Inventory, lookups: Sequence[Lookup], read: ReadReports
) -> Holders:
    wanted = {hit.inside for result in lookups for hit in result.hits} | {row.ip for row in read.rows}
    logs = HolderLogs(found.leases, found.logs, request.timezone, None, found.problems.append)
    return Holders(logs.events(), inventory, wanted)


def _find(request: Request) -> _Logs:
    found = _Logs()
    for paths, kind in ((request.logs, found.logs), (request.nat, found.nat), (request.leases, found.leases)):
        kind += find_logs(paths, password=request.password, on_problem=found.problems.append)
    if not found.all:
        first = found.problems[0] if found.problems else Problem(", ".join(request.logs), "There is no log.")
        raise InputError(first.what, first.where, first.todo or "Give files or folders that hold logs.")
    return found


def _inventory(request: Request, found: _Logs) -> Inventory:
    if request.inventory:
        try:
            return read_inventory(Path(request.inventory), found.problems.append)
        except LamsachError as error:
            found.problems.append(Problem(error.where or request.inventory, error.what, error.todo))
    return Inventory()


def _reports(request: Request, found: _Logs, table: NatTable) -> ReadReports:
    problems: list[Problem] = []
    read = read_reports(
        request.reports,
        problems.append,
        timezone=request.timezone,
        stated_zone=request.list_timezone,
        known=table.public_addresses(),
    )
    if not read.rows:
        first = (
            problems[0]
            if problems
            else Problem(", ".join(request.reports), "The list holds no row with a public address.")
        )
        raise InputError(
            first.what,
            first.where,
            first.todo or "Give the authority's list of public addresses, ports and times.",
        )
    found.problems[:0] = problems
    return read


def _look_up(rows: Sequence[Reported], table: NatTable, skews: Mapping[str, Skew]) -> list[Lookup]:
    lookups, found = Lookups(table), []
    for row in rows:
        shift = skews[row.reference.document].shift
        if row.time is not None and shift:
            row = replace(row, time=_moved(row.time, shift))
        found.append(lookups.find(row))
    return found


def _moved(time: datetime, shift: timedelta) -> datetime:
    try:
        return time + shift
    except OverflowError:
        return time
