"""BIND: the client side of a query, in single lines and in columns."""

from __future__ import annotations

import pytest

from lamsach.logs.base import FileContext
from lamsach.logs.formats.dns.bind import Bind
from lamsach.logs.layouts.column import LayoutColumns

LINE = (
    "10-Jun-2026 09:00:00.494 queries: info: client @0x7f65100ee4d8 {0}#51514 (c2.example): query: "
    "c2.example IN A +E(0)K ({1})"
)


@pytest.mark.parametrize(
    ("client", "server", "device"),
    [
        ("10.20.1.15", "10.20.0.53", "10.20.1.15"),
        ("203.0.113.4", "10.20.0.53", "10.20.0.53"),
        ("2001:db8:1::a1b2", "fd00::53", "2001:db8:1::a1b2"),  # reachable only from inside
        ("2001:db8:1::a1b2", "fe80::53", "2001:db8:1::a1b2"),
        ("2001:db8:1::a1b2", "2001:db8::53", "2001:db8:1::a1b2"),
    ],
)
def test_querying_client_is_the_device(client, server, device):
    line = LINE.format(client, server)
    context = FileContext("x", head=[line])
    assert Bind(context).parse(line, 1).device_ip == device
    piece = LayoutColumns(Bind(context), context).piece(1, [line.encode()])
    assert piece is not None
    assert piece[0].column("device_ip").to_pylist() == [device]
