"""The main job from end to end: lists, logs, leases and inventory in, `Findings` out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from lamsach import __version__
from lamsach.devices.attribution import attribute
from lamsach.devices.holder_logs import HolderLogs
from lamsach.devices.identify import Identifier
from lamsach.devices.infrastructure import Infrastructure
from lamsach.devices.inventory import Inventory
from lamsach.devices.leases import LeaseTable
from lamsach.devices.presence import Presence
from lamsach.devices.unit_key import unit_key
from lamsach.devices.witness import Witness
from lamsach.errors import InputError, LamsachError
from lamsach.hunt import questioned as questions
from lamsach.hunt.coverage import blind_days
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.run import HuntResult, Progress, hunt
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.hunt.sets.lists import LoadedList, LoadingLists
from lamsach.hunt.swapped_inputs import refuse_lists
from lamsach.indicators.files.source import expand
from lamsach.indicators.releases.seal import stated_versions
from lamsach.logs.base import DEFAULT_TIMEZONE
from lamsach.logs.opening.inputs import LogFile, find_logs
from lamsach.model import Findings, Indicator, IndicatorType, Parameters, Problem, Reference

if TYPE_CHECKING:
    from lamsach.devices.nat.resolver import NatResolver

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Request:
    """A hunt to run: logs, lists, and sources that name machines, as paths given by the user."""

    logs: Sequence[str]
    lists: Sequence[str]
    leases: Sequence[str] = ()
    nat: Sequence[str] = ()
    inventory: str | None = None
    exceptions: Sequence[str] = ()
    decisions: str | None = None
    infrastructure: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    timezone: ZoneInfo = DEFAULT_TIMEZONE
    format_name: str | None = None
    password: bytes | None = None
    threads: int | None = None
    unit_key: bytes | None = None
    """Key of the machines' marks (`devices.presence`); None: the stored one (`devices.unit_key`)."""


@dataclass(slots=True)
class Watch:
    """Observer of a run: `say` gets a sentence a stage, `progress` bytes, `total` the logs' size on disk."""

    say: Report = lambda _text: None
    progress: Progress = lambda _consumed, _searched: None
    total: Callable[[int], None] = lambda _size: None


class LogStore(Protocol):
    """Logs in an archive or store, which searches them itself."""

    @property
    def logs(self) -> Sequence[LogFile]:
        """The logs that may name address holders."""

    @property
    def size_bytes(self) -> int:
        """The total that progress counts to."""

    def hunt(
        self, compiled: CompiledSet, matcher: Matcher, rules: Rules, threads: int | None, progress: Progress
    ) -> HuntResult:
        """Search the logs; see `hunt.run.hunt`."""


@dataclass(slots=True)
class _Inputs:
    problems: list[Problem] = field(default_factory=list)
    logs: list[LogFile] = field(default_factory=list)
    leases: LeaseTable = field(default_factory=LeaseTable)
    inventory: Inventory = field(default_factory=Inventory)
    behind: NatResolver | None = None
    presence: Presence = field(default_factory=lambda: Presence(DEFAULT_TIMEZONE))

    @property
    def machines(self) -> int:
        """Approximate number of machines: the inventory's or those seen, if more; else an estimate."""
        listed = len(self.inventory)
        return max(listed, self.presence.seen) if listed else self.presence.machines


class Searcher(Protocol):
    """Search of logs outside this process."""

    def search(
        self,
        compiled: CompiledSet,
        logs: Sequence[LogFile],
        matcher: Matcher,
        rules: Rules,
        progress: Progress = ...,
    ) -> HuntResult:
        """See `hunt.run.hunt`."""


def investigate(
    request: Request,
    watch: Watch | None = None,
    store: LogStore | None = None,
    searcher: Searcher | None = None,
) -> tuple[Findings, HuntResult]:
    """Run the requested hunt, over an archive or store if `store` is given, by `searcher` if there is one.

    Returns the findings and the hunt's own figures. Raises InputError when no list or no log is usable; other
    unreadable inputs are problems of the findings.
    """
    watch = watch or Watch()
    started = datetime.now(UTC)
    is_accepted = _accepted(request)
    lists = LoadingLists(request.lists, ahead=request.threads != 1)
    lists.refuse_logs()
    inputs = _read_inputs(request, watch, store, refuse=searcher is None)
    loaded = lists.get(lambda: watch.say("Reading the indicator list."))
    inputs.problems[:0] = loaded.problems
    excepted = _excepted(request, inputs)
    infrastructure = Infrastructure(request.infrastructure)
    if inputs.behind is not None:
        infrastructure.translates(inputs.behind.public_addresses)
    identifier = Identifier(inputs.leases, inputs.inventory, inputs.behind)
    witness = Witness(infrastructure, inputs.presence, identifier)
    rules = Rules(identifier, witness, request.timezone, request.since, request.until)
    watch.total(store.size_bytes if store else sum(log.size_bytes for log in inputs.logs))
    search = loaded.compiled, inputs.logs, Matcher(loaded.compiled, excepted), rules
    if store is not None:
        result = store.hunt(search[0], *search[2:], request.threads, watch.progress)
    elif searcher is not None:
        result = searcher.search(*search, watch.progress)
    else:
        stated = request.format_name
        result = hunt(*search, threads=request.threads, format_name=stated, progress=watch.progress)
    return _findings(request, started, inputs, loaded, infrastructure, result, is_accepted), result


def _findings(
    request: Request,
    started: datetime,
    inputs: _Inputs,
    loaded: LoadedList,
    infrastructure: Infrastructure,
    result: HuntResult,
    is_accepted: Callable[[Indicator], bool],
) -> Findings:
    """Name the devices of a hunt's sightings, and state what the hunt proves."""
    known = (infrastructure, inputs.inventory, inputs.leases.conflicts)
    devices, found = attribute(result.found, *known)
    indicators = _sighted(loaded, {item.indicator for item in found})
    if questioned := questions.grounds(found, indicators, inputs.machines, is_accepted):
        devices, found = attribute(questions.set_aside(result.found, questioned), *known)
    sightings = tuple(
        replace(item, threat=listed.threat) if (listed := indicators.get(item.indicator)) else item
        for item in found
    )
    rows = result.coverage.rows()
    coverage = tuple(row for row in rows if row.day is None or day_asked(row.day, request))
    return Findings(
        parameters=_parameters(request, started),
        list=loaded.summary,
        list_versions=stated_versions(loaded.summary.documents),
        devices=devices,
        sightings=sightings,
        indicators=indicators,
        coverage=coverage,
        blind_days=blind_days(rows, _local(request.since, request), _local(request.until, request)),
        files=tuple(result.files),
        problems=_once_each([*inputs.problems, *result.problems]),
        partial=result.partial,
        presence=inputs.presence.found(),
        presence_key=inputs.presence.key_name,
        set_aside=result.account.rows(),
        to_look_at=questions.summed(found, questioned),
        device_marks={item.key: inputs.presence.marks_of(item.mac, item.name, item.ip) for item in devices},
    )


def _accepted(request: Request) -> Callable[[Indicator], bool]:
    """Return a test whether the request accepts an indicator despite the lists' review."""
    if not request.decisions:
        return lambda item: False
    from lamsach.indicators.review.decisions import Choice, read_decisions

    decisions, now = read_decisions(Path(request.decisions)), datetime.now(UTC)

    def accepts(item: Indicator) -> bool:
        decision = decisions.on(item, now)
        return decision is not None and decision.choice is Choice.ACCEPT

    return accepts


def _excepted(request: Request, inputs: _Inputs) -> Callable[[IndicatorType, str], Reference | None] | None:
    """Return a lookup of exceptions for values; None without exceptions, whose reader is then not loaded."""
    if not request.exceptions:
        return None
    from lamsach.indicators.values.exceptions import ExceptionSet

    exceptions = ExceptionSet.read(request.exceptions, inputs.problems.append)
    return exceptions.covers if exceptions else None


def _once_each(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Deduplicate problems; an archive's own problem is not repeated for the logs in it."""
    distinct = tuple(dict.fromkeys(problems))
    inside = {(item.where.split("!")[0], item.what) for item in distinct if "!" in item.where}
    return tuple(item for item in distinct if (item.where, item.what) not in inside)


def _local(time: datetime | None, request: Request) -> datetime | None:
    return time.astimezone(request.timezone) if time else None


def day_asked(day: date, request: Request) -> bool:
    """Return whether a day, on the calendar of the request's zone, is in the searched period."""
    since, until = _local(request.since, request), _local(request.until, request)
    return not (since and day < since.date()) and not (until and day > until.date())


def _parameters(request: Request, started: datetime) -> Parameters:
    return Parameters(
        tool_version=__version__,
        started=started,
        finished=datetime.now(UTC),
        timezone=request.timezone.key,
        since=request.since,
        until=request.until,
        logs=tuple(request.logs),
        lists=tuple(request.lists),
        leases=tuple(request.leases),
        nat=tuple(request.nat),
        inventory=request.inventory,
        exceptions=tuple(request.exceptions),
        decisions=request.decisions,
        infrastructure=tuple(request.infrastructure),
    )


def _sighted(loaded: LoadedList, values: set[str]) -> dict[str, Indicator]:
    """Return the sighted indicators by value, in order."""
    return {
        value: indicator for value in sorted(values) if (indicator := loaded.compiled.find(value)) is not None
    }


def _read_inputs(request: Request, watch: Watch, store: LogStore | None, *, refuse: bool) -> _Inputs:
    """Read all inputs but the lists; with `refuse`, lists among the logs are refused."""
    inputs = _Inputs(presence=Presence(request.timezone, request.unit_key or unit_key()))
    report = inputs.problems.append
    if store is not None:
        inputs.logs = list(store.logs)
    else:
        inputs.logs = list(find_logs(request.logs, password=request.password, on_problem=report))
    if not inputs.logs and store is None:
        first = (
            inputs.problems[0] if inputs.problems else Problem(", ".join(request.logs), "There is no log.")
        )
        raise InputError(first.what, first.where, first.todo or "Give files or folders that hold logs.")
    if store is None and refuse:
        stated_format = request.format_name is not None
        inputs.logs, lists = refuse_lists(inputs.logs, expand(list(request.lists)), stated=stated_format)
        inputs.problems += lists
    if request.inventory:
        from lamsach.devices.inventory_sheets import read_inventory

        try:
            inputs.inventory = read_inventory(Path(request.inventory), report)
        except LamsachError as error:
            report(Problem(error.where or request.inventory, error.what, error.todo))
    stated = list(find_logs(request.leases, password=request.password, on_problem=report))
    if stated:
        watch.say("Reading the leases.")
    holders = HolderLogs(stated, inputs.logs, request.timezone, request.format_name, report)
    inputs.leases = LeaseTable(inputs.presence.watch(holders.events()))
    if request.nat:
        watch.say("Reading the NAT records.")
        inputs.behind = _read_nat(request, report)
    return inputs


def _read_nat(request: Request, report: Callable[[Problem], None]) -> NatResolver:
    """Read the translations of the request's NAT logs; imported only if there are any."""
    from lamsach.devices.nat import NatTable
    from lamsach.devices.nat.nat_logs import NatLogs
    from lamsach.devices.nat.resolver import NatResolver

    files = list(find_logs(request.nat, password=request.password, on_problem=report))
    logs = NatLogs(files, request.timezone, report)
    behind = NatResolver(NatTable(logs.records()))
    for log in files:
        if not logs.counts.get(log.name):
            report(
                Problem(
                    log.name,
                    "The log holds no NAT record.",
                    "Give the log of the gateway that translates the addresses.",
                )
            )
    return behind
