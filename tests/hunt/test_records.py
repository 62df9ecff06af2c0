"""The record of several lines that holds a line.

The same wherever a chunk ends, and each neighbour is asked once whether a record begins with it.
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
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the queries of each line, of a format whose records begin with an exclamation mark."""
    counted: Counter[str] = Counter()

    def starts(_self: LineParser, line: str) -> bool:
        counted[line] += 1
        return line.startswith("!")

    monkeypatch.setattr(LineParser, "multiline", True)
    monkeypatch.setattr(LineParser, "starts_record", starts)
    return counted


def chunk_of(data: bytes) -> Chunk:
    buffer = Buffer(len(data))
    buffer.memory[PAD : PAD + len(data)] = data
    return Chunk(buffer, PAD, PAD + len(data), whole_start=True, whole_end=True, consumed=len(data))


@pytest.mark.parametrize("seed", range(20))
def test_a_line_is_found_in_its_record(records: Records, asked: Counter[str], seed: int) -> None:
    chance = random.Random(seed)
    lines = ["!0", *(f"{chance.choice(['!', '', '', ''])}{n}" for n in range(1, 60))]
    whole: list[list[str]] = []
    for line in lines:
        whole += [[line]] if line.startswith("!") else []
        whole[-1] += [] if line.startswith("!") else [line]
    first = [(record, 1 + sum(map(len, whole[:n]))) for n, record in enumerate(whole) for _ in record]
    cut = chance.randrange(1, 60)
    end = chance.choice(["\n", ""])
    for begin, part in ((0, lines[:cut]), (cut, lines[cut:])):
        text = "".join(f"{line}\n" for line in part)
        chunk = chunk_of((text if begin == 0 else text.removesuffix("\n") + end).encode())
        at = chunk.begin
        for number, line in enumerate(part, begin + 1):
            record, start = records.whole(chunk, at, at + len(line), line, number)
            wanted, wanted_start = first[number - 1]
            if begin == 0:  # what follows the chunk is not there yet
                wanted = wanted[: cut + 1 - wanted_start]
            assert (record, start) == ("\n".join(wanted), wanted_start)
            at += len(line) + 1
        records.remember(chunk)
    assert max(asked.values()) == 1


def test_a_record_without_a_beginning_is_bounded(records: Records, asked: Counter[str]) -> None:
    lines = [f"line {number:04}" for number in range(5 * CONTINUATIONS)]
    chunk = chunk_of("".join(f"{line}\n" for line in lines).encode())
    at = 10 * 500
    record, start = records.whole(chunk, chunk.begin + at, chunk.begin + at + 9, lines[500], 501)
    assert record.split("\n") == lines[start - 1 : start - 1 + len(record.split("\n"))]
    assert (start, len(record.split("\n"))) == (501 - CONTINUATIONS + 1, 2 * CONTINUATIONS)
