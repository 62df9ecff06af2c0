"""Neutralisation of text from logs and lists: hidden characters shown, formulas disarmed.

Anybody who sends traffic writes log lines, so they may contain terminal escapes, marks that reverse the
reading order, spreadsheet formulas or a megabyte of noise.
"""

from __future__ import annotations

import re

# Unicode Bidirectional Algorithm (UAX #9) marks and Unicode general categories Cc, Cf, Cs, Zl, Zp, with the
# invisible fillers and variation selectors; `visible_line` handles tab and line feed.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """Write out each hidden character as `[U+202E]`; tabs and line feeds remain."""
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def visible_line(text: str) -> str:
    """Apply `visible`, and replace tabs and line feeds by single spaces."""
    return visible(text.replace("\r\n", " ").replace("\n", " ").replace("\t", " "))


def clip(text: str, length: int) -> str:
    """Shorten to this many characters, the last one an ellipsis when something was cut."""
    return text if len(text) <= length else text[: length - 1] + "…"
