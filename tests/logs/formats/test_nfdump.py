"""nfdump: golden cases of every output."""

from __future__ import annotations

import contextlib

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.nfdump import Nfdump

PARSER = Nfdump(FileContext(modified=golden.WRITTEN))


@pytest.mark.parametrize("log", golden.cases("nfdump"), ids=lambda log: log.stem)
def test_golden(log):
    lines = golden.lines_of(log)
    assert Nfdump.score(lines) == 1.0
    assert [golden.as_json(event) for event in golden.read(Nfdump, lines)] == golden.expected(log)


@pytest.mark.parametrize(
    "line",
    [
        "2026-06-05 07:31:12 10.20.1.15 203.0.113.9",
        '{"src_ip": "10.20.1.15", "dst_ip": "203.0.113.9"}',
        "2026-06-05 07:31:12,10.20.1.15,203.0.113.9,443",
        "{",
    ],
)
def test_others_are_not_its(line):
    assert not Nfdump.recognises(line)


@settings(max_examples=60)
@given(
    st.text(max_size=80),
    st.sampled_from(["", "2026-06-05 07:31:12.494 1.0 TCP ", '{"src4_addr":', "2026-06-05 07:31:12,"]),
)
def test_never_raises_anything_else(text, start):
    with contextlib.suppress(LineError):
        PARSER.parse(start + text, 1)
