"""The own times of records: texts of some keys, of which one may be a count since 1970."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import seconds
from lamsach.logs.bulk.heads import check_clock, times
from lamsach.logs.bulk.looked import Looked
from lamsach.logs.bulk.parts import places_of

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo


_SEPARATOR = "\x1f"
_UNITS = {10: (1_000_000, 1), 13: (1_000, 1), 16: (1, 1), 19: (1, 1_000)}
"""Microseconds of a count of so many digits: by what it is multiplied and divided."""
_DECIMALS, _WITH_DECIMALS = 6, (16, 17)


def of_keys(
    columns: Mapping[str, pa.Array],
    present: Collection[str],
    read_time: Callable[[Any], datetime | None],
    before: pa.Array | None,
    zone: ZoneInfo,
) -> pa.Array:
    """The time of each record by the texts of its keys; `present`: all keys of the clock, of which the format must look at no other; `before`: the headers.
    Raises Unusual."""

    def read(text: str) -> datetime | None:
        values = dict(zip(columns, text.split(_SEPARATOR), strict=True))
        fields = Looked({key: partial(values.get, key) for key in present})
        moment = read_time(fields)
        if not fields.at <= columns.keys():
            raise Unusual
        return moment

    texts = [*columns.values()]
    if any(column.null_count for column in texts):
        raise Unusual
    if len(texts) == 1 and (counted := of_counts(texts[0], read)) is not None:
        return counted
    if before is not None:
        check_clock(before, zone)
    return times(pc.binary_join_element_wise(*texts, _SEPARATOR), read)


def of_counts(column: pa.Array, read: Callable[[str], datetime | None]) -> pa.Array | None:
    """The times of a column of counts of one length, of seconds with six decimals, or of numbers; None of another. The least and the greatest are read by the
    format too, and None is told where it sees something else."""
    made = _made(column)
    if made is None:
        return None
    stamps = made.cast(pa.int64())
    ends = (pc.index(stamps, bound).as_py() for bound in pc.min_max(stamps).values())
    same = all(read(str(column[at].as_py())) == made[at].as_py() for at in ends)
    return made if same else None


def _made(column: pa.Array) -> pa.Array | None:
    kind = pa.timestamp("us", "UTC")
    if pa.types.is_floating(column.type):
        return seconds(column)
    digits = pc.unique(pc.binary_length(column)).to_pylist()
    unit = _UNITS.get(digits[0]) if len(digits) == 1 else None
    if unit and pc.all(pc.match_substring_regex(column, "^[0-9]+$")).as_py():
        return pc.divide(pc.multiply(column.cast(pa.int64()), unit[0]), unit[1]).cast(kind)
    return _with_decimals(column, kind)


def _with_decimals(column: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """Seconds with six decimals, all of one length."""
    places = places_of(column)
    length = int(places[1] - places[0])
    if length not in _WITH_DECIMALS or (np.diff(places) != length).any():
        return None
    letters = np.frombuffer(column.buffers()[2], np.uint8)[places[0] : places[-1]].reshape(-1, length)
    point = length - 1 - _DECIMALS
    digits = np.delete(letters, point, axis=1) - ord("0")
    if (digits > 9).any() or (letters[:, point] != ord(".")).any():
        return None
    return pa.array(digits.astype(np.int64) @ 10 ** np.arange(length - 2, -1, -1)).cast(kind)
