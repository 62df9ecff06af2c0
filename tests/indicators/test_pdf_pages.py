"""PDF: lines and tables over pages, bombs, damage, pages that are pictures."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from lamsach.documents.pdf import document as pictures
from lamsach.indicators.values import refusals
from tests.indicators.document_samples import pdf

from .list_reader import read_content, read_sound, short

HASH = "0123456789abcdef" * 4


def test_a_pdf_with_broken_lines_and_a_table(tmp_path: Path) -> None:
    filler = [f"line {n} of the text" for n in range(6)]
    data = pdf(
        [
            ["MINISTRY A", *filler, "STT   Dia chi IP       Ma doc", "1     203.0.113[.]5    Mirai",
             HASH[:40], "Page 1"],
            ["MINISTRY A", HASH[40:], *filler, "2     203.0.113.6      Mozi", "Page 2"],
            ["MINISTRY A", *filler, "see https://www.cisa.gov/advisory or evil-a[.]", "top", "Page 3"],
        ]
    )  # fmt: skip
    found, refused = read_sound(tmp_path / "a.pdf", data)
    assert short(found) == [
        ("203.0.113.5", "Mirai", 1, 9),
        (HASH, None, 1, 10),
        ("203.0.113.6", "Mozi", 2, 9),
        ("evil-a.top", None, 3, 8),
    ]
    assert [(item.value, item.reason) for item in refused if item.type] == [
        ("https://www.cisa.gov/advisory", refusals.REFERENCE)
    ]


def test_a_hash_that_a_narrow_column_breaks_next_to_another(tmp_path: Path) -> None:
    other_hash = HASH[::-1]
    data = pdf(
        [
            [
                "list of hashes",
                f"{HASH[:40]}  {other_hash[:40]}",
                f"{HASH[40:]}                  {other_hash[40:]}",
                "end",
            ]
        ]
    )
    found, _ = read_sound(tmp_path / "a.pdf", data)
    values = [item.value for item in found]
    assert {HASH, other_hash} <= set(values)


def locked() -> bytes:
    writer = PdfWriter(PdfReader(io.BytesIO(pdf([["203.0.113.5"]]))))
    writer.encrypt("secret", algorithm="RC4-128")
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


BUSY = b"BT /F1 9 Tf 40 800 Td " + b"T* " * 160_000 + b"ET"
BOMB = "The PDF unpacks to far more than a document holds: this is how a bomb looks."


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (locked, "The PDF is locked with a password."),
        (lambda: pdf([["x"]], content=b" " * 90_000_000), BOMB),
        (lambda: pdf([["x"]], content=BUSY), BOMB),
        (lambda: b"%PDF-1.4\n" + zlib.compress(b"x" * 1000), "The PDF is damaged."),
        (lambda: pdf([None, None]), "The pages are pictures (a scan), without text."),
    ],
    ids=["locked", "large page", "busy page", "damaged", "scan"],
)
def test_a_pdf_without_readable_pages_is_one_problem(
    tmp_path: Path, data: Callable[[], bytes], what: str
) -> None:
    found, refused, problems = read_content(tmp_path / "a.pdf", data())
    assert (found, refused, [problem.what for problem in problems]) == ([], [], [what])


@pytest.mark.parametrize(
    ("data", "page", "reason"),
    [
        (pdf([["x"], ["203.0.113.5"]], content=BUSY), 1, refusals.HEAVY_PAGE),
        (pdf([["203.0.113.5"], None]), 2, refusals.PICTURE),
    ],
    ids=["busy", "scan"],
)
def test_a_page_that_cannot_be_read_is_refused_alone(
    tmp_path: Path, data: bytes, page: int, reason: str
) -> None:
    found, refused = read_sound(tmp_path / "a.pdf", data)
    assert [item.value for item in found] == ["203.0.113.5"]
    assert [(item.reference.page, item.reason) for item in refused] == [(page, reason)]


def test_entries_before_the_damage_are_returned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lamsach.indicators.formats.documents.paged.MAX_PAGES", 1)
    found, _, problems = read_content(tmp_path / "a.pdf", pdf([["203.0.113.5"], ["203.0.113.6"]]))
    assert [item.value for item in found] == ["203.0.113.5"]
    assert problems[0].what == "The PDF has too many pages."


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_scanned_pages_are_read_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    program(programs, "pdftoppm", 'for last; do :; done; echo P5 > "$last.pgm"')
    program(
        programs, "tesseract", 'if [ "$1" = --list-langs ]; then echo vie; else echo "C2 203.0.113[.]5"; fi'
    )
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    pictures._languages.cache_clear()
    found, _ = read_sound(tmp_path / "a.pdf", pdf([None, ["evil-a.top"]]), ocr=True)
    assert [(item.value, item.confidence) for item in found] == [
        ("evil-a.top", None),
        ("203.0.113.5", pictures.CONFIDENCE),
    ]
    program(programs, "tesseract", "exit 3")
    _, _, problems = read_content(tmp_path / "a.pdf", pdf([None]), ocr=True)
    assert problems[0].what == "The picture of the page could not be read."
    pictures._languages.cache_clear()


def test_a_missing_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    _, _, problems = read_content(tmp_path / "a.pdf", pdf([None]), ocr=True)
    assert problems[0].what == "A program that reads pictures of pages is not installed."
    assert "tesseract" in problems[0].where


def test_tables_of_pages_are_counted_by_their_headings(tmp_path: Path) -> None:
    first = ["IP                Malware", "45.155.37.7       Mozi"]
    again = [
        "IP                Malware",
        "45.155.37.8       Mozi",
        "",
        "Domain            Malware",
        "bot-c2.xyz        Mirai",
    ]
    found, _, _ = read_content(tmp_path / "a.pdf", pdf([first, again]))
    assert [(item.value, item.reference.page, item.reference.table) for item in found if item.reference] == [
        ("45.155.37.7", 1, 1),
        ("45.155.37.8", 2, 1),
        ("bot-c2.xyz", 2, 2),
    ]


def test_an_annex_of_five_hundred_pages(tmp_path: Path) -> None:
    pages = [
        ["PHU LUC", "IP                Malware", f"45.{number >> 8}.{number & 255}.7       Mozi",
         f"c{number}[.]bot-c2[.]xyz", f"Trang {number}"]
        for number in range(1, 501)
    ]  # fmt: skip
    found, _ = read_sound(tmp_path / "a.pdf", pdf(pages))
    named = {item.value: item.reference for item in found}
    assert len(named) == 1000
    last = named["c500.bot-c2.xyz"]
    assert last is not None
    assert last.page == 500
