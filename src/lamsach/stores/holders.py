"""Logs of a store as files of address holders: only lines with a format's lease markers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from lamsach.devices.holder_logs import markers_of
from lamsach.logs.opening.inputs import HEAD_BYTES, LogFile
from lamsach.stores.base import Span, Store
from lamsach.stores.client import Failure
from lamsach.stores.passes import MAX_SPAN, Pass, TooManyError, gather, halves
from lamsach.stores.questions import Question
from lamsach.stores.sources import Source, TextStream, day_span


class HolderLog(LogFile):
    """A source whose first lines are known."""

    known: bytes

    def head(self, size: int = HEAD_BYTES) -> bytes:
        """See `LogFile`."""
        return self.known[:size]


def holder_log(store: Store, source: Source, zone: ZoneInfo, span: Span | None) -> LogFile:
    """Open the lines of a source that may name address holders. `span`: the period; None: all counted."""

    def lines() -> Iterator[bytes]:
        markers = markers_of(source.detection)
        marker_question = Question(tuple((marker.decode(errors="replace").lower(),) for marker in markers))
        questions: Sequence[Question] = (
            store.prepare(marker_question, source.line_field) if markers and not source.whole else ()
        )
        selection = Pass(store, source.line_field, questions, [source], alone=False)
        begin, end = _bounds(source, zone)
        within = Span(min(begin, span.begin), min(end, span.end)) if span else Span(begin, end)
        while within.begin < within.end:
            part = Span(within.begin, min(within.end, within.begin + MAX_SPAN))
            yield from _lines(selection, part)
            within = Span(part.end, within.end)

    log = HolderLog(source.file, 0, datetime.now(UTC), lambda: TextStream(lines()))
    log.known = source.head
    return log


def _lines(selection: Pass, span: Span) -> Iterator[bytes]:
    try:
        for _, _, line in gather(selection, span):
            yield line
    except TooManyError:
        parts = halves(span)
        if not parts:
            raise selection.store.client.error(Failure.TOO_MANY) from None
        for part in parts:
            yield from _lines(selection, part)


def _bounds(source: Source, zone: ZoneInfo) -> tuple[datetime, datetime]:
    spans = [span for day in source.days if day is not None and (span := day_span(day, zone))]
    now = datetime.now(UTC)
    return min((span.begin for span in spans), default=now), max((span.end for span in spans), default=now)
