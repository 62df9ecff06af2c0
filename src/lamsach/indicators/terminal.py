"""What steers a terminal and is no text: colours and links in what was copied or saved from one (ECMA-48; `grep --color`, `ls`)."""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\n]{0,4096}(?:\x07|\x1b\\)"  # a window's title, a link's address
    r"|\x1b[ -/]{0,8}[0-~]?"
)
# ^[[31mevil^[[0m.example, \033[1mevil\033[0m.example: as `cat -v` shows them, as scripts write them
_SPELT = re.compile(r"(?:\^\[|\u241b|\\e|\\033|\\x1b|\\u001b)\[[0-9;]{0,40}[mK]", re.IGNORECASE)


def without_escapes(text: str) -> str:
    """The text without what steers a terminal, line for line. Linear in the text's length."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text


def without_spelt_escapes(text: str) -> str:
    """A value's text without escapes of colours, be they real or spelt out."""
    return _SPELT.sub("", without_escapes(text))
