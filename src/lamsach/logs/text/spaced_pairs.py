"""Lines of `key=value key="quoted value"` in which a value without quotes may hold spaces: it ends where the next ` key=` begins.

A quoted value is consumed whole. Of a key that appears twice the first value stands.
"""

from __future__ import annotations

import re

_KEY = re.compile(r"(?:^|(?<=[\s,]))([A-Za-z_][\w.-]{0,63})=", re.ASCII)
_MOST_PAIRS = 1000


def spaced_pairs(text: str) -> dict[str, str]:
    """The fields of a line, keys in lower case."""
    fields: dict[str, str] = {}
    match = _KEY.search(text)
    while match and len(fields) < _MOST_PAIRS:
        start = match.end()
        if text.startswith('"', start):
            end = _closing(text, start + 1)
            fields.setdefault(match[1].lower(), text[start + 1 : end])
            match = _KEY.search(text, end + 1)
        else:
            following = _KEY.search(text, start)
            value = text[start : following.start() if following else len(text)]
            fields.setdefault(match[1].lower(), value.strip(" \t,"))
            match = following
    return fields


def _closing(text: str, start: int) -> int:
    """Return where the quote ends that began before `start`: at a quote that a space, a comma or the end follows."""
    end = text.find('"', start)
    while 0 <= end < len(text) - 1 and text[end + 1] not in " \t,":
        end = text.find('"', end + 1)
    return end if end >= 0 else len(text)
