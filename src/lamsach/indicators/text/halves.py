"""A SHA-256 that a column of thirty-two characters broke into two: each half reads as an MD5, so only what stands around tells.

It is one where the words before it, or the heading above with nothing but hexadecimal digits between, name SHA-256 and no other digest; where
the first half stands behind a label (`Hash: `) or the mark of a list's item and the second behind none; or where a table states the kind of the cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lamsach.model import IndicatorType
from lamsach.model.indicator_types import DIGEST_TYPES

HASH_DIGITS = (32, 40, 64)
"""How many digits an MD5, a SHA-1 and a SHA-256 have."""
_NAMED_HASH = re.compile(r"\b(?:(md-?5)|(sha-?1)|(sha-?256))(?![0-9])", re.IGNORECASE)
_END = re.compile(r"(?<![0-9A-Za-z/=.&?_-])[0-9A-Fa-f]{32}$")
_START = re.compile(r"[0-9A-Fa-f]{32}(?![0-9A-Za-z._-])")
_NAMED = re.compile(
    r"(sha-?_? ?256)|\b(?:md-?5|sha-?_? ?1|sha-?_? ?(?:224|384|512)|imp-?hash|ja3s?)(?![0-9])", re.IGNORECASE
)
_PIECE = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8,63}$")
_KIND_BEFORE = re.compile(_NAMED_HASH.pattern + r"\W{1,8}$", re.IGNORECASE)
_DIGITS = re.compile(r"[\W\d_]{0,12}[0-9A-Fa-f]{32}\W{0,4}")
_WORDS = re.compile(r"[^\W\d_]{2}")
# Hash mẫu: 0f4c..    • 0f4c..
_LABEL = re.compile(
    r"\b(?:hash|mã băm|checksum|digest)(?: [^\W\d_]{1,12}){0,3}\s?[:=]\s?$|^\s{0,12}[-*•+·▪◦–]\s{1,4}$",
    re.IGNORECASE,
)
_SPACED_DIGITS = re.compile(r"[0-9A-Fa-f]{4,60}(?:[\s-]{1,8}[0-9A-Fa-f]{4,60}){1,8}")
_LENGTHS = {kind: digits for digits, kind in DIGEST_TYPES.items()}
_LABEL_KEPT = 200


class Halves:
    """Takes the lines of a text in order, and says of two neighbours whether they are the halves of one digest."""

    def __init__(self) -> None:
        self._above = self._made = ""

    def passed(self, line: str) -> None:
        """Take note of a line that is done with."""
        if line != self._made and not (30 < len(line) < 60 and _DIGITS.fullmatch(line)):
            self._above = line[:_LABEL_KEPT]

    def whole(self, line: str, following: str) -> str | None:
        """The two lines as one where the second's first word is the other half of the digest at the end of the first; otherwise None."""
        if len(following) < 32 or (end := _END.search(line[-80:])) is None:
            return None
        if _START.match(following) is None:
            return None
        before = line[-80:][: end.start()]
        label = before if _WORDS.search(before) else self._above
        named = [match.lastindex == 1 for match in _NAMED.finditer(label[-_LABEL_KEPT:])]
        if named:
            sure = named[-1] if label is before else all(named)
        else:
            sure = _LABEL.search(before) is not None and _DIGITS.fullmatch(following) is not None
        if not sure:
            return None
        self._above, self._made = label[:_LABEL_KEPT], line + following
        return self._made


def hash_lengths(texts: Iterable[str]) -> tuple[int, ...]:
    """Return how many digits the hashes of a document have: those of the one kind that it names, or of any."""
    named = {match.lastindex for text in texts for match in _NAMED_HASH.finditer(text)}
    return tuple(HASH_DIGITS[place - 1] for place in named if place) if len(named) == 1 else HASH_DIGITS


def only_lengths(line: str) -> tuple[int, ...] | None:
    """Return how many digits the digest has that begins at the end of a line, where the words right before it say so: `(64,)` behind
    `SHA-256`; otherwise None."""
    end = _PIECE.search(line[-80:])
    if end is None:
        return None
    label = _KIND_BEFORE.search(line[-80:][: end.start()])
    return None if label is None else (HASH_DIGITS[(label.lastindex or 1) - 1],)


def may_be_parted(cell: str) -> bool:
    """Return whether a cell is as long as a digest that spaces or line breaks part, and begins as one."""
    return 32 < len(cell) <= 128 and _SPACED_DIGITS.fullmatch(cell) is not None


def whole_digest(cell: str, kind: IndicatorType | None) -> str:
    """A cell of a stated kind of digest whose digits spaces or line breaks part, as one word; any other as it is."""
    length = _LENGTHS.get(kind) if kind is not None else None
    if length is None or not length < len(cell) <= 2 * length or not _SPACED_DIGITS.fullmatch(cell):
        return cell
    digits = re.sub(r"[\s-]", "", cell)
    return digits if len(digits) == length else cell
