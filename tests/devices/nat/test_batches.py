"""NAT records read in batches equal those read line by line."""

from __future__ import annotations

import random

import pytest

from lamsach.devices.nat.batches import FortiGateSessions
from lamsach.devices.nat.clock import Clock
from lamsach.devices.nat.columns import Columns, gather
from lamsach.devices.nat.readers.fortigate import MARKERS, read
from lamsach.logs.base import FileContext

Row = tuple[object, ...]


def line(chance: random.Random) -> str:
    """Log line of the firewall, sometimes without a translation, or still open."""
    pick = chance.choice
    head = (
        'date=2026-06-10 time=10:00:00 devname="FG 1" devid="FG1" '
        f"eventtime={chance.randrange(1_780_000_000, 1_781_000_000)}"
    )
    ends = (
        f"srcip={pick(['10.1.1.5', '10.1.1.6', '2001:db8::5', 'host'])} "
        f"srcport={pick([0, 1024, 65535, 70000])} dstip={pick(['198.51.100.7', 'a.example'])} dstport=443"
    )
    nat = (
        f'trandisp="snat" transip={pick(["203.0.113.1", "203.0.113.2", "0.0.0.0", "10.1.1.5"])} '
        f"transport={pick([1, 4000, 65535])}"
    )
    kind = pick(['logid="0000000013" type="traffic"', 'logid="0000000014" type="traffic"'])
    lasted = pick(["duration=5 ", "duration=0 ", ""])
    return (
        f'{head}{pick(["", "000", "123456789"])} tz="+0700" {kind} subtype="forward" {ends} sessionid=7 '
        f'proto={pick([6, 17, 250])} action="{pick(["close", "accept"])}" {nat} {lasted}sentbyte=1'
    )


def rows_of(columns: Columns) -> list[Row]:
    """Return the intervals with their texts, sorted."""
    texts = [list(known) for known in (columns.ips, columns.insides, columns.destinations, columns.files)]
    numbers = zip(columns.ip, columns.inside, columns.destination, columns.file, strict=True)
    named = [tuple(known[at] for known, at in zip(texts, row, strict=True)) for row in numbers]
    rest = zip(
        columns.first_port, columns.last_port, columns.protocol, columns.inside_port, columns.start,
        columns.end, columns.line, columns.known, strict=True
    )  # fmt: skip
    return sorted([(*row, *other) for row, other in zip(named, rest, strict=True)], key=repr)


def by_line(lines: list[str]) -> list[Row]:
    """Read the lines with the reader of single lines."""
    clock = Clock(FileContext("fw.log"))
    records = []
    for clock.line, text in enumerate(lines, 1):
        record = read(text, clock) if any(marker in text for marker in MARKERS) else None
        if record is not None:
            records.append(record._replace(file=clock.file, line=clock.line))
    return rows_of(gather(records))


def in_batches(lines: list[str]) -> tuple[list[Row], int]:
    """Read the lines in batches; count those left to the reader of single lines."""
    sessions, alone = FortiGateSessions("fw.log").sessions(1, [text.encode() for text in lines])
    clock = Clock(FileContext("fw.log"))
    records = []
    for at in alone:
        clock.line = at + 1
        record = read(lines[at], clock)
        if record is not None:
            records.append(record._replace(file=clock.file, line=clock.line))
    return rows_of(gather([*([] if sessions is None else [sessions]), *records])), len(alone)


@pytest.mark.parametrize("seed", range(8))
def test_the_same_as_line_by_line(seed: int) -> None:
    chance = random.Random(seed)
    lines = [line(chance) for _ in range(400)]
    assert in_batches(lines)[0] == by_line(lines)


def test_usual_lines_are_read_in_batches() -> None:
    chance = random.Random(1)
    usual = [
        text for text in (line(chance) for _ in range(6000)) if "70000" not in text and "host" not in text
    ]
    same = [text for text in usual if "duration=5" in text and "eventtime=" in text and "123456789 " in text]
    rows, alone = in_batches(same)
    assert rows == by_line(same)
    assert alone == 0
    assert len(rows) > 100


@pytest.mark.parametrize(
    "odd",
    [
        'date=2026-06-10 time=10:00:00 type="traffic" srcip=10.1.1.5',
        (
            "eventtime=1780000000 srcip=10.1.1.5 srcport=1 dstip=198.51.100.7 sessionid=7 proto=6 "
            'action="start" transip=203.0.113.1 transport=1'
        ),
        'msg="transip=203.0.113.9 transport=7" ',
        "\\",
    ],
)
def test_odd_lines_among_them(odd: str) -> None:
    chance = random.Random(3)
    lines = [line(chance) for _ in range(300)]
    lines[150] = odd + lines[150]
    lines[7] = odd
    lines[8] = (
        lines[8].replace('action="close"', 'action="start"').replace('action="accept"', 'action="start"')
    )
    assert in_batches(lines)[0] == by_line(lines)
