"""SiLK: rows without a heading, other lines."""

from __future__ import annotations

import golden
import pytest

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.flows.silk import Silk

ROW = (
    "10.20.1.5|203.0.113.9|51234|443|6|10|1000|FS PA|2026/06/10T02:20:31.123|0.200|2026/06/10T02:20:31.323|"
    "S0|"
)


def test_rows_without_a_heading():
    assert Silk.recognises(ROW)
    (event,) = golden.read(Silk, [ROW])
    assert (event.source_ip, event.destination_ip, event.destination_port, event.observer) == (
        "10.20.1.5",
        "203.0.113.9",
        443,
        "S0",
    )
    assert event.time is not None
    assert event.time.isoformat() == "2026-06-10T02:20:31.123000+00:00"


@pytest.mark.parametrize("line", ["", "a|b|c", "x" * 5000, "|" * 5000, "sIP|" + "\t" * 5000])
def test_other_lines_are_no_flows(line):
    assert not Silk.recognises(line)
    with pytest.raises(LineError):
        Silk(FileContext()).parse(line, 1)
