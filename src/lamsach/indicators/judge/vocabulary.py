"""Vocabulary of the judgement, by sections of `vocabulary.txt`, and patterns compiled on first use."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any, cast


@cache
def _sections() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"": set()}
    words = found[""]
    for line in (files(__package__) / "vocabulary.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            words = found[line.strip("[]")] = set()
        elif not line.startswith("#"):
            words.update(filter(None, map(str.strip, line.split("|"))))
    return found


def vocabulary(section: str) -> frozenset[str]:
    """Return the words and phrases of a section."""
    return frozenset(_sections()[section])


_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub")


class _LazyPattern:
    def __init__(self, pattern: str, flags: int) -> None:
        self._stated = pattern, flags

    def __getattr__(self, name: str) -> Any:
        """Compile the pattern and cache its methods on the instance."""
        compiled = re.compile(*self._stated)
        vars(self).update({method: getattr(compiled, method) for method in _METHODS})
        return getattr(compiled, name)


def lazy_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return a pattern that is compiled on first use."""
    return cast("re.Pattern[str]", _LazyPattern(pattern, flags))
