"""Decisions by the whole document: defanging in every kind of file, victim and genuine headings."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.indicators.lists import read_list
from lamsach.indicators.values import refusals
from lamsach.model import Indicator
from tests.indicators.document_samples import doc, docx, paragraph, word_table

_SENTENCE = "Names such as updates-everyone.com belong to all machines and stay."
_VALUE = "hxxps://bot-c2[.]xyz/a"
_PAGE = (
    f"<html><body><p>{_SENTENCE}</p><table><tr><th>URL</th></tr><tr><td>{_VALUE}</td></tr></table></body>"
    "</html>"
)
_FILES = {
    "a.doc": doc(f"{_SENTENCE}\r{_VALUE}\r"),
    "a.rtf": f"{{\\rtf1 {_SENTENCE}\\par {_VALUE}\\par}}".encode(),
    "a.docx": docx(paragraph(_SENTENCE) + paragraph(_VALUE)),
    "a.html": _PAGE.encode(),
}


def accepted(path: Path, data: bytes) -> tuple[set[str], dict[str, str]]:
    """Return the accepted values, and refused ones with their reasons."""
    path.write_bytes(data)
    found = list(read_list(str(path), lambda problem: None))
    refused = {
        item.value: item.reason for item in found if not isinstance(item, Indicator) and item.type is not None
    }
    return {item.value for item in found if isinstance(item, Indicator)}, refused


@pytest.mark.parametrize("name", _FILES)
def test_clickable_links_of_a_defanging_author_are_mentioned(name: str, tmp_path: Path) -> None:
    values, refused = accepted(tmp_path / name, _FILES[name])
    assert values == {"https://bot-c2.xyz/a"}
    assert refused == {"updates-everyone.com": refusals.IN_SENTENCE}


def test_headings_of_one_word(tmp_path: Path) -> None:
    values, refused = accepted(
        tmp_path / "a.csv",
        b"C2 IP,Victim,Legit\n203.0.113.5,203.0.113.6,good-a.site\n203.0.113.7,203.0.113.8,good-b.site\n",
    )
    assert values == {"203.0.113.5", "203.0.113.7"}
    assert set(refused) == {"203.0.113.6", "203.0.113.8", "good-a.site", "good-b.site"}


def test_detection_names_in_a_cell(tmp_path: Path) -> None:
    body = word_table([["Detection name", "Trojan.Win32.Agent.abc"], ["C2", "bot-c2.xyz"]])
    values, _ = accepted(tmp_path / "a.docx", docx(body))
    assert values == {"bot-c2.xyz"}
