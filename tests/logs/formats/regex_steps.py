"""Count a regular expression's cost instead of timing it: a backtracking matcher that counts steps.

It walks the parse tree of the standard library's own parser, without `re`'s shortcuts, so it counts more
steps than `re`, never fewer. `attacks` builds the worst texts: for each repetition, a text that fits the part
before it, its body many times, and an end that does not fit.

Bounded repetitions (`{1,64}`) count as short ones: growth matters, and a bound is a constant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

_UNBOUNDED = 1000
_SHORT = 6
_TOO_MANY = 400_000
_PRINTABLE = "a0 -.:=A/_\"'[]{}(),;<>|\\#%&+*?!@~\t\nz9Z\x00é"
_WORD, _SPACE, _DIGIT = re.compile(r"\w", re.ASCII), re.compile(r"\s", re.ASCII), re.compile(r"\d", re.ASCII)
_ONE_CHARACTER = ("LITERAL", "NOT_LITERAL", "ANY", "IN")
Rest = Callable[[int], bool]
Node = tuple[str, Any]
"""Kind and value of a node of the standard library's tree, prepared once."""


class TooManySteps(Exception):
    """The count exceeded its limit."""


class Steps:
    """Counter of the steps of matching one expression."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._nodes = _prepared(re._parser.parse(pattern.pattern, pattern.flags), pattern.flags)  # type: ignore[attr-defined]
        self._text = ""
        self.count = 0

    def match(self, text: str) -> int:
        """Count the steps of `match`."""
        self._text, self.count = text, 0
        self._run(self._nodes, 0, 0, lambda _: True)
        return self.count

    def search(self, text: str) -> int:
        """Count the steps of finding every match, like `finditer`, `findall` and `sub`; bounds `search`."""
        self._text, self.count = text, 0
        start = 0
        while start <= len(text):
            ends: list[int] = []
            self._run(self._nodes, 0, start, lambda end: ends.append(end) is None)  # noqa: B023 - called immediately
            start = max(start + 1, *ends) if ends else start + 1
        return self.count

    def _run(self, nodes: list[Node], index: int, position: int, rest: Rest) -> bool:
        """Match the nodes from this one on, and then the rest; consecutive characters in a loop."""
        while True:
            self.count += 1
            if self.count > _TOO_MANY:
                raise TooManySteps
            if index == len(nodes):
                return rest(position)
            name, value = nodes[index]
            if name != "FITS":
                break
            if position >= len(self._text) or not value[self._text[position]]:
                return False
            index, position = index + 1, position + 1
        further: Rest = lambda offset: self._run(nodes, index + 1, offset, rest)  # noqa: E731
        if name == "CHARACTERS":
            return self._repeat_character(*value, position, further)
        if name == "REPEAT":
            return self._repeat(*value, position, further)
        if name == "GROUP":
            return self._run(value, 0, position, further)
        if name == "BRANCH":
            return any(self._run(branch, 0, position, further) for branch in value)
        if name == "LOOK":
            return self._lookaround(*value, position) and further(position)
        if name == "AT":
            return self._at(value, position) and further(position)
        return further(position)  # a back reference: treated as empty

    def _repeat(self, low: int, high: int, nodes: list[Node], position: int, further: Rest) -> bool:
        def again(done: int, offset: int) -> bool:
            more = done < high and self._run(
                nodes, 0, offset, lambda end: (end > offset or done < low) and again(done + 1, end)
            )
            return more or (done >= low and further(offset))

        return again(0, position)

    def _repeat_character(
        self, name: str, fits: Fits, low: int, high: int, position: int, further: Rest
    ) -> bool:
        text, end, stop = self._text, position, min(position + high, len(self._text))
        while end < stop and fits[text[end]]:
            end += 1
        self.count += end - position
        offsets = range(position + low, end + 1)
        if name == "POSSESSIVE_REPEAT":
            return end - position >= low and further(end)
        return any(further(offset) for offset in (offsets if name == "MIN_REPEAT" else reversed(offsets)))

    def _lookaround(self, wanted: bool, width: int | None, nodes: list[Node], position: int) -> bool:
        if width is not None:
            found = position >= width and self._run(nodes, 0, position - width, lambda end: end == position)
        else:
            found = self._run(nodes, 0, position, lambda _: True)
        return found is wanted

    def _at(self, where: str, position: int) -> bool:
        text = self._text
        if where in ("AT_BEGINNING", "AT_BEGINNING_STRING"):
            return position == 0
        if where in ("AT_END", "AT_END_STRING"):
            return position == len(text)
        before = position > 0 and bool(_WORD.match(text[position - 1]))
        after = position < len(text) and bool(_WORD.match(text[position]))
        return (before != after) is (where == "AT_BOUNDARY")


class Fits(dict[str, bool]):
    """Cache of the characters that fit a one-character node, filled on demand."""

    def __init__(self, kind: Any, value: Any, flags: int) -> None:
        super().__init__()
        self._any = str(kind) == "ANY"
        self._items = tuple(value) if str(kind) == "IN" else ((kind, value),)
        self._flags = flags

    def __missing__(self, character: str) -> bool:
        if self._any:
            fits = bool(self._flags & re.DOTALL) or character != "\n"
        else:
            fits = _in(self._items, character, bool(self._flags & re.IGNORECASE))
        self[character] = fits
        return fits


def _prepared(nodes: Any, flags: int) -> list[Node]:
    """Prepare the nodes of a parse tree for matching."""
    return [_node(str(kind), kind, value, flags) for kind, value in nodes]


def _node(name: str, kind: Any, value: Any, flags: int) -> Node:
    if name in _ONE_CHARACTER:
        return "FITS", Fits(kind, value, flags)
    if name.endswith("_REPEAT"):
        low, high, body = value
        low, high = min(int(low), _SHORT), int(high) if int(high) >= _UNBOUNDED else min(int(high), _SHORT)
        if len(body) == 1 and str(body[0][0]) in _ONE_CHARACTER:
            return "CHARACTERS", (name, Fits(*body[0], flags), low, high)
        return "REPEAT", (low, high, _prepared(body, flags))
    if name == "SUBPATTERN":
        return "GROUP", _prepared(value[3], flags)
    if name == "BRANCH":
        return "BRANCH", [_prepared(branch, flags) for branch in value[1]]
    if name in ("ASSERT", "ASSERT_NOT"):
        direction, body = value
        width = body.getwidth()[0] if direction < 0 else None
        return "LOOK", (name == "ASSERT", width, _prepared(body, flags))
    if name == "ATOMIC_GROUP":
        return "GROUP", _prepared(value, flags)
    return name, str(value)


@lru_cache(maxsize=100_000)
def _in(items: tuple[Any, ...], character: str, fold: bool) -> bool:
    codes = {ord(character)} | ({ord(character.lower()[0]), ord(character.upper()[0])} if fold else set())
    negated = found = False
    for kind, value in items:
        name = str(kind)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            found = found or value in codes
        elif name == "NOT_LITERAL":
            found = found or value not in codes
        elif name == "RANGE":
            found = found or any(value[0] <= code <= value[1] for code in codes)
        elif name == "CATEGORY":
            word = str(value)
            test = _SPACE if "SPACE" in word else _DIGIT if "DIGIT" in word else _WORD
            found = found or (test.match(character) is not None) is ("NOT" not in word)
    return found is not negated


def attacks(pattern: re.Pattern[str], length: int) -> Iterator[str]:
    """Build texts that make the expression backtrack; `length`: repetitions of the body."""
    tree = re._parser.parse(pattern.pattern, pattern.flags)  # type: ignore[attr-defined]
    for before, body in dict.fromkeys(_repetitions(list(tree), "")):
        for end in ("\x00", "a", " "):
            yield before + body * length + end
        yield (before + body) * length + "\x00"


def _repetitions(nodes: list[Any], before: str) -> Iterator[tuple[str, str]]:
    """Yield each unbounded repetition: a text that fits the part before it, and one that fits its body."""
    for kind, value in nodes:
        name = str(kind)
        if name.endswith("_REPEAT"):
            body = list(value[2])
            if int(value[1]) >= _UNBOUNDED:
                for sample in dict.fromkeys((_sample(body), _sample(body, 1), _sample(body, 2))):
                    if sample:
                        yield before, sample
            yield from _repetitions(body, before)
        elif name == "SUBPATTERN":
            yield from _repetitions(list(value[3]), before)
        elif name == "BRANCH":
            for branch in value[1]:
                yield from _repetitions(list(branch), before)
        elif name == "ATOMIC_GROUP":
            yield from _repetitions(list(value), before)
        before += _sample([(kind, value)])


def _sample(nodes: list[Any], choice: int = 0) -> str:
    """Build a text that fits the nodes; `choice` selects other characters of a set."""
    text = ""
    for kind, value in nodes:
        name = str(kind)
        if name == "LITERAL":
            text += chr(value)
        elif name == "ANY":
            text += "a0 "[choice]
        elif name in ("IN", "NOT_LITERAL"):
            items = tuple(value) if name == "IN" else ((kind, value),)
            fitting = [c for c in _PRINTABLE if _in(items, c, False)]
            text += fitting[choice % len(fitting)] if fitting else ""
        elif name.endswith("_REPEAT"):
            text += _sample(list(value[2]), choice) * max(1, min(int(value[0]), _SHORT))
        elif name == "SUBPATTERN":
            text += _sample(list(value[3]), choice)
        elif name == "BRANCH":
            text += _sample(list(value[1][choice % len(value[1])]), choice)
        elif name == "ATOMIC_GROUP":
            text += _sample(list(value), choice)
    return text
