"""The levels of the traffic light protocol (https://www.first.org/tlp/), from what everybody may know to what only the people in the room may."""

from __future__ import annotations

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
