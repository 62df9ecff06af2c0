"""Rows of tables from a page's layout (text whose columns stand below each other): a cell's lines put together, a value that a narrow column broke made whole.

A row begins on a line with a cell in the leftmost column; lines without one go on with its cells, over a page break too. Linear in the text's length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lamsach.indicators.flowing import rejoined
from lamsach.indicators.normalise import Refused, Value, canonical_values
from lamsach.indicators.refang import refang
from lamsach.model import IndicatorType

_CELL = re.compile(r"\S+(?: \S+)*")
_SLACK = 2
"""How many characters a cell's further lines may begin beside its first."""
_SLACK_OVER_PAGES = 6
"""The same over a page break: each page's layout has a scale of its own."""
_HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE | re.ASCII)
_MOST_CELLS = 64
_MOST_PARTS = 12
"""How many lines of a cell are put together at most."""
_BREAKS = ("-", ".", "]", "/", "_", "=", "&", "?", "%")
"""What a line that a narrow column broke ends with, where it could be broken well."""
_LABEL_LEAST = 12
"""How long a line of letters alone is at least that goes on in the next: a shorter one is a word of its own."""
_NAMES = (IndicatorType.DOMAIN, IndicatorType.URL)


class LaidRow(NamedTuple):
    """One row: its page, the 1-based line of the layout on which it begins, and its cells, each by where it starts and with its lines."""

    page: int
    line: int
    cells: list[tuple[int, list[str]]]


class Rows:
    """Collects the rows of a document's pages in order; lines of one cell at the left are text between them."""

    def __init__(self) -> None:
        self._open: LaidRow | None = None

    def page(self, number: int, layout: Sequence[str]) -> Iterator[LaidRow]:
        """The rows that are complete with this page; its last one may go on over the page break."""
        starts = [match.start() for line in layout if (match := _CELL.search(line))]
        left = min(starts, default=0) + _SLACK
        goes_on = True
        for place, line in enumerate(layout, 1):
            cells = [(match.start(), match[0]) for match in _CELL.finditer(line)][:_MOST_CELLS]
            if not cells:
                goes_on = goes_on and place == 1
            elif cells[0][0] > left:
                if goes_on and self._open is not None:
                    slack = _SLACK if self._open.page == number else _SLACK_OVER_PAGES
                    _go_on(self._open, cells, slack)
            elif goes_on := len(cells) > 1:
                yield from self.end()
                self._open = LaidRow(number, place, [(start, [text]) for start, text in cells])

    def end(self) -> Iterator[LaidRow]:
        """The row that is still open."""
        if self._open is not None:
            yield self._open
            self._open = None


def _go_on(row: LaidRow, cells: list[tuple[int, str]], slack: int) -> None:
    """The cells of a further line, each under the nearest cell of the row, or as a new one where none is near."""
    for start, text in cells:
        place, parts = min(row.cells, key=lambda cell: abs(cell[0] - start))
        if abs(place - start) <= slack:
            if len(parts) < 10 * _MOST_PARTS:
                parts.append(text)
        elif len(row.cells) < _MOST_CELLS:
            row.cells.append((start, [text]))
            row.cells.sort(key=lambda cell: cell[0])


def cell_text(parts: Sequence[str]) -> str:
    """A cell's lines as one text: a value that they break is whole, several values stay on lines of their own."""
    if len(parts) == 1:
        return parts[0]
    one = "".join(parts)
    if len(parts) <= _MOST_PARTS and " " not in one and all(map(_may_break, parts[:-1])):
        values = [_value(part) for part in parts]
        apart = all(values) or any(value is not None and value[0] not in _NAMES for value in values)
        ends = ("".join(parts[place:]) for place in range(1, len(parts)))
        apart = apart or any("//" in part for part in parts[1:]) or any(map(_HASH.fullmatch, ends))
        if not apart and (found := _value(one)) is not None and found[0] in _NAMES:
            return one
    return rejoined("\n".join(parts))


def _may_break(part: str) -> bool:
    return part.endswith(_BREAKS) or "." in part or len(part) >= _LABEL_LEAST


def broken_value(parts: Sequence[str]) -> tuple[Value, set[str]] | None:
    """The value that a cell's lines break, and what the pieces of a name or URL read as, alone or together; None where they break none."""
    if not 1 < len(parts) <= _MOST_PARTS:
        return None
    whole = cell_text(parts)
    if "\n" in whole or (found := _value(whole)) is None:
        return None
    if found[0] not in _NAMES:
        return found, set()
    pieces: set[str] = set()
    for first in range(len(parts)):
        for last in range(first + 1, len(parts) + 1):
            piece = "".join(parts[first:last])
            if (value := _value(piece)) is not None:
                pieces.add(value[1])
            else:
                pieces.add(refang(piece).lower().strip("-."))
    return found, pieces - {found[1]}


def _value(text: str) -> Value | None:
    try:
        values = canonical_values(text)
    except Refused:
        return None
    return values[0] if len(values) == 1 else None
