"""Damaged or malicious inputs: one clear problem each, and no exception leaves the library."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from lamsach.catalogue_vi.indicators import INDICATORS
from lamsach.indicators.lists import read_list, read_lists
from lamsach.model import Indicator, Problem
from tests.indicators.builders import archive, sheet, workbook

BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
LIST = b"evil.example\n203.0.113.5\n" * 2000
ROWS = {1: ["evil.example"]}


def locked_zip() -> bytes:
    data = bytearray(archive({"a.txt": "evil.example"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.index(mark)
        data[start + place] |= 1
    return bytes(data)


HOSTILE: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
    "empty.txt": (b"", "The list is empty."),
    "blank.txt": (b" \n\n", "The list is empty."),
    "binary.txt": (bytes(range(256)) * 20, "The format of the list is not known."),
    "cut.gz": (gzip.compress(os.urandom(50_000))[:20_000], "The packed file is damaged or cut short."),
    "cut.bz2": (bz2.compress(os.urandom(50_000))[:20_000], "The packed file is damaged or cut short."),
    "cut.xz": (lzma.compress(os.urandom(50_000))[:20_000], "The packed file is damaged or cut short."),
    "wrong.gz": (b"\x1f\x8bnonsense", "The packed file is damaged or cut short."),
    "wrong.zst": (b"\x28\xb5\x2f\xfdnonsense", "The packed file is damaged or cut short."),
    "bomb.gz": (
        lambda: gzip.compress(LIST + (b" " * 4000 + b"\n") * 20_000),
        "The file unpacks to far more than its size allows: this is how a decompression bomb looks.",
    ),
    "damaged.zip": (archive({"a.txt": LIST})[:-40], "The archive is damaged."),
    "locked.zip": (locked_zip(), "The archive is locked with a password."),
    "damaged.xlsx": (workbook([sheet(ROWS)])[:-60], "The archive is damaged."),
    "bomb.xlsx": (
        lambda: workbook([sheet(ROWS).replace("</sheetData>", "<row/>" * 12_000_000 + "</sheetData>")]),
        "The file unpacks to far more than its size allows: this is how a decompression bomb looks.",
    ),
    "laughs.xlsx": (
        workbook([sheet(ROWS, prolog=BOMB)]),
        "The XML declares entities or a document type: this is how an XML bomb looks, so it is not read.",
    ),
    "outside.xlsx": (
        workbook([sheet(ROWS)], extra={"xl/sharedStrings.xml": OUTSIDE + "<sst><si><t>&a;</t></si></sst>"}),
        "The XML declares entities or a document type: this is how an XML bomb looks, so it is not read.",
    ),
    "no_sheets.xlsx": (
        archive({"[Content_Types].xml": "<Types/>", "xl/x.xml": "<x/>"}),
        "The workbook has no sheets.",
    ),
    "broken_sheet.xlsx": (workbook(["<worksheet><sheetData><row>"]), "The XML is damaged."),
    "old.xls": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "This Office file is in the old format or locked with a password.",
    ),
    "laughs.xml": (
        (BOMB + "<feed><ip>&c;</ip></feed>").replace("<!DOCTYPE", "<?xml version='1.0'?><!DOCTYPE").encode(),
        "The XML declares entities or a document type: this is how an XML bomb looks, so it is not read.",
    ),
    "cut.xml": (b"<?xml version='1.0'?><feed><ip>203.0.113.5</ip>", "The XML is damaged."),
    "cut.json": (b'{"ip": "203.0.113.5", "x": [', "The JSON is damaged or cut short."),
    "deep.json": (b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "The JSON is nested too deep."),
    "cut.pdf": (b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog", "The PDF is damaged."),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_one_clear_problem(tmp_path: Path, name: str) -> None:
    data, what = HOSTILE[name]
    path = tmp_path / name
    path.write_bytes(data() if callable(data) else data)
    problems: list[Problem] = []
    for _ in read_list(str(path), problems.append):
        pass
    assert [problem.what for problem in problems] == [what]
    assert problems[0].where.startswith(str(path))
    assert what in INDICATORS


def test_a_missing_file_a_folder_and_one_that_may_not_be_read(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert list(read_list(str(tmp_path / "no.txt"), problems.append)) == []
    assert list(read_list(str(tmp_path), problems.append)) == []
    assert [problem.what for problem in problems] == [
        "The file is not there.",
        "This is a folder, not a list.",
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("evil.example")
    path.chmod(0)
    problems: list[Problem] = []
    assert list(read_list(str(path), problems.append)) == []
    assert [problem.what for problem in problems] == ["No permission to read the file."]


def test_a_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"\x1f\x8bnonsense")
    (tmp_path / "b.txt").write_text("evil.example\n")
    problems: list[Problem] = []
    contents = read_lists([str(tmp_path)], problems.append)
    assert [item.value for item in contents.indicators] == ["evil.example"]
    assert len(problems) == 1


def test_entries_before_the_damage_are_returned(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(
        gzip.compress(b"".join(b"a%d.evil.example\n" % number for number in range(200_000)))[:-200]
    )
    problems: list[Problem] = []
    values = [item.value for item in read_list(str(path), problems.append)]
    assert values[:2] == ["a0.evil.example", "a1.evil.example"]
    assert len(problems) == 1


def test_names_in_archives_are_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(
        archive({"../../escape.txt": "evil.example\n", "/abs.csv": "ip,threat\n203.0.113.5,Mozi\n"})
    )
    items = list(read_list(str(path), lambda problem: pytest.fail(str(problem))))
    assert [item.reference.document for item in items if item.reference] == [
        f"{path}!../../escape.txt",
        f"{path}!/abs.csv",
    ]
    assert sorted(inner.name for inner in tmp_path.iterdir()) == ["a.zip"]


def test_an_overlong_line_is_refused_and_the_next_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"evil.example\n" + b"x" * 3_000_000 + b"\n203.0.113.5\n")
    items = list(read_list(str(path), lambda problem: pytest.fail(str(problem))))
    assert [(type(item).__name__, item.value, item.reference.row) for item in items if item.reference] == [
        ("Indicator", "evil.example", 1),
        ("Refusal", "", 2),
        ("Indicator", "203.0.113.5", 3),
    ]


def test_a_stray_quote_swallows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [f"a{number}.evil.example,Mozi" for number in range(1000)]
    path.write_text('domain,threat\nfirst.example,"Mozi\n' + "\n".join(rows))
    values = {item.value for item in read_list(str(path), print) if isinstance(item, Indicator)}
    assert {f"a{number}.evil.example" for number in range(1000)} <= values


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress], ids=["gz", "bz2", "xz", "zst"]
)
def test_packed_lists_are_read(tmp_path: Path, pack: object) -> None:
    path = tmp_path / "list"
    path.write_bytes(pack(LIST))  # type: ignore[operator]
    values = {item.value for item in read_list(str(path), lambda problem: pytest.fail(str(problem)))}
    assert values == {"evil.example", "203.0.113.5"}


def test_an_archive_with_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(archive({"x/annex.xlsx": workbook([sheet(ROWS)])}, zipfile.ZIP_STORED))
    items = list(read_list(str(path), lambda problem: pytest.fail(str(problem))))
    assert [(item.value, item.reference.document) for item in items if item.reference] == [
        ("evil.example", f"{path}!x/annex.xlsx")
    ]


STARTS = [
    b"",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"%PDF-1.4",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"{",
    b'[{"',
    b"<?xml ",
    b"<html>",
    b"a,b\n",
    b'"',
    b"BZh9",
]


@given(st.sampled_from(STARTS), st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(start + rest)
    for item in read_list(str(path), lambda problem: None):
        assert item.reference is not None
