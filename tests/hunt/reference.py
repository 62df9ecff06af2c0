"""Slow and simple matcher, the reference for the two fast stages.

It searches each indicator separately, by plain text search and `ipaddress`, and uses no code of the product.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

NAME_CHARACTER = re.compile(r"[0-9A-Za-z\-_\x80-\U0010ffff]")
RUN_OF_DIGITS = re.compile(r"[0-9.]+")


def found(line: str, values: Iterable[str]) -> set[str]:
    """Return the values in the line: domains, IPv4 and IPv6 addresses, networks, hex digests."""
    return {value for value in values if is_in(line, value)}


def is_in(line: str, value: str) -> bool:
    if re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}", value):
        return bool(re.search(rf"(?<![0-9A-Fa-f]){value}(?![0-9A-Fa-f])", line, re.IGNORECASE))
    try:
        network = ipaddress.ip_network(value)
    except ValueError:
        return name_is_in(line, value)
    return any(address in network for address in addresses(line))


def name_is_in(line: str, name: str) -> bool:
    lower = line.lower()
    return name_in(lower, name) or name_in(without_label_lengths(lower), name)


def name_in(text: str, name: str) -> bool:
    place = text.find(name)
    while place >= 0:
        before = text[place - 1 : place]
        after = text[place + len(name) :].lstrip(".")[:1]
        if not (before and NAME_CHARACTER.match(before)) and not (after and NAME_CHARACTER.match(after)):
            return True
        place = text.find(name, place + 1)
    return False


def without_label_lengths(text: str) -> str:
    """Return `(3)www(7)example(3)com(0)` as ` www.example.com.`."""
    names = re.compile(r"(?:\([0-9]{1,4}\)[0-9a-z\-_]+)+")
    return names.sub(lambda found: " " + re.sub(r"\([0-9]{1,4}\)", ".", found[0]).strip(".") + " ", text)


def addresses(line: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    result: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = []
    for run in RUN_OF_DIGITS.findall(line):
        parts = run.strip(".").split(".")
        octets = parts[:4]
        if len(octets) == 4 and all(part and len(part) <= 3 and int(part) < 256 for part in octets):
            result.append(ipaddress.IPv4Address(".".join(str(int(part)) for part in octets)))
    for word in re.findall(r"(?<![0-9A-Za-z_:.])[0-9A-Fa-f:.]+", line):
        for candidate in (word, word.rstrip(":.")):
            try:
                result.append(ipaddress.IPv6Address(candidate))
            except ValueError:
                continue
    return result
