"""A rule of judgement: data with its own examples, which are its tests. `loop.py` applies the rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

from lamsach.indicators.judge.vocabulary import late
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import DIGESTS

if TYPE_CHECKING:
    from lamsach.indicators.judge.mentions import ProseLine

ALL = frozenset(IndicatorType)
NAMES = frozenset({IndicatorType.DOMAIN, IndicatorType.URL})
NO_DIGESTS = ALL - frozenset(DIGESTS)
FILE_HASHES = frozenset({IndicatorType.MD5, IndicatorType.SHA1, IndicatorType.SHA256})
ADDRESS, DOMAIN, LINK, FILE = (
    frozenset({kind})
    for kind in (IndicatorType.IP, IndicatorType.DOMAIN, IndicatorType.URL, IndicatorType.FILE_NAME)
)
NEAR = 96
"""How many characters before a value most rules look at: windows of fixed length keep the time linear."""
_WORD = re.compile(r"[^\W\d_]{2,}")


class Verdict(StrEnum):
    """Verdict of a rule about a value."""

    TAKEN = "taken"
    MENTIONED = "mentioned"
    """A value that the document does not list; a reviewer may take it."""
    REFUSED = "refused"
    """No value that logs show."""


class Scope(Enum):
    """Place that a rule looks at, and so what its test is given."""

    WORD = "a word of any text (Place)"
    PATH = "a word in the path of a file (Place)"
    LINE = "a value on a line of running text, however it is spelled (Place with its line)"
    WRITTEN = "the same, only what its author did not defang (Place with its line)"
    COMMAND = "a whole line of a plain list (str)"
    SAID = "what a cell, a field or a comment says of a value (Said)"
    CELL = "a value in a row or record, and what its cell is (Cell)"
    ROW = "the headings of a table and a row's cells (Row)"
    RECORD = "a record's keys and texts (mapping)"
    KEY = "a key of a record with values below it (Key)"
    BESIDE = "what a document shows beside what it lists (Place)"


TAKEN, MENTIONED, REFUSED = Verdict
WORD, PATH, LINE, WRITTEN, COMMAND, SAID, CELL, ROW, RECORD, KEY, BESIDE = Scope


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `id` is what `lamsach indicators explain` prints, `applies_to` the kinds of values.

    Lower priorities decide first; within one the order does not matter.

    The examples are texts as a list or a document has them. Their last value is taken for those of `taken`;
    this rule decides about it for those of `refused`.
    """

    id: str
    applies_to: frozenset[IndicatorType]
    scope: Scope
    test: Callable[[Any], bool]
    verdict: Verdict
    reason: str
    priority: int
    taken: Sequence[str] = ()
    refused: Sequence[str] = ()


class Place:
    """A value in a text: its spelling `token` from `start` (-1: defanged) to `end`; `near` is before it."""

    __slots__ = ("end", "kind", "line", "near", "start", "text", "token", "value")
    line: ProseLine

    def __init__(
        self, kind: IndicatorType, value: str, token: str, text: str, start: int, end: int | None = None
    ) -> None:
        self.kind, self.value, self.token, self.text, self.start = kind, value, token, text, start
        self.end = start + len(token) if end is None else end
        self.near = text[max(0, start - NEAR) : start]

    def before(self, window: int) -> str:
        """So many characters before the value."""
        return self.text[max(0, self.start - window) : self.start]

    @property
    def last_label(self) -> str:
        """Return what a name ends in."""
        return self.value.rpartition(".")[2]


def near(pattern: re.Pattern[str], window: int = NEAR) -> Callable[[Place], bool]:
    """Test of the text before a value: what the pattern finds in it."""
    if window == NEAR:
        return lambda place: pattern.search(place.near) is not None
    return lambda place: pattern.search(place.before(window)) is not None


def on_line(pattern: re.Pattern[str]) -> Callable[[Place], bool]:
    """Test of how the line of a value begins."""
    return lambda place: pattern.match(place.text) is not None


def any_case(pattern: str) -> re.Pattern[str]:
    """A pattern of words, in capitals or not."""
    return late(pattern, re.IGNORECASE)


def word_count(text: str) -> int:
    """Return how many words a text has."""
    return len(_WORD.findall(text))


def has_word(text: str) -> bool:
    """Return whether a text has a word."""
    return _WORD.search(text) is not None
