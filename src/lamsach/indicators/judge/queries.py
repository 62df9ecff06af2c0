"""Clauses of queries and rules that exclude the values they list, for the rules in `exceptions.py`.

SQL: `host NOT IN ('a.example', 'b.example')`. Kusto: `!in (..)`, `!has`, `!=`, `not(RemoteUrl has_any
("a.example"))`, `let excluded = dynamic(["a.example"])`. Splunk, Lucene and Kibana: `NOT (host="a.example" OR
host="b.example")`, `NOT host: ("a.example")`, `query!="*.a.example"`. Scripts: `WHITELIST = ["a.example"]`.
Sigma (https://sigmahq.io/docs/basics/rules.html): selections that a detection's condition excludes are named
`filter`, `filter_main_..`; selection names are in lower case, fields begin with a capital. Text extracted
from a page has no indentation.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lamsach.indicators.judge.rule import any_case

_HINT = any_case(r"not|!|exclu|list|good|benign|legit|ignore|exception")
_OPERATOR = r"\bNOT\s+IN\s*|!(?:in|has_any|has_all)~?\s*|\bNOT\s+\w[\w.]{0,60}\s+IN\s*"
_ASSIGNED = (
    r"(?:^|(?<=[\s{,;]))\w{0,30}(?:white_?list|allow_?list|safe_?list|exclu(?:de[sd]?|sions?)"
    r"|exceptions|known_?good|benign|legit|ignored?)\w{0,30}"
    r"[\"']?\s{0,3}[:=]\s{0,3}(?:dynamic\s{0,3}|set\s{0,3}|frozenset\s{0,3})?"
)
_EXCLUDING = any_case(rf"(?:(?:{_OPERATOR})(?=\()|{_ASSIGNED}(?=[(\[{{]))")
_NEGATED = any_case(r"\bNOT\s{0,3}(?:\w[\w.]{0,60}\s{0,3}:\s{0,3})?(?=\()")
_OF_A_QUERY = re.compile(r"[\"'=:]|\bOR\b|\bor\b")
_BRACKET = re.compile(r"[()\[\]{}]")
_MAX_LINES = 2000
"""Maximum number of lines of one clause."""


@lru_cache(4)
def excluded_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Return (start, end) of a line's clauses that exclude their contents."""
    found: list[tuple[int, int]] = []
    for pattern, sure in ((_EXCLUDING, True), (_NEGATED, False)) if _HINT.search(text) else ():
        last = 0
        for match in pattern.finditer(text):
            if match.end() >= last:
                depth, last = _close(text, match.end())
                if not depth and (sure or _OF_A_QUERY.search(text, match.end(), last)):
                    found.append((match.end(), last))
    return tuple(found)


class OpenClause:
    """Clause opened on a previous line, and its extent on later lines."""

    def __init__(self) -> None:
        self._depth = self._lines = 0

    @property
    def open(self) -> bool:
        """Return whether a clause continues on the next line."""
        return self._depth > 0

    def read(self, text: str) -> int:
        """Read a line; return the end of its part in a clause opened above (0: none)."""
        end = start = 0
        if self._depth:
            self._lines += 1
            self._depth, end = _close(text, 0, self._depth)
            if self._lines > _MAX_LINES:
                self._depth = 0
        if not self._depth:
            self._lines = 0
            for match in _EXCLUDING.finditer(text, end) if _HINT.search(text) else ():
                if match.end() >= start:
                    self._depth, start = _close(text, match.end())
        return end


def _close(text: str, place: int, depth: int = 0) -> tuple[int, int]:
    """Return the bracket depth at the end, and the end of the bracket open at `place` (or of the text)."""
    for match in _BRACKET.finditer(text, place):
        depth += 1 if match[0] in "([{" else -1
        if depth <= 0:
            return 0, match.end()
    return depth, len(text)


_DETECTION = re.compile(r"\s{0,40}detection:\s{0,8}")
_CONDITION = re.compile(r"\s{0,40}condition:.{0,400}")
_FILTER = re.compile(r"\s{0,40}filter\w{0,60}:\s{0,8}")
_SELECTION = re.compile(r"\s{0,40}[a-z]\w{0,60}:\s{0,8}")


class SigmaFilter:
    """State of a Sigma rule's filters. `heading` reads the lines without values in order."""

    def __init__(self) -> None:
        self.active = False
        """Whether lines with values are excluded."""
        self._detects = False

    def heading(self, line: str) -> None:
        """Read a line without values."""
        if _DETECTION.fullmatch(line):
            self._detects, self.active = True, False
        elif self._detects:
            if _CONDITION.fullmatch(line):
                self._detects = self.active = False
            elif _SELECTION.fullmatch(line):
                self.active = _FILTER.fullmatch(line) is not None


_CLAUSE = 600
_NEGATION = any_case(r"!|<>|\bnot\b")
_VALUE = r"[\"']?[^\s\"'(),]{1,253}[\"']?"
_EXCLUDED = re.compile(
    r"(?:!(?:contains|hasprefix|hassuffix|has|in|startswith|endswith)(?:_cs|_any|~)?\b~?"
    r"|[\w\])]\s?!=|[\w\])]\s<>|\bNOT\s+\w[\w.]{0,60}\s?=|\bNOT\s+\w[\w.]{0,60}\s+IN\b"
    r"|\b[Nn][Oo][Tt]\s+[a-z0-9]\w{0,30}[._]\w[\w.]{0,60}\s?:|\b(?i:not in)\s?(?=\())"
    rf"\s{{0,3}}(?:[(\[]\s{{0,3}}(?:{_VALUE}(?:\s?,\s{{0,3}}|\s(?i:or)\s)){{0,24}})?[\"']?[*.]{{0,2}}$"
)
# | where RemoteUrl has_any (..)    let c2 = dynamic([..])    SELECT * FROM dns    index=proxy dest IN (..)
# network where dns.question.name : (..)
BEGINS_QUERY = re.compile(
    r"\s{0,20}(?:\|\s?(?:where|project|extend|summarize|join|union|search|distinct|stats|eval"
    r"|mv-expand)\s[^|]*$|let\s+\w{1,60}\s?=\s?\S|SELECT\s.{1,300}\sFROM\s|(?:any|network|process|file|dns|registry)\s+where\s|index\s?=\s?\w)"
)


def is_excluded(text: str, place: int) -> bool:
    """Return whether a value's clause excludes it from what the query finds."""
    if any(start < place < end for start, end in excluded_spans(text)):
        return True
    before = text[max(0, place - _CLAUSE) : place]
    return _NEGATION.search(before) is not None and _EXCLUDED.search(before) is not None
