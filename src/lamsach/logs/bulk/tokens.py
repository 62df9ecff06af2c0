"""Values of many lines at once: what is between some letters."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.features import Lines

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Numbers = np.ndarray[Any, np.dtype[np.int64]]
    Truths = np.ndarray[Any, np.dtype[np.bool_]]

_MOST = 150
_MAC_COLONS, _MAC_STEP = 5, 3
_WORD = 8
_MULTIPLIER = 0x9E37_79B9_7F4A_7C15


class Tokens:
    """The values of lines from a place in each on, parted by letters. The colons of a MAC address part none."""

    def __init__(self, told: Lines, starts: Numbers, parting: str) -> None:
        import numpy as np

        self._data = told.data
        self._letters = np.frombuffer(self._data, np.uint8)
        self._begins, self._starts, self._ends = told.begins, told.begins + np.maximum(starts, 0), told.ends
        parts = bytes(letter if letter in parting.encode() else 0 for letter in range(256))
        places = np.flatnonzero(np.frombuffer(self._data.translate(parts), np.bool_))
        self._places = _without_macs(places, self._letters) if ":" in parting else places
        self._first = np.searchsorted(self._places, self._starts)
        self._count = np.searchsorted(self._places, self._ends) - self._first

    @property
    def few(self) -> Truths:
        """Return whether a line has not too many."""
        few: Truths = self._count < _MOST
        return few

    @property
    def told_by(self) -> Numbers:
        """A number for each line that is the same where the letters between the values are."""
        import numpy as np

        total = int(self._count.sum())
        before = np.cumsum(self._count) - self._count
        within = np.arange(total) - np.repeat(before, self._count)
        at = within + np.repeat(self._first, self._count)
        codes = self._letters[self._places[at]].astype(np.uint64) * _powers()[np.minimum(within, _MOST)]
        sums = np.concatenate(([np.uint64(0)], np.cumsum(codes)))
        found: Numbers = (sums[before + self._count] - sums[before]).view(np.int64) * 251 + self._count
        return found

    @cached_property
    def _bounds(self) -> tuple[Numbers, Numbers]:
        """Return where each value of each line begins and ends. Raises Unusual when the letters between are not the same in all lines."""
        import numpy as np

        if (self._count != self._count[0]).any():
            raise Unusual
        places = self._places[self._first[:, None] + np.arange(int(self._count[0]))]
        letters = self._letters[places]
        if (letters != letters[0]).any():
            raise Unusual
        begins = np.concatenate((self._starts[:, None], places + 1), axis=1)
        return begins, np.concatenate((places, self._ends[:, None]), axis=1)

    @property
    def marks(self) -> str:
        """The letters between the values."""
        _, ends = self._bounds
        return bytes(self._letters[ends[0, :-1]]).decode()

    @property
    def sample(self) -> bytes:
        """The first line from its place on."""
        return self._data[self._starts[0] : self._ends[0]]

    def spans(self) -> list[tuple[int, int]]:
        """Return where the values are in `sample`."""
        begins, ends = (bound[0] - self._starts[0] for bound in self._bounds)
        return list(zip(begins.tolist(), ends.tolist(), strict=True))

    def texts(self) -> list[str]:
        """The values of the first line."""
        return [self.sample[begin:end].decode() for begin, end in self.spans()]

    def varied(self) -> list[int]:
        """The numbers of the values that are not the same in all lines; long ones count as such."""
        import numpy as np

        begins, ends = self._bounds
        sizes = ends - begins
        same = (sizes == sizes[0]).all(axis=0) & (sizes[0] <= 2 * _WORD)
        maybe = np.flatnonzero(same)
        eight = np.ndarray((len(self._data) + 1,), ">u8", self._data + bytes(_WORD), strides=(1,))
        size = sizes[0, maybe]
        shift = (np.maximum(_WORD - size, 0) * 8).astype(np.uint64)
        head = np.where(
            size == 0, np.uint64(0), eight[begins[:, maybe]].astype(np.uint64) >> np.minimum(shift, 63)
        )
        tail = np.where(size > _WORD, eight[np.maximum(ends[:, maybe] - _WORD, 0)], np.uint64(0))
        alike = ((head == head[0]) & (tail == tail[0])).all(axis=0)
        same[maybe[~alike]] = False
        return np.flatnonzero(~same).tolist()

    def column(self, at: int) -> pa.Array:
        """The values with this number."""
        begins, ends = self._bounds
        return self._between(begins[:, at], ends[:, at])

    def before(self) -> pa.Array:
        """Return what each line holds before its place."""
        return self._between(self._begins, self._starts)

    def first_before(self) -> bytes:
        """The same of the first line."""
        return self._data[self._begins[0] : self._starts[0]]

    def _between(self, begins: Numbers, ends: Numbers) -> pa.Array:
        import numpy as np
        import pyarrow as pa

        places = np.zeros(2 * len(begins) + 1, np.int32)
        places[:-1:2], places[1::2], places[-1] = begins, ends, ends[-1]
        texts = pa.StringArray.from_buffers(2 * len(begins), pa.py_buffer(places), pa.py_buffer(self._data))
        return texts.take(pa.array(np.arange(0, 2 * len(begins), 2)))


def _powers() -> Any:
    import numpy as np

    return np.cumprod(np.full(_MOST + 1, _MULTIPLIER, np.uint64))


def _without_macs(places: Numbers, letters: Any) -> Numbers:
    """The places without those of five colons that are three bytes apart."""
    import numpy as np

    colon = letters[places] == ord(":")
    step = (np.diff(places) == _MAC_STEP) & colon[1:] & colon[:-1]
    if not step.any():
        return places
    run = _MAC_COLONS - 1
    padded = np.concatenate((step, np.zeros(run, np.bool_)))
    starts = step.copy()
    for at in range(1, run):
        starts &= padded[at : at + len(step)]
    within = np.zeros(len(places) + run, np.bool_)
    for at in range(run + 1):
        within[at : at + len(starts)] |= starts
    return places[~within[: len(places)]]
