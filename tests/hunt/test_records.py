"""The multi-line record that holds a line.

The same wherever a chunk ends; each neighbouring line is checked once for the beginning of a record.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from lamsach.hunt.chunks import Buffer, Chunk
from lamsach.hunt.kernel.layout import PAD
from lamsach.hunt.records import CONTINUATIONS, Records
from lamsach.logs.base import FileContext
from lamsach.logs.reading.detect import Detection
from lamsach.logs.reading.lines import LineParser


@pytest.fixture
def records() -> Records:
    return Records(Detection(None, 0.0, (), ()), FileContext("a.log"))


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the checks of each line, for a format whose records begin with an exclamation mark."""
    checks: Counter[str] = Counter()

    def starts(_self: LineParser, line: str) -> bool:
        checks[line] += 1
        return line.startswith("!")

    monkeypatch.setattr(LineParser, "multiline", True)
    monkeypatch.setattr(LineParser, "starts_record", starts)
    return checks


def chunk_of(data: bytes) -> Chunk:
    buffer = Buffer(len(data))
    buffer.memory[PAD : PAD + len(data)] = data
    return Chunk(buffer, PAD, PAD + len(data), whole_start=True, whole_end=True, consumed=len(data))


@pytest.mark.parametrize("seed", range(20))
def test_a_line_is_found_in_its_record(records: Records, checks: Counter[str], seed: int) -> None:
    chance = random.Random(seed)
    lines = ["!0", *(f"{chance.choice(['!', '', '', ''])}{n}" for n in range(1, 60))]
    expected: list[list[str]] = []
    for line in lines:
        expected += [[line]] if line.startswith("!") else []
        expected[-1] += [] if line.startswith("!") else [line]
    first = [(record, 1 + sum(map(len, expected[:n]))) for n, record in enumerate(expected) for _ in record]
    cut = chance.randrange(1, 60)
    end = chance.choice(["\n", ""])
    for begin, part in ((0, lines[:cut]), (cut, lines[cut:])):
        text = "".join(f"{line}\n" for line in part)
        chunk = chunk_of((text if begin == 0 else text.removesuffix("\n") + end).encode())
        offset = chunk.begin
        for number, line in enumerate(part, begin + 1):
            record, start = records.whole(chunk, offset, offset + len(line), line, number)
            wanted, wanted_start = first[number - 1]
            if begin == 0:  # lines after the chunk are not read yet
                wanted = wanted[: cut + 1 - wanted_start]
            assert (record, start) == ("\n".join(wanted), wanted_start)
            offset += len(line) + 1
        records.remember(chunk)
    assert max(checks.values()) == 1


def test_a_record_without_a_beginning_is_bounded(records: Records, checks: Counter[str]) -> None:
    lines = [f"line {number:04}" for number in range(5 * CONTINUATIONS)]
    chunk = chunk_of("".join(f"{line}\n" for line in lines).encode())
    offset = 10 * 500
    record, start = records.whole(chunk, chunk.begin + offset, chunk.begin + offset + 9, lines[500], 501)
    assert record.split("\n") == lines[start - 1 : start - 1 + len(record.split("\n"))]
    assert (start, len(record.split("\n"))) == (501 - CONTINUATIONS + 1, 2 * CONTINUATIONS)
