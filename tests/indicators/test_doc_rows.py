"""DOC tables with rows and merged cells by the properties of their paragraphs ([MS-DOC])."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from lamsach.indicators.lists import read_list
from lamsach.model import Indicator, Problem
from tests.indicators.document_samples import compound

_START = 0x400
_IN_TABLE = b"\x16\x24\x01"
_A_PAGE = 10
"""Number of paragraphs in a page of properties."""


def row_end(states: Sequence[int], *, further: bytes = b"") -> bytes:
    """Return the properties of a row's last paragraph: 3 begins a cell merged over rows, 1 continues it."""
    columns = b"".join(struct.pack("<H", state << 5) + bytes(18) for state in states)
    edges = bytes(2 * (len(states) + 1))
    definition = bytes([len(states)]) + edges + columns
    return (
        _IN_TABLE
        + b"\x17\x24\x01"
        + b"\x08\xd6"
        + struct.pack("<H", len(definition) + 1)
        + definition
        + further
    )


def table(rows: Sequence[Sequence[str]], states: Sequence[Sequence[int]]) -> list[tuple[str, bytes]]:
    """Return the paragraphs of a table, each with its properties."""
    found: list[tuple[str, bytes]] = []
    for cells, merged in zip(rows, states, strict=True):
        found += [(f"{cell}\x07", _IN_TABLE) for cell in cells]
        found.append(("\x07", row_end(merged)))
    return found


def doc(paragraphs: Sequence[tuple[str, bytes]]) -> bytes:
    """Return a DOC of one piece in UTF-16 with the properties of its paragraphs."""
    text = "".join(part for part, _ in paragraphs).encode("utf-16-le")
    body = text + bytes(-(_START + len(text)) % 512)
    first_page = (_START + len(body)) // 512
    pages, starts, place = [], [], _START
    for number in range(0, len(paragraphs), _A_PAGE):
        group = paragraphs[number : number + _A_PAGE]
        ends, offsets, page, free = [place], [], bytearray(512), 510
        starts.append(place)
        for part, properties in group:
            place += len(part.encode("utf-16-le"))
            ends.append(place)
            stated = b"\0\0" + properties + bytes(len(properties) % 2)
            free -= len(stated) + 2
            free -= free % 2
            page[free : free + 2 + len(stated)] = bytes([0, len(stated) // 2]) + stated
            offsets.append(bytes([free // 2]) + bytes(12))
        head = struct.pack(f"<{len(ends)}I", *ends) + b"".join(offsets)
        page[: len(head)] = head
        page[511] = len(group)
        pages.append(bytes(page))
    numbers = struct.pack(f"<{len(starts) + 1}I", *starts, place)
    numbers += struct.pack(f"<{len(pages)}I", *range(first_page, first_page + len(pages)))
    count = len(text) // 2
    clx_body = struct.pack("<II", 0, count) + struct.pack("<HIH", 0, _START, 0)
    clx = b"\x02" + struct.pack("<I", len(clx_body)) + clx_body
    header = bytearray(_START)
    struct.pack_into("<H", header, 0, 0xA5EC)
    struct.pack_into("<H", header, 0x0A, 0x0200)
    struct.pack_into("<II", header, 0x0102, len(clx), len(numbers))
    struct.pack_into("<II", header, 0x01A2, 0, len(clx))
    return compound({"WordDocument": bytes(header) + body + b"".join(pages), "1Table": clx + numbers})


def reading(path: Path, data: bytes) -> tuple[dict[str, str | None], list[Problem]]:
    """Return the accepted values with their threats, and the problems."""
    path.write_bytes(data)
    problems: list[Problem] = []
    found = read_list(str(path), problems.append)
    return {item.value: item.threat for item in found if isinstance(item, Indicator)}, problems


ROWS = [
    ["Mã độc", "Tên miền", "Ghi chú"],
    ["RatA", "bot-a1.xyz", ""],
    ["", "bot-a2.xyz", "Ngoại lệ"],
    ["", "bot-a3.xyz", ""],
    ["RatB", "", "none is known"],
    ["RatC", "bot-c1.xyz", ""],
]
MERGED = [[0, 0, 0], [3, 0, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_merged_and_empty_cells(tmp_path: Path) -> None:
    before, after = [("Danh sách của đơn vị\r", b"")], [("Máy chủ: bot-d1[.]xyz\r", b"")]
    found, problems = reading(tmp_path / "a.doc", doc([*before, *table(ROWS, MERGED), *after]))
    assert problems == []
    assert found == {"bot-a1.xyz": "RatA", "bot-a3.xyz": "RatA", "bot-c1.xyz": "RatC", "bot-d1.xyz": None}


def test_a_first_cell_of_several_paragraphs_and_two_tables(tmp_path: Path) -> None:
    first_table = [
        ("bot-a1.xyz\r", _IN_TABLE),
        ("bot-a2.xyz\x07", _IN_TABLE),
        ("C2\x07", _IN_TABLE),
        ("\x07", row_end([0, 0])),
    ]
    heads = table([["Domain", "Note"]], [[0, 0]])
    two = table([["IP", "Malware"], ["203.0.113.5", "RatA"]], [[0, 0], [0, 0]])
    found, _ = reading(
        tmp_path / "a.doc", doc([*heads, *first_table, ("Sau đây là\r", b""), *two, ("\r", b"")])
    )
    assert found == {"bot-a1.xyz": "C2", "bot-a2.xyz": "C2", "203.0.113.5": "RatA"}


def test_merges_in_separate_properties(tmp_path: Path) -> None:
    rows = [["Malware", "Domain"], ["RatA", "bot-a1.xyz"], ["", "bot-a2.xyz"]]
    paragraphs = table(rows, [[0, 0]] * 3)
    for place, state in ((5, 3), (8, 1)):
        paragraphs[place] = ("\x07", row_end([0, 0], further=b"\x2b\xd6\x02\x00" + bytes([state])))
    found, _ = reading(tmp_path / "a.doc", doc([*paragraphs, ("\r", b"")]))
    assert found == {"bot-a1.xyz": "RatA", "bot-a2.xyz": "RatA"}


def test_damaged_properties_leave_the_text(tmp_path: Path) -> None:
    whole = doc([*table(ROWS, MERGED), ("\r", b"")])
    for step in range(0, len(whole) - 512, 97):
        broken = (
            whole[: 512 + step]
            + bytes(byte ^ 0x55 for byte in whole[512 + step : 560 + step])
            + whole[560 + step :]
        )
        reading(tmp_path / "b.doc", broken)  # raises nothing
    cut = whole.replace(b"\x17\x24\x01", b"\x17\x24\x00")
    found, _ = reading(tmp_path / "c.doc", cut)
    assert {"bot-a1.xyz", "bot-c1.xyz"} <= found.keys()
