r"""Names of DNS questions as servers print them.

A question may hold any byte, and a strange label must not hide its parents from a list: so a name that is no
host name is kept as it is printed, in lower case.
"""

from __future__ import annotations

import re

from lamsach.logs.text.values import domain_of, printable

_LABEL = re.compile(r"\((\d{1,3})\)")
_CUT_LENGTH = re.compile(r"\(\d{0,3}$")
_POINTER = re.compile(r"\[[0-9A-Fa-f]{4}\]")
# RFC 1035 section 5.1: \DDD is the byte with that decimal number, \X the character X.
_ESCAPE = re.compile(r"\\(?:(\d{3})|(.))", re.DOTALL)
_LONGEST = 1100


def question_name(text: str) -> str | None:
    """A question's name in lower case without the trailing dot; None for the root or nothing."""
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return None
    name = domain_of(text)
    if name is None:
        name = printable(text.strip(".")).lower()
    return name or None


def from_presentation(text: str) -> str | None:
    r"""A name with the escapes of a zone file (`a\032b.example`), which BIND prints; escaped dots stay
    escaped."""
    return question_name(_ESCAPE.sub(_unescaped, text) if "\\" in text else text)


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1]) if match[1] else ord(match[2])
    character = chr(code)
    return character if 32 < code < 127 and character not in ".\\" else match[0]


def from_labels(text: str) -> str | None:
    """A name with the length before each label, `(3)www(7)example(3)com(0)`, which Windows prints.

    The lengths count when they fit, so that a label which itself holds `(3)` stays one label; when they do
    not (another encoding, a name that was made anonymous) each number in brackets is a dot. A length that was
    cut off (`(3)com(0`) is none. `[C00C]` marks a compressed name."""
    text = _CUT_LENGTH.sub("", _POINTER.sub("", text.strip()))
    if "(" not in text:
        return question_name(text.strip("."))
    labels = _counted(text)
    if labels is None:
        labels = [label for label in _LABEL.sub("\0", text).split("\0") if label]
    return question_name(".".join(label.strip(".") for label in labels))


def _counted(text: str) -> list[str] | None:
    labels: list[str] = []
    position = 0
    while position < len(text):
        mark = _LABEL.match(text, position)
        if mark is None:
            return None
        length = int(mark[1])
        if length == 0:
            return labels if mark.end() == len(text) else None
        label = text[mark.end() : mark.end() + length]
        if len(label) < length:
            return None
        labels.append(label)
        position = mark.end() + length
    return labels
