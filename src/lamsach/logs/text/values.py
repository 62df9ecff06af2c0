"""Addresses, ports, names and hashes, converted to the canonical spelling of `Event`.

Each function returns None for other text and never raises: an unreadable field does not spoil its record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import TypeVar

Meaning = TypeVar("Meaning")


def in_order(text: str) -> tuple[str, ...]:
    """Return the words of a text."""
    return tuple(text.split())


def by_word(table: Mapping[Meaning, str]) -> dict[str, Meaning]:
    """Invert a table of texts: return the key for each word."""
    return {word: meaning for meaning, text in table.items() for word in text.split()}


def among(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


_LONGEST_ADDRESS = 80
_LONGEST_DOMAIN = 253
_ABSENT = frozenset({"", "-", "--", "(empty)", "none", "null", "n/a", "na", "unknown", "undefined"})
_LONGEST_ABSENT = max(map(len, _ABSENT))

# 00:1a:2b:3c:4d:5e  00-1A-2B-3C-4D-5E  001a.2b3c.4d5e  001a2b3c4d5e, and `1,00:1a:...` (hardware type first)
_MAC = re.compile(
    r"(?:1[,/])?((?:[0-9a-f]{1,2}[:-]){5}[0-9a-f]{1,2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}|[0-9a-f]{12})",
    re.I | re.A,
)
# RFC 8415 section 11.2 and 11.4: link-layer plus time `00:01:00:01:2a:bc:de:f0:` and link-layer
# `00:03:00:01:`, then the MAC
_DUID = re.compile(r"(?:0?0010?001[0-9a-f]{8}|0?00030001)([0-9a-f]{12})", re.I | re.A)
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_CANONICAL_IPV4 = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")
# a canonical name that is no address, as nearly all in logs are
_CANONICAL_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.[a-z]{2,63}")
_LABELS = re.compile(r"[a-z0-9_*-]{1,63}(?:\.[a-z0-9_-]{1,63})*", re.A)
_HASH = re.compile(r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})", re.I | re.A)
# host, host:port, [v6]:port
_HOST_PORT = re.compile(
    r"(\[[0-9A-Fa-f:.%]{2,60}\]|[^:\s/\[\]]{1,300}|[0-9A-Fa-f:.]{2,45})(?::(\d{1,5}))?", re.A
)
# scheme://user@host:port/path
_ABSOLUTE_URL = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]{1,15}:(?://|\\/\\/)(?:[^/?#@\s]{0,255}@)?([^/?#\\\s]{1,300})"
)


@lru_cache(maxsize=65536)
def ip_of(text: str) -> str | None:
    """Return the canonical spelling of an address.

    `::ffff:192.0.2.1` becomes 192.0.2.1; a zone (`%eth0`), brackets and `/32` are removed."""
    if not 2 <= len(text) <= _LONGEST_ADDRESS:
        return None
    if _CANONICAL_IPV4.fullmatch(text):
        return text
    text = text.strip().strip("[]").partition("%")[0].removesuffix("/32").removesuffix("/128")
    if not text or not (text[0] in ":0123456789abcdefABCDEF" and ("." in text or ":" in text)):
        return None
    if ":" not in text and not text.replace(".", "").isdigit():
        return None  # a name
    try:
        ip = ip_address(text)
    except ValueError:
        return _zero_padded(text)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ip)


def _zero_padded(text: str) -> str | None:
    """Parse 192.168.001.010 as some devices pad it; the parts are decimal."""
    parts = text.split(".")
    if len(parts) != 4 or not all(part.isdigit() and part.isascii() and len(part) == 3 for part in parts):
        return None
    numbers = [int(part) for part in parts]
    return ".".join(map(str, numbers)) if max(numbers) <= 255 else None


def port_of(value: object) -> int | None:
    """Return a port from 0 to 65535, given as a number or text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None
    if isinstance(value, str):
        text = value.strip()
        value = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else None
    return value if isinstance(value, int) and 0 <= value <= 65535 else None


@lru_cache(maxsize=65536)
def mac_of(text: str | None) -> str | None:
    """Return a MAC address as `00:1a:2b:3c:4d:5e`; None if all zeros."""
    if not text or len(text) > 24:
        return None
    match = _MAC.fullmatch(text.strip())
    if match is None:
        return None
    parts = re.split("[:-]", match[1])
    digits = "".join(part.zfill(2) for part in parts) if len(parts) == 6 else match[1].replace(".", "")
    digits = digits.lower()
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2)) if digits.strip("0") else None


def mac_of_duid(text: str | None) -> str | None:
    """Return the MAC address in a DHCPv6 client identifier, if it contains one."""
    if not text or len(text) > 120:
        return None
    match = _DUID.fullmatch("".join(part.zfill(2) for part in re.split("[:-]", text.strip())))
    return mac_of(match[1]) if match else None


@lru_cache(maxsize=65536)
def domain_of(text: str) -> str | None:
    """Return a name as lower-case A-labels without the trailing dot.

    An address stays an address: a Host header or SNI may contain one."""
    if len(text) <= _LONGEST_DOMAIN and _CANONICAL_NAME.fullmatch(text):
        return text
    text = text.strip().rstrip(".")
    if not text or len(text) > 1024 or text.lower() in _ABSENT:
        return None
    address = ip_of(text)
    if address:
        return address
    name = text.lower()
    if not name.isascii():
        import idna  # its tables take long to load, and few lines hold such names

        try:
            name = idna.encode(text, uts46=True, transitional=False).decode("ascii")
        except (idna.IDNAError, UnicodeError, IndexError, ValueError):
            return None
    return name if len(name) <= _LONGEST_DOMAIN and _LABELS.fullmatch(name) else None


def host_and_port(text: str) -> tuple[str | None, int | None]:
    """Split `host`, `host:port`, `[v6]:port` or a bare IPv6 address into name or address, and port."""
    name, colon, port = text.partition(":")
    if len(name) <= _LONGEST_DOMAIN and _CANONICAL_NAME.fullmatch(name):
        if not colon:
            return name, None
        if port.isascii() and port.isdigit() and len(port) <= 5:
            return name, port_of(port)
    text = text.strip()
    address = ip_of(text)
    if address:
        return address, None
    match = _HOST_PORT.fullmatch(text) if len(text) <= 400 else None
    return (domain_of(match[1]), port_of(match[2])) if match else (None, None)


def host_of_url(url: str) -> str | None:
    """Return the host of an absolute URL; None for a path."""
    match = _ABSOLUTE_URL.match(url[:1024])
    return host_and_port(match[1])[0] if match else None


def hash_of(text: str) -> str | None:
    """Return an MD5, SHA-1 or SHA-256 in lower-case hex, without colons."""
    if len(text) in (47, 59, 95) and ":" in text:
        text = text.replace(":", "")
    return text.lower() if _HASH.fullmatch(text) else None


def stated(text: str | None) -> str | None:
    """Return the text stripped, or None when it means "none" (`-`, `(empty)`, `N/A`)."""
    text = text.strip() if text else ""
    return text if len(text) > _LONGEST_ABSENT or text.lower() not in _ABSENT else None


def printable(text: str) -> str:
    """Replace what UTF-8 cannot encode (half a surrogate pair from a JSON escape)."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def question_of(text: str | None) -> str | None:
    """Return the name in a DNS question, lower case, even if no host can have it.

    For example `brother printer._ipp._tcp.local`."""
    text = stated(text)
    if text is None:
        return None
    name = domain_of(text)
    return name or printable(text[:_LONGEST_DOMAIN]).lower().rstrip(".") or None


_ANSWER_SPLIT = re.compile(r"[;,|\s()]+")
_LONGEST_LIST = 8192


def answers_among(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct addresses and dotted names in lists.

    Also in Sysmon's `type:  5 a.example;::ffff:192.0.2.7;` and in `A (192.0.2.7)`."""
    found: dict[str, None] = {}
    for text in texts:
        for word in _ANSWER_SPLIT.split(text[:_LONGEST_LIST]):
            if answer := ip_of(word) or (domain_of(word) if "." in word else None):
                found.setdefault(answer)
    return tuple(found)
