"""The W3C Extended Log File Format: `#` lines of which `#Fields:` names the columns of the lines that follow.

Source: W3C working draft WD-logfile-960323; Microsoft, "W3C Logging" of IIS; Amazon CloudFront "Standard logs". Columns are parted by a
space or a tab; spaces inside a value are written as `+` or `%20`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_FIELDS = "#Fields:"
_MOST_COLUMNS = 200


class W3cColumns:
    """The columns in force. A new `#Fields:` in the middle of a file replaces them."""

    def __init__(self, names: Sequence[str], head: Iterable[str] = ()) -> None:
        self.names: tuple[str, ...] = tuple(names)
        self.date: str | None = None
        for line in head:
            if line.startswith("#"):
                self.header(line)
                if line.startswith(_FIELDS):
                    break

    def header(self, line: str) -> None:
        """Take a `#` line into account."""
        if line.startswith(_FIELDS):
            names = line[len(_FIELDS) :].split()[:_MOST_COLUMNS]
            if names:
                self.names = tuple(name.lower() for name in names)
        elif line.startswith("#Date:"):
            self.date = line[6:].strip()[:10]

    def read(self, text: str) -> dict[str, str]:
        """A line's values by column, `-` left out."""
        values = text.split("\t") if "\t" in text else text.split()
        return {
            name: value for name, value in zip(self.names, values, strict=False) if value not in ("-", "")
        }


def names_in(line: str) -> frozenset[str]:
    """The columns that a `#Fields:` line names; none for another line."""
    return (
        frozenset(line[len(_FIELDS) :].lower().split()[:_MOST_COLUMNS])
        if line.startswith(_FIELDS)
        else frozenset()
    )
