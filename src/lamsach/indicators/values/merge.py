"""Merging of the listings of one value, and levels of the Traffic Light Protocol."""

from __future__ import annotations

from dataclasses import replace

from lamsach.model import Indicator, Reference

TLP_LEVELS = ("clear", "green", "amber", "amber+strict", "red")
TLP_MARKINGS = {
    "clear": "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
    "green": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "amber": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    "red": "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}
"""Identifiers of the levels' markings (STIX 2.1 section 7.2.1.4)."""


def rank(tlp: str | None) -> int:
    """Return the rank of a TLP level; None counts as amber, an unknown one as the highest."""
    if tlp is None:
        return TLP_LEVELS.index("amber")
    return TLP_LEVELS.index(tlp) if tlp in TLP_LEVELS else len(TLP_LEVELS) - 1


def strictest(first: str | None, second: str | None) -> str | None:
    """Return the stricter of two stated levels; a single stated one holds."""
    if first is None or second is None:
        return first or second
    return max(first, second, key=rank)


MAX_REFERENCES = 100
"""Maximum number of further places of one value."""


def merge(first: Indicator, second: Indicator) -> Indicator:
    """Merge two listings of one value. A start or end that one of them leaves open stays open."""
    known = (first.reference, *first.other_references)
    added: list[Reference] = [
        place
        for place in (second.reference, *second.other_references)
        if place is not None and place not in known
    ]
    return replace(
        first,
        threat=first.threat or second.threat,
        source=first.source or second.source,
        valid_from=min(first.valid_from, second.valid_from)
        if first.valid_from and second.valid_from
        else None,
        valid_until=max(first.valid_until, second.valid_until)
        if first.valid_until and second.valid_until
        else None,
        confidence=max(
            (value for value in (first.confidence, second.confidence) if value is not None), default=None
        ),
        tlp=strictest(first.tlp, second.tlp),
        other_references=(first.other_references + tuple(added))[:MAX_REFERENCES],
    )
