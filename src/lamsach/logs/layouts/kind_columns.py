"""Columnar readers of the kinds of values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.bulk.columns import (
    NONE,
    host_ips,
    ipv4,
    macs,
    map_distinct,
    names,
    normalized,
    not_empty,
    port_numbers,
    seconds,
    stated_texts,
)
from lamsach.logs.bulk.text_buffers import DIGITS, consists_of, partition

Read = Callable[[str], Any]


def _questions(column: pa.Array, read: Read) -> pa.Array:
    """Read DNS names, nearly all of which servers print with the root's dot."""
    plain = pc.if_else(pc.ends_with(column, "."), pc.utf8_slice_codeunits(column, 0, -1), column)
    return names(plain, read)


def _ends(place: int, *, machine: bool = False) -> Callable[[pa.Array, Read], pa.Array]:
    """Read ends, most of which are addresses with or without a port.

    `place`: 0 for addresses, 1 for ports, 2 for names. `machine`: treat 0.0.0.0 and port 0 as absent."""

    def column_of(column: pa.Array, read: Read) -> pa.Array:
        kind = pa.int32() if place == 1 else pa.string()
        address, port = partition(pc.fill_null(column, ""), ":")
        plain = ipv4(address)
        if not consists_of(port, DIGITS, 0, 5):
            plain = pc.and_(plain, pc.match_substring_regex(port, "^[0-9]{0,5}$"))
        if machine:
            plain = pc.and_(plain, pc.not_equal(address, "0.0.0.0"))  # noqa: S104 - means: no address
        others = pc.if_else(plain, NONE, column)
        if place == 2:
            return map_distinct(others, read, kind)
        found = pc.if_else(plain, (address, port)[place], NONE)
        if place == 1:
            found = port_numbers(not_empty(found))
        if machine and place == 1 and (pc.min(found).as_py() or 0) == 0:
            found = pc.if_else(pc.equal(found, 0), pa.scalar(None, kind), found)
        return found if pc.all(plain).as_py() else pc.coalesce(found, map_distinct(others, read, kind))

    return column_of


COLUMNS: Mapping[str, Callable[[pa.Array, Read], pa.Array]] = {
    "addresses": lambda column, read: normalized(column, ipv4(column), read),
    "machines": lambda column, _: host_ips(column),
    "ports": lambda column, _: port_numbers(column),
    "names": names,
    "questions": _questions,
    "texts": lambda column, _: stated_texts(column),
    "macs": lambda column, _: macs(column),
    "seconds": lambda column, _: seconds(column.cast(pa.float64())),
    "ends": _ends(0),
    "end_ports": _ends(1),
    "end_names": _ends(2),
    "end_machines": _ends(0, machine=True),
    "end_machine_ports": _ends(1, machine=True),
}
"""Column readers by `Kind.column`; called with the column and the reader of a single text."""
