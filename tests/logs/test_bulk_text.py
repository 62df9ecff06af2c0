"""Blocks of a log as one text equal single lines, also around overlong lines."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.logs.opening import lines as text_module
from lamsach.logs.opening.inputs import LogStream
from lamsach.logs.opening.limits import LINE_BYTES
from lamsach.logs.opening.lines import Text, texts

from .test_tables import squid
from .whole_logs import as_tables, by_line

LINES = st.lists(st.binary(max_size=9).map(lambda line: line.replace(b"\n", b"")), min_size=1, max_size=90)


class Pieces(io.BytesIO):
    """A source that returns a limited number of bytes at a time."""

    def __init__(self, data: bytes, most: int) -> None:
        super().__init__(data)
        self.most = most

    def readinto(self, view: memoryview) -> int:  # type: ignore[override]
        return super().readinto(view[: self.most])


@settings(deadline=None)
@given(LINES, st.integers(0, 95), st.integers(0, 95), st.sets(st.integers(0, 89), min_size=1))
def test_text_equals_its_lines(lines: list[bytes], first: int, stop: int, rows: set[int]) -> None:
    for taken_apart in (False, True):
        text = Text(b"\n".join(lines))
        assert not taken_apart or list(text) == lines
        assert len(text) == len(lines)
        assert [text[at] for at in range(len(lines))] == lines
        assert list(text[first:stop]) == lines[first:stop]
        assert list(text[first:stop:2]) == lines[first:stop:2]
    chosen = sorted(row for row in rows if row < len(lines))
    if chosen:
        assert text.chosen(chosen) == b"\n".join([lines[row] for row in chosen])


@settings(deadline=None)
@given(LINES, st.integers(1, 40), st.booleans())
def test_stream_equals_its_lines(lines: list[bytes], most: int, end: bool) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(text_module, "LINE_BYTES", 6)
        data = b"\n".join(lines) + (b"\n" if end else b"")
        found: list[bytes | None] = []
        for number, part in texts(LogStream(Pieces(data, most)), 16):  # type: ignore[arg-type]
            assert number == len(found) + 1
            found += part
    wanted = lines if end or lines[-1] else lines[:-1]
    assert found == [line if len(line) <= 6 else None for line in wanted]


@pytest.mark.parametrize("size", [LINE_BYTES, LINE_BYTES + 1, 3 * LINE_BYTES, 9 * LINE_BYTES])
def test_overlong_lines_are_refused_as_single_lines(size: int, tmp_path: Path) -> None:
    chance = random.Random(7)
    lines = [squid(chance) for _ in range(3000)]
    lines[1000] = "x" * size
    path = tmp_path / "a.log"
    path.write_text("\n".join(lines))
    assert as_tables(path) == by_line(path)
