"""Words by which documents are judged, by the sections of `vocabulary.txt`, and patterns of words.

Regular expressions are compiled when they are first used: most lists need few of them.
"""

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
    """The words and phrases of a section."""
    return frozenset(_sections()[section])


_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub")


class _Late:
    def __init__(self, pattern: str, flags: int) -> None:
        self._stated = pattern, flags

    def __getattr__(self, name: str) -> Any:
        """Compile the pattern; from then on its methods are found without this."""
        made = re.compile(*self._stated)
        vars(self).update({method: getattr(made, method) for method in _METHODS})
        return getattr(made, name)


def late(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern that is compiled when it is first used."""
    return cast("re.Pattern[str]", _Late(pattern, flags))
