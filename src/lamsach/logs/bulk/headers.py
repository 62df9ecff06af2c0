"""Times and hosts from the headers of many records, and the times inside records.

Each distinct text is parsed by the function for single lines; of texts that differ only in their seconds,
one per minute.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext
from lamsach.logs.bulk.columns import check, map_distinct, matches_shape, seconds
from lamsach.logs.bulk.rows import TrackedFields
from lamsach.logs.bulk.text_buffers import Unusual, offsets_of
from lamsach.logs.text.record_headers import header_before
from lamsach.logs.text.syslog import SyslogHeader
from lamsach.logs.text.times.stated_clock import states_other_zone

HeaderValues = tuple[datetime | None, str | None]
"""Time and host."""
# Jun 10 08:00:01 fw   2026-06-10T08:00:01.123+07:00 fw
_CLOCK = re.compile(r"\d:\d\d:([0-5]\d)(?!:?\d)(?:\.(\d{1,6})(?!\d))?")
_ZONED = r"^[^T]{0,40}T[0-9:.,]{8,20}(?:Z|[+-])"
_FEW = 64
_LAST_SECOND = timedelta(seconds=59)


def read_headers(texts: pa.Array, read: Callable[[str], HeaderValues]) -> tuple[pa.Array, pa.Array]:
    """Parse each distinct header into times and hosts. Raises what `read` raises."""
    coded = texts.dictionary_encode()
    distinct_texts = coded.dictionary
    found = _by_minutes(distinct_texts, read) if len(distinct_texts) > _FEW else None
    times, names = found or _columns([read(text) for text in distinct_texts.to_pylist()])
    return times.take(coded.indices), names.take(coded.indices)


def read_times(texts: pa.Array, read: Callable[[str], datetime | None]) -> pa.Array:
    """Parse each distinct text into a time. Raises Unusual when a text has none."""
    found = read_headers(texts, lambda text: (read(text), None))[0]
    if found.null_count:
        raise Unusual
    return found


def check_clock(before: pa.Array, timezone: tzinfo) -> None:
    """Raise Unusual for headers in a zone whose clock differs from the file's; see `stated_clock`."""
    if pc.any(pc.match_substring_regex(before, _ZONED)).as_py():
        check(map_distinct(before, lambda text: not states_other_zone(text, timezone), pa.bool_()))


def header_values(header: SyslogHeader) -> HeaderValues:
    """Return the time and host of a syslog header."""
    return header.time, header.host


def _columns(found: list[HeaderValues]) -> tuple[pa.Array, pa.Array]:
    return (
        pa.array([time for time, _ in found], pa.timestamp("us", "UTC")),
        pa.array([name for _, name in found], pa.string()),
    )


def _by_minutes(texts: pa.Array, read: Callable[[str], HeaderValues]) -> tuple[pa.Array, pa.Array] | None:
    """Parse one text per minute and add the seconds and fraction numerically.

    Returns None unless all texts have their seconds at the same position and nothing else depends on them."""
    clock = _CLOCK.search(texts[0].as_py())
    if clock is None:
        return None
    position, digits = clock.start(1), len(clock[2] or "")
    fraction = rf"\.[0-9]{{{digits}}}(?:[^0-9]|$)" if digits else r"(?:[^.0-9]|$)"
    shape = rf"^.{{{position - 5}}}[0-9]:[0-9][0-9]:[0-5][0-9]{fraction}"
    if not pc.all(pc.match_substring_regex(texts, shape)).as_py():
        return None
    before, after = pc.utf8_slice_codeunits(texts, 0, position), position + 2 + (digits + 1 if digits else 0)
    micro = pc.multiply(pc.utf8_slice_codeunits(texts, position, position + 2).cast(pa.int64()), 1_000_000)
    if digits:
        parts = pc.utf8_slice_codeunits(texts, position + 3, after).cast(pa.int64())
        micro = pc.add(micro, pc.multiply(parts, 10 ** (6 - digits)))
    minutes = pc.binary_join_element_wise(before, pc.utf8_slice_codeunits(texts, after), "\n")
    coded = minutes.dictionary_encode()
    found: list[HeaderValues] = []
    for text in coded.dictionary.to_pylist():
        start, _, rest = text.partition("\n")
        first, last = read(f"{start}00{rest}"), read(f"{start}59{rest}")
        same = first[1] == last[1] and first[0] is not None and last[0] is not None
        if not same or last[0] - first[0] != _LAST_SECOND:  # type: ignore[operator]
            return None
        found.append(first)
    whole, names = _columns(found)
    moments = pc.add(whole.cast(pa.int64()).take(coded.indices), micro)
    return moments.cast(pa.timestamp("us", "UTC")), names.take(coded.indices)


_LONGEST_HEADER = 500


def headers_before(before: pa.Array, record: str, context: FileContext) -> tuple[pa.Array, pa.Array]:
    """Parse the headers before records that begin with `record`. Raises Unusual, LineError."""
    check(matches_shape(before, r"^(?:[^{]*[^{A-Za-z0-9])?$"))
    check(pc.less(pc.binary_length(before), _LONGEST_HEADER))

    def read(text: str) -> HeaderValues:
        if states_other_zone(text, context.timezone):
            raise Unusual
        return header_values(header_before(text + record, len(text), context))

    return read_headers(before, read)


_SEPARATOR = "\x1f"
_UNITS = {10: (1_000_000, 1), 13: (1_000, 1), 16: (1, 1), 19: (1, 1_000)}
"""Factor and divisor that convert a count to microseconds, by its number of digits."""
_DECIMALS, _WITH_DECIMALS = 6, (16, 17)


def times_of_keys(
    columns: Mapping[str, pa.Array],
    present: Collection[str],
    read_time: Callable[[Any], datetime | None],
    before: pa.Array | None,
    zone: tzinfo,
) -> pa.Array:
    """Compute the time of each record from the texts of its clock keys.

    `present`: all clock keys; the format must read none but those in `columns`. `before`: the headers.
    Raises Unusual."""

    def read(text: str) -> datetime | None:
        values = dict(zip(columns, text.split(_SEPARATOR), strict=True))
        fields = TrackedFields({key: partial(values.get, key) for key in present})
        moment = read_time(fields)
        if not fields.read_keys <= columns.keys():
            raise Unusual
        return moment

    texts = [*columns.values()]
    if any(column.null_count for column in texts):
        raise Unusual
    if len(texts) == 1 and (counted := times_of_counts(texts[0], read)) is not None:
        return counted
    if before is not None:
        check_clock(before, zone)
    return read_times(pc.binary_join_element_wise(*texts, _SEPARATOR), read)


def times_of_counts(column: pa.Array, read: Callable[[str], datetime | None]) -> pa.Array | None:
    """Convert epoch counts: numbers, digits of one length, or seconds with six decimals; None for others.

    The format also reads the smallest and the largest; None if it disagrees."""
    converted = _convert(column)
    if converted is None:
        return None
    stamps = converted.cast(pa.int64())
    extremes = (pc.index(stamps, bound).as_py() for bound in pc.min_max(stamps).values())
    same = all(read(str(column[at].as_py())) == converted[at].as_py() for at in extremes)
    return converted if same else None


def _convert(column: pa.Array) -> pa.Array | None:
    kind = pa.timestamp("us", "UTC")
    if pa.types.is_floating(column.type):
        return seconds(column)
    digits = pc.unique(pc.binary_length(column)).to_pylist()
    unit = _UNITS.get(digits[0]) if len(digits) == 1 else None
    if unit and pc.all(pc.match_substring_regex(column, "^[0-9]+$")).as_py():
        return pc.divide(pc.multiply(column.cast(pa.int64()), unit[0]), unit[1]).cast(kind)
    return _with_decimals(column, kind)


def _with_decimals(column: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """Convert seconds with six decimals, all of one length."""
    positions = offsets_of(column)
    length = int(positions[1] - positions[0])
    if length not in _WITH_DECIMALS or (np.diff(positions) != length).any():
        return None
    letters = np.frombuffer(column.buffers()[2], np.uint8)[positions[0] : positions[-1]].reshape(-1, length)
    point = length - 1 - _DECIMALS
    digits = np.delete(letters, point, axis=1) - ord("0")
    if (digits > 9).any() or (letters[:, point] != ord(".")).any():
        return None
    return pa.array(digits.astype(np.int64) @ 10 ** np.arange(length - 2, -1, -1)).cast(kind)
