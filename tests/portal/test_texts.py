"""Every text that people read has its Vietnamese, with the same placeholders, and none is left over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import allauth
import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation
from django.utils.timesince import timesince

from lamsach.catalogue_vi import VIETNAMESE as COMMAND_LINE
from lamsach.portal import catalogue_vi
from lamsach.portal.catalogue_vi import GROUPS, VIETNAMESE
from lamsach.portal.catalogue_vi.libraries import LIBRARIES
from tests.rows import each_row

PORTAL = Path(catalogue_vi.__file__).parents[1]
ALLAUTH = Path(allauth.__file__).parent
DECLARED = {"Cell": ("label",), "Filter": ("name", "label"), "Listing": ("title", "cells", "empty", "lead")}
"""Declarations of lists, and the names of their first arguments."""
TEXTS = {"label", "title", "empty", "lead"}
FUNCTIONS = {"_", "gettext", "gettext_lazy", "gettext_noop", "mark", "ngettext"}


def in_code() -> Iterator[tuple[str, str]]:
    for path in PORTAL.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
                for argument in node.args[: 2 if node.func.id == "ngettext" else 1]:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield path.name, argument.value
                        if node.func.id == "ngettext":
                            break
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in DECLARED:
                named = [(one.arg, one.value) for one in node.keywords]
                for name, value in (*zip(DECLARED[node.func.id], node.args, strict=False), *named):
                    if name in TEXTS and isinstance(value, ast.Constant) and value.value:
                        yield path.name, value.value


def in_templates(folder: Path) -> Iterator[tuple[str, str]]:
    for path in [*folder.rglob("*.html"), *folder.rglob("*.txt")]:
        text = path.read_text("utf-8")
        for found in re.finditer(r"""{%\s*trans(?:late)? ("([^"]+)"|'([^']+)')""", text):
            yield path.name, found[2] or found[3]
        for found in re.finditer(
            r"{%\s*blocktrans(?:late)?\b([^%]*)%}(.*?){%\s*endblocktrans(?:late)?\s*%}", text, re.DOTALL
        ):
            body = re.split(r"{%\s*plural\s*%}", found[2])[0]
            body = re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", body.replace("%", "%%") if "{{" in body else body)
            if "trimmed" in found[1]:
                body = " ".join(line.strip() for line in body.strip().splitlines())
            yield path.name, body


@cache
def ours() -> set[str]:
    """Every text of the portal's code and templates."""
    return {text for _, text in (*in_code(), *in_templates(PORTAL))}


SHOWN = ("account", "mfa", "usersessions")
CLOSED = re.compile(
    r"signup|phone|email_c|email\.html|email_\w*verif|verif|_code|code_|login\.html|snippets|"
    r"account_already|unknown_account_signup"
    r"|email_deleted|email_changed|email_confirm|primary_email|unverified|cannot_delete|socialaccount|"
    r"messages/email|unknown_account"
)
"""Pages that are switched off or replaced by ours."""


@cache
def theirs() -> set[str]:
    """Every text of the library's pages that are shown."""
    found = (entry for name in SHOWN for entry in in_templates(ALLAUTH / "templates" / name))
    return {text for name, text in found if not CLOSED.search(name) or "recovery_codes" in name}


def placeholders(text: str) -> list[str]:
    return sorted(set(re.findall(r"%\(\w+\)s|{\w+}", text)))


def test_the_search_finds_texts() -> None:
    assert len(ours()) > 100
    assert len(theirs()) > 80


def test_every_text_of_ours_has_its_vietnamese() -> None:
    assert sorted(ours() - set(VIETNAMESE) - set(COMMAND_LINE)) == []


def test_every_text_on_the_log_in_pages_has_its_vietnamese() -> None:
    assert sorted(theirs() - set(VIETNAMESE) - set(COMMAND_LINE)) == []


def test_no_text_is_said_in_two_ways() -> None:
    """The pages share one dictionary.

    Where two groups differ, one of them would be shown on the other's pages.
    """
    said: dict[str, set[str]] = {}
    for group in GROUPS:
        for text, vietnamese in group.items():
            said.setdefault(text, set()).add(vietnamese)
    assert [text for text, ways in said.items() if len(ways) > 1] == []


def test_no_text_repeats_the_products() -> None:
    """The product's texts are merged into the portal's: only another translation is worth a row here."""
    again = {text for text, shown in VIETNAMESE.items() if COMMAND_LINE.get(text) == shown}
    assert sorted(again - set(LIBRARIES)) == []


def test_no_translation_is_left_over() -> None:
    assert sorted(set(VIETNAMESE) - ours() - set(LIBRARIES)) == []


@each_row("text", [text for text in VIETNAMESE if placeholders(text)])
def test_placeholders_are_the_same(text: str) -> None:
    assert placeholders(VIETNAMESE[text]) == placeholders(text)


def test_texts_are_quiet() -> None:
    assert [text for text in VIETNAMESE.values() if "!" in text] == []


@pytest.mark.parametrize(
    ("seconds", "vietnamese", "english"),
    [
        (70, "1 phút", "1 minute"),
        (7300, "2 giờ", "2 hours"),
        (86400, "1 ngày", "1 day"),
        (9e7, "2 năm", "2 years"),
    ],
)
def test_durations_speak_the_language(seconds: float, vietnamese: str, english: str) -> None:
    now = datetime(2022, 9, 26, tzinfo=UTC)
    for language, words in (("vi", vietnamese), ("en", english)):
        with translation.override(language):
            assert timesince(now - timedelta(seconds=seconds), now, depth=1).replace("\xa0", " ") == words


class Asked(forms.Form):
    """One field of each sort that the portal's forms have."""

    number = forms.IntegerField(min_value=1, max_value=9)
    one = forms.ChoiceField(choices=[("a", "A")])
    email = forms.EmailField()
    url = forms.URLField(assume_scheme="https")
    day = forms.DateField()
    file = forms.FileField()


@pytest.mark.parametrize(
    ("field", "said", "told"),
    [
        ("number", "1,5x", "Hãy nhập một số nguyên."),
        ("number", "0", "Giá trị này phải lớn hơn hoặc bằng 1."),
        ("number", "10", "Giá trị này phải nhỏ hơn hoặc bằng 9."),
        ("one", "b", "Hãy chọn một mục trong danh sách. Không có mục “b”."),
        ("email", "x", "Hãy nhập một địa chỉ thư điện tử đúng."),
        ("url", "http://", "Hãy nhập một địa chỉ URL đúng."),
        ("day", "31/02/2022", "Hãy nhập một ngày đúng."),
        ("file", "", "Cần điền mục này."),
    ],
)
def test_what_is_wrong_in_a_form_is_said_in_the_houses_words(field: str, said: str, told: str) -> None:
    with translation.override("vi"):
        assert Asked({field: said}).errors[field] == [told]
    with translation.override("en"):
        (english,) = Asked({field: said}).errors[field]
    assert english.isascii()
    assert english != told


def test_an_empty_file_is_called_so() -> None:
    with translation.override("vi"):
        assert Asked({}, {"file": SimpleUploadedFile("a", b"")}).errors["file"] == ["Tệp này trống."]
