"""Text from logs and lists made harmless: hidden characters shown, formulas disarmed, bounded.

Log lines are written by whoever sends the traffic, so any of them may hold terminal escapes, marks that
reverse the reading order, formulas for a spreadsheet or a megabyte of noise.
"""

from __future__ import annotations

import re

# Unicode Bidirectional Algorithm (UAX #9) marks and Unicode general categories Cc, Cf, Cs, Zl, Zp, with the
# invisible fillers and variation selectors; tab and line feed are left to `visible_line`.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """The text with each hidden character written out as `[U+202E]`; tabs and line feeds stay."""
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def visible_line(text: str) -> str:
    """As `visible`, on one line: tabs and line feeds become single spaces."""
    return visible(text.replace("\r\n", " ").replace("\n", " ").replace("\t", " "))


def clip(text: str, length: int) -> str:
    """Shorten to this many characters, the last one an ellipsis when something was cut."""
    return text if len(text) <= length else text[: length - 1] + "…"
