"""Canonical addresses and networks as numbers, without the cost of `ipaddress` objects: for lists of millions."""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_pton
from typing import NamedTuple


class Span(NamedTuple):
    """An address or network: the version of IP, its first address as a number, the length of its prefix."""

    version: int
    first: int
    length: int

    @property
    def last(self) -> int:
        """Its last address as a number."""
        return self.first + (1 << (bits(self.version) - self.length)) - 1

    def overlaps(self, other: Span) -> bool:
        """Return whether the two have an address in common."""
        return self.version == other.version and self.first <= other.last and other.first <= self.last


def bits(version: int) -> int:
    """The length of an address in bits."""
    return 32 if version == 4 else 128


def span(value: str) -> Span:
    """The span of an address or network in canonical text (`ipaddress` spelling). Raises ValueError for any other text."""
    text, slash, prefix = value.partition("/")
    version = 6 if ":" in text else 4
    try:
        first = int.from_bytes(inet_pton(AF_INET6 if version == 6 else AF_INET, text))
    except (OSError, UnicodeError):
        raise ValueError(value) from None
    most = bits(version)
    length = int(prefix) if slash and prefix.isascii() and prefix.isdecimal() else -1 if slash else most
    if not 0 <= length <= most or first & ((1 << most - length) - 1):
        raise ValueError(value)
    return Span(version, first, length)
