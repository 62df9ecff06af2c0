"""VictoriaLogs (https://docs.victoriametrics.com/victorialogs/querying/): LogsQL filters, JSON lines.

Its index of words supports no parts of words and no other case, so the server searches lines with regular
expressions. An answer that breaks off ends its connection without the last chunk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from lamsach.stores.base import Counts, Document, Span
from lamsach.stores.client import Failure, StoreClient
from lamsach.stores.lines import moment_of
from lamsach.stores.questions import Question, literal, packed

_FORM = "application/x-www-form-urlencoded"
_EVER = Span(datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
_MAX_STREAMS = 200
"""With more streams, all are one source."""
_EXPRESSION = 8000
_MAX_TEXTS = 100
"""With more texts the server takes longer to test each line than to return all lines."""
ALL = "victorialogs"


class VictoriaLogs:
    """All logs of a server. Sources are streams."""

    def __init__(self, client: StoreClient, time_field: str | None) -> None:
        self.client = client
        self._streams = True

    def counts(self, span: Span | None, zone: ZoneInfo) -> Counts:
        """See `Store`."""
        span = span or _EVER
        shift = int((zone.utcoffset(span.end.replace(tzinfo=None)) or span.end - span.end).total_seconds())
        counts = Counts()
        query = f"{_within(span)} | stats by (_time:1d offset {-shift}s, _stream) count() n"
        for row in self._rows(query):
            day = moment_of(row.get("_time"))
            if day is None or not str(row.get("n", "")).isdigit():
                raise self.client.error(Failure.BROKEN)
            counts.add(str(row.get("_stream")), day.astimezone(zone).date(), int(row["n"]))
        self._streams = len(counts.days) <= _MAX_STREAMS
        if not self._streams:
            together = Counts()
            for days in counts.days.values():
                for day_of, count in days.items():
                    together.add(ALL, day_of, count)
            return together
        return counts

    def first(self, source: str, span: Span | None, count: int) -> Sequence[Document]:
        """See `Store`."""
        return (
            [] if span is None else list(self._documents(f"{self._filter(span, [source])} | limit {count}"))
        )

    def prepare(self, question: Question, field: str | None) -> Sequence[Question]:
        """See `Store`."""
        return (question,) if field and len(question.wanted) <= _MAX_TEXTS else ()

    def documents(
        self, span: Span | None, question: Question | None, field: str | None, sources: Sequence[str] | None
    ) -> Iterator[Document]:
        """See `Store`."""
        if span is None:
            return
        condition = f" ({self._condition(question, field)})" if question is not None and field else ""
        yield from self._documents(self._filter(span, sources) + condition)

    def _condition(self, question: Question, field: str) -> str:
        name = _quoted(field)
        single = [literal(texts[0]) for texts in question.wanted if len(texts) == 1]
        expressions: list[tuple[str, ...]] = [
            (f"(?i)({'|'.join(part)})",) for part in packed(single, _EXPRESSION)
        ]
        expressions += [
            tuple(f"(?i){literal(text)}" for text in texts) for texts in question.wanted if len(texts) > 1
        ]
        expressions += [(pattern,) for pattern in question.patterns]
        parts = [f"({' '.join(f'{name}:~{_quoted(text)}' for text in all_of)})" for all_of in expressions]
        return " or ".join([*parts, f'{name}:""', f'{name}:"missing _msg field"'])

    def _filter(self, span: Span, sources: Sequence[str] | None) -> str:
        if sources is None or not self._streams:
            return _within(span)
        streams = " or ".join(f"_stream:{source}" for source in sources)
        return f"{_within(span)} ({streams})"

    def _documents(self, query: str) -> Iterator[Document]:
        for row in self._rows(query):
            stream = str(row.get("_stream")) if self._streams else ALL
            row.pop("_stream_id", None)
            yield Document(stream, moment_of(row.get("_time")), row)

    def _rows(self, query: str) -> Iterator[dict[str, Any]]:
        body = urlencode({"query": query}).encode()
        for line in self.client.lines("POST", "/select/logsql/query", body, _FORM):
            if not line.strip():
                continue
            row = self.client.parsed(line)
            if not isinstance(row, dict):
                raise self.client.error(Failure.BROKEN)
            yield row


def _within(span: Span) -> str:
    return (
        f"_time:[{span.begin.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}, "
        f"{span.end.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ})"
    )


def _quoted(text: str) -> str:
    return json.dumps(text)
