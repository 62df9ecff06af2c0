"""Palo Alto Networks external dynamic list of URLs (PAN-OS Administrator's Guide, "URL category exceptions", rules of entries).

No scheme; an entry that ends in a name is given `/`, for without it `evil.com` would also match `evil.com.other.example`. `^` and `*`
stand for tokens there, so a URL that holds them cannot be written.
"""

from __future__ import annotations

from lamsach.indicators.values.urls import split_url
from lamsach.indicators.writers.base import SYNTAX
from lamsach.indicators.writers.plain import EDL_ENTRIES, LineList
from lamsach.indicators.writers.safety import wire
from lamsach.model import Indicator, IndicatorType


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
