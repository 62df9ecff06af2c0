"""Values that a mail program or an editor broke over the lines of a plain text, put together again.

A text has no margins that would tell, and most texts are lists with a value a line. So only what cannot be read otherwise is joined: a digest that lacks exactly what
the next line begins with, a defanged point at a line's end, and a long link whose next line is no value and no word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lamsach.indicators.text.flowing import MAX_JOINED, PATH_END, continues_name
from lamsach.indicators.text.halves import Halves
from lamsach.indicators.values.normalise import HASH_TYPES, Refused, canonical_values

_MAY_BREAK = re.compile(r"(?:[-/\\_=&?%.\[\](){}\u00ad]|[0-9A-Fa-f]{8})\s*$")
_HEX_END = re.compile(r"(?<![0-9A-Za-z/=.&?-])[0-9A-Fa-f]{8,63}$")
_HEX_START = re.compile(r"[0-9A-Fa-f]{1,56}(?![0-9A-Za-z.-])")
_POINT_END = re.compile(r"\w(?:[\[({]\.[\])}]|[\[(]dot[\])]|[\[({]\.)$", re.IGNORECASE)
_MARKED = re.compile(r"\[\.\]|\(\.\)|\[dot\]", re.IGNORECASE)
_URL_END = re.compile(
    r"(?:h(?:xx|tt)ps?|ftps?|fxp)\[?:\]?//[^\s/]{3,300}/\S{0,2000}[-/_=&?%]$", re.IGNORECASE
)
_URL_PART = re.compile(r"[\w.\-~:/?#\[\]@!$&'()*+,;=%]{1,2000}")
_TWO_NUMBERS = 32
"""How many digits two numbers of cards or accounts below each other may have, and an MD5, which is never without letters."""
_SHORTEST_FULL = 60
"""How many characters a line has at least that was broken for its length."""
_MAX_LINE = 4096


class Unbroken:
    """Takes the numbered lines of a text and gives them back, those that a value is broken over as one, under the number of the first."""

    def __init__(self) -> None:
        self.waiting: tuple[int, str] | None = None
        """The line that may go on in the next one."""
        self._parts = 0
        self._halves = Halves()

    def push(self, number: int, line: str | None) -> Iterator[tuple[int, str | None]]:
        """The lines that are whole now that this one has come."""
        if self.waiting is not None:
            whole = None
            if line and self._parts < MAX_JOINED:
                bare = line.strip()
                if bare.startswith(">") and self.waiting[1].lstrip().startswith(">"):
                    bare = bare.lstrip("> ")  # an answer quotes the mail that broke it
                whole = self._halves.whole(self.waiting[1], bare) or with_next(self.waiting[1], bare)
            if whole is not None:
                self.waiting, self._parts = (self.waiting[0], whole), self._parts + 1
                return
            yield from self.end()
        if line and _MAY_BREAK.search(line[-16:]) and len(line) < _MAX_LINE:
            self.waiting, self._parts = (number, line.rstrip()), 1
        else:
            if line:
                self._halves.passed(line)
            yield number, line

    def end(self) -> Iterator[tuple[int, str]]:
        """The line that waited."""
        if self.waiting is not None:
            number, line = self.waiting
            self._halves.passed(line)
            self.waiting = None
            yield number, line


def with_next(line: str, following: str) -> str | None:
    """The two lines as one, when a value is broken between them; otherwise None."""
    if not following:
        return None
    if line.endswith("\u00ad"):
        return line[:-1] + following
    if PATH_END.search(line[-300:]):
        return line + following
    if _completes_hash(line, following) or (_POINT_END.search(line[-300:]) and following[0].isalnum()):
        return line + following
    first = following.split(maxsplit=1)[0]
    if _MARKED.search(first) and continues_name(line, first.rstrip(".,;:)")):
        return line + following
    return line + following if _completes_url(line, following) else None


def _completes_hash(line: str, following: str) -> bool:
    end, start = _HEX_END.search(line[-70:]), _HEX_START.match(following)
    if end is None or start is None or len(end[0]) in HASH_TYPES or len(start[0]) in HASH_TYPES:
        return False
    whole = end[0] + start[0]
    return (
        len(whole) in HASH_TYPES and not whole.isdecimal()
    )  # two numbers of cards or accounts below each other


def _completes_url(line: str, following: str) -> bool:
    first = following.split(maxsplit=1)[0]
    if len(line) < _SHORTEST_FULL or not _URL_END.search(line[-2100:]) or not _URL_PART.fullmatch(first):
        return False
    if "//" in first or not first[:1].isalnum() or not re.search(r"[/?=&%]", first):
        return False
    try:
        canonical_values(first)
    except Refused:
        return True
    return False
