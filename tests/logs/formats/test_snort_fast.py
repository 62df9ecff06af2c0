"""Snort: dates with a two-digit year, foreign lines."""

from __future__ import annotations

import contextlib

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.sensors.snort_fast import SnortFast

PARSER = SnortFast(FileContext(modified=golden.WRITTEN))
ALERT = "[**] [1:2034567:1] x [**] [Priority: 1] {TCP} 10.20.0.31:57194 -> 203.0.113.77:80"


@pytest.mark.parametrize(
    ("stated", "day"),
    [
        ("06/10", "2026-06-10"),
        ("12/31", "2025-12-31"),
        ("24/10/03", "2024-10-03"),
        ("10/03/24", "2024-10-03"),
        ("10/30/25", "2025-10-30"),
    ],
)
def test_dates_with_and_without_year_are_the_same_day(stated, day):
    event = PARSER.parse(f"{stated}-15:00:05.123456 {ALERT}", 1)
    assert event is not None
    assert event.time is not None
    assert event.time.date().isoformat() == day


def test_alerts_of_suricata_are_not_recognised():
    assert not SnortFast.recognises(f"06/10/2026-15:00:05.123456  {ALERT}")
    assert not SnortFast.recognises("06/10-15:00:05.123456, something else")


@settings(max_examples=60)
@given(
    st.text(max_size=80),
    st.sampled_from(["", "06/10-15:00:05.1 ", "06/10-15:00:05.1,", "[**] [1:1:1] ", ALERT]),
)
def test_never_raises_anything_else(text, start):
    with contextlib.suppress(LineError):
        PARSER.parse(start + text, 1)
