"""The hunt over a binary log, whose reader yields events for the matcher.

The evidence of a match is its event as one line; its line number is the number of the record or frame. Listed
values in the text of a log that are in no event are found by the sieve (`lamsach.hunt.sieved_stream`) and
reported as unparsed text, once per file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lamsach.errors import InputError
from lamsach.hunt import merge, unread
from lamsach.hunt.account import Account, RecentQueries
from lamsach.hunt.coverage import CoverageCount, LineKind
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import FileState, Rules
from lamsach.hunt.sieved_stream import SievedStream
from lamsach.logs.base import FileContext
from lamsach.logs.binary.base import BinaryFormat
from lamsach.logs.events.records import event_text
from lamsach.logs.opening.inputs import LogFile, LogStream
from lamsach.logs.reading.events import binary_stream, context_for, detection_for
from lamsach.model import AsideReason, Event, FileSummary, Match, MatchKind, Problem, Refusal

PROGRESS_EVENTS = 1000
"""Progress interval, in events."""
_OWN_ADDRESSES_MAX = 10_000


def hunt_events(
    log_file: LogFile,
    matcher: Matcher,
    rules: Rules,
    found: merge.RawSightings,
    coverage: CoverageCount,
    account: Account,
    *,
    format_name: str | None = None,
    progress: Callable[[int], None] = lambda _consumed: None,
) -> FileSummary:
    """Search one binary log from start to end, calling `progress` with the input bytes consumed so far.

    A file that fails to be read completely has a `problem` in the summary; findings before the damage stay.
    """
    problem = None
    detection = detection_for(log_file, format_name)
    if detection.binary is None:
        raise ValueError(log_file.name)
    search = _Search(detection.binary.name, matcher, rules, found, coverage, account)
    try:
        with log_file.open() as opened:
            search.read(opened, detection.binary, context_for(log_file, detection, rules.zone), progress)
    except InputError as error:
        problem = Problem(error.where or log_file.name, error.what, error.todo)
    state = search.state
    if problem is None and state.lines == 0:
        todo = "Find out whether logging works there, or whether the copy failed."
        problem = Problem(log_file.name, "The log is empty.", todo)
    size, name = log_file.size_bytes, detection.binary.name
    return FileSummary(log_file.name, name, size, state.lines, state.first, state.last, problem)


class _Search:
    def __init__(
        self,
        name: str,
        matcher: Matcher,
        rules: Rules,
        found: merge.RawSightings,
        coverage: CoverageCount,
        account: Account,
    ) -> None:
        self._name = name
        self._account = account
        self._matcher = matcher
        self._rules = rules
        self._found = found
        self._coverage = coverage
        self._queries = RecentQueries()
        self._refused = LineKind(name, name, None, parsed=False)
        self._known: set[str] = set()
        self._own_addresses: set[str] = set()
        self._streams: list[SievedStream] = []
        self.state = FileState()

    def read(
        self,
        opened: LogStream,
        binary: type[BinaryFormat],
        context: FileContext,
        progress: Callable[[int], None],
    ) -> None:
        """Search all events of the stream, and then the text that no event held."""
        stream = self.with_sieve(opened, binary, context)
        reader = binary(context)
        if reader.reports_unused:
            reader.unused = self.unused_text_sink(opened, context)
        try:
            for number, item in enumerate(reader.read(binary_stream(stream)), 1):
                self.item(item)
                if number % PROGRESS_EVENTS == 0:
                    progress(stream.position)
        finally:
            self.report_rest()
        progress(stream.position)

    def with_sieve(
        self, stream: LogStream, binary: type[BinaryFormat], context: FileContext
    ) -> LogStream | SievedStream:
        """Return the stream for the reader; text in it is also searched if the format holds any."""
        if not binary.contains_text:
            return stream
        sieved = SievedStream(
            *(stream, self._matcher, self._rules, context, self._name),
            text=binary.is_text,
            names=binary.contains_dns,
        )
        self._streams.append(sieved)
        return sieved

    def unused_text_sink(self, stream: LogStream, context: FileContext) -> Callable[[bytes], object]:
        """Return a sink for the text that the reader does not turn into events."""
        sieved = SievedStream(
            stream, self._matcher, self._rules, context, self._name, text=True, search_reads=False
        )
        self._streams.append(sieved)
        return sieved.feed

    def report_rest(self) -> None:
        """Report the listed values in the log's text that no event held."""
        own = {match.indicator.value for match in self._matcher.seen(" ".join(self._own_addresses))}
        for sieved in self._streams:
            sieved.finish()
            self._report(sieved.matches, own)

    def _report(self, matches: dict[str, Match], own: set[str]) -> None:
        for value, match in matches.items():
            if value in self._known or match.kind is MatchKind.PARTIAL:
                continue
            self._known.add(value)
            reason = AsideReason.OWN if value in own else unread.reason_in_text(self._matcher, match)
            if reason is None:
                self._add(match)
            else:
                self._account.set_aside(match, reason)

    def item(self, item: Event | Refusal) -> None:
        """Count one event or refused record, and add its matches."""
        self.state.lines += 1
        if isinstance(item, Refusal):
            self._coverage.refuse(self._refused)
            self._cover(self._refused)
            return
        self._rules.observe(item)
        self._cover(self._kind(item))
        if item.time is not None:
            self.state.see(item.time)
        if item.source_nat_ip is not None and len(self._own_addresses) < _OWN_ADDRESSES_MAX:
            self._own_addresses.add(unread.own_address(item) or "")
        matches = self._matcher.event(item, "")
        if not matches:
            return
        self._known.update(match.indicator.value for match in matches)
        if not self._rules.in_time(item.time):
            for match in matches:
                self._account.set_aside(match, AsideReason.OUT_OF_TIME)
            return
        text = event_text(item)
        for match in matches:
            if not self._queries.is_counted(match):
                self._add(replace(match, text=text))

    def _add(self, match: Match) -> None:
        self._account.report(match)
        merge.add(self._found, match, self._rules.identify(match.event), self._rules.zone)

    def _cover(self, kind: LineKind) -> None:
        """Count a record as line and as sample: every record is read."""
        for counts in (self._coverage.lines, self._coverage.sampled):
            counts[kind] = counts.get(kind, 0) + 1

    def _kind(self, event: Event) -> LineKind:
        day = event.time.astimezone(self._rules.zone).date() if event.time else None
        return LineKind(event.observer or self._name, event.format or self._name, day, parsed=True)
