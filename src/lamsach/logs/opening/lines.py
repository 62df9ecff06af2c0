"""Blocks of a log's lines as single texts, split only where a line is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, overload

import numpy as np

from lamsach.logs.opening.limits import LINE_BYTES
from lamsach.logs.opening.marks import Numbers, marks_of

if TYPE_CHECKING:
    from lamsach.logs.opening.inputs import LogStream

CHUNK_BYTES = 1 << 21
"""Bytes of a log per block: more than its longest line."""


class Text(Sequence[bytes]):
    """One or more lines, separated by line feeds."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @cached_property
    def bounds(self) -> Numbers:
        """Offsets of the first line's beginning and every line's end."""
        feeds = marks_of(np.frombuffer(self.data, np.uint8), b"\n").places
        return np.concatenate(([0], feeds, [len(self.data)]))

    @cached_property
    def begins(self) -> Numbers:
        """Offset of each line."""
        begins = self.bounds[:-1] + 1
        begins[0] = 0
        return begins

    @property
    def ends(self) -> Numbers:
        """End of each line."""
        return self.bounds[1:]

    @cached_property
    def _lines(self) -> list[bytes]:
        return self.data.split(b"\n")

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._lines)

    @overload
    def __getitem__(self, at: int) -> bytes: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[bytes]: ...

    def __getitem__(self, at: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(at, slice):
            first, stop, step = at.indices(len(self))
            if step != 1:
                return self._lines[at]
            if stop <= first:
                return []
            return self if stop - first == len(self) else Text(self._between(first, stop - 1))
        if "_lines" in self.__dict__:
            return self._lines[at]
        return self._between(at, at)

    def _between(self, first: int, last: int) -> bytes:
        return self.data[self.begins[first] : self.ends[last]]

    def chosen(self, rows: Sequence[int]) -> bytes:
        """Return the lines with these numbers (from 0, ascending) as one text."""
        import pyarrow as pa

        if len(rows) == len(self):
            return self.data
        offsets = np.append(self.begins, len(self.data)).astype(np.int32)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(self.data)]
        selected = pa.Array.from_buffers(pa.binary(), len(self), buffers).take(pa.array(rows, pa.int64()))
        size = int(np.frombuffer(selected.buffers()[1], np.int32)[len(rows)])
        feed = rows[-1] < len(self) - 1  # after the last of them
        data: bytes = selected.buffers()[2][: size - feed].to_pybytes()
        return data


def texts(stream: LogStream, chunk_bytes: int = CHUNK_BYTES) -> Iterator[tuple[int, Sequence[bytes | None]]]:
    """Yield a log's lines in blocks, each with the 1-based number of its first line.

    A block is one text, or a list with None for each line longer than LINE_BYTES. `chunk_bytes` exceeds
    LINE_BYTES. Damage is raised after all lines before it, including a truncated last one."""
    buffer = bytearray(chunk_bytes)
    view = memoryview(buffer)
    number, partial, too_long = 1, 0, False
    failure: Exception | None = None
    while failure is None:
        count = 0
        try:
            count = stream.readinto(view[partial:])
        except Exception as error:  # noqa: BLE001 - raised again below, after what was read
            failure = error
        if count == 0:
            break
        end = buffer.rfind(b"\n", partial, partial + count)
        size = partial + count
        if end >= 0:
            lines = _lines_of(bytes(view[:end]), begins_too_long=too_long)
            yield number, lines
            number, too_long = number + len(lines), False
        partial = size - end - 1
        if partial > LINE_BYTES:
            too_long, partial = True, 0
        view[:partial] = view[size - partial : size]
    if partial or too_long:
        yield number, [None] if too_long else Text(bytes(view[:partial]))
    if failure is not None:
        raise failure


def _lines_of(data: bytes, *, begins_too_long: bool) -> Sequence[bytes | None]:
    text = Text(data)
    short = len(data) <= LINE_BYTES or bool((text.ends - text.begins <= LINE_BYTES).all())
    if short and not begins_too_long:
        return text
    lines = [line if len(line) <= LINE_BYTES else None for line in text]
    return [None, *lines[1:]] if begins_too_long else lines


def numbered_lines(stream: LogStream) -> Iterator[tuple[int, bytes | None]]:
    """Yield the lines with their 1-based numbers: see `texts`."""
    for number, lines in texts(stream):
        yield from enumerate(lines, number)
