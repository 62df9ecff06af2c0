"""Rows of the Windows Firewall, without a syslog header before them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import (
    cells,
    check_distinct,
    internal,
    ipv4,
    kept,
    mapped,
    parted_by_single_spaces,
    said,
)
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import times
from lamsach.logs.bulk.keyed import device_columns, none_of, port_numbers
from lamsach.logs.formats.windows.windows_firewall import ACTIONS, WindowsFirewall
from lamsach.logs.text.values import ip_of
from lamsach.model import Action

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

# 2026-06-02 12:35:19 DROP UDP 192.0.2.197 224.0.0.251 5353 5353 59 - - - - - - - RECEIVE
_FIRST = ("date", "time", "action", "protocol")
_READ = (*_FIRST, "src-ip", "dst-ip", "src-port", "dst-port", "path")
_MOMENT = "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$"
_WORD = "^(?:ALLOW|DROP|OPEN|CLOSE|OPEN-INBOUND|INFO-EVENTS-LOST)$"
_PROTOCOL = "^(?:[A-Z][A-Za-z0-9-]{1,15}|[0-9]{1,3}|-)$"
_GROUP_ADDRESS = r"^(?:(?:22[4-9]|23[0-9])\.|ff[0-9a-f]{2}:|255\.255\.255\.255$)"
"""Addresses of many machines."""


class FirewallRows(GroupReader):
    """Rows that have the usual columns first."""

    log_format: WindowsFirewall

    def alike(self, data: bytes) -> bool:
        """See `GroupReader`: the columns are counted, and a row begins with its time."""
        return True

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By how many columns a row has."""
        told = Lines(lines)
        return groups_of((told.count(" "),), told.letters_at(len("2026-06-02"), 1) == ord(" "))

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        names = self.log_format.columns
        if names[: len(_FIRST)] != _FIRST or len({*names}) != len(names) or not parted_by_single_spaces(data):
            raise Unusual
        words = data.partition(b"\n")[0].count(b" ") + 1
        shown = [*names[:words], *(str(at) for at in range(len(names), words))]
        row: dict[str, Any] = cells(data, shown, " ", {name: pa.string() for name in shown if name in _READ})
        if len(row["date"]) != count:
            raise Unusual
        check_distinct(row["action"], _WORD)
        check_distinct(row["protocol"], _PROTOCOL)
        moments = pc.binary_join_element_wise(row["date"], row["time"], " ")
        missing = none_of(count)
        sources = _addresses(said(row.get("src-ip", missing)))
        destinations = _addresses(said(row.get("dst-ip", missing)))
        return {
            "time": times(moments, self._time, _MOMENT),
            "source_ip": sources,
            "source_port": port_numbers(said(row.get("src-port", missing))),
            "destination_ip": destinations,
            "destination_port": port_numbers(said(row.get("dst-port", missing))),
            "device_ip": _devices(sources, destinations, row.get("path", missing)),
            "action": mapped(row["action"], lambda word: ACTIONS.get(word, Action.UNKNOWN).value),
        }

    def _time(self, text: str) -> datetime | None:
        event = self.log_format.parse(f"{text} ALLOW TCP ", 1)
        return None if event is None else event.time


def _addresses(column: pa.Array) -> pa.Array:
    return kept(column, ipv4(column), ip_of)


def _devices(sources: pa.Array, destinations: pa.Array, path: pa.Array) -> pa.Array:
    """The machine itself: the source of what it sends, the destination of what it received, unless that is a group's address."""
    import pyarrow.compute as pc

    own = device_columns(sources, destinations)
    sent = pc.and_(pc.fill_null(pc.equal(path, "SEND"), False), pc.is_valid(sources))
    received = pc.fill_null(pc.equal(path, "RECEIVE"), False)
    if pc.any(received).as_py():
        strange = pc.and_(pc.is_valid(sources), pc.invert(pc.fill_null(internal(sources), False)))
        for_many = pc.fill_null(pc.match_substring_regex(destinations, _GROUP_ADDRESS), True)
        arrived = pc.and_(pc.and_(received, strange), pc.invert(for_many))
        own = pc.if_else(arrived, destinations, own)
    return pc.if_else(sent, sources, own)
