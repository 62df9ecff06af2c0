"""Clauses of queries in brackets that take out what they list, on one line or over several.

SQL: `host NOT IN ('a.example', 'b.example')`. Kusto: `!in (..)`, `not(RemoteUrl has_any ("a.example"))`, `let excluded = dynamic(["a.example"])`.
Splunk and Lucene: `NOT (host="a.example" OR host="b.example")`, `NOT host: ("a.example")`. Scripts: `WHITELIST = ["a.example"]`.
"""

from __future__ import annotations

import re
from functools import lru_cache

_HINT = re.compile(r"not|!|exclu|list|good|benign|legit|ignore|exception", re.IGNORECASE)
_OPERATOR = r"\bNOT\s+IN\s*|!(?:in|has_any|has_all)~?\s*|\bNOT\s+\w[\w.]{0,60}\s+IN\s*"
_ASSIGNED = (
    r"(?:^|(?<=[\s{,;]))\w{0,30}(?:white_?list|allow_?list|safe_?list|exclu(?:de[sd]?|sions?)|exceptions|known_?good|benign|legit|ignored?)\w{0,30}"
    r"[\"']?\s{0,3}[:=]\s{0,3}(?:dynamic\s{0,3}|set\s{0,3}|frozenset\s{0,3})?"
)
_SURE = re.compile(rf"(?:(?:{_OPERATOR})(?=\()|{_ASSIGNED}(?=[(\[{{]))", re.IGNORECASE)
_NEGATED = re.compile(r"\bNOT\s{0,3}(?:\w[\w.]{0,60}\s{0,3}:\s{0,3})?(?=\()", re.IGNORECASE)
_OF_A_QUERY = re.compile(r"[\"'=:]|\bOR\b|\bor\b")
_BRACKET = re.compile(r"[()\[\]{}]")
_MOST_LINES = 2000
"""Over how many lines one clause may go on."""


@lru_cache(4)
def excluded_spans(text: str) -> tuple[tuple[int, int], ...]:
    """The places (first, behind the last) of a line's clauses that take out what stands in them."""
    if _HINT.search(text) is None:
        return ()
    found: list[tuple[int, int]] = []
    for pattern, sure in ((_SURE, True), (_NEGATED, False)):
        last = 0
        for match in pattern.finditer(text):
            if match.end() < last:
                continue
            depth, last = _closed(text, match.end())
            if not depth and (sure or _OF_A_QUERY.search(text, match.end(), last)):
                found.append((match.end(), last))
    return tuple(found)


class OpenClause:
    """Follows the lines of a text in order: whether a clause that a line above opened takes out what the line holds."""

    def __init__(self) -> None:
        self._depth = self._lines = 0

    @property
    def open(self) -> bool:
        """Whether a clause goes on in the next line."""
        return self._depth > 0

    def take(self, text: str) -> int:
        """Up to which place the line belongs to a clause that was opened above (0: to none)."""
        end = start = 0
        if self._depth:
            self._lines += 1
            self._depth, end = _closed(text, 0, self._depth)
            if self._lines > _MOST_LINES:
                self._depth = 0
        if not self._depth and _HINT.search(text) is not None:
            for match in _SURE.finditer(text, end):
                if match.end() >= start:
                    self._depth, start = _closed(text, match.end())
            self._lines = 0
        return end


def _closed(text: str, place: int, depth: int = 0) -> tuple[int, int]:
    """How many brackets are open at the end, and where the bracket that is open or stands at `place` is closed (the end if it is not)."""
    for match in _BRACKET.finditer(text, place):
        depth += 1 if match[0] in "([{" else -1
        if depth <= 0:
            return 0, match.end()
    return depth, len(text)
