"""Wireshark's list of packets: foreign lines."""

from __future__ import annotations

import contextlib

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.flows.wireshark_list import WiresharkList

PARSER = WiresharkList(FileContext(modified=golden.WRITTEN))


@pytest.mark.parametrize(
    "line",
    [
        "1 192.0.2.5 203.0.113.9",
        '"1","0.000000","192.0.2.5","203.0.113.9"',
        "1780619472.494      7 192.0.2.5 TCP_MISS/200 5 GET http://a.example/b - HIER_NONE/- -",
        "    1  14:22:02.123456 IP 192.0.2.5.51514 > 203.0.113.9.443: Flags [S], seq 1, length 0",
    ],
)
def test_foreign_lines_are_not_recognised(line):
    assert not WiresharkList.recognises(line)
    with pytest.raises(LineError):
        PARSER.parse(line, 1)


@settings(max_examples=60)
@given(
    st.text(max_size=80),
    st.sampled_from(
        ["", '"1","0.1","192.0.2.5","203.0.113.9","DNS","5","Standard query 0x1a2b ', "1 0.1 192.0.2.5 → "]
    ),
)
def test_never_raises_anything_else(text, start):
    with contextlib.suppress(LineError):
        PARSER.parse(start + text, 1)
