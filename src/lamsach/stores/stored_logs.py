"""Logs of a store, to be searched (`investigate.LogStore`): the store preselects lines, the hunt decides.

A search proceeds in spans of time. A span with too many documents for memory is halved, so that lines come in
order of time in any order of the store; one that fails is halved down to a day, and a day that fails is
reported as not searched. The store's counts by day are the coverage; some lines of each source and day are
read to identify observers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from lamsach.errors import InputError
from lamsach.hunt.chunks import Pool, cut
from lamsach.hunt.engine import Sieve
from lamsach.hunt.examine import Uncounted
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.run import HuntResult, Progress
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.hunt.workers import sieve_chunk
from lamsach.i18n import mark
from lamsach.logs.base import NUMBER_MARK
from lamsach.logs.opening.encodings import decode_line
from lamsach.logs.opening.inputs import LogFile
from lamsach.model import FileSummary, Problem
from lamsach.stores.base import Span, Store
from lamsach.stores.client import Failure, StoreError
from lamsach.stores.holders import holder_log
from lamsach.stores.passes import MAX_SPAN, Pass, TooManyError, gather, halves, shown_days, spans_of
from lamsach.stores.questions import Question, question
from lamsach.stores.sources import MARGIN, Source, TextStream, source_of

BYTES_A_LINE = 250
"""Approximate length of a line, for progress."""
CLOCK_TOLERANCE = timedelta(minutes=5)
"""Clock differences up to this are ignored."""
_LOCAL = frozenset(
    {Failure.THROTTLED, Failure.PARTIAL, Failure.EXPIRED, Failure.BROKEN, Failure.TOO_LARGE, Failure.FEWER}
)
"""Failures that may not occur with a shorter period."""
_PATIENCE = 100
"""Number of failures after which periods are no longer halved: the store is not answering."""
_ESCAPED = mark("This store cannot be asked for values behind escapes (%2E, \\x2e); they were not searched.")
_CLOCK_OFF = mark("The clock of the store differs from this machine's.")
_TIMES_OFF = mark(
    "Lines state times that are more than a day away from those of the store; these days were not searched."
)
_ASK_ALL = mark("Search with --whole, which takes all documents.")
_SET_CLOCKS = mark("Set the clocks, and search again.")
_OTHER_TIMES = mark("Give the field of the time of the lines by --time-field, or search the files.")


@dataclass(slots=True)
class StorePlan:
    """Account of a search: documents, lines that the store returned, sources fetched completely."""

    documents: int = 0
    given: int = 0
    whole: int = 0


@dataclass(slots=True)
class StoredLogs:
    """The logs of a store between two times.

    `line_field`: the field with the lines (None: the first of the usual ones); `whole`: fetch all documents.
    Raises StoreError when the store cannot list its contents, InputError when it has none.
    """

    store: Store
    zone: ZoneInfo
    since: datetime | None = None
    until: datetime | None = None
    line_field: str | None = None
    whole: bool = False
    plan: StorePlan = field(default_factory=StorePlan)
    sources: list[Source] = field(default_factory=list)
    not_searched: set[tuple[str, date]] = field(default_factory=set)

    def __post_init__(self) -> None:
        counts = self.store.counts(self._span(timedelta()), self.zone)
        if not counts.days:
            raise InputError(
                mark("The store has no documents of this time."),
                str(self.store.client.address),
                mark("Check the address and the dates."),
            )
        stated = (self.line_field, self.zone)
        self.sources = [
            source_of(self.store, name, days, *stated) for name, days in sorted(counts.days.items())
        ]
        self.plan.documents = sum(sum(source.days.values()) for source in self.sources)

    def _span(self, before: timedelta) -> Span | None:
        if self.since is None and self.until is None:
            return None
        begin = self.since - MARGIN - before if self.since else datetime(1970, 1, 2, tzinfo=UTC)
        end = self.until + MARGIN if self.until else datetime.now(UTC) + MAX_SPAN
        return Span(begin.astimezone(UTC), end.astimezone(UTC))

    @property
    def logs(self) -> Sequence[LogFile]:
        """The logs that may name address holders; for leases from a month before the period."""
        return [holder_log(self.store, source, self.zone, self._span(MAX_SPAN)) for source in self.sources]

    @property
    def size_bytes(self) -> int:
        """Approximate bytes of all lines."""
        return self.plan.documents * BYTES_A_LINE

    def hunt(
        self, compiled: CompiledSet, matcher: Matcher, rules: Rules, threads: int | None, progress: Progress
    ) -> HuntResult:
        """Search the logs; see `hunt.run.hunt`."""
        search = _Search(self, compiled, matcher, rules, progress)
        try:
            search.run()
        except KeyboardInterrupt:
            search.result.partial = True
        search.finish()
        return search.result


class _Search:
    """One search. `failed`: days on which a source was not searched, with the error."""

    def __init__(
        self, logs: StoredLogs, compiled: CompiledSet, matcher: Matcher, rules: Rules, progress: Progress
    ) -> None:
        self._logs = logs
        self._compiled = compiled
        self._matcher = matcher
        self._rules = rules
        self._progress = progress
        self._sieve = Sieve(compiled)
        self._free = Pool(1)
        self._consumed = 0
        self._patience = _PATIENCE
        self._read: dict[str, Counter[date | None]] = defaultdict(Counter)
        self._unasked: set[str] = set()
        self.result = HuntResult()
        self.failed: dict[str, dict[date | None, StoreError]] = defaultdict(dict)

    def run(self) -> None:
        """Search all sources: those of one field together, those to be fetched completely one by one."""
        for source in self._logs.sources:
            source.read(self._rules)
        question_for_list = None if self._logs.whole else question(self._compiled)
        by_field: dict[str | None, list[Source]] = defaultdict(list)
        whole: list[Source] = []
        for source in self._logs.sources:
            (whole if source.whole or question_for_list is None else by_field[source.line_field]).append(
                source
            )
        for name, sources in by_field.items():
            questions = self._prepared(question_for_list, name, sources)
            if questions:
                self._pass(
                    Pass(
                        self._logs.store,
                        name,
                        questions,
                        sources,
                        alone=len(sources) == len(self._logs.sources),
                    )
                )
            else:
                whole += sources
        for source in whole:
            self._logs.plan.whole += 1
            self._pass(
                Pass(self._logs.store, source.line_field, (), [source], alone=len(self._logs.sources) == 1)
            )

    def _prepared(
        self, question_for_list: Question | None, name: str | None, sources: Sequence[Source]
    ) -> Sequence[Question]:
        try:
            prepared = (
                self._logs.store.prepare(question_for_list, name) if question_for_list is not None else ()
            )
        except StoreError:
            return ()
        self._unasked |= {source.file for source in sources if any(part.unasked for part in prepared)}
        return prepared

    def _pass(self, wanted: Pass) -> None:
        days = {day for source in wanted.sources for day in source.days}
        for span in spans_of(sorted(day for day in days if day is not None), self._logs.zone):
            self._span(wanted, span, {})
        if None in days:
            self._span(wanted, None, {})
        if not wanted.questions:
            self._check_numbers(wanted.sources[0])

    def _span(self, wanted: Pass, span: Span | None, readers: dict[str, Uncounted]) -> None:
        """Search a period, in parts if necessary. A part is examined when it is complete."""
        try:
            found = gather(wanted, span)
        except TooManyError:
            parts = halves(span)
            if not parts:
                self._fail(wanted, span, self._logs.store.client.error(Failure.TOO_MANY))
        except StoreError as error:
            self._patience -= 1
            smaller = error.failure in _LOCAL and self._patience > 0
            parts = halves(span, day_of=self._logs.zone) if smaller else ()
            if not parts:
                self._fail(wanted, span, error)
        else:
            parts = ()
            self._examine(wanted, span, found, readers)
        for part in parts:
            self._span(wanted, part, readers)

    def _examine(
        self,
        wanted: Pass,
        span: Span | None,
        found: Iterable[tuple[datetime | None, str, bytes]],
        readers: dict[str, Uncounted],
    ) -> None:
        by_source: dict[str, list[bytes]] = defaultdict(list)
        for time, name, line in found:
            by_source[name].append(line)
            day = time or (span.begin if span else None)
            self._read[name][day.astimezone(self._logs.zone).date() if day and span else None] += 1
        until = span.end if span else datetime.now(UTC)
        for source in wanted.sources:
            lines = by_source.pop(source.name, [])
            self._logs.plan.given += len(lines)
            if lines:
                self._lines(
                    readers.get(source.name) or readers.setdefault(source.name, self._reader(source, until)),
                    lines,
                )
        days = {source.name: self._days(source, span) for source in wanted.sources}
        share = sum(source.days[day] for source in wanted.sources for day in days[source.name])
        self._consumed = min(self._consumed + share * BYTES_A_LINE, self._logs.size_bytes)
        self._progress(self._consumed, 0)

    def _reader(self, source: Source, until: datetime) -> Uncounted:
        into = (self.result.found, self.result.account)
        context = source.context(self._logs.zone, until)
        return Uncounted(source.detection, context, self._matcher, self._rules, *into)

    def _lines(self, reader: Uncounted, lines: Sequence[bytes]) -> None:
        number_mark = NUMBER_MARK.encode()
        if any(number_mark in line.lower() and reader.states_numbers(decode_line(line)) for line in lines):
            reader.read_each()
        for chunk in cut(TextStream(iter(lines)), self._free):
            reader.chunk(sieve_chunk(self._sieve, 0, chunk))
            self.result.searched_bytes += chunk.end - chunk.begin
            self._free.put(chunk.buffer)

    def _days(self, source: Source, span: Span | None) -> list[date | None]:
        """Return the days of a source that a period overlaps."""
        if span is None:
            return [day for day in source.days if day is None]
        first, last = (
            span.begin.astimezone(self._logs.zone).date(),
            (span.end - timedelta(microseconds=1)).astimezone(self._logs.zone).date(),
        )
        return [day for day in source.days if day is not None and first <= day <= last]

    def _fail(self, wanted: Pass, span: Span | None, error: StoreError) -> None:
        for source in wanted.sources:
            for day in self._days(source, span):
                self.failed[source.name].setdefault(day, error)

    def _check_numbers(self, source: Source) -> None:
        """Check that no day of a completely fetched source has fewer documents than the store counted."""
        for day, count in source.days.items():
            if self._read[source.name][day] < count:
                fewer = self._logs.store.client.error(
                    Failure.FEWER, f"{self._read[source.name][day]} < {count}"
                )
                self.failed[source.name].setdefault(day, fewer)

    def finish(self) -> None:
        """Report coverage, days not searched and problems."""
        result, logs = self.result, self._logs
        for source in logs.sources:
            failed = self.failed[source.name]
            doubtful = {*failed, *source.away, *(source.days if result.partial else ())}
            for day in source.days:
                if day not in doubtful:
                    for kind, lines, read in source.coverage(day):
                        result.coverage.lines[kind] = result.coverage.lines.get(kind, 0) + lines
                        result.coverage.sampled[kind] = result.coverage.sampled.get(kind, 0) + read
            logs.not_searched |= {
                (name, day) for name in source.observers or {source.file} for day in doubtful if day
            }
            self._report(source, failed)
        off = logs.store.client.clock_off
        if off > CLOCK_TOLERANCE:
            where = f"{logs.store.client.address} ({int(off.total_seconds() // 60)} min)"
            result.problems.append(Problem(where, _CLOCK_OFF, _SET_CLOCKS, minor=off < MARGIN))

    def _report(self, source: Source, failed: dict[date | None, StoreError]) -> None:
        problems = [Problem(source.file, _ESCAPED, _ASK_ALL)] if source.file in self._unasked else []
        by_failure: dict[Failure, list[date | None]] = defaultdict(list)
        for day, error in failed.items():
            by_failure[error.failure].append(day)
        for days in by_failure.values():
            error = failed[days[0]]
            problems.append(
                Problem(f"{source.file}: {shown_days(days)}{_detail(error)}", error.what, error.todo)
            )
        if source.away:
            problems.append(Problem(f"{source.file}: {shown_days(source.away)}", _TIMES_OFF, _OTHER_TIMES))
        self.result.problems += problems
        log_format = source.detection.format
        name = log_format.name if log_format else "mixed" if source.detection.mixed else None
        lines = sum(count for day, count in source.days.items() if day not in failed)
        self.result.files.append(
            FileSummary(source.file, name, 0, lines, source.first, source.last, next(iter(problems), None))
        )


def _detail(error: StoreError) -> str:
    return f" {error.where[error.where.index(' (') :].strip()}" if " (" in error.where else ""
