"""`columns.event_of` for many records at once, whose columns are known by their names (`column_names`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.bulk.columns import check, none_of
from lamsach.logs.bulk.letters import Unusual
from lamsach.logs.bulk.rows import Row
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.mappings import columns
from lamsach.logs.mappings.records import Fields, Header, Records
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.values import among
from lamsach.model import Event

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
