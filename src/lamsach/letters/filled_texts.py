"""Texts of a filled form: after `- label:`, in the next cell, in lines below; the unit's name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from lamsach.letters.form import Field, without_remark
from lamsach.letters.lines import Line
from lamsach.letters.numbers import plain

# "1. Tổng số", "- Tổng số", "a) Tổng số", "(1) Tổng số", "1.2. Tổng số", "III. Tổng số", "1/ Tổng số", "2 -
# Tổng số"
ENUMERATION = re.compile(
    r"\A\s*(?:[-+•*–]|\(?(?:\w{1,2}|[IVXivx]{1,5})[.)/]|(?:\d|[IVX]{1,4})\s+[-–]\s|\d(?:\.\d)+\.?)\s*"
)
_NOT = frozenset({"khong", "chua"})
_LONGEST = 600
_LEAST_SHARED = 0.5


@lru_cache(maxsize=4096)
def bare(text: str) -> str:
    """Normalise text for comparison, without invisible letters."""
    seen = "".join(" " if c in "\n\t\r" else c for c in text[:4000] if unicodedata.category(c) != "Cf")
    return plain(seen)[:_LONGEST]


@lru_cache(maxsize=4096)
def similarity(text: str, label: str) -> float:
    """Return the similarity of two wordings, from 0 to 1."""
    first, second = bare(text), bare(label)
    if first == second:
        return 1.0
    words, wanted = set(first.split()), set(second.split())
    if not wanted or len(words & wanted) < _LEAST_SHARED * len(wanted):
        return 0.0
    score = SequenceMatcher(None, first, second, autojunk=False).ratio()
    return score - 0.25 if words & _NOT != wanted & _NOT else score


def wording(cell: str, label: str) -> tuple[float, str]:
    """Return the similarity of a cell to the wording, and the text after it (`Tổng số ...: 12 đơn vị`)."""
    text = ENUMERATION.sub("", cell)
    whole = max(similarity(cell, label), similarity(text, label))
    if whole == 1.0:
        return whole, ""
    head, colon, tail = cell.partition(":")
    if colon and tail.strip() and (score := similarity(ENUMERATION.sub("", head), label) - 0.02) > whole:
        return score, tail  # a separate cell is preferred to a line of the text around the form
    if text_after := _text_after(text, label):
        return 0.97, text_after
    return whole, ""


def _text_after(text: str, label: str) -> str:
    """Return the text after the wording in the same cell without a colon: `... chiến dịch là 12 đơn vị`."""
    wanted = bare(label)
    if not bare(text).startswith(f"{wanted} "):
        return ""
    words, count = text.split(), len(wanted.split())
    for place in range(count, min(count + 8, len(words))):
        if bare(" ".join(words[:place])) == wanted:
            return re.sub(r"\A[\s:;,=–-]*(?:là\b)?\s*", "", " ".join(words[place:]))
    return ""


_DOTS = re.compile(r"[.…_]{3,}|…+|_{2,}")
_NEXT_LABEL = re.compile(r"\s*(?:[-+•–]\s*.{3,160}:|\d+\.\s)")
_UNIT_LABELS = (
    "Tên đơn vị",
    "Tên cơ quan, đơn vị",
    "Tên đơn vị báo cáo",
    "Đơn vị báo cáo",
    "Cơ quan báo cáo",
    "Cơ quan, đơn vị",
    "Tên cơ quan",
    "Đơn vị",
)
_NATION = "cong hoa xa hoi chu nghia viet nam"
# "BÁO CÁO KẾT QUẢ TRIỂN KHAI CHIẾN DỊCH CỦA CHI CỤC HAI"
_OF = re.compile(
    r"\A\s*(?:báo cáo|kết quả|thống kê|số liệu)\b.{0,200}?\bcủa\s+(.{3,200})\Z", re.IGNORECASE | re.DOTALL
)


def text_of(field: Field, lines: Sequence[Line]) -> tuple[str, float] | None:
    """Return the field's text and its certainty; None when the form does not contain the field."""
    labels = _UNIT_LABELS if field.key == "unit" else ()
    found = None
    for label in (field.label, *labels):
        found = _text_of_label(label, lines)
        if found:
            return found, 1.0 if label == field.label else 0.9
    if field.key == "unit" and (guess := _unit_in_title(lines) or _issuer(lines)):
        return guess, 0.5
    known = _text_of_label(field.label, lines)
    return None if known is None else (known, 0.3)


def _text_of_label(label: str, lines: Sequence[Line]) -> str | None:
    """Return the text of a label, with or without its remark; empty for the label alone."""
    label = without_remark(label)
    seen: str | None = None
    for place, line in enumerate(lines):
        for number, cell in enumerate(line.cells):
            head, colon, tail = cell.partition(":")
            head = without_remark(head)
            if similarity(ENUMERATION.sub("", head), label) < 0.85:
                continue
            if not colon and (
                len(head) > 2 * len(label) or (not line.table and not _is_label_only(head, label))
            ):
                continue
            if not colon and line.table and len(line.cells) < 2:
                continue
            parts = [tail if colon else "", *line.cells[number + 1 :]]
            parts += _lines_below(lines, place, one_line=not colon and bool(line.table))
            text = "\n".join(content for part in parts if (content := _DOTS.sub("", part).strip(" \t\n\r")))
            if text:
                return text
            seen = ""
    return seen


def _is_label_only(head: str, label: str) -> bool:
    """Return whether a paragraph is only the label."""
    return similarity(ENUMERATION.sub("", head), label) >= 0.95


def _lines_below(lines: Sequence[Line], place: int, *, one_line: bool) -> Iterator[str]:
    """Yield the lines below, up to the next label, table or note."""
    for line_below in () if one_line else lines[place + 1 : place + 40]:
        first = line_below.cells[0].strip()
        if len(line_below.cells) > 1 or _NEXT_LABEL.match(first) or bare(first).startswith("ghi chu"):
            return
        yield first


def _unit_in_title(lines: Sequence[Line]) -> str:
    """Return the unit in a title such as `BÁO CÁO KẾT QUẢ CỦA CHI CỤC HAI`, possibly one merged cell."""
    for line in lines[:40]:
        cells = dict.fromkeys(cell.strip() for cell in line.cells if cell.strip())
        if len(cells) == 1 and (found := _OF.match(next(iter(cells)))):
            return " ".join(found[1].split()).rstrip(" .:")
    return ""


def _issuer(lines: Sequence[Line]) -> str:
    """Return the issuer of the letter around the form: the last line left of the nation's name."""
    for line in lines[:20]:
        for place, cell in enumerate(line.cells):
            if place and _NATION in bare(cell):
                left = [part.strip() for part in line.cells[0].splitlines()]
                names = [
                    part for part in left if part.strip("-_–—* ") and not part.casefold().startswith("số")
                ]
                return names[-1] if names else ""
    return ""
