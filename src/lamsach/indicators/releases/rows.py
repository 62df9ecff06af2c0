"""Indicators as rows of plain values, and blocks of such rows in one temporary file: what lists of millions are held in."""

from __future__ import annotations

import marshal
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from threading import Lock
from typing import IO, Any

from lamsach.model import Indicator, IndicatorType, Reference

BLOCK = 2_000
"""How many rows are written and read at once."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(microseconds=1)
_TYPES = {kind.value: kind for kind in IndicatorType}


class Blocks:
    """Blocks of rows in a temporary file without a name, which is gone with the object. Several readers may go through it at once."""

    def __init__(self) -> None:
        self._stream: IO[bytes] | None = None
        self._places: list[tuple[int, int]] = []
        self._end = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._places)

    def add(self, rows: Iterable[Any]) -> range:
        """Write rows; the numbers of their blocks. OSError when the disk is full."""
        first, waiting = len(self._places), iter(rows)
        while block := list(islice(waiting, BLOCK)):
            self._write(marshal.dumps(block))
        return range(first, len(self._places))

    def _write(self, data: bytes) -> None:
        with self._lock:
            if self._stream is None:
                self._stream = tempfile.TemporaryFile(prefix="lamsach-rows-")  # noqa: SIM115 - closed with the object
                weakref.finalize(self, self._stream.close)
            self._stream.seek(self._end)
            self._stream.write(data)
            self._places.append((self._end, len(data)))
            self._end += len(data)

    def rows(self, blocks: Sequence[int]) -> Iterator[Any]:
        """The rows of these blocks, in order."""
        for number in blocks:
            yield from marshal.loads(self._read(*self._places[number]))  # noqa: S302 - written by this process

    def _read(self, start: int, size: int) -> bytes:
        with self._lock:
            assert self._stream is not None
            self._stream.seek(start)
            return self._stream.read(size)

    def close(self) -> None:
        """Delete what lies on the disk."""
        if self._stream is not None:
            self._stream.close()
        self._stream, self._places, self._end = None, [], 0


def packed(item: Indicator) -> tuple[Any, ...]:
    """All that an indicator says besides type and value."""
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


def unpacked(kind: str, value: str, rest: tuple[Any, ...]) -> Indicator:
    """The indicator of a type, a value and what `packed` made."""
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


def _place(place: Reference) -> tuple[Any, ...]:
    return place.document, place.page, place.row, place.words, place.table


def _number(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // _STEP


def _moment(number: int | None) -> datetime | None:
    return None if number is None else _EPOCH + number * _STEP
