"""Rule of judgement: data with its own examples, which are its tests. `loop.py` applies the rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from lamsach.indicators.judge.vocabulary import lazy_pattern
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
"""Number of characters before a value that most rules search; fixed windows keep the time linear."""
_WORD = re.compile(r"[^\W\d_]{2,}")


class Scope(Enum):
    """Place that a rule examines, which decides the argument of its test."""

    WORD = "a word of any text (Observable)"
    PATH = "a word in the path of a file (Observable)"
    LINE = "a value on a line of running text, however it is spelled (Observable with its line)"
    WRITTEN = "the same, only what its author did not defang (Observable with its line)"
    COMMAND = "a whole line of a plain list (str)"
    STATEMENT = "a verdict on a value in a cell, field or comment (Statement)"
    CELL = "a value in a row or record, and what its cell is (Cell)"
    ROW = "the headings of a table and a row's cells, or a record (Row)"
    KEY = "a key of a record with values below it (Key)"
    UNLISTED = "a value that a document shows and does not list (Unlisted)"


WORD, PATH, LINE, WRITTEN, COMMAND, STATEMENT, CELL, ROW, KEY, UNLISTED = Scope


Test = Callable[[Any], object]
"""Test of a rule; what it returns counts as true or false."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `id` is what `lamsach indicators explain` prints, `applies_to` the kinds of values.

    `reason` is that of the refusals; a rule without one accepts. Lower priorities decide first; within one
    priority the order does not matter. The examples are texts of a list or a document: the last value of each
    in `accepted` is accepted, in `refused` refused by this rule.
    """

    id: str
    applies_to: frozenset[IndicatorType]
    scope: Scope
    test: Test
    reason: str
    priority: int
    accepted: Sequence[str] = ()
    refused: Sequence[str] = ()


class Observable:
    """A value found in a text, not yet judged: `token` from `start` (-1: defanged) to `end`, after `near`."""

    __slots__ = ("end", "kind", "line", "near", "start", "text", "token", "value")
    line: ProseLine

    def __init__(
        self, kind: IndicatorType, value: str, token: str, text: str, start: int, end: int | None = None
    ) -> None:
        self.kind, self.value, self.token, self.text, self.start = kind, value, token, text, start
        self.end = start + len(token) if end is None else end
        self.near = text[max(0, start - NEAR) : start]

    def before(self, window: int) -> str:
        """Return the `window` characters before the value."""
        return self.text[max(0, self.start - window) : self.start]

    @property
    def last_label(self) -> str:
        """Return the last label of a name."""
        return self.value.rpartition(".")[2]


def near(pattern: re.Pattern[str], window: int = NEAR) -> Test:
    """Return a test that searches the text before a value."""
    if window == NEAR:
        return lambda found: pattern.search(found.near)
    return lambda found: pattern.search(found.before(window))


def on_line(pattern: re.Pattern[str]) -> Test:
    """Return a test that matches the beginning of a value's line."""
    return lambda found: pattern.match(found.text)


def any_case(pattern: str) -> re.Pattern[str]:
    """Return a case-insensitive pattern, compiled on first use."""
    return lazy_pattern(pattern, re.IGNORECASE)


def word_count(text: str) -> int:
    """Count the words of a text."""
    return len(_WORD.findall(text))


def has_word(text: str) -> bool:
    """Return whether a text has a word."""
    return _WORD.search(text) is not None
