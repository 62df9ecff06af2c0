"""A text that is nothing but one value with a slip in its points: spaces that a PDF puts around them, a comma that was struck for one.

Only a whole cell or line is mended so: within a sentence the same marks end one.
"""

from __future__ import annotations

import re

from lamsach.indicators.values.suffixes import suffixes

_LONGEST = 80
_EDGES = " \t-*+|•"
# 203. 0. 113. 5    203 .0 .113 .5    203.0.113,5
_QUAD = re.compile(r"\d{1,3}(?:(?: ?\. ?|,)\d{1,3}){3}(?:/\d{1,2}|:\d{1,5})?", re.ASCII)
_BETWEEN = re.compile(r" ?\. ?|,")
_SMALL = 20
"""Numbers up to this are those of chapters and versions, when all four are."""
# evil .com    evil-site. com    evil-site,com
_NAME = re.compile(r"([a-z0-9-]{3,63}(?:\.[a-z0-9-]{1,63}){0,6})(?: \.|\. |,)([a-z]{2,24})", re.ASCII)
_FREQUENT = frozenset([
    "com", "net", "org", "info", "biz", "xyz", "top", "site", "online", "club", "shop", "vn", "ru", "cn",
    "io", "cc", "pw", "icu", "live",
])  # fmt: skip
"""Top-level domains behind which no sentence goes on."""


def without_slips(text: str) -> str | None:
    """The value without the slip, or None where a text is something else."""
    if len(text) > _LONGEST or not (" ." in text or ". " in text or "," in text):
        return None
    bare = text.strip(_EDGES).rstrip("., ;")
    if _QUAD.fullmatch(bare):
        return _address(bare)
    match = _NAME.fullmatch(bare)
    if match is None or match[2] not in suffixes().top_levels:
        return None
    return f"{match[1]}.{match[2]}" if match[2] in _FREQUENT else None


def _address(text: str) -> str | None:
    quad, mark, rest = re.split(r"([/:])", text, maxsplit=1) if re.search(r"[/:]", text) else (text, "", "")
    numbers = [int(part) for part in _BETWEEN.split(quad)]
    plausible = max(numbers) < 256 and max(numbers) > _SMALL and quad.count(",") < 2
    return ".".join(map(str, numbers)) + mark + rest if plausible else None
