"""Advisories in many styles: exactly their listed values are accepted.

They are in `advisories`: a name after `===`, the text, and after `---` the expected values; each is read in
every kind of file.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple

import pytest

from lamsach.indicators.lists import read_list
from lamsach.model import Indicator, Problem
from tests.indicators.document_samples import docx, paragraph, pdf


class Advisory(NamedTuple):
    name: str
    text: str
    values: frozenset[str]


def advisories() -> Iterator[Advisory]:
    for path in sorted((Path(__file__).parent / "advisories").glob("*.txt")):
        for part in path.read_text(encoding="utf-8").split("=== ")[1:]:
            name, _, rest = part.partition("\n")
            text, _, values = rest.rpartition("\n---")
            yield Advisory(name, text + "\n", frozenset(values.split()))


EVERY = list(advisories())
ALL = [advisory for advisory in EVERY if not advisory.name.startswith("pages_only_")]
RUNNING = [advisory for advisory in ALL if not advisory.name.startswith("text_only_")]
LATIN = [
    advisory for advisory in EVERY if advisory.text.isascii() and not advisory.name.startswith("text_only_")
]
"""Texts that the tests' own PDFs can show."""


def accepted(path: Path) -> set[str]:
    problems: list[Problem] = []
    found = {item.value for item in read_list(str(path), problems.append) if isinstance(item, Indicator)}
    assert problems == []
    return found


@pytest.mark.parametrize("advisory", ALL, ids=lambda advisory: advisory.name)
def test_values_of_an_advisory_as_text(advisory: Advisory, tmp_path: Path) -> None:
    path = tmp_path / "advisory.txt"
    path.write_text(advisory.text, encoding="utf-8")
    assert accepted(path) == advisory.values


@pytest.mark.parametrize("advisory", RUNNING, ids=lambda advisory: advisory.name)
def test_a_word_document(advisory: Advisory, tmp_path: Path) -> None:
    path = tmp_path / "advisory.docx"
    path.write_bytes(docx("".join(paragraph(line) for line in advisory.text.splitlines())))
    assert accepted(path) == advisory.values


@pytest.mark.parametrize("advisory", RUNNING, ids=lambda advisory: advisory.name)
def test_values_of_an_advisory_as_a_page(advisory: Advisory, tmp_path: Path) -> None:
    path = tmp_path / "advisory.html"
    lines = "".join(f"<p>{escape(line)}</p>\n" for line in advisory.text.splitlines())
    path.write_text(
        f"<!doctype html><html><head><title>x</title></head><body>{lines}</body></html>", encoding="utf-8"
    )
    assert accepted(path) == advisory.values


@pytest.mark.parametrize("advisory", LATIN, ids=lambda advisory: advisory.name)
def test_values_of_an_advisory_as_pdf(advisory: Advisory, tmp_path: Path) -> None:
    path = tmp_path / "advisory.pdf"
    path.write_bytes(pdf([advisory.text.splitlines()]))
    assert accepted(path) == advisory.values
