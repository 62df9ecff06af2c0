"""Tables of 500 rows over many pages, in the PDF and in LibreOffice's rendering of the DOCX.

Headings on each page, no row split or lost, page numbers right.
"""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from lamsach.letters.docx_ import to_docx
from lamsach.letters.model import Appendix, Column, Document, Table
from lamsach.letters.pdf import to_pdf
from tests.conftest import require_program

from .letter_samples import unit_report

ROWS = 500
MM = 72 / 25.4
COLUMNS = (
    Column("TT", 0.6, "center"),
    Column("Đơn vị", 4),
    Column("Số lượng", 1.2, "center"),
    Column("Ghi chú", 2),
)


def document(*, landscape: bool = False) -> Document:
    """Report whose second appendix has 500 rows of one to four lines; some notes are empty.

    Each row begins and ends with its own number, so that a split is visible.
    """
    rows = tuple(
        (
            str(n),
            f"A{n} Đơn vị " + "sự nghiệp trực thuộc Sở Minh họa " * (n % 5) + f"Z{n}",
            str(n * 7 % 1000),
            f"B{n} " + "có ghi chú dài " * (n % 4) + f"C{n}" if n % 3 else "",
        )
        for n in range(1, ROWS + 1)
    )
    annex = Appendix("SỐ LIỆU THEO ĐƠN VỊ", "", (Table(COLUMNS, rows, "Đơn vị tính: đơn vị"),), landscape)
    return unit_report(annexes=(annex,))


@lru_cache
def ours(landscape: bool) -> bytes:
    return to_pdf(document(landscape=landscape))


@lru_cache
def checked(content: bytes, landscape: bool) -> int:
    """Return the pages of the table; fails for a wrong heading, row or number."""
    import pdfplumber

    pages = pdfplumber.open(io.BytesIO(content)).pages[2:]
    seen: list[int] = []
    for place, page in enumerate(pages, 1):
        assert (page.width > page.height) == landscape
        text = page.extract_text()
        headings = re.findall(r"TT\s+Đơn vị\s+Số lượng\s+Ghi chú", text)
        assert len(headings) == 1, place
        heading, first = page.search("Số lượng")[0], page.search(r"A\d+ Đơn vị")[0]
        assert heading["bottom"] <= first["top"], place
        number = "".join(c["text"] for c in page.chars if c["bottom"] < 20 * MM).strip()
        assert number == ("" if place == 1 else str(place))
        begun = [int(n) for n in re.findall(r"\bA(\d+)\b", text)]
        assert begun == [int(n) for n in re.findall(r"\bZ(\d+)\b", text)], f"page {place}: a name is torn"
        assert sorted(re.findall(r"\bB(\d+)\b", text)) == sorted(re.findall(r"\bC(\d+)\b", text)), place
        shown = [c for c in page.chars if c["text"].strip()]
        assert (page.height - max(c["bottom"] for c in shown)) / MM >= 19
        seen += begun
    assert seen == list(range(1, ROWS + 1))
    return len(pages)


@pytest.mark.parametrize("landscape", [False, True])
def test_in_our_pdf(landscape: bool) -> None:
    assert checked(ours(landscape), landscape) > 15


def test_in_the_docx_as_another_program_lays_it_out(tmp_path: Path) -> None:
    program = require_program("soffice")
    (tmp_path / "a.docx").write_bytes(to_docx(document()))
    command = [
        program,
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--convert-to",
        "pdf",
    ]
    subprocess.run(
        [*command, "--outdir", str(tmp_path), str(tmp_path / "a.docx")], check=True, capture_output=True
    )
    theirs = checked((tmp_path / "a.pdf").read_bytes(), landscape=False)
    assert abs(theirs - checked(ours(False), landscape=False)) <= 1


def test_in_the_docx_itself() -> None:
    xml = zipfile.ZipFile(io.BytesIO(to_docx(document()))).read("word/document.xml").decode()
    assert xml.count("<w:tblHeader/>") == 2, "the form's and the annex's"
    assert xml.count("<w:cantSplit/>") == ROWS + 1 + 3 + 1, (
        "every row, the heading, the form's, the signature's"
    )


def test_a_row_larger_than_a_page_continues_on_the_next() -> None:
    """Only such a row is split; nothing of it is lost."""
    import pdfplumber

    text = " ".join(f"w{n}" for n in range(1500))
    table = Table(COLUMNS, (("1", "A1 Đơn vị", "1", text), ("2", "A2 Đơn vị", "2", "")))
    made: Any = replace(document(), appendices=(Appendix("BẢNG", "", (table,)),))
    book = pdfplumber.open(io.BytesIO(to_pdf(made)))
    page_text = " ".join(page.extract_text() for page in book.pages)
    assert [n for n in range(0, 1500, 50) if not re.search(rf"\bw{n}\b", page_text)] == []
    xml = zipfile.ZipFile(io.BytesIO(to_docx(made))).read("word/document.xml").decode()
    assert xml.count("<w:cantSplit/>") == 3, "heading, second row, signature"
