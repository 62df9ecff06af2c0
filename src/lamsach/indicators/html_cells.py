"""Cells that are merged over columns or rows: of a page's tables (HTML, "colspan" and "rowspan") and of AsciiDoc's."""

from __future__ import annotations

from typing import NamedTuple

_MAX_COLUMNS, _MAX_ROWS = 64, 1000


class Cells(NamedTuple):
    """A table's row: its own texts by column, and those of cells above that reach into it."""

    texts: list[str]
    inherited: dict[int, str]


class Spans:
    """The cells of a table that are merged over columns or rows (HTML, "colspan" and "rowspan")."""

    def __init__(self) -> None:
        self.open = False
        """Whether a cell has begun whose text is still to come."""
        self._place, self._wide, self._high = 0, 1, 1
        self._above: dict[int, tuple[int, str]] = {}
        """By column: how many further rows a cell reaches into, and its text."""
        self._new: dict[int, tuple[int, str]] = {}

    @property
    def filled(self) -> int:
        """How many columns of the row that comes cells above fill."""
        return len(self._above)

    def before(self, place: int) -> list[str]:
        """Empty texts for the columns from a place on that cells above fill."""
        end = place
        while end in self._above:
            end += 1
        return [""] * (end - place)

    def begin(self, place: int, attributes: dict[str, str | None]) -> None:
        """A cell begins in this column."""
        self.open, self._place = True, place
        self._wide = _number(attributes.get("colspan"), _MAX_COLUMNS)
        self._high = _number(attributes.get("rowspan"), _MAX_ROWS)

    def cell(self, text: str) -> list[str]:
        """The texts of the columns that the cell fills."""
        wide = self._wide if self.open else 1
        if self.open and self._high > 1 and self._place < _MAX_COLUMNS:
            self._new.update({self._place + column: (self._high - 1, text) for column in range(wide)})
        self.open = False
        return [text, *[""] * (wide - 1)]

    def end_row(self) -> dict[int, str]:
        """What cells above say of the row that ends."""
        said = {place: text for place, (_, text) in self._above.items()}
        rest = {place: (rows - 1, text) for place, (rows, text) in self._above.items() if rows > 1}
        self._above, self._new, self.open = {**rest, **self._new}, {}, False
        return said


def _number(text: str | None, most: int) -> int:
    return (
        min(max(int(text), 1), most) if text and text.isascii() and text.isdecimal() and len(text) < 6 else 1
    )
