"""What the bulk readers of CEF and LEEF share: the header before the record, and times in a record's keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lamsach.logs.base import FileContext
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import check, judged
from lamsach.logs.bulk.heads import Head, heads, of_header, times
from lamsach.logs.text.framing import header_before
from lamsach.logs.text.times.record_times import first_time
from lamsach.logs.text.times.stated_clock import states_other_zone

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

_LONGEST_HEADER = 500
_PLAUSIBLE = {10: (315_532_800, 1_000_000), 13: (315_532_800_000, 1_000)}
"""By the number of digits: the first moment of 1980, and the microseconds of a unit."""


def heads_before(before: pa.Array, record: str, context: FileContext) -> tuple[pa.Array, pa.Array]:
    """The time and the host that a header before records states; `record`: how the records begin. Raises Unusual, LineError."""
    import pyarrow.compute as pc

    check(judged(before, r"^(?:[^{]*[^{A-Za-z0-9])?$"))
    check(pc.less(pc.binary_length(before), _LONGEST_HEADER))

    def read(text: str) -> Head:
        if states_other_zone(text, context.timezone):
            raise Unusual
        return of_header(header_before(text + record, len(text), context))

    return heads(before, read)


def stated_times(
    row: Mapping[str, pa.Array],
    keys: Sequence[str],
    context: FileContext,
    zone: str | None = None,
    *,
    month_first: bool = False,
) -> pa.Array | None:
    """The time that the first of these keys states, in every record; None when the records have none of the keys. Raises Unusual."""
    import pyarrow as pa
    import pyarrow.compute as pc

    key = next((key for key in keys if key in row), None)
    if key is None:
        return None
    for digits, (least, unit) in _PLAUSIBLE.items():
        if pc.all(pc.match_substring_regex(row[key], f"^[0-9]{{{digits}}}$")).as_py():
            stamps = row[key].cast(pa.int64())
            check(pc.greater_equal(stamps, least))
            return pc.multiply(stamps, unit).cast(pa.timestamp("us", "UTC"))

    def read(text: str) -> datetime | None:
        return first_time((text,), context, zone, month_first=month_first)

    return times(row[key], read)


def constant(row: Mapping[str, pa.Array], key: str) -> str | None:
    """The value that all records state for a key; None when they have no such key. Raises Unusual for several."""
    import pyarrow.compute as pc

    if key not in row:
        return None
    values = pc.unique(row[key])
    if len(values) != 1:
        raise Unusual
    text: str | None = values[0].as_py()
    return text
