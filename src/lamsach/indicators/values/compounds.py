"""Words that hold two things which only a mark parts: a file's name and its hash, a name and its address, an address and its port."""

from __future__ import annotations

import re

_QUAD = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
# setup.exe:0f4c..
_NAMED_HASH = re.compile(
    r"[^:/\\]{1,250}\.[^:/\\]{1,16}:([0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})", re.IGNORECASE | re.ASCII
)
# 203.0.113.5#53: BIND and dig write an address and its port so
_NUMBERED = re.compile(rf"({_QUAD})#[0-9]{{1,5}}", re.ASCII)
# 203.0.113.5/203.0.113.6, but not 203.0.113.0/255.255.255.0
_TWO_ADDRESSES = re.compile(rf"({_QUAD})/(?!(?:255|0)\.)({_QUAD})(?:/({_QUAD}))?", re.ASCII)
# evil.example:203.0.113.5
_NAME_AND_ADDRESS = re.compile(rf"([a-z0-9][\w-]{{0,62}}(?:\.[\w-]{{1,63}}){{1,8}}):({_QUAD})", re.IGNORECASE)


def parts(word: str) -> list[str]:
    """The pieces of a word that stand for themselves, or an empty list when it is no such word."""
    if match := _NAMED_HASH.fullmatch(word):
        return [match[1]]
    for pattern in (_NUMBERED, _TWO_ADDRESSES, _NAME_AND_ADDRESS):
        if match := pattern.fullmatch(word):
            return [piece for piece in match.groups() if piece]
    return []
