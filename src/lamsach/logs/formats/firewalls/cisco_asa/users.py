"""Whom a sentence of Cisco's firewalls names as its user.

Source: Cisco, "Secure Firewall ASA Series Syslog Messages" 9.x: `Username = an`, `User <an>`, `user 'an'`, `Uname: an`, `Add IP-User mapping 10.1.1.5 - CORP\\an`.
Traps: what follows the word *user* is often no name (`user authentication`); a peer's address stands in place of a name for tunnels between sites.
"""

from __future__ import annotations

import re

from lamsach.logs.text.values import ip_of

_USER = re.compile(
    r"\b(?:Username|User(?: ?name)?|user|Uname|username is|username,?)(?: ?= ?|: ?| )"
    r"(?:<([^<>]{1,128})>|'([^']{1,128})'|\"([^\"]{1,128})\"|([^\s,;:<>'\"()]{1,128}))"
)
_NO_USERS = frozenset(
    [
        "authentication",
        "authorization",
        "ip",
        "is",
        "of",
        "groups",
        "specific",
        "added",
        "deleted",
        "was",
        "logged",
        "session",
        "unknown",
        "user",
        "for",
        "has",
        "accounting",
        "executed",
        "priv",
        "transitioning",
        "from",
        "with",
        "name",
        "identity",
        "attempted",
        "=",
        "*",
        "*****",
        "<unknown>",
        "-",
    ]
)
# Group = VPN, Username = Nguyen Van An, IP = 192.0.2.5,
_NAMED = re.compile(r"\bUsername = ([^,<>=*]{1,128}), ")
# domain\an mapped to the address: `Add IP-User mapping 10.1.1.5 - CORP\an Succeeded`
_MAPPING = re.compile(r" - ([^\s,]{1,128})")


def logged_on(text: str | None) -> str | None:
    """The user in the brackets behind an end; of a tunnel these hold the peer's address."""
    name = text.removeprefix("user=").strip() if text else None
    return name if name and ip_of(name) is None else None


def user_of(text: str) -> str | None:
    """The user that a message, without its header and number, names; None when it names none."""
    if " - " in text and "mapping" in text:
        mapping = _MAPPING.search(text)
        return mapping[1] if mapping else None
    named = _NAMED.search(text) if "Username = " in text else None
    if named and named[1].strip().lower() not in _NO_USERS and ip_of(named[1].strip()) is None:
        return named[1].strip()
    for count, match in enumerate(_USER.finditer(text)):
        name = (match[1] or match[2] or match[3] or match[4]).strip().rstrip(".")
        if name and name.lower() not in _NO_USERS and "*" not in name and ip_of(name) is None:
            return name
        if count > 20:
            break
    return None
