"""FortiGate external URL list (FortiOS Administration Guide, "Threat feeds": FortiGuard category): URLs without a scheme, one a line.

A name stands for the whole site, `*.name` for those below it; a URL with a path for itself and what lies below it (`/*`).
"""

from __future__ import annotations

from lamsach.indicators.values.urls import split_url
from lamsach.indicators.writers.plain import FEED_BYTES, FEED_ENTRIES, LineList
from lamsach.indicators.writers.safety import wire
from lamsach.model import Indicator, IndicatorType


class FortigateUrl(LineList):
    """For `config system external-resource`, `set type category`, used in a web filter."""

    name = "fortigate_url"
    title = "FortiGate threat feed: URLs"
    most_entries, part_bytes = FEED_ENTRIES, FEED_BYTES

    def line(self, item: Indicator) -> str:
        """Without the scheme."""
        if item.type is IndicatorType.DOMAIN:
            return f"{item.value}\n*.{item.value}\n"
        _, host, rest = split_url(wire(item.value))
        return f"{host}{rest or '/'}\n"
