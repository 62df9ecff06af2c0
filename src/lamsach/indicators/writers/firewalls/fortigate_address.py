"""FortiGate external address list (FortiOS Administration Guide, "Threat feeds": IP address): one address or network a line, `#` comments."""

from __future__ import annotations

from lamsach.indicators.writers.plain import FEED_BYTES, FEED_ENTRIES, LineList
from lamsach.model import Indicator


class FortigateAddress(LineList):
    """For `config system external-resource`, `set type address`."""

    name = "fortigate_address"
    title = "FortiGate threat feed: addresses"
    most_entries, part_bytes = FEED_ENTRIES, FEED_BYTES

    def line(self, item: Indicator) -> str:
        """The value."""
        return item.value + "\n"
