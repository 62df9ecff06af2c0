"""Normalisation of hardware addresses, host names and accounts."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address

_SEPARATED = re.compile(r"[0-9a-f]{1,2}(?:([:\-. ])[0-9a-f]{1,2})(?:\1[0-9a-f]{1,2}){4,5}")
_GROUPED = re.compile(r"[0-9a-f]{4}(?:([:\-. ])[0-9a-f]{4})(?:\1[0-9a-f]{4})|[0-9a-f]{6}[:\-. ][0-9a-f]{6}")
_PLAIN = re.compile(r"(?:0x)?((?:01)?[0-9a-f]{12})")
_NO_MACHINE = frozenset({"000000000000", "ffffffffffff"})

_GENERIC = (
    "localhost localdomain unknown none null n/a na host hostname default user admin pc laptop desktop "
    "computer windows linux android iphone ipad mac macbook galaxy phone tablet printer client workgroup"
)
GENERIC_NAMES = frozenset(_GENERIC.split())
"""Names shared by many machines: equal names never prove one machine."""


@lru_cache(maxsize=65536)
def mac_address(text: str) -> str | None:
    """Normalise a hardware address (EUI-48) to `aa:bb:cc:dd:ee:ff`; None for anything else.

    Accepts `AA-BB-CC-DD-EE-FF`, `aa:bb:..`, `aabb.ccdd.eeff`, `aabbcc-ddeeff`, `aabbccddeeff`, octets without
    their leading zero, and a DHCP client identifier (RFC 2132 option 61: the type 01, then the address). The
    all-zero and the broadcast address name no machine and give None.
    """
    text = text.strip().lower()
    if len(text) > 24:
        return None
    if _SEPARATED.fullmatch(text):
        digits = "".join(octet.rjust(2, "0") for octet in re.split(r"[:\-. ]", text))
    elif _GROUPED.fullmatch(text):
        digits = re.sub(r"[:\-. ]", "", text)
    elif plain := _PLAIN.fullmatch(text):
        digits = plain[1]
    else:
        return None
    if len(digits) == 14:
        if not digits.startswith("01"):
            return None
        digits = digits[2:]
    if digits in _NO_MACHINE:
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


@lru_cache(maxsize=65536)
def address(text: str) -> str | None:
    """Normalise an IPv4 or IPv6 address; None for anything else."""
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def host_key(name: str) -> str | None:
    """Normalise a host name for comparison: lower case, first label, no `$` of a machine account.

    None for an empty text, an address, or a name in GENERIC_NAMES.
    """
    name = name.strip().rstrip(".").lower()
    if not name or address(name) is not None or name in GENERIC_NAMES:
        return None
    short = name.rsplit("\\", 1)[-1].partition(".")[0].rstrip("$")
    return None if not short.strip("-_*?") or short in GENERIC_NAMES else short


def account(user: str) -> str:
    """Normalise an account for comparison: lower case, no domain (`UNIT\\alice`, `alice@unit.example`)."""
    plain = user.rsplit("\\", 1)[-1].partition("@")[0].strip().lower()
    return plain or user.strip().lower()
