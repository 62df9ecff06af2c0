"""Similarity of a typed text to a wording of the form: numbering, case, accents, loose marks and hidden
letters do not matter; a `không` or `chưa` does.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

from lamsach.letters.numbers import plain

# "1. Tổng số", "- Tổng số", "a) Tổng số", "(1) Tổng số", "1.2. Tổng số", "III. Tổng số", "1/ Tổng số", "2 -
# Tổng số"
ENUMERATION = re.compile(
    r"\A\s*(?:[-+•*–]|\(?(?:\w{1,2}|[IVXivx]{1,5})[.)/]|(?:\d|[IVX]{1,4})\s+[-–]\s|\d(?:\.\d)+\.?)\s*"
)
_NOT = frozenset({"khong", "chua"})
_LONGEST = 600
_LEAST_SHARED = 0.5


@lru_cache(maxsize=4096)
def bare(text: str) -> str:
    """The text for comparing, without letters that nobody sees."""
    seen = "".join(" " if c in "\n\t\r" else c for c in text[:4000] if unicodedata.category(c) != "Cf")
    return plain(seen)[:_LONGEST]


@lru_cache(maxsize=4096)
def alike(text: str, label: str) -> float:
    """From 0 to 1 how much two texts are the same wording."""
    one, two = bare(text), bare(label)
    if one == two:
        return 1.0
    words, wanted = set(one.split()), set(two.split())
    if not wanted or len(words & wanted) < _LEAST_SHARED * len(wanted):
        return 0.0
    score = SequenceMatcher(None, one, two, autojunk=False).ratio()
    return score - 0.25 if words & _NOT != wanted & _NOT else score


def wording(cell: str, label: str) -> tuple[float, str]:
    """Return how much a cell is the wording; and the text in it that stands behind the wording, if there is
    one (`Tổng số ...: 12 đơn vị`).
    """
    text = ENUMERATION.sub("", cell)
    whole = max(alike(cell, label), alike(text, label))
    if whole == 1.0:
        return whole, ""
    head, colon, tail = cell.partition(":")
    if colon and tail.strip() and (score := alike(ENUMERATION.sub("", head), label) - 0.02) > whole:
        return score, tail  # a cell of its own goes before a line of the text around the form
    if behind := _behind(text, label):
        return 0.97, behind
    return whole, ""


def _behind(text: str, label: str) -> str:
    """Return what follows the wording in the same cell without a colon: `... chiến dịch là 12 đơn vị`."""
    wanted = bare(label)
    if not bare(text).startswith(f"{wanted} "):
        return ""
    words, count = text.split(), len(wanted.split())
    for place in range(count, min(count + 8, len(words))):
        if bare(" ".join(words[:place])) == wanted:
            return re.sub(r"\A[\s:;,=–-]*(?:là\b)?\s*", "", " ".join(words[place:]))
    return ""
