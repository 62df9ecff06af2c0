"""ClickHouse over HTTP (https://clickhouse.com/docs/interfaces/http): texts and patterns in lines.

An exception may follow status 200, among the rows. Rows are therefore requested as `JSONCompact`, which ends
with their number.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from lamsach.stores.base import Counts, Document, Span
from lamsach.stores.client import Failure, StoreClient, by_status
from lamsach.stores.lines import moment_of
from lamsach.stores.questions import Question, literal, packed

TIMES = (
    "timestamp",
    "@timestamp",
    "_timestamp",
    "event_time",
    "time",
    "ts",
    "Timestamp",
    "TimestampTime",
    "date",
)
_FROM = "FROM"
_EXPRESSION = 6000
"""Maximum characters of one regular expression.

RE2 searches that many texts in one pass of a few microseconds a line; from 12,000 on its automaton no longer
fits and a line takes a hundred times as long. `multiSearchAnyCaseInsensitive` takes twenty times as long:
short texts of few letters collide in its table.
"""
_SEVERAL = 200
"""Multi-text values per clause; they are tested only on lines with the longest text of one of them."""
_STATEMENT = 120_000
"""Maximum characters of texts in one statement (`max_query_size` is 262,144 bytes).

For more texts, some 7000, it is faster to fetch and search all lines: 35 microseconds each, against 1.2 for
each 6000 characters and 5 for the patterns (`python -m bench.stores`).
"""


_OMITS_ROWS = (
    "(name = 'skip_unavailable_shards' AND value = '1') OR (name LIKE '%_overflow_mode' AND value = 'break')"
)
"""Settings of the server that silently omit rows."""
_CODES = {
    Failure.REFUSED: (192, 193, 194, 497, 516),
    Failure.THROTTLED: (158, 159, 160, 202, 209, 210, 241, 307, 396, 439),
    Failure.PARTIAL: (32, 33, 198, 242, 279, 519),
}


class ClickHouse:
    """One table, which is one source."""

    def __init__(self, client: StoreClient, time_field: str | None) -> None:
        self.client = client
        client.failure_of = failure_of
        self._source = client.address.target
        self._table = ".".join(map(_name, self._source.split(".")))
        self._stated = time_field
        self._columns: dict[str, str] = {}

    def counts(self, span: Span | None, zone: ZoneInfo) -> Counts:
        """See `Store`."""
        self._describe()
        day = f"toString(toDate(toTimeZone(toDateTime({_name(self._time)}, 'UTC'), {_text(zone.key)})))"
        counts = Counts()
        time = _name(self._time)
        within = self._where(span) if span else f" WHERE NOT isNull({time})"
        for stated, count in self._select(f"{day} AS d, toString(count())", f"{within} GROUP BY d"):
            counts.add(self._source, date.fromisoformat(stated), int(count))
        for (count,) in self._select("toString(count())", self._where(None)):
            if int(count):
                counts.add(self._source, None, int(count))
        return counts

    def _describe(self) -> None:
        self._columns = {
            str(name): str(kind) for name, kind, *_ in self._rows(f"DESCRIBE TABLE {self._table}")
        }
        dated = [name for name in ((self._stated,) if self._stated else TIMES) if name in self._columns]
        if not dated:
            raise self.client.error(Failure.WRONG, f"--time-field? {', '.join(self._columns)}")
        self._time = str(dated[0])
        for name, value in self._rows(f"SELECT name, value {_FROM} system.settings WHERE {_OMITS_ROWS}"):
            raise self.client.error(Failure.PARTIAL, f"{name} = {value}")

    def first(self, source: str, span: Span | None, count: int) -> Sequence[Document]:
        """See `Store`."""
        return list(self._documents(f"{self._where(span)}{self._order(span)} LIMIT {count}"))

    def prepare(self, question: Question, field: str | None) -> Sequence[Question]:
        """See `Store`. Without a field, all columns are searched."""
        if field is not None and field not in self._columns:
            return ()
        return (question,) if sum(map(len, itertools.chain(*question.wanted))) <= _STATEMENT else ()

    def documents(
        self, span: Span | None, question: Question | None, field: str | None, sources: Sequence[str] | None
    ) -> Iterator[Document]:
        """See `Store`."""
        condition = self._condition(question, field) if question is not None else ""
        yield from self._documents(f"{self._where(span)}{condition}{self._order(span)}")

    def _condition(self, question: Question, field: str | None) -> str:
        columns = [field] if field else list(self._columns)
        line = ", ' ', ".join(f"ifNull(toString({_name(name)}), '')" for name in columns)
        line = f"concat({line}, '')"
        single = [literal(texts[0]) for texts in question.wanted if len(texts) == 1]
        parts = [f"match({line}, {_text(_any_of(group))})" for group in packed(single, _EXPRESSION)]
        several = [texts for texts in question.wanted if len(texts) > 1]
        for first in range(0, len(several), _SEVERAL):
            group = several[first : first + _SEVERAL]
            longest = _any_of(sorted({literal(max(texts, key=len)) for texts in group}))
            parts.append(
                f"(match({line}, {_text(longest)}) AND ({' OR '.join(_all_of(line, row) for row in group)}))"
            )
        parts += [f"match({line}, {_text(pattern)})" for pattern in question.patterns]
        return f" AND ({' OR '.join(parts)})"

    def _where(self, span: Span | None) -> str:
        if span is None:
            return f" WHERE isNull({_name(self._time)})"
        begin, end = (
            f"toDateTime64('{moment:%Y-%m-%d %H:%M:%S.%f}', 6, 'UTC')" for moment in (span.begin, span.end)
        )
        return f" WHERE {_name(self._time)} >= {begin} AND {_name(self._time)} < {end}"

    def _order(self, span: Span | None) -> str:
        return f" ORDER BY {_name(self._time)}" if span is not None else ""

    def _documents(self, rest: str) -> Iterator[Document]:
        names = list(self._columns)
        moment = f"toString(toTimeZone(toDateTime64({_name(self._time)}, 6, 'UTC'), 'UTC'))"
        for row in self._select(f"{moment}, {', '.join(map(_name, names))}", rest):
            fields = dict(zip(names, row[1:], strict=True))
            yield Document(self._source, moment_of(row[0]), fields)

    def _select(self, columns: str, rest: str) -> Iterator[list[Any]]:
        yield from self._rows(f"SELECT {columns} {_FROM} {self._table}{rest}")

    def _rows(self, statement: str) -> Iterator[list[Any]]:
        """Yield all rows of a statement, or raise StoreError."""
        received, stated = 0, None
        for line in self.client.lines("POST", "/", f"{statement} FORMAT JSONCompact".encode(), "text/plain"):
            row = line.strip()
            if line.startswith(b"\t\t["):
                received += 1
                yield self._row(row.rstrip(b","))
            elif row.startswith(b'"rows":'):
                stated = int(row[7:].strip().rstrip(b",") or -1)
            elif b"DB::Exception" in row:
                text = row.decode(errors="replace")
                raise self.client.error(failure_of(200, text), text)
        if stated != received:
            raise self.client.error(Failure.BROKEN if stated is None else Failure.FEWER)

    def _row(self, text: bytes) -> list[Any]:
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            raise self.client.error(Failure.BROKEN) from None
        if not isinstance(row, list):
            raise self.client.error(Failure.BROKEN)
        return row


def failure_of(status: int, text: str) -> Failure:
    """Return the meaning of an exception's code; `Code: 241. DB::Exception: Memory limit ...`."""
    if (found := re.search(r"Code: 0*([1-9]\d{,4})\b", text)) is None:
        return by_status(status, text)
    known = (failure for failure, codes in _CODES.items() if int(found[1]) in codes)
    return next(known, Failure.WRONG if status != 200 else Failure.BROKEN)


def _any_of(expressions: Sequence[str]) -> str:
    return f"(?i)({'|'.join(expressions)})"


def _all_of(line: str, texts: Sequence[str]) -> str:
    return "(" + " AND ".join(f"positionCaseInsensitive({line}, {_text(text)}) > 0" for text in texts) + ")"


def _name(text: str) -> str:
    return _text(text, "`")


def _text(text: str, mark: str = "'") -> str:
    return mark + text.replace("\\", "\\\\").replace(mark, f"\\{mark}") + mark
