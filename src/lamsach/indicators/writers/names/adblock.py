"""Adblock syntax, as Pi-hole (since FTL 5.22) and AdGuard Home take it (https://adguard-dns.io/kb/general/dns-filtering-syntax/)."""

from __future__ import annotations

from lamsach.indicators.writers.plain import LineList
from lamsach.model import Indicator


class Adblock(LineList):
    """A listed name and all below it."""

    name = "adblock"
    title = "Pi-hole and AdGuard Home filter list"
    comment = "! "

    def line(self, item: Indicator) -> str:
        """`||evil.example^`."""
        return f"||{item.value}^\n"
