"""Completeness of the indicator type table: a row per type, a meaning per word, every output used."""

from __future__ import annotations

from dataclasses import fields

from lamsach.catalogue_vi import VIETNAMESE
from lamsach.indicators.tables.fields import UNSUPPORTED, stated_type
from lamsach.indicators.writers import BY_NAME
from lamsach.model import Event, IndicatorType
from lamsach.model.indicator_types import DIGESTS, FIELDS, ROWS, STATED_ONLY, TokenKind, types_of


def test_every_kind_has_one_row() -> None:
    assert [row.type for row in ROWS] == list(IndicatorType)
    assert {row.type for row in ROWS if row.digits} == set(types_of(TokenKind.DIGEST))
    assert set(DIGESTS) == set(types_of(TokenKind.DIGEST)) - STATED_ONLY


def test_every_label_has_its_vietnamese() -> None:
    for row in ROWS:
        assert VIETNAMESE.get(row.label), row.type


def test_the_fields_are_fields_of_an_event() -> None:
    known = {field.name for field in fields(Event)}
    assert set(FIELDS) <= known


def test_the_table_names_exactly_the_outputs() -> None:
    stated = [(row.type, name) for row in ROWS for name in row.exports]
    assert {name for _, name in stated} == set(BY_NAME)
    for row in ROWS:
        written = [name for text in (row.whole, row.name_only, row.host_and_path) for name in text.split()]
        assert sorted(written) == sorted(set(written)), (
            row.type
        )  # a repetition would hide one of the two losses


def test_a_word_means_one_kind() -> None:
    seen: dict[str, IndicatorType | None] = {}
    groups = [(row.type, row.words) for row in ROWS] + [(None, "|".join(UNSUPPORTED))]
    for kind, words in groups:
        for word in words.split("|"):
            key = " ".join(word.split())
            assert seen.setdefault(key, kind) is kind, key
            assert stated_type(key) == (kind, kind is None), key
