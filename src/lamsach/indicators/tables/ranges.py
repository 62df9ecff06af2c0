"""Rows that give a range by its first and last address in two columns (DShield's block list, firewall exports), or a network by its address and mask."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lamsach.documents.headings import plain_key
from lamsach.indicators.values import addresses

_FIRST_NAMES = """start|start ip|start address|startip|ip start|ip_start|start_ip|range start|first|first ip|first address|from|from ip|begin|tu|tu ip|tu dia chi
    |dia chi dau|bat dau"""
_LAST_NAMES = """end|end ip|end address|endip|ip end|ip_end|end_ip|range end|last|last ip|last address|to|to ip|den|den ip|den dia chi|dia chi cuoi|ket thuc"""
_FIRST, _LAST = (frozenset(map(str.strip, names.split("|"))) for names in (_FIRST_NAMES, _LAST_NAMES))

_NETWORK_NAMES = """ip|ip address|ip_address|address|network|network address|network_address|subnet|net|cidr ip|cidr_ip|dia chi|dia chi ip|dia chi mang|mang"""
_MASK_NAMES = """mask|netmask|net mask|subnet mask|subnet_mask|subnetmask|network mask|network_mask|prefix|prefix length|prefix_length|prefixlen|cidr|cidr mask|mat na|mat na mang|mat na mang con"""
_NETWORKS, _MASKS = (frozenset(map(str.strip, names.split("|"))) for names in (_NETWORK_NAMES, _MASK_NAMES))
_MASK = re.compile(r"/?\d{1,2}|/?(?:255|254|252|248|240|224|192|128)(?:\.\d{1,3}){3}", re.ASCII)


def bounds(headings: Mapping[int, str]) -> tuple[int, int] | None:
    """The columns of the first and the last address, if the headings promise both."""
    first = [place for place, text in headings.items() if plain_key(text) in _FIRST]
    last = [place for place, text in headings.items() if plain_key(text) in _LAST]
    return (first[0], last[0]) if len(first) == 1 and len(last) == 1 else None


def masked_columns(headings: Mapping[int, str]) -> tuple[int, int] | None:
    """The columns of a network's address and of its mask or prefix length, if the headings promise both."""
    first = [place for place, text in headings.items() if plain_key(text) in _NETWORKS]
    last = [place for place, text in headings.items() if plain_key(text) in _MASKS]
    return (first[0], last[0]) if len(first) == 1 and len(last) == 1 else None


def masked(cells: Mapping[int, str], columns: tuple[int, int] | None) -> str | None:
    """The network that a row's two columns spell, as a text, when the first holds an IPv4 address and the second a mask."""
    if columns is None:
        return None
    address, mask = (cells.get(place, "") for place in columns)
    if addresses.parse_v4(address) is None or not _MASK.fullmatch(mask):
        return None
    return f"{address}/{mask.lstrip('/')}"


def spanned(cells: Mapping[int, str], columns: tuple[int, int] | None) -> str | None:
    """The range that a row's two columns span, as a text, when both hold an IPv4 address."""
    if columns is None:
        return None
    first, last = (addresses.parse_v4(cells.get(place, "")) for place in columns)
    return None if first is None or last is None else f"{cells[columns[0]]}-{cells[columns[1]]}"
