"""Packets that the kernel's LOG target wrote, behind a syslog header that ends in `kernel: `."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import (
    addresses,
    cells,
    check,
    check_distinct,
    cut,
    internal,
    judged,
    lines_of,
    macs,
    mapped,
    own_sides,
    text_of,
)
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import Head, heads, of_header
from lamsach.logs.bulk.keyed import none_of, port_numbers
from lamsach.logs.bulk.parts import halves
from lamsach.logs.events.own_machine import is_public_machine
from lamsach.logs.formats.firewalls.iptables.format import action_of_prefix
from lamsach.logs.text.syslog import split_header

if TYPE_CHECKING:
    import pyarrow as pa

# Jun 10 08:00:01 fw kernel: [123.456] [UFW BLOCK] IN=eth0 OUT= MAC=... SRC=192.0.2.1 DST=192.0.2.2 LEN=60 ... ID=1 DF PROTO=TCP SPT=1 DPT=2 WINDOW=...
_PROGRAM, _PROTOCOL = "kernel: ", " PROTO="
_STARTS_NOTHING = "[x] IN="
"""What `split_header` finds no second header in."""
_PREFIX = r"^(?:[^0-9<*.\w]|[^0-9<*.].{0,199}\W)?$"
_UPTIME = r"^\[ *[0-9]{1,9}\.[0-9]{1,9}\] ?"
_INTERFACE = r"^[^\s=]{0,32}$"
_MAC = r"^(?:[0-9a-f]{2}:){13}[0-9a-f]{2}$"
_KEY = re.compile(r"[A-Z][A-Za-z]{1,9}=", re.ASCII)
_WANTED = ("MACSRC", "MAC", "SRC", "DST", "SPT", "DPT", "OUT")
_MOST_WORDS = 60
_HEADS_KEPT = 1024


class KernelPackets(GroupReader):
    """Packets of which both addresses are stated, without a quoted one."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._known_head = lru_cache(maxsize=_HEADS_KEPT)(self._head)

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By how many words a line has, whether it says DF, and the protocol."""
        told = Lines(lines)
        place = told.place(_PROTOCOL)
        usual = (place >= 0) & ~told.has("[SRC=", "REPLY: SRC=", "|")
        protocol = told.letters(place + len(_PROTOCOL), 3)
        return groups_of((told.count(" "), told.has(" DF "), protocol), usual)

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow.compute as pc

        if any(mark in data for mark in (b"\t", b"\v", b"\f")):
            raise Unusual
        before, packet = halves(lines_of(data), "IN=")
        head, prefix = halves(before, _PROGRAM)
        prefixes = pc.replace_substring_regex(prefix, _UPTIME, "")
        check_distinct(prefixes, _PREFIX)
        times, hosts = heads(head, self._known_head)
        row = _row(packet, count)
        sources, destinations = addresses(row["SRC"]), addresses(row["DST"])
        return {
            "time": times,
            "observer": hosts,
            "source_ip": sources,
            "source_port": _ports(row, "SPT", count),
            "destination_ip": destinations,
            "destination_port": _ports(row, "DPT", count),
            "device_ip": _devices(row, sources, destinations),
            "device_mac": _source_macs(row, count),
            "action": mapped(prefixes, lambda text: action_of_prefix(text).value),
        }

    def _head(self, text: str) -> Head:
        header, message = split_header(f"{text}{_PROGRAM}{_STARTS_NOTHING}", self.context)
        if message != _STARTS_NOTHING:
            raise Unusual
        return of_header(header)


def _row(packet: pa.Array, count: int) -> dict[str, pa.Array]:
    """The wanted values of packets whose words have one order, up to the ports."""
    import pyarrow as pa
    import pyarrow.compute as pc

    words = packet[0].as_py().split(" ")
    keys = [found[0] if (found := _KEY.match(word)) else None for word in words]
    if len(words) > _MOST_WORDS or "SRC=" not in keys or "DST=" not in keys:
        raise Unusual
    ends = max((at for at, key in enumerate(keys) if key in ("SPT=", "DPT=")), default=len(words) - 1)
    names = [str(at) for at in range(len(words))]
    row = cells(text_of(packet), names, " ", dict.fromkeys(names[: ends + 1], pa.string()))
    if len(row["0"]) != count:
        raise Unusual
    check_distinct(row["0"], _INTERFACE)
    values: dict[str, pa.Array] = {"IN": row["0"]}
    for at in range(1, ends + 1):
        key, column = keys[at], row[str(at)]
        if key is None:
            check(pc.equal(column, words[at]))
            continue
        check(pc.starts_with(column, key))
        if key[:-1] in _WANTED:
            values.setdefault(key[:-1], cut(column, len(key)))
    return values


def _devices(row: dict[str, pa.Array], sources: pa.Array, destinations: pa.Array) -> pa.Array:
    """The unit's own side: see `own_machine.own_end`; a packet that goes out nowhere is the machine's that logs."""
    import pyarrow as pa
    import pyarrow.compute as pc

    onward = pc.not_equal(row["OUT"], "") if "OUT" in row else pa.repeat(pa.scalar(False), len(sources))
    received = pc.and_not(pc.not_equal(row["IN"], ""), onward)
    own = own_sides(sources, destinations)
    arrived = pc.and_not(received, internal(sources))
    if not pc.any(arrived).as_py():
        return own
    machines = pc.if_else(arrived, destinations, pa.scalar(None, pa.string()))
    public = pc.fill_null(mapped(machines, is_public_machine, pa.bool_()), False)
    return pc.if_else(public, destinations, own)


def _ports(row: dict[str, pa.Array], key: str, count: int) -> pa.Array:
    return port_numbers(row.get(key, none_of(count)))


def _source_macs(row: dict[str, pa.Array], count: int) -> pa.Array:
    """The source's of the two addresses in `MAC=`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if "MACSRC" in row:
        raise Unusual
    if "MAC" not in row:
        return none_of(count)
    whole = judged(row["MAC"], _MAC)
    check(pc.or_(whole, pc.equal(row["MAC"], "")))
    sources = cut(row["MAC"], 18, 35)
    return macs(pc.if_else(whole, sources, pa.scalar(None, pa.string())))
