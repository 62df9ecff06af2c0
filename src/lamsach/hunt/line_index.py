"""Line numbers in a chunk: the line of a byte, and the start of a line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lamsach.hunt.engine import count_lines, feeds_by_block, skip_lines
from lamsach.hunt.kernel.layout import BLOCK


class LineIndex:
    """The lines of data[begin:end], indexed by the line feeds of each BLOCK bytes from `begin` on.

    `feeds`: these counts, if the sieve's pass has them already.
    """

    def __init__(
        self, data: NDArray[np.uint8], begin: int, end: int, feeds: NDArray[np.int32] | None = None
    ) -> None:
        self._data = data
        self._begin = begin
        self._end = end
        counts = feeds_by_block(data, begin, end) if feeds is None else feeds
        self._before = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])

    @property
    def feeds(self) -> int:
        """The number of line feeds."""
        return int(self._before[-1])

    def number_at(self, offset: int) -> int:
        """Return the 0-based number of the line that contains or starts at `offset`."""
        block = (offset - self._begin) // BLOCK
        start = self._begin + block * BLOCK
        return int(self._before[block]) + count_lines(self._data, start, offset)

    def start_of(self, number: int) -> int:
        """Return the offset of the line with this 0-based number; the end when there are fewer lines."""
        if number <= 0:
            return self._begin
        if number > self.feeds:
            return self._end
        block = int(np.searchsorted(self._before, number, side="left")) - 1
        start = self._begin + block * BLOCK
        return skip_lines(self._data, start, self._end, number - int(self._before[block]))
