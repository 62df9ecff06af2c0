"""Columnar readers that run a format's record function once per combination of deciding values.

`NamedRecords` does the same for columns with known names, as `columns.event_of` for single records.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.columns import check, matches_shape, none_of
from lamsach.logs.bulk.reader import GroupReader
from lamsach.logs.bulk.rows import Load, Row
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.bulk.text_buffers import Unusual
from lamsach.logs.mappings import columns
from lamsach.logs.mappings.records import Fields, Header, Records
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.values import among
from lamsach.model import Event

_SHAPES_KEPT = 1000
MOST_KEYS = 200


class RecordReader(GroupReader):
    """Columnar reader of a format that describes its records: see `Templates`."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        assert log_format.records is not None
        self.records: Records = log_format.records
        self.templates = Templates(log_format)
        self._known: dict[Hashable, set[str]] = {}

    def events(
        self,
        names: Collection[str],
        load: Load,
        count: int,
        headers: Callable[[Row], tuple[pa.Array, pa.Array]] | None = None,
        before: pa.Array | None = None,
        *,
        certain: bool | Collection[str] = True,
        shapes: Mapping[str, str] | None = None,
        first: Collection[str] = (),
    ) -> dict[str, pa.Array]:
        """Parse `count` records with these keys: see `Row` and `Templates.columns`.

        `headers`: times and hosts of the headers; `shapes`: expressions that the keys' texts must match, or
        Unusual is raised; `first`: keys to load with the first one read."""
        if len(self._known) > _SHAPES_KEPT:
            self._known.clear()
        shapes = shapes or {}
        row = Row(names, load, self._known.setdefault(tuple(names), {*first}), certain=certain)
        for name, shape in shapes.items():
            check(matches_shape(row[name], shape))
        nothing = none_of(count)
        no_headers = nothing.cast(pa.timestamp("us", "UTC")), nothing
        return self.templates.columns(row, count, lambda: headers(row) if headers else no_headers, before)


Values = Mapping[str, Sequence[pa.Array]]
"""The columns of each field, best first; empty cells are null."""
_TEXTS = among(
    "source destination nat ip name host mac user user_id source_name source_mac destination_name query "
    "domain url path hash answers observer"
)
_PORTS, _CLOCK = among("source_port destination_port nat_port"), among("time date clock")
_KNOWN = _TEXTS | _PORTS | _CLOCK | {"action"}
_MOST = 40
"""Limit of columns per field."""


def _keys(fields: Collection[str]) -> frozenset[str]:
    return frozenset(f"{field} {at:02}" for field in fields for at in range(_MOST))


class NamedRecords:
    """Columnar reader of records with named fields; implements `RecordFormat` for `Templates`."""

    name = "named"
    records = Records(reader="", texts=_keys(_TEXTS), ports=_keys(_PORTS), clock=_keys(_CLOCK))

    def __init__(self, times_of: LooseTimes, *, host_is_device: bool) -> None:
        self.context = times_of.context
        self._times, self._host_is_device = times_of, host_is_device
        self._templates = Templates(self)

    def record_event(self, fields: Fields, header: Header) -> Event | None:
        """Return the event of a record, whose keys are fields with a column number."""
        return columns.event_of(_values(fields), self._times, self._host_is_device)

    def record_time(self, fields: Fields) -> datetime | None:
        """Return the time of a record."""
        return columns.time_of(_values(fields), self._times)

    def columns(self, values: Values, count: int) -> dict[str, pa.Array]:
        """Return the columns of the events.

        Raises Unusual for unknown fields and for records without a time."""
        if not values.keys() <= _KNOWN or any(len(columns) > _MOST for columns in values.values()):
            raise Unusual
        row = {
            f"{field} {at:02}": column
            for field, columns in values.items()
            for at, column in enumerate(columns)
        }
        columns_read = self._templates.columns(
            Row([*row], lambda wanted: {key: row[key] for key in wanted}, set()),
            count,
            lambda: (none_of(count), none_of(count)),
        )
        if "time" not in columns_read:
            raise Unusual
        check(pc.is_valid(columns_read["time"]))
        return columns_read


def _values(fields: Fields) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key in fields:
        found.setdefault(key[:-3], []).append(fields[key])
    return found
