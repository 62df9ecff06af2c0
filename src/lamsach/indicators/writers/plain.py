"""The base of lists with one value a line and comments after `#`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence

from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.model import Indicator


class LineList(Writer):
    """One or several lines a value; the stamp is a comment on the first line."""

    suffix = ".txt"
    comment = "# "

    def write(self, items: Sequence[Indicator], stamp: Stamp) -> Iterator[str]:
        """The stamp, then value by value."""
        yield f"{self.comment}{stamp.text()}\n"
        for item in items:
            yield self.line(item)

    @abstractmethod
    def line(self, item: Indicator) -> str:
        """The line or lines of one value, with their line ends."""
