"""FortiGate external domain list (FortiOS Administration Guide, "Threat feeds": domain name): a name, and `*.name` for those below it."""

from __future__ import annotations

from lamsach.indicators.writers.plain import FEED_BYTES, FEED_ENTRIES, LineList
from lamsach.model import Indicator


class FortigateDomain(LineList):
    """For `config system external-resource`, `set type domain`, used in a DNS filter."""

    name = "fortigate_domain"
    title = "FortiGate threat feed: domains"
    most_entries, part_bytes = FEED_ENTRIES, FEED_BYTES

    def line(self, item: Indicator) -> str:
        """The name and the pattern of those below it."""
        return f"{item.value}\n*.{item.value}\n"
