"""Values in a cell or a piece of text: addresses with their ports, ports, a protocol."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from lamsach.indicators.values.refang import refang

MAX_IN_A_CELL = 64
_LONGEST = 4096
Endpoint = tuple[str, int | None]
# 203.0.113.5   203.0.113.5:4321   203.0.113.5/32   203.0.113.5 (port 4321)   203.0.113.5, cổng 4321
_IPV4 = re.compile(
    r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?:/32)?(?![\w]|\.\d|/\d)(?:\s?:\s?(\d{1,5})(?![\d:])"
    r"|[\s,;(]{1,3}(?:port|cổng|cong)\s?[:=]?\s?(\d{1,5})(?!\d))?",
    re.ASCII | re.IGNORECASE,
)
# [2001:db8::1]:443   2001:db8::1   2001:db8::1/128
_IPV6 = re.compile(
    r"\[([0-9A-Fa-f:.]{2,45})\](?::(\d{1,5})(?!\d))?|(?<![\w:.])([0-9A-Fa-f:]{2,39}(?:"
    r"(?:\d{1,3}\.){3}\d{1,3})?)(?:/128)?(?![\w:./])",
    re.ASCII,
)
_PORT = re.compile(
    r"(?:(?:tcp|udp)\s?[/:\- ]\s?)?(\d{1,5})(?:\.0)?(?:\s?/\s?(?:tcp|udp))?", re.IGNORECASE | re.ASCII
)
_PROTOCOL = re.compile(r"\b(tcp|udp|icmp6?|icmpv6|gre|esp|sctp)\b", re.IGNORECASE)
_NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "58": "icmp6", "132": "sctp"}
_TCP_SERVICES = frozenset(
    ["http", "https", "smtp", "ftp", "ssh", "telnet", "tls", "ssl", "rdp", "smb", "irc"]
)


@lru_cache(65536)
def endpoints(text: str) -> tuple[Endpoint, ...]:
    """Return every address in the text, canonical, with its port, each once, at most MAX_IN_A_CELL."""
    text = refang(text[:_LONGEST])
    found: dict[Endpoint, int] = {}
    for match in _IPV4.finditer(text):
        ip = _address(match[1])
        if ip is not None:
            found.setdefault((ip, port_number(match[2] or match[3] or "")), match.start())
    if text.count(":") >= 2:
        for match in _IPV6.finditer(text):
            written = match[1] or match[3]
            ip = _address(written) if written.count(":") >= 2 else None
            if ip is not None:
                found.setdefault((ip, port_number(match[2] or "")), match.start())
    return tuple(sorted(found, key=lambda endpoint: found[endpoint]))[:MAX_IN_A_CELL]


def _address(text: str) -> str | None:
    """Return the canonical address, without leading zeros; IPv4 for an IPv4 address mapped into IPv6."""
    if ":" not in text:
        text = ".".join(str(int(part)) for part in text.split("."))
    try:
        ip = ip_address(text)
    except ValueError:
        return None
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return None if ip.is_unspecified else str(ip)


def port_number(text: str) -> int | None:
    """Parse a port of 1 to 65535; None for anything else."""
    match = _PORT.fullmatch(text.strip())
    number = int(match[1]) if match else 0
    return number if 1 <= number <= 65535 else None


def ports(text: str) -> tuple[int, ...]:
    """Return the ports of a cell, separated by commas, semicolons, slashes or spaces; none for a range."""
    whole = port_number(text)
    if whole is not None:
        return (whole,)
    parts = [part for part in re.split(r"[,;\s]+", text[:_LONGEST].strip()) if part]
    found = [port for part in parts if (port := port_number(part)) is not None]
    return tuple(dict.fromkeys(found))[:MAX_IN_A_CELL] if len(found) == len(parts) else ()


def protocol_of(text: str) -> str | None:
    """Return `tcp`, `udp` and such, from a name, number or service over TCP; None if absent or ambiguous."""
    text = text.strip()[:200]
    if text in _NUMBERS:
        return _NUMBERS[text]
    named: set[str] = {name.lower() for name in _PROTOCOL.findall(text)}
    if len(named) == 1:
        return named.pop().replace("icmpv6", "icmp6")
    return "tcp" if not named and text.lower() in _TCP_SERVICES else None
