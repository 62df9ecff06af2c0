"""Line numbers of a chunk equal those of counting, wherever it is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.hunt.chunks import PAD
from lamsach.hunt.engine import next_line
from lamsach.hunt.line_index import LineIndex


def padded(text: bytes) -> np.ndarray:
    return np.frombuffer(b"\n" * PAD + text + b"\n" * PAD, np.uint8)


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 8191, 8192, 8193, 30_000])
@pytest.mark.parametrize("every", [1, 2, 61, 5000])
def test_numbers_and_starts_agree_with_counting(length: int, every: int) -> None:
    text = bytes(10 if place % every == every - 1 else 97 for place in range(length))
    index = LineIndex(padded(text), PAD, PAD + length)
    assert index.feeds == text.count(b"\n")
    for place in {0, length // 3, length // 2, max(0, length - 1), length}:
        assert index.number_at(PAD + place) == text.count(b"\n", 0, place)
    starts = [0, *(place + 1 for place in range(length) if text[place] == 10)]
    for number in {0, 1, len(starts) // 2, len(starts) - 1}:
        if number < len(starts):
            assert index.start_of(number) == PAD + starts[number]
    assert index.start_of(len(starts) + 5) == PAD + length


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.lists(st.sampled_from([b"#x", b"", b"a" * 70, b"#", b"b#"]), max_size=40), st.booleans())
def test_lines_that_begin_with_a_byte(lines: list[bytes], ended: bool) -> None:
    text = b"\n".join(lines) + (b"\n" if ended else b"")
    found, place = [], next_line(padded(text), PAD, PAD + len(text), ord("#"))
    while place >= 0:
        found.append(place - PAD)
        place = next_line(padded(text), place, PAD + len(text), ord("#"))
    assert found == [at + 1 for at in range(len(text) - 1) if text[at : at + 2] == b"\n#"]
