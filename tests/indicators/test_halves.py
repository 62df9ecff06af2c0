"""Digests that a narrow column broke in the middle: each half reads as a digest of its own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from lamsach.indicators.lists import read_list
from lamsach.indicators.text.broken_lines import Halves, only_lengths, rejoin, whole_digest
from lamsach.model import Indicator, IndicatorType
from tests.indicators.document_samples import docx, paragraph, pdf, word_table

SHA256, OTHER = (hashlib.sha256(text).hexdigest() for text in (b"a", b"b"))
SHA1 = hashlib.sha1(b"a").hexdigest()
MD5 = hashlib.md5(b"a").hexdigest()
FIRST, SECOND = SHA256[:32], SHA256[32:]


def values(path: Path) -> set[str]:
    return {item.value for item in read_list(str(path), lambda problem: None) if isinstance(item, Indicator)}


_TEXTS = [
    # text before the first half, or above it, names SHA-256
    (f"SHA256: {FIRST}\n{SECOND}\n", {SHA256}),
    (f"SHA-256\n{FIRST}\n{SECOND}\n{OTHER[:32]}\n{OTHER[32:]}\n", {SHA256, OTHER}),
    (f"Mẫu có SHA-256 là {FIRST}\n{SECOND} và đã bị gỡ.\n", {SHA256}),
    (f"SHA1: {SHA1[:20]}\n{SHA1[20:]}\n", {SHA1}),
    # only the first half follows a label or the mark of an item
    (f"Hash mẫu: {FIRST}\n{SECOND}\n", {SHA256}),
    (f"- {FIRST}\n  {SECOND}\n- {OTHER[:32]}\n  {OTHER[32:]}\n", {SHA256, OTHER}),
    # two digests below each other stay two
    (f"{FIRST}\n{SECOND}\n", {FIRST, SECOND}),
    (f"MD5:\n{FIRST}\n{SECOND}\n", {FIRST, SECOND}),
    (f"MD5: {FIRST}\n{SECOND}\n", {FIRST, SECOND}),
    (f"MD5 and SHA256 of the samples:\n{FIRST}\n{SECOND}\n", {FIRST, SECOND}),
    (f"- {FIRST}\n- {SECOND}\n", {FIRST, SECOND}),
    (f"SHA256\n{OTHER}\n{FIRST}\n{SECOND}\n", {OTHER, FIRST, SECOND}),
]


@pytest.mark.parametrize(("text", "expected"), _TEXTS)
def test_halves_on_following_lines_are_one_digest(text: str, expected: set[str], tmp_path: Path) -> None:
    for name, data in {
        "list.txt": text.encode(),
        "list.docx": docx(paragraph(text.strip())),
        "page.html": f"<html><body><p>{text.strip().replace(chr(10), '<br>')}</p></body></html>".encode(),
    }.items():
        path = tmp_path / name
        path.write_bytes(data)
        assert values(path) == expected, name


def test_halves_in_a_mail_are_one_digest(tmp_path: Path) -> None:
    path = tmp_path / "list.eml"
    path.write_text(
        "From: a@unit.example\nSubject: list\nContent-Type: text/plain; charset=utf-8\n\n"
        f"SHA256: {FIRST}\n{SECOND}\n"
    )
    assert values(path) == {SHA256}


def test_lines_of_a_page(tmp_path: Path) -> None:
    path = tmp_path / "list.pdf"
    path.write_bytes(
        pdf([[f"1 MD5 {MD5}", f"2 SHA256 {FIRST[:15]}", FIRST[15:31], FIRST[31:], SECOND, "dropper"]])
    )
    assert values(path) == {MD5, SHA256}


def test_cells_of_a_stated_kind(tmp_path: Path) -> None:
    path = tmp_path / "list.docx"
    path.write_bytes(
        docx(
            word_table(
                [
                    ["No", "Type", "Value"],
                    ["1", "SHA-256", f"{FIRST}\n{SECOND}"],
                    ["2", "SHA-1", f"{SHA1[:20]}\n{SHA1[20:]}"],
                    ["3", "MD5", f"{OTHER[:32]}\n{OTHER[32:]}"],
                ]
            )
        )
    )
    assert values(path) == {SHA256, SHA1, OTHER[:32], OTHER[32:]}


def test_a_cell_next_to_the_name_of_its_type(tmp_path: Path) -> None:
    path = tmp_path / "list.docx"
    path.write_bytes(docx(word_table([["MD5", MD5], ["SHA256", f"{FIRST} {SECOND}"]])))
    assert values(path) == {MD5, SHA256}


def test_zero_width_characters_between_digits(tmp_path: Path) -> None:
    path = tmp_path / "list.docx"
    wide = "\u200b".join(SHA256)
    path.write_bytes(docx(paragraph(f"SHA256 {wide[:63]}\n{wide[63:]}")))
    assert values(path) == {SHA256}


@pytest.mark.parametrize(
    ("cell", "kind", "expected"),
    [
        (f"{FIRST}\n{SECOND}", IndicatorType.SHA256, SHA256),
        (" ".join(MD5[place : place + 8] for place in range(0, 32, 8)), IndicatorType.MD5, MD5),
        (f"{FIRST}\n{SECOND}", IndicatorType.MD5, f"{FIRST}\n{SECOND}"),
        (f"{FIRST}\n{SECOND}", None, f"{FIRST}\n{SECOND}"),
        (f"{SHA256}\n{OTHER}", IndicatorType.SHA256, f"{SHA256}\n{OTHER}"),
        (f"{FIRST} setup", IndicatorType.SHA256, f"{FIRST} setup"),
    ],
)
def test_halves_in_a_cell_are_one_digest_of_its_kind(
    cell: str, kind: IndicatorType | None, expected: str
) -> None:
    assert whole_digest(cell, kind) == expected


def test_lines_that_are_no_halves() -> None:
    halves = Halves()
    halves.note("SHA256")
    assert halves.whole(FIRST, SECOND) == SHA256
    assert halves.whole(f"http://bot-c2.xyz/{FIRST}", SECOND) is None
    assert halves.whole(FIRST, f"{SECOND}.exe") is None
    assert halves.whole(FIRST, SECOND[:31]) is None
    assert only_lengths(f"SHA-1: {SHA1[:10]}") == (40,)
    assert only_lengths(f"the digest {SHA1[:10]}") is None
    assert rejoin(f"SHA256\n{FIRST}\n{SECOND}") == f"SHA256\n{SHA256}"
