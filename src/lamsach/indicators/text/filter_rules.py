"""Rules of filter lists beside the plain `||evil.example^` (https://adguard-dns.io/kb/general/dns-filtering-syntax/, uBlock Origin's and Adblock Plus' syntax):
when a text is such a list although many lines are of another kind, what a rule's options say of its name, and lines that block one name in another spelling.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lamsach.indicators.values import refusals

_HEAD = re.compile(
    r"\ufeff?\s*\[Adblock|(?m:^! (?:Title|Homepage|Expires|Last modified|Version):)", re.IGNORECASE
)
_RULE = re.compile(r"(?:@@)?\|\|[^\s|^$]+\^?(?:\$\S+)?")
_LEAST = 3
"""How many rules with two bars a list without a head has at least."""
# evil.example^    ://evil.example^    *.evil.example    evil.example
_NAME = re.compile(r"(?:://|\*\.)?((?:[\w-]{1,63}\.){1,10}[\w-]{2,63})\^?")
# 0.0.0.0 evil.example
_HOSTS = re.compile(r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?)\s+([\w.-]{4,253})(?:\s+#.*)?")
_CONDITIONS = frozenset({"domain", "from", "to", "denyallow", "ctag", "client", "app", "dnstype"})
"""Options with which a rule holds for some pages, machines or questions only."""


def begins_filter(head: str, lines: Sequence[str]) -> bool:
    """Return whether a text with this head and these lines (no comments) is a filter list, whatever else it holds: it says so at its
    head, or has several rules with two bars and almost nothing but rules."""
    rules = sum(_RULE.fullmatch(line) is not None for line in lines)
    if not rules:
        return False
    if _HEAD.search(head):
        return True
    others = sum(
        line.startswith(("@@", "/")) or blocks_name(line) is not None
        for line in lines
        if not _RULE.fullmatch(line)
    )
    return rules >= _LEAST and rules * 5 >= len(lines) and (rules + others) * 10 >= 9 * len(lines)


def condition(options: str) -> str | None:
    """Return why a rule with these options (behind the `$`) lists nothing, or None: it takes another rule back, or holds only at times."""
    names = {option.strip().lstrip("~").partition("=")[0].lower() for option in options.split(",")}
    if "badfilter" in names:
        return refusals.DISABLED
    return refusals.CONDITIONAL if names & _CONDITIONS else None


def blocks_name(line: str) -> str | None:
    """The one name that a line of another spelling blocks, or None."""
    match = _NAME.fullmatch(line) or _HOSTS.fullmatch(line)
    return match[1] if match else None
