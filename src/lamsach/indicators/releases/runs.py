"""Indicators in the order of type and value, each once, however many there are: sorted runs in temporary files that are merged while they are read.

Memory is that of one run. What two places say of one value is put together as `lamsach.indicators.merging` does, in the order of the lists.
"""

from __future__ import annotations

import heapq
import marshal
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count, islice
from types import TracebackType
from typing import IO, Any

from lamsach.indicators.merging import merged
from lamsach.model import Indicator, IndicatorType, Reference

RUN = 200_000
"""How many indicators are held in memory."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(microseconds=1)
_BUFFER = 1 << 18

_Row = tuple[str, str, int, tuple[Any, ...]]
"""Type, value, the place among all that were added, what else is known."""


class Runs:
    """Takes indicators in any order; gives them sorted, as often as asked. Its files are gone when it is closed."""

    def __init__(self, items: Iterable[Indicator] = ()) -> None:
        self._numbers = count()
        self._waiting: list[_Row] = []
        self._files: list[IO[bytes]] = []
        self.extend(items)

    def __enter__(self) -> Runs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Delete what lies on the disk."""
        while self._files:
            self._files.pop().close()

    def extend(self, items: Iterable[Indicator]) -> None:
        """Add indicators. OSError when the disk is full."""
        for item in items:
            self._waiting.append((item.type.value, item.value, next(self._numbers), _packed(item)))
            if len(self._waiting) >= RUN:
                self._write()

    def _write(self) -> None:
        self._waiting.sort()
        stream = tempfile.TemporaryFile(prefix="lamsach-run-", buffering=_BUFFER)  # noqa: SIM115 - closed with the runs
        self._files.append(stream)
        for row in self._waiting:
            marshal.dump(row, stream)
        self._waiting.clear()

    def __iter__(self) -> Iterator[Indicator]:
        """The indicators in order. Only one iteration at a time."""
        self._waiting.sort()
        known: Indicator | None = None
        for kind, value, _, rest in heapq.merge(*map(_rows, self._files), iter(self._waiting)):
            item = _unpacked(kind, value, rest)
            if known is None:
                known = item
            elif known.value == value and known.type.value == kind:
                known = merged(known, item)
            else:
                yield known
                known = item
        if known is not None:
            yield known


def _rows(stream: IO[bytes]) -> Iterator[_Row]:
    stream.seek(0)
    load = partial(marshal.load, stream)
    while True:
        try:
            yield load()
        except EOFError:
            return


def _packed(item: Indicator) -> tuple[Any, ...]:
    return (
        item.threat,
        item.source,
        None if item.reference is None else _place(item.reference),
        _number(item.valid_from),
        _number(item.valid_until),
        item.confidence,
        item.tlp,
        tuple(map(_place, item.other_references)),
    )


def _place(place: Reference) -> tuple[Any, ...]:
    return place.document, place.page, place.row, place.words, place.table


def _number(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // _STEP


def _moment(number: int | None) -> datetime | None:
    return None if number is None else _EPOCH + number * _STEP


def _unpacked(kind: str, value: str, rest: tuple[Any, ...]) -> Indicator:
    threat, source, place, begins, ends, confidence, tlp, others = rest
    return Indicator(
        _TYPES[kind],
        value,
        threat,
        source,
        None if place is None else Reference(*place),
        _moment(begins),
        _moment(ends),
        confidence,
        tlp,
        tuple(Reference(*other) for other in others),
    )


_TYPES = {kind.value: kind for kind in IndicatorType}


class Kept:
    """Counts things and keeps the first of them: what is told of millions."""

    def __init__(self, most: int = 20) -> None:
        self.count = 0
        self.first: list[tuple[Indicator, str]] = []
        self._most = most

    def add(self, item: Indicator, reason: str) -> None:
        """One more."""
        self.count += 1
        if len(self.first) < self._most:
            self.first.append((item, reason))


def first_of(runs: Runs) -> Indicator | None:
    """The first indicator, or None when there is none."""
    return next(islice(runs, 1), None)
