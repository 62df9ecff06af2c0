"""Random STIX patterns (STIX 2.1 section 9), and a slow evaluator of them over a few observations.

An observation is a moment (in seconds) and what was seen then: object paths with their texts. `ways` tries
every combination of observations that satisfies the pattern.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from itertools import product

PATHS = {
    "ipv4-addr:value": ("45.155.37.7", "45.155.37.8", "193.32.162.9"),
    "domain-name:value": ("bot-c2.xyz", "evil-b.top", "a.bot-c2.xyz"),
    "url:value": ("http://evil-b.top/a", "https://bot-c2.xyz/x?y=1"),
    "file:hashes.MD5": ("5f" * 16, "6a" * 16),
    "file:hashes.'SHA-256'": ("5f" * 32, "6a" * 32),
    "network-traffic:dst_ref.value": ("45.155.37.7", "193.32.162.9"),
    "file:name": ("x AND y].exe", "it's [not] OR 'so'", "a\\b"),
    "network-traffic:protocols[*]": ("tcp", "http"),
}
ACCEPTED = frozenset(path for path in PATHS if path not in ("file:name", "network-traffic:protocols[*]"))
START = datetime(2026, 1, 1, tzinfo=UTC)
Seen = dict[str, str]
Observation = tuple[int, Seen]


@dataclass(frozen=True)
class Compared:
    """A path compared with texts: `=`, `!=`, `IN`, `LIKE`, `MATCHES` or `ISSUBSET`, negated or not."""

    path: str
    operator: str
    negated: bool
    texts: tuple[str, ...]

    def text(self) -> str:
        quoted = [quote(text) for text in self.texts]
        value = f"({', '.join(quoted)})" if self.operator == "IN" else quoted[0]
        return f"{self.path} {'NOT ' if self.negated else ''}{self.operator} {value}"

    def holds(self, seen: Seen) -> bool:
        if self.path not in seen:
            return False
        value = seen[self.path]
        found = {
            "=": lambda: value == self.texts[0],
            "!=": lambda: value != self.texts[0],
            "IN": lambda: value in self.texts,
            "LIKE": lambda: re.fullmatch(re.escape(self.texts[0]).replace("%", ".*"), value) is not None,
            "MATCHES": lambda: re.search(self.texts[0], value) is not None,
            "ISSUBSET": lambda: ip_address(value) in ip_network(self.texts[0]),
        }[self.operator]()
        return found != self.negated

    @property
    def contrary(self) -> bool:
        return self.negated != (self.operator == "!=")


@dataclass(frozen=True)
class Joined:
    """Comparisons within one observation, joined by AND or OR."""

    by: str
    parts: tuple[Compared, ...]

    def text(self) -> str:
        return "[" + f" {self.by} ".join(part.text() for part in self.parts) + "]"

    def holds(self, seen: Seen) -> bool:
        return (all if self.by == "AND" else any)(part.holds(seen) for part in self.parts)


@dataclass(frozen=True)
class Both:
    """Two parts of a pattern, joined by AND, OR or FOLLOWEDBY."""

    by: str
    left: Pattern
    right: Pattern

    def text(self) -> str:
        return f"({self.left.text()} {self.by} {self.right.text()})"


@dataclass(frozen=True)
class Qualified:
    """A part with WITHIN (seconds), REPEATS (times) or START and STOP (seconds after `START`)."""

    part: Pattern
    by: str
    number: int

    def text(self) -> str:
        qualifiers = {
            "WITHIN": f"WITHIN {self.number} SECONDS",
            "REPEATS": f"REPEATS {self.number} TIMES",
            "START": f"START {_stamp(0)} STOP {_stamp(self.number)}",
        }
        return f"({self.part.text()}) {qualifiers[self.by]}"


Pattern = Joined | Both | Qualified


def quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _stamp(seconds: int) -> str:
    return f"t'{START + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}Z'"


def comparisons(pattern: Pattern) -> Iterator[Compared]:
    """Yield every comparison, from left to right."""
    if isinstance(pattern, Joined):
        yield from pattern.parts
    elif isinstance(pattern, Both):
        yield from comparisons(pattern.left)
        yield from comparisons(pattern.right)
    else:
        yield from comparisons(pattern.part)


def ways(pattern: Pattern, seen: list[Observation]) -> set[frozenset[int]]:
    """Return every set of observations that satisfies the pattern."""
    if isinstance(pattern, Joined):
        return {frozenset({place}) for place, (_, what) in enumerate(seen) if pattern.holds(what)}
    if isinstance(pattern, Qualified):
        return _qualified(pattern, seen)
    left, right = ways(pattern.left, seen), ways(pattern.right, seen)
    if pattern.by == "OR":
        return left | right
    pairs = [(used, other) for used, other in product(left, right) if not used & other]
    if pattern.by == "FOLLOWEDBY":
        pairs = [
            (used, other)
            for used, other in pairs
            if max(seen[at][0] for at in used) <= min(seen[at][0] for at in other)
        ]
    return {used | other for used, other in pairs}


def _qualified(pattern: Qualified, seen: list[Observation]) -> set[frozenset[int]]:
    found = ways(pattern.part, seen)
    if pattern.by == "WITHIN":
        return {used for used in found if _length(used, seen) <= pattern.number}
    if pattern.by == "START":
        return {used for used in found if all(0 <= seen[at][0] < pattern.number for at in used)}
    together = found
    for _ in range(pattern.number - 1):
        together = {used | other for used, other in product(together, found) if not used & other}
    return together


def _length(used: frozenset[int], seen: list[Observation]) -> int:
    moments = [seen[at][0] for at in used]
    return max(moments) - min(moments)


class Generator:
    """Generator of patterns and observations."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def pattern(self, depth: int = 2) -> Pattern:
        """Return a pattern of limited depth."""
        kind = self._chance.random() if depth else 0
        if kind < 0.5:
            parts = tuple(self.compared() for _ in range(self._chance.choice((1, 1, 1, 2, 3))))
            return Joined(self._chance.choice(("AND", "OR")) if len(parts) > 1 else "OR", parts)
        if kind < 0.8:
            by = self._chance.choice(("AND", "OR", "OR", "FOLLOWEDBY"))
            return Both(by, self.pattern(depth - 1), self.pattern(depth - 1))
        by, number = self._chance.choice((("WITHIN", 5), ("REPEATS", 2), ("START", 10)))
        return Qualified(self.pattern(depth - 1), by, number)

    def compared(self) -> Compared:
        """Return one comparison."""
        path = self._chance.choice(tuple(PATHS))
        operators = ["=", "=", "!=", "IN"]
        operators += {"domain-name:value": ["LIKE", "MATCHES"], "ipv4-addr:value": ["ISSUBSET"]}.get(path, [])
        operator = self._chance.choice(operators)
        texts = tuple(self._chance.sample(PATHS[path], 2 if operator == "IN" else 1))
        if operator == "LIKE":
            texts = (self._chance.choice(("%.bot-c2.xyz", "bot-c2.xyz", "%c2.x%z")),)
        elif operator == "MATCHES":
            texts = (
                self._chance.choice((r"^bot-c2\.xyz$", r"(^|\.)bot-c2\.xyz$", "(b|c)+o.*z", r"^[a-z]+$")),
            )
        elif operator == "ISSUBSET":
            texts = (self._chance.choice(("45.155.37.0/24", "45.155.37.7/32")),)
        return Compared(path, operator, self._chance.random() < 0.15, texts)

    def observations(self) -> list[Observation]:
        """Return up to four observations, each of up to three paths."""
        return [
            (
                self._chance.randrange(0, 15),
                {
                    path: self._chance.choice(PATHS[path])
                    for path in self._chance.sample(tuple(PATHS), self._chance.randrange(1, 4))
                },
            )
            for _ in range(self._chance.randrange(1, 5))
        ]
