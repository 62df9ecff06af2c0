"""Drawing programs of pages, valid or hostile."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from lamsach.documents.pdf.grid import fill, grids
from lamsach.documents.pdf.page import PageReader, PageText
from lamsach.documents.pdf.painter import Drawing, Painter, Rule
from lamsach.documents.pdf.rows import grid_rows
from lamsach.documents.pdf.tagged_tables import Tags
from lamsach.indicators.lists import read_list
from lamsach.indicators.tables.cell_text import KNOWLEDGE
from lamsach.model import Indicator, Problem
from tests.indicators.document_samples import pdf


def drawing(program: str) -> Drawing:
    page = PdfReader(io.BytesIO(pdf([["x"]], program.encode("latin-1")))).pages[0]
    return Painter().page(page)


def test_positions_of_characters() -> None:
    """Courier's characters are 0.6 of its height wide; spacing, scale, rise and jumps move them."""
    found = drawing(
        "BT /F1 10 Tf 100 700 Td (ab) Tj 2 Tc 50 Tz (c) Tj 0 Tc 100 Tz 0 -20 Td 5 Ts [(d) -1000 (e)] TJ ET"
    )
    assert [(shown.text, shown.edges, shown.base, shown.size) for shown in found.shown] == [
        ("ab", (100, 106, 112), 700, 10),
        ("c", (112, 116), 700, 10),
        ("d e", (100, 106, 116, 122), 685, 10),
    ]


@pytest.mark.parametrize(
    ("program", "upright", "level"),
    [
        ("10 20 m 10 90 l S 0 5 m 50 5 l S", [Rule(10, 20, 90)], [Rule(5, 0, 50)]),
        ("2 0 0 2 1 1 cm 10 20 m 10 90 l S", [Rule(21, 41, 181)], []),
        ("10 20 1 70 re f 10 20 50 30 re f", [Rule(10.5, 20, 90)], []),
        ("10 20 m 10 90 l n q 10 20 m 60 70 l S Q", [], []),
        ("10 20 30 40 re S", [Rule(40, 20, 60), Rule(10, 20, 60)], [Rule(20, 10, 40), Rule(60, 10, 40)]),
    ],
)
def test_drawn_rules_are_upright_or_level(program: str, upright: list[Rule], level: list[Rule]) -> None:
    found = drawing(program)
    assert (found.upright, found.level) == (upright, level)


def test_a_rotated_page_is_turned() -> None:
    found = drawing("BT /F1 10 Tf 0 1 -1 0 300 100 Tm (ab) Tj ET 300 100 m 300 200 l S")
    (shown,) = found.shown
    assert (shown.text, [round(edge) for edge in shown.edges], round(shown.base)) == (
        "ab",
        [100, 106, 112],
        -300,
    )
    assert (found.upright, found.level) == ([], [Rule(-300, 100, 200)])


operands = st.lists(
    st.sampled_from(
        ["0", "1", "-7", "99999999999999999999999", "0.00001", "/F1", "/Im1", "(203.0.113.5)",
         "[(a) -900 (b)]", "<00ff>", "null", "<< /A 1 >>"]
    ),
    max_size=7,
).map(" ".join)  # fmt: skip
steps = st.tuples(
    operands,
    st.sampled_from(
        [
            "q",
            "Q",
            "cm",
            "BT",
            "ET",
            "Tf",
            "Td",
            "TD",
            "Tm",
            "T*",
            "Tc",
            "Tw",
            "Tz",
            "TL",
            "Ts",
            "Tj",
            "TJ",
            "'",
            '"',
            "m",
            "l",
            "c",
            "v",
            "y",
            "h",
            "re",
            "f",
            "F",
            "f*",
            "n",
            "S",
            "s",
            "B",
            "b",
            "Do",
            "xx",
        ]
    ),
).map(" ".join)


@given(st.lists(steps, max_size=40).map("\n".join))
def test_no_program_stops_the_reader(program: str) -> None:
    page = PdfReader(io.BytesIO(pdf([["x"]], f"/F1 9 Tf {program}".encode()))).pages[0]
    assert isinstance(PageReader(Tags(), KNOWLEDGE).read(1, page, Painter().page(page)), PageText)


@pytest.mark.parametrize(
    "program",
    [
        "q " * 50_000 + "Q " * 50_000,
        "".join(f"{place % 600} 0 m {place % 600} 800 l S 0 {place % 799} m 600 {place % 799} l S\n"
            for place in range(18_000)),
        "".join(f"{place % 200 * 3} {place // 200 * 9} 2.5 8 re S\n" for place in range(15_000)),
        "BT /F1 1 Tf 40 800 Td "
        + "".join(f"(IP) Tj 50 0 Td (Malware{place}) Tj -50 -0.1 Td\n" for place in range(6_000)) + "ET",
        "BT /F1 1 Tf 0.1 TL 40 800 Td (IP        Malware) Tj T* " + "(1.1.1.1   x) Tj T*\n" * 8_000 + "ET",
    ],
    ids=["saved", "crossing", "boxes", "columns", "rows"],
)  # fmt: skip
def test_pages_that_draw_far_too_much_are_read_in_time(program: str, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([["x"], ["203.0.113.5"]], program.encode()))
    problems: list[Problem] = []
    found = [item for item in read_list(str(path), problems.append) if isinstance(item, Indicator)]
    assert problems == []
    assert found[-1].value == "203.0.113.5"


def test_a_page_of_many_rules_is_read_in_linear_time() -> None:
    level = "".join(f"10 {row * 2} m 400 {row * 2} l S\n" for row in range(8001))
    upright = "".join(f"{x} 0 m {x} 16000 l S\n" for x in (10, 200, 400))
    found = drawing(f"{upright}{level}BT /F1 9 Tf 20 11 Td (203.0.113.5) Tj ET")
    start = time.process_time()
    (grid,) = grids(found)
    fill(grid, [(found.shown[0], 0)])
    assert [row.line for row in grid_rows(1, grid)] == [1]
    assert time.process_time() - start < 3
