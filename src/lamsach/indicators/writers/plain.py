"""Lists with one value a line and comments after `#`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.model import Indicator

FEED_BYTES = 10_000_000 - 1_000
"""What FortiGate takes of one threat feed (FortiOS Administration Guide, "External resources file format": 10 MB or 128 × 1,024 entries), without the stamp."""


FEED_ENTRIES = 131_072
EDL_ENTRIES = 50_000
"""What the smallest firewalls of Palo Alto Networks take of one kind of external dynamic list (PAN-OS Administrator's Guide, "External Dynamic List": entries by model)."""


class LineList(Writer):
    """One or several lines a value; the stamp is a comment on the first line."""

    suffix = ".txt"
    comment = "# "

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """The stamp, then value by value."""
        yield f"{self.comment}{stamp.text()}\n"
        for item in items:
            yield self.line(item)

    def takes(self, item: Indicator) -> tuple[int, int]:
        """Each line is an entry."""
        text = self.line(item)
        return text.count("\n"), len(text.encode())

    def line(self, item: Indicator) -> str:
        """The line or lines of one value, with their line ends: the value itself, where a format says nothing else."""
        return item.value + "\n"


class Text(LineList):
    """Every kind of value."""

    name = "text"
    title = "Plain text"
