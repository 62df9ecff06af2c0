"""Cost of regular expressions: a bound for Python's engine, and whether RE2 needs a single pass.

Python's engine backtracks, so each repetition must have a single possible end: what follows it must not match
what it repeats.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from lamsach.errors import UsageError

LONGEST_PATTERN = 2000
_MOST_WAYS, _MOST_TIMES = 256, 8
_LETTERS = [chr(code) for code in range(256)]
_ANY = frozenset(_LETTERS)
_REMEDY = "Put a letter between them that the first cannot match, as in [^ ]+ followed by a space."
_FORBIDDEN = frozenset(
    {"ASSERT", "ASSERT_NOT", "GROUPREF", "GROUPREF_EXISTS", "ATOMIC_GROUP", "POSSESSIVE_REPEAT"}
)


def compile_bounded(pattern: str, where: str) -> re.Pattern[str]:
    """Compile an expression. Raises UsageError for an invalid one or one of unbounded cost."""
    if len(pattern) > LONGEST_PATTERN:
        raise UsageError("The pattern is too long.", where, "Use at most 2,000 characters.")
    try:
        compiled = re.compile(pattern, re.ASCII)
        tree = re._parser.parse(pattern, re.ASCII)  # type: ignore[attr-defined]
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError("The pattern is no regular expression.", where, str(error)[:200]) from None
    cost = _CostCheck(where)
    cost.sequence(list(tree), frozenset())
    if cost.ways > _MOST_WAYS:
        raise UsageError(
            "The pattern has too many choices that begin alike.",
            where,
            "Let optional parts and alternatives begin with different letters.",
        )
    return compiled


@cache
def is_one_pass(pattern: str) -> bool:
    """Return whether each letter decides how a match goes on; RE2 then extracts groups without a search."""
    cost = _CostCheck("")
    try:
        cost.sequence(list(re._parser.parse(pattern, re.ASCII)), frozenset())  # type: ignore[attr-defined]
    except UsageError:
        return False
    return cost.ways == 1


class _CostCheck:
    """Cost analysis of an expression. `ways`: upper bound of retries, as choices begin alike."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.ways = 1

    def sequence(self, nodes: list[Any], after: frozenset[str]) -> tuple[frozenset[str], bool]:
        """Return a sequence's possible first characters, and whether it can be empty.

        `after`: the characters that may follow it."""
        begin, empty = after, True
        for node in reversed(nodes):
            first, may_be_empty = self.node(node, begin)
            begin = first | begin if may_be_empty else first
            empty = empty and may_be_empty
        return begin, empty

    def node(self, node: Any, after: frozenset[str]) -> tuple[frozenset[str], bool]:
        """Return the same for one node."""
        kind, value = str(node[0]), node[1]
        if kind in _FORBIDDEN:
            raise UsageError(
                "The pattern looks around or back.",
                self.where,
                "Leave out look-around, atomic groups and back references.",
            )
        if kind == "SUBPATTERN":
            return self.sequence(list(value[3]), after)
        if kind == "BRANCH":
            parts = [self.sequence(list(part), after) for part in value[1]]
            firsts = [first for first, _ in parts]
            if sum(map(len, firsts)) > len(frozenset().union(*firsts)):
                self.ways *= len(parts)
            return frozenset().union(*firsts), any(empty for _, empty in parts)
        if kind == "AT":
            return frozenset(), True
        if kind in ("MAX_REPEAT", "MIN_REPEAT"):
            return self.repetition(int(value[0]), int(value[1]), list(value[2]), after)
        return _letters(node), False

    def repetition(
        self, least: int, most: int, body: list[Any], after: frozenset[str]
    ) -> tuple[frozenset[str], bool]:
        """Return the same for a repetition."""
        if len(body) == 1 and str(body[0][0]) in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
            first = _letters(body[0])
            if most != least and first & after:
                raise UsageError("Two parts of the pattern can match the same letters.", self.where, _REMEDY)
            return first, least == 0
        if most > _MOST_TIMES:
            raise UsageError(
                "The pattern repeats a group too often.",
                self.where,
                "Repeat a group at most 8 times, as in {0,8}; one letter or class as often as you like.",
            )
        before = self.ways
        first, _ = self.sequence(body, after)
        if most > 1:  # the group may follow itself
            first, _ = self.sequence(body, after | first)
        if first & after:
            self.ways *= 2
        self.ways = min(before * (self.ways // before) ** most, _MOST_WAYS + 1)
        return first, least == 0


def _letters(node: Any) -> frozenset[str]:
    """Return the characters that a single-character node matches."""
    kind, value = str(node[0]), node[1]
    if kind == "LITERAL":
        return frozenset({chr(value)})
    if kind == "NOT_LITERAL":
        return _ANY - {chr(value)}
    if kind == "ANY":
        return _ANY
    found: set[str] = set()
    for code, part in value:
        name = str(code)
        if name == "LITERAL":
            found.add(chr(part))
        elif name == "RANGE":
            found |= {letter for letter in _LETTERS if part[0] <= ord(letter) <= part[1]}
        elif name == "CATEGORY":
            found |= {letter for letter in _LETTERS if _CATEGORIES[str(part)].fullmatch(letter)}
    return _ANY - found if str(value[0][0]) == "NEGATE" else frozenset(found)


_CATEGORIES = {
    f"CATEGORY_{'NOT_' * negated}{name}": re.compile(letter.upper() if negated else letter, re.ASCII)
    for name, letter in (("DIGIT", r"\d"), ("SPACE", r"\s"), ("WORD", r"\w"))
    for negated in (False, True)
}
