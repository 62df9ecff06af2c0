"""Reading of a list from given content."""

from __future__ import annotations

from pathlib import Path

from lamsach.indicators.lists import read_list
from lamsach.model import Indicator, Problem, Refusal


def read_content(
    path: Path, content: bytes | str, *, ocr: bool = False
) -> tuple[list[Indicator], list[Refusal], list[Problem]]:
    """Write a list and read it; return its values, refusals and problems."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    problems: list[Problem] = []
    items = list(read_list(str(path), problems.append, ocr=ocr))
    found = [item for item in items if isinstance(item, Indicator)]
    return found, [item for item in items if isinstance(item, Refusal)], problems


def read_sound(
    path: Path, content: bytes | str, *, ocr: bool = False
) -> tuple[list[Indicator], list[Refusal]]:
    """Write a list and read it; return its values and refusals. A problem fails the test."""
    found, refused, problems = read_content(path, content, ocr=ocr)
    assert problems == []
    return found, refused


def short(items: list[Indicator]) -> list[tuple[str, str | None, int | None, int | None]]:
    """Return value, threat, page and row of each."""
    return [
        (item.value, item.threat, item.reference.page, item.reference.row) for item in items if item.reference
    ]
