"""hosts(5): for a machine that asks no server of ours. It knows no names below a name."""

from __future__ import annotations

from lamsach.indicators.writers.plain import LineList
from lamsach.indicators.writers.safety import words
from lamsach.model import Indicator


class Hosts(LineList):
    """A listed name leads nowhere."""

    name = "hosts"
    title = "hosts file"
    facts = frozenset({"threat"})

    def line(self, item: Indicator) -> str:
        """`0.0.0.0 evil.example # Mirai`."""
        said = words(item.threat)
        return f"0.0.0.0 {item.value}{f' # {said}' if said else ''}\n"
