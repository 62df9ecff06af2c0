"""Hidden characters are shown, formulas disarmed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.documents.spreadsheets import disarm, is_formula
from lamsach.results.safe_text import clip, visible, visible_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("máy kế toán", "máy kế toán"),
        ("a\x00b", "a[U+0000]b"),
        ("\x1b[31m", "[U+001B][31m"),
        ("\u202egnp.exe", "[U+202E]gnp.exe"),
        ("pay\u200bpal", "pay[U+200B]pal"),
        ("\ufeffx", "[U+FEFF]x"),
        ("\U000e0041", "[U+E0041]"),
        ("\udc80", "[U+DC80]"),
        ("a\tb\nc", "a\tb\nc"),
    ],
)
def test_hidden_characters_are_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters()))
def test_nothing_that_steers_a_terminal_or_the_reading_order_is_left(text: str) -> None:
    shown = visible_line(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert not [
        c
        for c in shown
        if unicodedata.bidirectional(c) in ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
    ]
    shown.encode()


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1"])
def test_formulas_get_an_apostrophe(text: str) -> None:
    assert is_formula(text)
    assert disarm(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "10.0.0.1", "'=1", "PC-01"])
def test_other_texts_stay(text: str) -> None:
    assert disarm(text) == text


def test_a_text_is_cut_to_its_length() -> None:
    assert (clip("abc", 3), clip("abcd", 3)) == ("abc", "ab…")
