"""Words by which documents are judged, by the sections of `vocabulary.txt`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


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
