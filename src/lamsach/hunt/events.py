"""The hunt over a binary log: its events go straight to the exact matcher, and end as the same sightings as lines do.

There are no raw bytes to sieve: a binary format's reader gives every event. A match's evidence is the event written as one
line, and its line number the number of the record or frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lamsach.errors import InputError
from lamsach.hunt import merge
from lamsach.hunt.account import Account
from lamsach.hunt.asked import Asked
from lamsach.hunt.coverage import CoverageCount, LineKind
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import FileState, Rules
from lamsach.logs.event_text import event_text
from lamsach.logs.opening import LogFile
from lamsach.logs.reading import binary_stream, context_for, detection_for
from lamsach.model import AsideReason, Event, FileSummary, Problem, Refusal

PROGRESS_EVENTS = 1000
"""After how many events progress is told."""


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
    """Search one binary log from end to end. `progress` is called with the bytes of input consumed so far.

    A file that cannot be read to its end is told in the summary's `problem`; what stands before the damage is found.
    """
    problem = None
    detection = detection_for(log_file, format_name)
    if detection.binary is None:
        raise ValueError(log_file.name)
    search = _Search(detection.binary.name, matcher, rules, found, coverage, account)
    try:
        context = context_for(log_file, detection, rules.zone)
        with log_file.open() as stream:
            items = detection.binary(context).read(binary_stream(stream))
            for number, item in enumerate(items, 1):
                search.item(item)
                if number % PROGRESS_EVENTS == 0:
                    progress(stream.position)
            progress(stream.position)
    except InputError as error:
        problem = Problem(error.where or log_file.name, error.what, error.todo)
    state = search.state
    if problem is None and state.lines == 0:
        problem = Problem(
            log_file.name,
            "The log is empty.",
            "Find out whether logging works there, or whether the copy failed.",
        )
    return FileSummary(
        log_file.name,
        detection.binary.name,
        log_file.size_bytes,
        state.lines,
        state.first,
        state.last,
        problem,
    )


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
        self._asked = Asked()
        self._refused = LineKind(name, name, None, parsed=False)
        self.state = FileState()

    def item(self, item: Event | Refusal) -> None:
        """Count one event or refused record, and add what is listed in it."""
        self.state.lines += 1
        if isinstance(item, Refusal):
            self._coverage.refuse(self._refused)
            self._cover(self._refused)
            return
        self._rules.observe(item)
        self._cover(self._kind(item))
        if item.time is not None:
            self.state.see(item.time)
        matches = self._matcher.event(item, "")
        if not matches:
            return
        if not self._rules.in_time(item.time):
            for match in matches:
                self._account.set_aside(match, AsideReason.OUT_OF_TIME)
            return
        text = event_text(item)
        for match in matches:
            if not self._asked.is_counted(match):
                whole = replace(match, text=text)
                self._account.report(whole)
                merge.add(self._found, whole, self._rules.identify(whole.event), self._rules.zone)

    def _cover(self, kind: LineKind) -> None:
        """Every record is read, so every record is a sample."""
        for counts in (self._coverage.lines, self._coverage.sampled):
            counts[kind] = counts.get(kind, 0) + 1

    def _kind(self, event: Event) -> LineKind:
        day = event.time.astimezone(self._rules.zone).date() if event.time else None
        return LineKind(event.observer or self._name, event.format or self._name, day, parsed=True)
