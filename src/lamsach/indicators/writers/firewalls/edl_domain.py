"""Palo Alto Networks external dynamic list of domains (PAN-OS Administrator's Guide, "Formatting Guidelines for an External Dynamic List")."""

from __future__ import annotations

from lamsach.indicators.writers.plain import EDL_ENTRIES, LineList
from lamsach.model import Indicator


class EdlDomain(LineList):
    """Type *Domain List*: a name, and `*.name` for those below it."""

    name = "edl_domain"
    title = "Palo Alto external dynamic list: domains"
    most_entries = EDL_ENTRIES

    def line(self, item: Indicator) -> str:
        """The name and the pattern of those below it."""
        return f"{item.value}\n*.{item.value}\n"
