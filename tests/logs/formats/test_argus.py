"""Argus: other choices of columns."""

from __future__ import annotations

import contextlib

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.flows.argus import Argus

PARSER = Argus(FileContext(modified=golden.WRITTEN))


def test_columns_are_found_by_their_headings():
    lines = ["SrcAddr,Sport,DstAddr,Dport,Proto,LastTime", "10.20.1.15,1,203.0.113.9,2,tcp,1780619472.5"]
    (event,) = golden.read(Argus, lines)
    assert (event.source_ip, event.source_port, event.destination_ip, event.destination_port) == (
        "10.20.1.15",
        1,
        "203.0.113.9",
        2,
    )
    assert event.time is not None
    assert event.time.isoformat() == "2026-06-05T00:31:12.500000+00:00"


@pytest.mark.parametrize("line", ["a -> b", "2026/06/05 07:31:12.6,1,tcp", "Addr,10.20.1.15"])
def test_foreign_lines_are_not_recognised(line):
    assert not Argus.recognises(line)
    with pytest.raises(LineError):
        PARSER.parse(line, 1)


@settings(max_examples=60)
@given(
    st.text(max_size=80),
    st.sampled_from(["", "2026/06/05 07:31:12.672448,1,tcp,", "07:31:12.494016  e  tcp 10.20.1.15.5 -> "]),
)
def test_never_raises_anything_else(text, start):
    with contextlib.suppress(LineError):
        PARSER.parse(start + text, 1)
