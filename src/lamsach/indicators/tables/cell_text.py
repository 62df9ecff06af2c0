"""A table cell's lines as their author's text: words cut by the column's width are rejoined.

A line may continue on the next one only if the next one's first characters had no room after it. Such lines
are certain if all of them form values in exactly one way; otherwise the text is reported as cut, and none of
its pieces is a value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from lamsach.documents.pdf.rows import MAYBE, NEW, SPACE, WEAK, CellLine, Knowledge, line_relations
from lamsach.indicators.tables.fields import Field, field_of
from lamsach.indicators.text.broken_lines import HASH_DIGITS, rejoin
from lamsach.indicators.text.extract import Found
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import Refused
from lamsach.indicators.values.records import several_values, whole_value
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import ADDRESSES, DIGESTS

_MAX_PIECES = 100
_MAX_LENGTH = 4096
_VALUE_MARKS = re.compile(r"://|\[|\w\.\w|(?=[0-9a-f]*\d)[0-9a-f]{6}", re.IGNORECASE)
_FRAGMENT = re.compile(r"(?<![0-9A-Za-z])(?=[0-9A-Fa-f]*[0-9])[0-9A-Fa-f]{16,63}(?![0-9A-Za-z-])")
"""A piece of a hash that a narrow column broke, or a whole one."""
_HEX = re.compile(r"[0-9a-f]{2,63}", re.IGNORECASE)
_NAME = re.compile(r"[A-Z][A-Za-z]+|[A-Z]{2,}\d?|[A-Z]\d")
"""A word that may accompany a value, or be the rest of a URL."""
_PART = re.compile(r"[.\-/\])?&=%_:,]|.*[\[(\-.]", re.DOTALL)
"""Beginning or end of a fragment, which is no value even if it reads as one."""
_NO_VALUE = frozenset({
    refusals.FILE_NAME, refusals.DETECTION, refusals.INTERNAL_NAME, refusals.PUBLIC_SUFFIX,
    refusals.BAD_NAME, refusals.BAD_URL,
})  # fmt: skip
"""Refusals that the beginning of a longer value gets just as well."""
_FAMILIES = (frozenset(ADDRESSES), frozenset({IndicatorType.DOMAIN, IndicatorType.URL}))


@dataclass(slots=True)
class CellText:
    """A cell's text, and its words with an uncertain continuation."""

    text: str
    cut: list[str] = field(default_factory=list)


def may_hold_value(text: str) -> bool:
    """Return whether a text has signs of values: points, a scheme, brackets, many hexadecimal digits."""
    return _VALUE_MARKS.search(text) is not None


def _differ_joined(above: Sequence[CellLine], below: Sequence[CellLine]) -> bool:
    texts = [cell_text(part, promised=True) for part in (above, below, [*above, *below])]
    apart = {word for text in texts[:2] for word in text.text.split()}
    return any(text.cut for text in texts) or set(texts[2].text.split()) != apart


def cell_text(
    lines: Sequence[CellLine],
    kind: IndicatorType | None = None,
    digits: tuple[int, ...] = HASH_DIGITS,
    *,
    promised: bool = False,
    line_by_line: bool = False,
) -> CellText:
    """Return the text of a cell's lines.

    `promised`: its column holds values, of a `kind` if it or the row states one; `digits` are the lengths of
    the document's digests. `line_by_line`: uncut text stays on its line.
    """
    parts: list[str] = []
    cut: list[str] = []
    chain: list[str] = []
    weak: list[int] = []
    resolver = _Resolver(kind, digits, all(line.room is not None for line in lines), promised)

    def close() -> None:
        if chain:
            resolved = resolver.text(tuple(chain), weak)
            if resolved is None:
                cut.append("".join(chain)[:_MAX_LENGTH])
            parts.append(resolved or "")
            chain.clear()
            weak.clear()

    for line, begins in zip(lines, line_relations(lines, KNOWLEDGE, promised=promised), strict=True):
        for place, word in enumerate(line.text.split(" ")):
            mark = SPACE if place else NEW if line_by_line and begins == SPACE else begins
            if mark == WEAK:
                weak.append(len(chain))
            elif mark != MAYBE:
                close()
                parts.append(mark)
            chain.append(word)
    close()
    return CellText(rejoin("".join(parts).strip()), cut)


class _Resolver(NamedTuple):
    """Resolution of pieces into words. `known`: the room after the lines is known."""

    kind: IndicatorType | None
    digits: tuple[int, ...]
    known: bool
    promised: bool

    def text(self, pieces: tuple[str, ...], weak: Sequence[int]) -> str | None:
        """Return the words, a line each, or None if uncertain.

        Weakly joined lines that form values of their own stay apart.
        """
        if len(pieces) == 1:
            return pieces[0]
        if weak:
            ends = [*weak, len(pieces)]
            apart = [pieces[start:end] for start, end in zip([0, *weak], ends, strict=True)]
            readings = [_best(part, self.kind, self.digits) for part in apart]
            if all(reading.junk == 0 and reading.ways == 1 for reading in readings):
                return NEW.join(word for reading in readings for word in reading.words)
        whole = "".join(pieces)
        if len(pieces) > _MAX_PIECES or len(whole) > _MAX_LENGTH:
            return None
        return self._resolve(pieces, whole)

    def _resolve(self, pieces: tuple[str, ...], whole: str) -> str | None:
        kind, digits = self.kind, self.digits
        best = _best(pieces, kind, digits)
        if kind is not None and (best.junk or best.ways > 1):
            best = _best(pieces, None, digits)
        every = _best(pieces, None, HASH_DIGITS) if kind is None and HASH_DIGITS[-1] not in digits else best
        if every != best and not (best.junk == len(pieces) and every == (0, 1, (whole,))):
            return None  # digests of a length that the document does not name
        if best.junk == len(pieces):  # nothing in it is a value
            return whole if (self.known or self.promised) and _VALUE_MARKS.search(whole) else " ".join(pieces)
        if not self.known:
            undecided = (best.ways > 1 and whole.isalnum()) or (self.promised and best.junk)
            return None if undecided else NEW.join(best.words)
        if best.junk or best.ways > 1:
            return None
        ends_in_word = _NAME.fullmatch(pieces[-1]) is not None and len(best.words[-1]) > len(pieces[-1])
        return None if ends_in_word and is_value("".join(pieces[:-1]), None, digits) else NEW.join(best.words)


class _Reading(NamedTuple):
    """A way to read pieces: number of pieces that are no value, of equally good ways, and its words."""

    junk: int
    ways: int
    words: tuple[str, ...]


def _best(pieces: tuple[str, ...], kind: IndicatorType | None, digits: tuple[int, ...]) -> _Reading:
    """Return the reading with the fewest pieces that are no value."""
    count = len(pieces)
    best: list[_Reading | None] = [_Reading(0, 1, ()), *[None] * count]
    for start in range(count):
        before = best[start]
        if before is None:
            continue
        text = ""
        for end in range(start + 1, count + 1):
            text += pieces[end - 1]
            value = is_value(text, kind, digits)
            if not value and end > start + 1:
                continue
            junk, words, known = before.junk + (not value), (*before.words, text), best[end]
            if known is None or junk < known.junk:
                best[end] = _Reading(junk, before.ways, words)
            elif junk == known.junk:
                best[end] = _Reading(junk, known.ways + before.ways, max(known.words, words, key=len))
    return best[count] or _Reading(count, 1, pieces)


@lru_cache(16384)
def is_value(text: str, kind: IndicatorType | None = None, digits: tuple[int, ...] = HASH_DIGITS) -> bool:
    """Return whether a text is nothing but one or several values of the promised kind."""
    if _PART.fullmatch(text) or _PART.match(text[:1]):
        return False
    found = whole_value(text) or several_values(text)
    return bool(found) and all(_is_of(item, kind, digits) for item in found)


KNOWLEDGE = Knowledge(
    is_heading=lambda text: field_of(text) is not None,
    lists_values=lambda heading: field_of(heading) is Field.VALUE,
    is_marked=may_hold_value,
    is_value=is_value,
    is_piece=lambda line: _HEX.fullmatch(line) is not None and len(line) not in HASH_DIGITS,
    has_pieces=lambda text: any(len(piece) not in HASH_DIGITS for piece in _FRAGMENT.findall(text)),
    differ_joined=_differ_joined,
)


def _is_of(item: Found, kind: IndicatorType | None, digits: tuple[int, ...]) -> bool:
    if isinstance(item, Refused) and item.reason in _NO_VALUE:
        return False
    found, value = (item.type, item.value or "") if isinstance(item, Refused) else item
    if found in DIGESTS and len(value) not in digits:
        return False
    return kind in (None, found) or any({kind, found} <= family for family in _FAMILIES)
