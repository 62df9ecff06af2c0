"""Listed values in text: a command, a line of a hosts file, a visited URL, an event record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address

from lamsach.indicators.values.names import canonical_url
from lamsach.indicators.values.normalise import plain_value
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import DIGEST_TYPES
from lamsach.scanner.index import Hit, Index

TEXT_CHARACTERS = 65536
"""Maximum characters of one text that are searched."""
_URL = re.compile(
    r"\b(?:https?|ftp|wss?|stratum\+(?:tcp|ssl|tls))://[^\s\"'<>|;`^\\)\]}]{4,2000}", re.IGNORECASE
)
_NAME = re.compile(
    r"(?<![\w.@-])(?:[a-z0-9_-]{1,63}\.){1,20}[a-z][a-z0-9-]{1,62}(?![\w-])", re.IGNORECASE | re.ASCII
)
_V4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_V6 = re.compile(r"(?<![\w:])[0-9a-f:]{3,39}(?![\w:])", re.IGNORECASE)
_HASH = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-f])", re.IGNORECASE)


def hits(text: str, index: Index) -> list[Hit]:
    """Return every listed entry in the text, once, in order of occurrence."""
    if not index.count:
        return []
    found: dict[tuple[IndicatorType, str], Hit] = {}
    for kind, value in values(text[:TEXT_CHARACTERS]):
        hit = index.exact(kind, value) if kind in DIGEST_TYPES.values() else index.covering(kind, value)
        if hit is not None:
            found.setdefault((hit.type, hit.value), hit)
    return list(found.values())


def values(text: str) -> Iterator[tuple[IndicatorType, str]]:
    """Yield the URLs, names, addresses and hashes in the text, in canonical form."""
    for match in _URL.finditer(text):
        address = match[0].rstrip(".,:")
        if not address.lower().startswith("stratum"):
            try:
                yield IndicatorType.URL, canonical_url(address, strict=False)
            except Refused:
                continue
    for match in _NAME.finditer(text):
        name = match[0].lower()
        plain = plain_value(name)
        yield IndicatorType.DOMAIN, plain[1] if plain else name
    for match in _V4.finditer(text):
        if parsed := _address(match[0]):
            yield IndicatorType.IP, parsed
    if ":" in text:
        for match in _V6.finditer(text):
            if match[0].count(":") >= 2 and (parsed := _address(match[0])):
                yield IndicatorType.IP, parsed
    for match in _HASH.finditer(text):
        yield DIGEST_TYPES[len(match[0])], match[0].lower()


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None
