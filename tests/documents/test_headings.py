"""Headings in every spelling have one key, and every word of a section is found by a heading."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from lamsach.documents import headings
from lamsach.documents.headings import Section, Spelling, Within, columns_of, whole, words
from lamsach.documents.vocabulary import INVENTORY, INVITED, PEOPLE, UNITS

WORDS = sorted({*UNITS.whole, *PEOPLE.whole})


def test_every_word_of_a_section_is_found() -> None:
    for section in (UNITS, INVITED, PEOPLE):
        assert all(headings.plain_key(word) == word for word in section.whole)
    assert all(headings.plain_words(word) == word for word in INVENTORY.whole)
    for section in (UNITS, INVITED, PEOPLE, INVENTORY):
        assert all(section.name_of(word) == name for word, name in section.whole.items())


@given(st.sampled_from(WORDS), st.sampled_from(["", " ", "*", " (*)", ":", "\n"]), st.booleans())
def test_case_and_decoration_do_not_matter(word: str, edge: str, upper: bool) -> None:
    heading = f"{edge}{word.upper() if upper else word}{edge}"
    for section in (UNITS, PEOPLE):
        known = section.whole.get(word)
        assert columns_of(["", heading], section) == ({1: known} if known else {})


def test_accents_and_long_texts() -> None:
    assert columns_of(["Mã đơn vị", "Thư điện tử (*)", "Đơn vị kế thừa", "mã " * 40], UNITS) == {
        0: "code",
        1: "email",
        2: "successor",
    }


def test_words_within_longer_headings_and_their_exclusions() -> None:
    names = Section(
        {"ip": "whole"},
        [
            Within("port", re.compile("cổng"), of=Spelling.ACCENTED),
            Within("address", words("ip|dia chi"), words("mac")),
            Within("day", whole("ngay"), of=Spelling.BEGINNING),
        ],
        loose=True,
    )
    assert {heading: names.name_of(heading) for heading in HEADINGS} == HEADINGS


HEADINGS = {
    "IP": "whole",
    "Địa chỉ IP": "address",
    "src_ip": "address",
    "ipad": None,
    "Địa chỉ MAC": None,
    "Cổng": "port",
    "Công": None,
    "Ngày (UTC+7)": "day",
    "Ngày nào": None,
    "IP/port": "address",
    "remoteIp": "address",
    "": None,
}
