"""Palo Alto Networks external dynamic list of addresses (PAN-OS Administrator's Guide, "Formatting Guidelines for an External Dynamic List")."""

from __future__ import annotations

from lamsach.indicators.writers.plain import EDL_ENTRIES, LineList
from lamsach.model import Indicator


class Edl(LineList):
    """Type *IP List*: one address or network a line."""

    name = "edl"
    title = "Palo Alto external dynamic list: addresses"
    most_entries = EDL_ENTRIES

    def line(self, item: Indicator) -> str:
        """The value."""
        return item.value + "\n"
