"""Palo Alto Networks external dynamic lists (PAN-OS Administrator's Guide, "Formatting Guidelines for an External Dynamic List", "URL category exceptions").

URLs have no scheme; an entry that ends in a name is given `/`, for without it `evil.com` would also match `evil.com.other.example`. `^` and `*`
stand for tokens there, so a URL that holds them cannot be written.
"""

from __future__ import annotations

from lamsach.indicators.values.urls import split_url
from lamsach.indicators.writers.base import SYNTAX
from lamsach.indicators.writers.plain import EDL_ENTRIES, LineList
from lamsach.indicators.writers.safety import wire
from lamsach.model import Indicator, IndicatorType


class Edl(LineList):
    """Type *IP List*: one address or network a line."""

    name = "edl"
    title = "Palo Alto external dynamic list: addresses"
    most_entries = EDL_ENTRIES


class EdlUrl(LineList):
    """Type *URL List*."""

    name = "edl_url"
    title = "Palo Alto external dynamic list: URLs"
    most_entries = EDL_ENTRIES

    def lost(self, item: Indicator) -> str | None:
        """A wildcard's sign cannot be quoted."""
        return SYNTAX if item.type is IndicatorType.URL and "*" in item.value else None

    def line(self, item: Indicator) -> str:
        """Without the scheme, a name with `/`."""
        if item.type is IndicatorType.DOMAIN:
            return f"{item.value}/\n*.{item.value}/\n"
        _, host, rest = split_url(wire(item.value))
        return f"{host}{rest or '/'}\n"


class EdlDomain(LineList):
    """Type *Domain List*: a name, and `*.name` for those below it."""

    name = "edl_domain"
    title = "Palo Alto external dynamic list: domains"
    most_entries = EDL_ENTRIES

    def line(self, item: Indicator) -> str:
        """The name and the pattern of those below it."""
        return f"{item.value}\n*.{item.value}\n"
