"""Readers of records that the function of their format reads, once for each combination of what it decides
by.

`columns.event_of` for many records at once, whose columns are known by their names (`column_names`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.columns import check, judged, none_of
from lamsach.logs.bulk.letters import Unusual
from lamsach.logs.bulk.reader import GroupReader
from lamsach.logs.bulk.rows import Load, Row
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.mappings import columns
from lamsach.logs.mappings.records import Fields, Header, Records
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.values import among
from lamsach.model import Event

_SHAPES_KEPT = 1000
MOST_KEYS = 200


class RecordReader(GroupReader):
    """Reads records of a format that states how they are written: see `Templates`."""

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
        heads: Callable[[Row], tuple[pa.Array, pa.Array]] | None = None,
        before: pa.Array | None = None,
        *,
        certain: bool | Collection[str] = True,
        shapes: Mapping[str, str] | None = None,
        first: Collection[str] = (),
    ) -> dict[str, pa.Array]:
        """The columns of so many records with these keys: see `Row` and `Templates.columns`.

        `heads`: the times and names in the headers; `shapes`: expressions that the texts of keys fit, else
        Unusual is raised; `first`: keys that are loaded together with those before any was looked at."""
        if len(self._known) > _SHAPES_KEPT:
            self._known.clear()
        shapes = shapes or {}
        row = Row(names, load, self._known.setdefault(tuple(names), {*first}), certain=certain)
        for name, shape in shapes.items():
            check(judged(row[name], shape))
        nothing = none_of(count)
        none = nothing.cast(pa.timestamp("us", "UTC")), nothing
        return self.templates.columns(row, count, lambda: heads(row) if heads else none, before)


Values = Mapping[str, Sequence[pa.Array]]
"""Field: the columns that mean it, the best first; an empty cell is absent."""
_TEXTS = among(
    "source destination nat ip name host mac user user_id source_name source_mac destination_name query "
    "domain url path hash answers observer"
)
_PORTS, _CLOCK = among("source_port destination_port nat_port"), among("time date clock")
_KNOWN = _TEXTS | _PORTS | _CLOCK | {"action"}
_MOST = 40
"""So many columns of a field at most."""


def _keys(fields: Collection[str]) -> frozenset[str]:
    return frozenset(f"{field} {at:02}" for field in fields for at in range(_MOST))


class NamedRecords:
    """Reads the records of a file; what `Templates` asks of a format."""

    name = "named"
    records = Records(reader="", texts=_keys(_TEXTS), ports=_keys(_PORTS), clock=_keys(_CLOCK))

    def __init__(self, times_of: LooseTimes, *, host_is_device: bool) -> None:
        self.context = times_of.context
        self._times, self._host_is_device = times_of, host_is_device
        self._templates = Templates(self)

    def record_event(self, fields: Fields, header: Header) -> Event | None:
        """The event of a record, whose keys are fields with the numbers of their columns."""
        return columns.event_of(_values(fields), self._times, self._host_is_device)

    def record_time(self, fields: Fields) -> datetime | None:
        """The time of a record."""
        return columns.time_of(_values(fields), self._times)

    def columns(self, values: Values, count: int) -> dict[str, pa.Array]:
        """The columns of the events.

        Raises Unusual for fields that are not known here and records without a time."""
        if not values.keys() <= _KNOWN or any(len(several) > _MOST for several in values.values()):
            raise Unusual
        row = {f"{field} {at:02}": one for field, several in values.items() for at, one in enumerate(several)}
        read = self._templates.columns(
            Row([*row], lambda wanted: {key: row[key] for key in wanted}, set()),
            count,
            lambda: (none_of(count), none_of(count)),
        )
        if "time" not in read:
            raise Unusual
        check(pc.is_valid(read["time"]))
        return read


def _values(fields: Fields) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key in fields:
        found.setdefault(key[:-3], []).append(fields[key])
    return found
