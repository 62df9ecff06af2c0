"""Rows that give a range by its first and last address in two columns (DShield's block list, firewall exports)."""

from __future__ import annotations

from collections.abc import Mapping

from lamsach.indicators import addresses
from lamsach.indicators.fields import plain_key

_FIRST_NAMES = """start|start ip|start address|startip|ip start|ip_start|start_ip|range start|first|first ip|first address|from|from ip|begin|tu|tu ip|tu dia chi
    |dia chi dau|bat dau"""
_LAST_NAMES = """end|end ip|end address|endip|ip end|ip_end|end_ip|range end|last|last ip|last address|to|to ip|den|den ip|den dia chi|dia chi cuoi|ket thuc"""
_FIRST, _LAST = (frozenset(map(str.strip, names.split("|"))) for names in (_FIRST_NAMES, _LAST_NAMES))


def bounds(headings: Mapping[int, str]) -> tuple[int, int] | None:
    """The columns of the first and the last address, if the headings promise both."""
    first = [place for place, text in headings.items() if plain_key(text) in _FIRST]
    last = [place for place, text in headings.items() if plain_key(text) in _LAST]
    return (first[0], last[0]) if len(first) == 1 and len(last) == 1 else None


def spanned(cells: Mapping[int, str], columns: tuple[int, int] | None) -> str | None:
    """The range that a row's two columns span, as a text, when both hold an IPv4 address."""
    if columns is None:
        return None
    first, last = (addresses.parse_v4(cells.get(place, "")) for place in columns)
    return None if first is None or last is None else f"{cells[columns[0]]}-{cells[columns[1]]}"
