"""What stands before the records of many lines: a syslog header, a time. Each distinct one is read by the function that reads it for single lines; of times that
differ in their seconds only, one in each minute.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import check, mapped
from lamsach.logs.text.syslog import SyslogHeader
from lamsach.logs.text.times.stated_clock import states_other_zone

Head = tuple[datetime | None, str | None]
"""A time and a name."""
# Jun 10 08:00:01 fw   2026-06-10T08:00:01.123+07:00 fw
_CLOCK = re.compile(r"\d:\d\d:([0-5]\d)(?!:?\d)(?:\.(\d{1,6})(?!\d))?")
_ZONED = r"^[^T]{0,40}T[0-9:.,]{8,20}(?:Z|[+-])"
_FEW = 64
_LAST_SECOND = timedelta(seconds=59)


def heads(
    texts: pa.Array, read: Callable[[str], Head], shape: str | None = None
) -> tuple[pa.Array, pa.Array]:
    """The time and the name of each text. Raises what `read` raises, and Unusual unless all texts have this shape (regular expression)."""
    coded = texts.dictionary_encode()
    distinct = coded.dictionary
    if shape is not None:
        check(pc.match_substring_regex(distinct, shape))
    found = _by_minutes(distinct, read) if len(distinct) > _FEW else None
    times, names = found or _columns([read(text) for text in distinct.to_pylist()])
    return times.take(coded.indices), names.take(coded.indices)


def times(texts: pa.Array, read: Callable[[str], datetime | None], shape: str | None = None) -> pa.Array:
    """The time of each text; Unusual when one has none, or not this shape (regular expression)."""
    found = heads(texts, lambda text: (read(text), None), shape)[0]
    if found.null_count:
        raise Unusual
    return found


def check_clock(before: pa.Array, timezone: ZoneInfo) -> None:
    """Raise Unusual where a header states a zone in which a clock shows another time than in the file's: see `stated_clock`."""
    if pc.any(pc.match_substring_regex(before, _ZONED)).as_py():
        check(mapped(before, lambda text: not states_other_zone(text, timezone), pa.bool_()))


def of_header(header: SyslogHeader) -> Head:
    """Return what a syslog header states."""
    return header.time, header.host


def _columns(found: list[Head]) -> tuple[pa.Array, pa.Array]:
    return (
        pa.array([time for time, _ in found], pa.timestamp("us", "UTC")),
        pa.array([name for _, name in found], pa.string()),
    )


def _by_minutes(texts: pa.Array, read: Callable[[str], Head]) -> tuple[pa.Array, pa.Array] | None:
    """The same with seconds and their fraction taken out and added again; None when they do not stand at one place, or more than they decides."""
    clock = _CLOCK.search(texts[0].as_py())
    if clock is None:
        return None
    place, digits = clock.start(1), len(clock[2] or "")
    fraction = rf"\.[0-9]{{{digits}}}(?:[^0-9]|$)" if digits else r"(?:[^.0-9]|$)"
    shape = rf"^.{{{place - 5}}}[0-9]:[0-9][0-9]:[0-5][0-9]{fraction}"
    if not pc.all(pc.match_substring_regex(texts, shape)).as_py():
        return None
    before, after = pc.utf8_slice_codeunits(texts, 0, place), place + 2 + (digits + 1 if digits else 0)
    micro = pc.multiply(pc.utf8_slice_codeunits(texts, place, place + 2).cast(pa.int64()), 1_000_000)
    if digits:
        parts = pc.utf8_slice_codeunits(texts, place + 3, after).cast(pa.int64())
        micro = pc.add(micro, pc.multiply(parts, 10 ** (6 - digits)))
    minutes = pc.binary_join_element_wise(before, pc.utf8_slice_codeunits(texts, after), "\n")
    coded = minutes.dictionary_encode()
    found: list[Head] = []
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
