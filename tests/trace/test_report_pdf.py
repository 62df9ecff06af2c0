"""Lists in PDF: tables over pages, narrow columns, pages without text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from lamsach.documents.pdf.rows import CellLine
from lamsach.trace.reports.pdf import cell_text
from lamsach.trace.reports.report_files import UNSURE
from tests.indicators.document_samples import pdf

from .lists import ROWS, SEEN, TABLE, VIETNAMESE, read, short

MANY = [(str(n), f"198.51.100.{n}", str(5000 + n), "04/11/2026 10:00:00", "Mirai") for n in range(1, 91)]
MANY_SEEN = [(ip, int(port), "2026-11-04T03:00:00+00:00", threat) for _, ip, port, _, threat in MANY]


def table(rows: Sequence[Sequence[str]], columns: str = "8%, 28%, 18%, 24%, 22%", options: str = "") -> str:
    cells = ", ".join(f"[{cell}]" for row in rows for cell in row)
    return f"#table(columns: ({columns}), {options} {cells})"


def typeset(*blocks: str) -> bytes:
    typst = pytest.importorskip("typst")
    return bytes(typst.compile("\n\n".join(('#set page(paper: "a4")', *blocks)).encode()))


@pytest.mark.parametrize("split", [False, True], ids=["one line", "time on two lines"])
def test_a_table_in_a_pdf(tmp_path: Path, split: bool) -> None:
    rows = [
        [cell.replace(" ", " #linebreak() ") if split and at == 3 else cell for at, cell in enumerate(row)]
        for row in TABLE
    ]
    assert short(read(tmp_path, typeset("Danh sách", table(rows))).rows) == SEEN


def test_a_pdf_with_pages_of_prose_two_tables_and_a_table_over_pages(tmp_path: Path) -> None:
    prose = "Kính gửi các đơn vị, đề nghị rà soát.\n#pagebreak()"
    first, second = table([VIETNAMESE, ROWS[0]]), table([VIETNAMESE, ROWS[1]])
    data = typeset(prose, first, f"Đợt hai:\n{second}\n{table([VIETNAMESE, *MANY])}")
    assert short(read(tmp_path, data).rows) == [*SEEN, *MANY_SEEN]


@pytest.mark.parametrize("options", ["", "stroke: none,", "stroke: (x: none, y: 0.5pt),"])
def test_a_long_table_in_a_pdf_whose_columns_are_narrow(tmp_path: Path, options: str) -> None:
    """Rows of several lines over three pages, with all rules, without, and with horizontal ones only."""
    columns = "1.2cm, 4cm, 2.5cm, 2.4cm, 3cm"
    rows = read(tmp_path, typeset("Kính gửi các đơn vị.", table([VIETNAMESE, *MANY], columns, options))).rows
    assert short(rows) == MANY_SEEN
    assert {row.reference.page for row in rows} >= {1, 2, 3}


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ((("203.0.", 0.2), ("113.5", 9.0)), "203.0.113.5"),
        ((("203.0.113.1", 0.2), ("2", 9.0)), "203.0.113.12"),
        ((("203.0.113.1", None), ("2", None)), None),
        ((("203.0.113.1", 0.2), ("203.0.113.2", 0.2)), "203.0.113.1 203.0.113.2"),
        ((("04/11/2026", 0.2), ("10:00:07", 0.2)), "04/11/2026 10:00:07"),
        ((("04/11/2026", 9.0), ("10:00:", 0.2), ("07", 9.0)), "04/11/2026 10:00:07"),
        ((("04/11/", 0.2), ("2026", 9.0)), "04/11/2026"),
        ((("500", 0.2), ("1", 9.0)), None),
        ((("Mirai", 0.2), ("botnet", 0.2)), "Mirai botnet"),
    ],
)
def test_the_lines_of_a_cell_in_a_pdf(lines: Sequence[tuple[str, float | None]], text: str | None) -> None:
    """Text cut by a narrow column is joined; text that may be two values is not."""
    cell_lines = [CellLine(part, room, 5.0, 5.0 * len(part)) for part, room in lines]
    assert cell_text(cell_lines) == text


def test_a_pdf_page_without_text_is_named(tmp_path: Path) -> None:
    """A page that is a picture, among others."""
    result = read(tmp_path, pdf([["203.0.113.5 4321 03/11/2026 09:05:09 Mirai"], None]))
    assert [row.ip for row in result.rows] == ["203.0.113.5"]
    assert [(item.reference.page, item.reason) for item in result.refusals] == [(2, UNSURE)]
