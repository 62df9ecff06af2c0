"""Readers of NAT records, one file per product.

A reader is a stateless function over one line, with its markers. A new product needs one file here and one
entry in READERS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lamsach.devices.nat.clock import Clock
from lamsach.devices.nat.readers import (
    cgnat,
    cisco,
    conntrack,
    fortigate,
    juniper,
    mikrotik,
    pf_states,
    sentences,
)
from lamsach.devices.nat.records import NatRecord


class Reader(NamedTuple):
    """`markers`: every NAT record contains one. `read`: the line's record, None without a translation."""

    name: str
    markers: tuple[str, ...]
    read: Callable[[str, Clock], NatRecord | None]


READERS: tuple[Reader, ...] = (
    Reader("fortigate", fortigate.MARKERS, fortigate.read),
    Reader("cisco", cisco.MARKERS, cisco.read),
    Reader("juniper", juniper.MARKERS, juniper.read),
    Reader("mikrotik", mikrotik.MARKERS, mikrotik.read),
    Reader("conntrack", conntrack.MARKERS, conntrack.read),
    Reader("pf_states", pf_states.MARKERS, pf_states.read),
    Reader("cgnat", cgnat.MARKERS, cgnat.read),
    Reader("sentences", sentences.MARKERS, sentences.read),
)
