"""Every user-visible text has a Vietnamese translation with the same placeholders."""

from __future__ import annotations

import re
import string
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from lamsach import i18n
from lamsach.catalogue_vi import GROUPS, VIETNAMESE
from lamsach.devices.reasons import REASONS
from lamsach.i18n import (
    Language,
    counted,
    format_date,
    format_number,
    format_size,
    language_from_environment,
    translator,
)
from lamsach.portal.catalogue_vi import VIETNAMESE as PORTAL
from lamsach.results import labels

from .sample import DAY0
from .texts import python_texts, template_texts, texts_of

PARTS = (
    "results",
    "devices",
    "cli",
    "logs",
    "indicators",
    "hunt",
    "demo",
    "scanner",
    "letters",
    "channels",
    "runtime",
)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("part", PARTS)
def test_every_text_is_translated(part: str) -> None:
    missing = sorted({f"{file}: {text}" for file, text in texts_of(part) if text not in VIETNAMESE})
    assert not missing, "\n".join(missing)


def test_no_text_has_two_translations() -> None:
    """The parts share one dictionary: a second translation would replace the first."""
    translations: dict[str, set[str]] = {}
    for group in GROUPS:
        for text, vietnamese in group.items():
            translations.setdefault(text, set()).add(vietnamese)
    assert [text for text, ways in translations.items() if len(ways) > 1] == []


def test_every_reason_is_translated() -> None:
    assert not [text for text in REASONS.values() if text not in VIETNAMESE]


def test_the_texts_of_results_are_found_at_all() -> None:
    found = {text for _, text in texts_of("results")}
    assert {
        "Machines to handle",
        "infected",
        "{count} blind days",
        "Vietnam time",
        "The disk is full; the result was not written.",
    } <= found


def test_placeholders_agree_in_both_languages() -> None:
    # A plural's singular may say "the first machine" where the plural counts.
    assert [text for text in VIETNAMESE if placeholders(VIETNAMESE[text]) != placeholders(text)] == []
    assert [text for text in VIETNAMESE if "!" in VIETNAMESE[text]] == []


def test_every_word_of_the_model_is_a_translated_text() -> None:
    def texts() -> Iterator[str]:
        for table in (
            labels.STATES,
            labels.SEVERITIES,
            labels.ROLES,
            labels.ACTIONS,
            labels.MATCHES,
            labels.STATUSES,
            labels.INDICATOR_TYPES,
        ):
            assert set(table) == set(type(next(iter(table))))
            yield from table.values()
        yield from labels.KNOWN_BY.values()
        for steps in labels.STEPS.values():
            yield from steps

    assert not [text for text in texts() if text not in VIETNAMESE]


def test_the_search_finds_texts_in_every_notation() -> None:
    source = """
_("a {x}")
translate("b" if x else "c")
translator(language)("d")
counted(n, "{count} e", "{count} f", language)
raise InputError("g", where, todo=mark("h"))
Problem(where, "i", "j")
Refusal(place, value, "k")
other("not me")
"""
    assert sorted(python_texts(source)) == [
        "a {x}",
        "b",
        "c",
        "d",
        "g",
        "h",
        "i",
        "j",
        "k",
        "{count} e",
        "{count} f",
    ]
    template = (
        '{{ _("a") }}{{ page.counted(n, "b", "c") }}{% if x %}{{ _("d" if y else "e") }}{% endif %}{{ '
        'f("no") }}'
    )
    assert sorted(template_texts(template)) == ["a", "b", "c", "d", "e"]


def test_numbers_sizes_and_dates() -> None:
    assert (format_number(1234567.5, "vi", 1), format_number(1234567.5, "en", 1)) == (
        "1.234.567,5",
        "1,234,567.5",
    )
    assert (format_size(1_500_000_000, "vi"), format_size(7, "vi"), format_size(0, "en")) == (
        "1,50 GB",
        "< 0,01 GB",
        "0.00 GB",
    )
    assert format_date(DAY0) == "01/09/2022"
    assert counted(1, "{count} line", "{count} lines", "en") == "1 line"
    assert counted(1000, "{count} line", "{count} lines", "vi") == "1.000 dòng"
    assert translator("vi")("never heard of") == "never heard of"


@pytest.mark.parametrize(("variables", "language"),
    [({}, "vi"), ({"LANG": "en_US.UTF-8"}, "en"), ({"LANG": "C"}, "vi"),
     ({"LC_ALL": "vi_VN", "LANG": "en_US"}, "vi")])  # fmt: skip
def test_language_from_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language_from_environment() == language


def test_one_action_has_one_name() -> None:
    """A hunt is "truy tìm" everywhere: "rà soát" is the review of lists, "rà quét" the scan of a computer."""
    hunts = {
        text: vi
        for text, vi in (VIETNAMESE | PORTAL).items()
        if re.search(r"\b[Hh]unts?\b|[Ss]earch(?:ed|es|ing)?\b", text)
    }
    assert len(hunts) > 60
    assert not [vi for text, vi in hunts.items() if "review" not in text and "rà soát" in vi.lower()]
    assert not [vi for text, vi in hunts.items() if "scan" not in text and "rà quét" in vi.lower()]


FORBIDDEN = {
    "cảnh báo sai": "cảnh báo nhầm",
    "chỉ dấu": "dấu hiệu nhận biết",
    "đầu cấp": "địa chỉ cấp danh sách",
    "của ta": "của đơn vị",
}
"""Words outside the glossary, and their replacements."""


def test_no_word_that_the_glossary_forbids() -> None:
    texts = [*VIETNAMESE.values(), *PORTAL.values()]
    assert [
        (word, text) for text in texts for word in FORBIDDEN if re.search(rf"\b{word}\b", text, re.IGNORECASE)
    ] == []


def test_a_sentence_begins_with_a_capital_behind_a_full_stop() -> None:
    begun = re.compile(r"[^\W\d_]{4,}[.] ([^\W\d_]{2,}) ")
    texts = (*VIETNAMESE.values(), *PORTAL.values())
    assert [text for text in texts if any(word.islower() for word in begun.findall(text))] == []


def test_one_more_language_is_a_row_and_a_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    french = Language("Français", "\u202f,", "tests.results.french:TEXTS")
    monkeypatch.setitem(i18n.LANGUAGES, "fr", french)
    monkeypatch.setitem(sys.modules, "tests.results.french", SimpleNamespace(TEXTS={"State": "État"}))
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert i18n.language_from_environment() == "fr"
    assert i18n.translator("fr")("State") == "État"
    assert i18n.translator("fr")("not in the catalogue") == "not in the catalogue"
    assert i18n.format_number(1234.5, "fr", 1) == "1\u202f234,5"


def test_an_unknown_language_is_answered_in_vietnamese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "xx")
    assert i18n.language_from_environment() == "vi"
    assert i18n.translator("xx")("State") == i18n.translator("vi")("State") != "State"
    assert i18n.format_number(1234.5, "en", 1) == "1,234.5"
