"""One value a line, for any program that asks for a plain list."""

from __future__ import annotations

from lamsach.indicators.writers.plain import LineList
from lamsach.model import Indicator


class Text(LineList):
    """Every kind of value."""

    name = "text"
    title = "Plain text"

    def line(self, item: Indicator) -> str:
        """The value."""
        return item.value + "\n"
