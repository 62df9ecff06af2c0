"""Headings in every spelling are one key, and no word of a section is written so that no heading finds it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lamsach.documents import headings
from lamsach.documents.headings import INVENTORY, INVENTORY_PHRASES, PEOPLE, UNITS, columns_of

WORDS = sorted({*UNITS, *PEOPLE})


def test_every_word_of_a_section_is_found() -> None:
    for words in (UNITS, PEOPLE):
        assert all(headings.plain_key(word) == word for word in words)
    for words in (INVENTORY, INVENTORY_PHRASES):
        assert all(headings.plain_words(word) == word for word in words)


@given(st.sampled_from(WORDS), st.sampled_from(["", " ", "*", " (*)", ":", "\n"]), st.booleans())
def test_case_and_decoration_do_not_matter(word: str, edge: str, upper: bool) -> None:
    heading = f"{edge}{word.upper() if upper else word}{edge}"
    for words in (UNITS, PEOPLE):
        assert columns_of(["", heading], words) == ({1: words[word]} if word in words else {})


def test_accents_and_long_texts() -> None:
    assert columns_of(["Mã đơn vị", "Thư điện tử (*)", "Đơn vị kế thừa", "mã " * 40], UNITS) == {
        0: "code",
        1: "email",
        2: "successor",
    }
