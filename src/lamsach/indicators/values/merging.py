"""Several listings of one value as one.

The levels of the traffic light protocol (https://www.first.org/tlp/), from what everybody may know to what only the people in the room may.
"""

from __future__ import annotations

from dataclasses import replace

from lamsach.model import Indicator, Reference

TLP_LEVELS = ("clear", "green", "amber", "amber+strict", "red")


def rank(tlp: str | None) -> int:
    """The place of a level; none counts as amber, one that is not known as the highest."""
    if tlp is None:
        return TLP_LEVELS.index("amber")
    return TLP_LEVELS.index(tlp) if tlp in TLP_LEVELS else len(TLP_LEVELS) - 1


def strictest(first: str | None, second: str | None) -> str | None:
    """The stricter of what two sources state; what only one of them states holds."""
    if first is None or second is None:
        return first or second
    return max(first, second, key=rank)


REFERENCES_KEPT = 100
"""How many further places are kept of one value."""


def merged(first: Indicator, second: Indicator) -> Indicator:
    """Two listings of one value as one. An end or a beginning that one of them leaves open stays open."""
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
        other_references=(first.other_references + tuple(added))[:REFERENCES_KEPT],
    )
