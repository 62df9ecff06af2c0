"""Addresses, networks and ranges: canonical text and refusals.

Spellings of RFC 4291 and RFC 5952 (IPv6) and the dotted quad; octets padded with zeros are read as decimal,
as lists mean them. The documentation ranges of RFC 5737 and RFC 3849 are ordinary addresses here.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, summarize_address_range
from socket import AF_INET, AF_INET6, inet_aton, inet_ntop, inet_pton
from typing import NamedTuple

from lamsach.indicators.values import refusals
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

SHORTEST_PREFIX = {4: 8, 6: 16}
"""Largest accepted networks: a whole /8, or a /16 of IPv6 (the largest that a registry holds)."""


class Span(NamedTuple):
    """An address or network: IP version, first address as a number, prefix length."""

    version: int
    first: int
    length: int

    @property
    def last(self) -> int:
        """Return the last address as a number."""
        return self.first + (1 << (bits(self.version) - self.length)) - 1

    @property
    def begin(self) -> Span:
        """The first address."""
        return Span(self.version, self.first, bits(self.version))

    @property
    def end(self) -> Span:
        """The last address."""
        return Span(self.version, self.last, bits(self.version))

    @property
    def text(self) -> str:
        """Canonical text, of a single address without its length."""
        return self._address if self.length == bits(self.version) else self.with_prefix

    @property
    def with_prefix(self) -> str:
        """Canonical text with the length."""
        return f"{self._address}/{self.length}"

    @property
    def _address(self) -> str:
        if self.version == 4:
            return inet_ntop(AF_INET, self.first.to_bytes(4))
        return str(IPv6Address(self.first))

    def overlaps(self, other: Span) -> bool:
        """Return whether the two have an address in common."""
        return self.version == other.version and self.first <= other.last and other.first <= self.last


def bits(version: int) -> int:
    """Return the length of an address in bits."""
    return 32 if version == 4 else 128


def span(value: str) -> Span:
    """Return the span of an address or network in canonical (`ipaddress`) text. Raises ValueError."""
    text, slash, prefix = value.partition("/")
    version = 6 if ":" in text else 4
    try:
        first = int.from_bytes(inet_pton(AF_INET6 if version == 6 else AF_INET, text))
    except (OSError, UnicodeError):
        raise ValueError(value) from None
    address_bits = bits(version)
    length = (
        int(prefix) if slash and prefix.isascii() and prefix.isdecimal() else -1 if slash else address_bits
    )
    if not 0 <= length <= address_bits or first & ((1 << address_bits - length) - 1):
        raise ValueError(value)
    return Span(version, first, length)


_INTERNAL = tuple(
    (span(text), reason)
    for text, reason in (
        ("0.0.0.0/32", refusals.UNSPECIFIED),
        ("0.0.0.0/8", refusals.RESERVED),
        ("10.0.0.0/8", refusals.PRIVATE),
        ("100.64.0.0/10", refusals.SHARED),
        ("127.0.0.0/8", refusals.LOOPBACK),
        ("169.254.0.0/16", refusals.LINK_LOCAL),
        ("172.16.0.0/12", refusals.PRIVATE),
        ("192.168.0.0/16", refusals.PRIVATE),
        ("224.0.0.0/4", refusals.MULTICAST),
        ("240.0.0.0/4", refusals.RESERVED),
        ("::/128", refusals.UNSPECIFIED),
        ("::1/128", refusals.LOOPBACK),
        ("fc00::/7", refusals.PRIVATE),
        ("fe80::/10", refusals.LINK_LOCAL),
        ("fec0::/10", refusals.PRIVATE),
        ("ff00::/8", refusals.MULTICAST),
    )
)
_FIRST_OCTETS = frozenset({0, 10, 100, 127, 169, 172, 192, *range(224, 256)})
"""First octets of internal IPv4 addresses, as a quick filter."""

_FIRST_OCTET_TEXTS = frozenset(map(str, _FIRST_OCTETS))

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|0\d\d|\d\d?)"
_QUAD = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_IS_QUAD = re.compile(_QUAD, re.ASCII)
_V4_TEXT = re.compile(
    rf"({_QUAD})(?:/(\d{{1,2}})|/({_QUAD})|:\d{{1,5}}(?::\d|/(?:tcp|udp))?|/(?:tcp|udp))?",
    re.ASCII | re.IGNORECASE,
)
_V4_RANGE = re.compile(rf"({_QUAD})\s*(?:-|–|—|~|\.\.|\bto\b|đến)\s*({_QUAD}|\d{{1,3}})", re.ASCII)
_V4_STARS = re.compile(r"(\d{1,3}(?:\.\d{1,3}){0,2})((?:\.\*){1,3})", re.ASCII)
_V6_TEXT = re.compile(
    r"\[?([0-9a-f:]{2,45}(?:(?<=:)[0-9.]{7,15})?)(?:%\w{1,20})?\]?(?:/(\d{1,3}))?(?:(?<=\])\s?:\d{1,5})?",
    re.ASCII | re.IGNORECASE,
)
_V6_RANGE = re.compile(r"([0-9a-f:]{2,39})\s*[-–—]\s*([0-9a-f:]{2,39})", re.ASCII | re.IGNORECASE)


def parse_v4(text: str) -> IPv4Address | None:
    """Return the IPv4 address that a dotted quad spells, or None."""
    return (
        IPv4Address(".".join(str(int(octet)) for octet in text.split(".")))
        if _IS_QUAD.fullmatch(text)
        else None
    )


def internal_reason(found: Span) -> str | None:
    """Return why an address or network cannot be an indicator (private, reserved and the like), or None."""
    if found.version == 4 and found.first >> 24 not in _FIRST_OCTETS:
        return None
    return next(
        (
            reason
            for internal, reason in _INTERNAL
            if internal.length <= found.length and internal.overlaps(found)
        ),
        None,
    )


def span_of(address: Address) -> Span:
    """Return the span of an address."""
    return Span(address.version, int(address), address.max_prefixlen)


def may_be_internal(quad: str) -> bool:
    """Return whether a canonical quad shares its first octet with internal addresses."""
    return quad.partition(".")[0] in _FIRST_OCTET_TEXTS


def parse(text: str) -> tuple[tuple[IndicatorType, str], ...] | None:
    """Return every address or network that a text spells, or None.

    A text is an address, with a port, prefix or mask, or a range. Raises Refused for unaccepted ones.
    """
    if match := _V4_TEXT.fullmatch(text):
        return (_v4(match),)
    if match := _V4_RANGE.fullmatch(text):
        return _v4_range(match)
    if match := _V4_STARS.fullmatch(text):
        return (_v4_stars(match),) if match[1].count(".") + match[2].count(".") == 3 else None
    if ":" in text:
        return _v6(text)
    return None


def _v4(match: re.Match[str]) -> tuple[IndicatorType, str]:
    address = parse_v4(match[1])
    assert address is not None
    if match[2] is None and match[3] is None:
        return _address(address)
    try:
        return _network(IPv4Network((address, match[2] or match[3]), strict=False))
    except ValueError:
        raise Refused(refusals.NOT_A_VALUE) from None


def _v4_range(match: re.Match[str]) -> tuple[tuple[IndicatorType, str], ...]:
    first = parse_v4(match[1])
    assert first is not None
    if "." in match[2]:
        last = parse_v4(match[2])
    else:
        last = IPv4Address((int(first) & ~0xFF) | int(match[2])) if int(match[2]) < 256 else None
    if last is None:
        raise Refused(refusals.NOT_A_VALUE)
    return _range(first, last)


def _v4_stars(match: re.Match[str]) -> tuple[IndicatorType, str]:
    octets = match[1].split(".")
    if any(int(octet) > 255 for octet in octets):
        raise Refused(refusals.NOT_A_VALUE)
    start = ".".join([*map(str, map(int, octets)), *["0"] * (4 - len(octets))])
    return _network(IPv4Network((start, 8 * len(octets))))


def _v6(text: str) -> tuple[tuple[IndicatorType, str], ...] | None:
    if match := _V6_TEXT.fullmatch(text):
        try:
            if match[2] is not None:
                return (_network(IPv6Network((match[1], int(match[2])), strict=False)),)
            return (_address(IPv6Address(match[1])),)
        except ValueError:
            return None
    if match := _V6_RANGE.fullmatch(text):
        try:
            return _range(IPv6Address(match[1]), IPv6Address(match[2]))
        except ValueError:
            return None
    return None


def _range(first: Address, last: Address) -> tuple[tuple[IndicatorType, str], ...]:
    if int(first) > int(last):
        raise Refused(refusals.RANGE_BACKWARDS, f"{first}-{last}", IndicatorType.NETWORK)
    bits = first.max_prefixlen - (int(last) - int(first)).bit_length()
    if bits < SHORTEST_PREFIX[first.version]:
        raise Refused(refusals.TOO_LARGE, f"{first}-{last}", IndicatorType.NETWORK)
    networks = summarize_address_range(first, last)
    return tuple(_network(network) for network in networks)


def _address(address: Address) -> tuple[IndicatorType, str]:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if reason := internal_reason(span_of(address)):
        raise Refused(reason, str(address), IndicatorType.IP)
    return IndicatorType.IP, str(address)


def _network(network: Network) -> tuple[IndicatorType, str]:
    if network.prefixlen == network.max_prefixlen:
        return _address(network.network_address)
    found = Span(network.version, int(network.network_address), network.prefixlen)
    reason = internal_reason(found)
    if reason is None and found.length < SHORTEST_PREFIX[found.version]:
        reason = refusals.TOO_LARGE
    if reason is None and any(internal.overlaps(found) for internal, _ in _INTERNAL):
        reason = refusals.HOLDS_INTERNAL
    if reason is not None:
        raise Refused(reason, str(network), IndicatorType.NETWORK)
    return IndicatorType.NETWORK, str(network)


def host_address(host: str) -> Address | None:
    """Return the address that a URL's host spells, or None.

    IPv4 in the loose spellings of browsers (WHATWG URL, "IPv4 parser": one to four parts, decimal or
    hexadecimal), IPv6 in brackets.
    """
    if host.startswith("["):
        try:
            return ip_address(host.strip("[]").partition("%")[0])
        except ValueError:
            return None
    if (quad := parse_v4(host)) is not None:
        return quad
    parts = host.split(".")
    if len(parts) > 4 or not all(re.fullmatch(r"0x[0-9a-f]{0,8}|\d{1,11}", part, re.ASCII) for part in parts):
        return None
    # zeros before a number make it octal for inet_aton, and mean nothing in lists
    numbers = (part if part.startswith("0x") and part != "0x" else part.lstrip("0x") or "0" for part in parts)
    try:
        return IPv4Address(inet_aton(".".join(numbers)))
    except OSError:
        return None
