"""Records whose values all stand in quotes, `key:"value"; key:"value"` or `key="value" key="value"`, with the same keys in the same order, in columns."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import cells, check, cut, text_of, trimmed

if TYPE_CHECKING:
    import pyarrow as pa

    from lamsach.logs.bulk.features import Lines, Truths

_PART = "\x02"
_MOST_KEYS = 200


@dataclass(frozen=True, slots=True)
class Quoted:
    """How records are written. `opening`: between a key and its value; `closing`: between a value and the next key; `ends`: what may stand behind the last value."""

    opening: str
    closing: str
    ends: tuple[str, ...]

    def usual(self, told: Lines) -> Truths:
        """Of lines without quotes before their record: whether every quote opens or closes a value, and all but the last value are closed as usual."""
        import numpy as np

        keys, closings = told.count(self.opening), told.count(self.closing)
        closed_too = np.zeros(len(keys), np.bool_)
        for end in self.ends:
            if end.startswith(self.closing):
                closed_too |= told.end_with(end)
        usual: Truths = closings == keys - ~closed_too  # `a:"1";b:"2"; `
        usual &= (keys > 0) & (keys < _MOST_KEYS) & (told.count('"') == 2 * keys)
        return usual & ~told.has("\\")

    def keys(self, record: str) -> tuple[str, ...]:
        """The record's keys in their order."""
        return tuple(part.partition(self.opening)[0] for part in self._body(record).split(self.closing))

    def rows(self, records: pa.Array, wanted: Collection[str]) -> dict[str, pa.Array]:
        """The values of the wanted keys. Raises Unusual when the records do not all have the keys of the first, or a wanted key stands twice."""
        import pyarrow as pa
        import pyarrow.compute as pc

        first = records[0].as_py()
        keys, end = self.keys(first), next((end for end in self.ends if first.endswith(end)), None)
        if end is None or any(keys.count(key) > 1 for key in {*keys} & {*wanted}):
            raise Unusual
        check(pc.ends_with(records, end))
        bodies = text_of(cut(records, 0, -len(end))).to_pybytes()
        if _PART.encode() in bodies:
            raise Unusual
        names = [str(at) for at in range(len(keys))]
        data = bodies.replace(self.closing.encode(), _PART.encode())
        row = cells(data, names, _PART, dict.fromkeys(names, pa.string()))
        if len(row["0"]) != len(records):
            raise Unusual
        values = {}
        for name, key in zip(names, keys, strict=True):
            check(pc.starts_with(row[name], f"{key}{self.opening}"))
            if key in wanted:
                start = len(key) + len(self.opening)
                values[key] = trimmed(cut(row[name], start))
        return values

    def _body(self, record: str) -> str:
        end = next((end for end in self.ends if record.endswith(end)), "")
        return record.removesuffix(end)
