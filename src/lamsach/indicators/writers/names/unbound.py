"""Unbound local zones (unbound.conf(5), `local-zone`): `include: "/etc/unbound/lamsach.conf"` in the section `server:`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.indicators.writers.safety import words
from lamsach.model import Indicator


class Unbound(Writer):
    """A listed name and all below it do not exist."""

    name = "unbound"
    title = "Unbound local zones"
    suffix = ".conf"
    facts = frozenset({"threat"})

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """One zone a name."""
        yield f"# {stamp.text()}\nserver:\n"
        for item in items:
            said = words(item.threat)
            yield f'local-zone: "{item.value}." always_nxdomain{f" # {said}" if said else ""}\n'
