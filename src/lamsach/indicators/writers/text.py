"""One value a line, for any program that asks for a plain list."""

from __future__ import annotations

from lamsach.indicators.writers.base import WHOLE
from lamsach.indicators.writers.plain import LineList
from lamsach.model import Indicator, IndicatorType


class Text(LineList):
    """Every kind of value."""

    name = "text"
    title = "Plain text"
    holds = dict.fromkeys(IndicatorType, WHOLE)

    def line(self, item: Indicator) -> str:
        """The value."""
        return item.value + "\n"
