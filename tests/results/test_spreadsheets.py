"""All tables for spreadsheet programs go through one writer, in which no text is a formula."""

from __future__ import annotations

import ast
import csv
import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from lamsach.documents.spreadsheets import csv_row, disarm, is_formula, text_cell
from tests.cli.command_runner import lamsach

SOURCES = Path(__file__).parents[2] / "src/lamsach"
OWN_DATA = {"demo/writers"}
"""Workbooks with invented data of the demo only."""
HOSTILE = ("=cmd|'/c calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "#REF!")


def test_every_table_goes_through_one_writer() -> None:
    found = []
    for path in sorted(SOURCES.rglob("*.py")):
        name = path.relative_to(SOURCES).as_posix()
        if name == "documents/spreadsheets.py" or any(name.startswith(part) for part in OWN_DATA):
            continue
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        made = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        if made & {"csv.writer", "csv.DictWriter"}:
            found.append(f"{name}: writes CSV by itself")
        opens = any(isinstance(node, ast.ImportFrom) and node.module == "openpyxl" for node in ast.walk(tree))
        if ((opens and "Workbook(" in text) or "openpyxl.Workbook(" in text) and not (
            {"text_cell", "set_text"} & set(text.replace("(", " ").split()) or "Sheets(" in text
        ):
            found.append(f"{name}: makes workbooks with cells of its own")
    assert found == []


@given(st.lists(st.one_of(st.text(), st.sampled_from(HOSTILE), st.integers(), st.none()), max_size=5))
def test_a_row_is_read_back_and_holds_no_formula(cells: list[object]) -> None:
    text = csv_row(cells)
    read = next(csv.reader(io.StringIO(text, newline="")), [])
    wanted = [disarm(cell) if isinstance(cell, str) else "" if cell is None else str(cell) for cell in cells]
    assert read == wanted or "\x00" in text
    for cell, shown in zip(cells, read, strict=False):
        assert not (isinstance(cell, str) and is_formula(shown))


def test_a_cell_of_a_workbook_is_no_formula() -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("s")
    for text in HOSTILE:
        sheet.append([text_cell(sheet, text)])
    stream = io.BytesIO()
    book.save(stream)
    cells = [row[0] for row in load_workbook(io.BytesIO(stream.getvalue()))["s"].iter_rows()]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.quotePrefix for cell in cells)


def test_decisions_and_exports_of_the_command_line_hold_no_formula(tmp_path: Path) -> None:
    rows = [f"203.0.113.{number},{text}" for number, text in enumerate(HOSTILE, 1) if not text[:1].isspace()]
    (tmp_path / "list.csv").write_text("\n".join(["ip,threat", *rows, "google.com,=1+1"]) + "\n", "utf-8")
    out = tmp_path / "out.csv"
    listed = tmp_path / "list.csv"
    commands = (
        ("indicators", "review", listed, "-o", out),
        ("indicators", "read", listed, "-o", out),
        ("indicators", "export", listed, "--to", "csv", "-o", out),
    )
    for words in commands:
        lamsach(*words)
        read = list(csv.reader(io.StringIO(out.read_text("utf-8-sig"), newline="")))
        assert len(read) > 1, words
        assert [cell for row in read for cell in row if is_formula(cell)] == [], words
        out.unlink()
