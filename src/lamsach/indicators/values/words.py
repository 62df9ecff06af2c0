"""What a single word of running text is by its shape."""

from __future__ import annotations

import re

_IPV6 = re.compile(
    r"[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?:%\w{1,20})?(?:/\d{1,3})?",
    re.IGNORECASE | re.ASCII,
)


def without_wildcards(word: str) -> str:
    """`%evil.example%` of SQL's LIKE, but no encoded character."""
    if word.startswith("%") and (word.endswith("%") or word[1:2] == "."):
        return word.strip("%")
    return word


def is_ipv6(word: str) -> bool:
    """Return whether a word means an IPv6 address: not a time, a MAC address, a scope (`a::b`) or a row of hex pairs."""
    if not _IPV6.fullmatch(word) or not any(character.isdigit() for character in word):
        return False
    groups = [group for group in word.partition("/")[0].split(":") if group]
    return ("::" in word and (len(groups) != 2 or len(groups[0]) > 2)) or any(
        len(group) > 2 for group in groups
    )
