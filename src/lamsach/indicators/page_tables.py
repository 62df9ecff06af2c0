"""What the tables of a paged document say, from the pages' layouts: threats and numbers of tables for the values that the plain text lists, victims among them,
and values that narrow columns broke.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from lamsach.indicators import refusals
from lamsach.indicators.extract import scan
from lamsach.indicators.fields import Field, field_of
from lamsach.indicators.flowing import has_fragments, hashes_in_columns
from lamsach.indicators.invisible import visible
from lamsach.indicators.layout import LaidRow, Rows, broken_value, cell_text
from lamsach.indicators.mentions import HASHES
from lamsach.indicators.normalise import Value
from lamsach.indicators.records import Entry, Facts, entries
from lamsach.indicators.tables import Table
from lamsach.model import Indicator, Reference, Refusal

_LONGEST = 64
"""How many digits the longest digest has; it may be told by its halves."""
_HEADING_WORDS = 40
"""How many words of a line are looked at for headings."""
_LONGEST_HEADING = 4
"""Of how many words a heading is at most that stands in one line with others."""

_LONGEST_TEXT = 80
"""How long a heading is at most, in characters."""


class PageTables:
    """Reads the tables of a document's pages in order; headings hold over page breaks."""

    def __init__(self, document: str) -> None:
        self.facts: dict[Value, Facts] = {}
        """What a table says of a value."""
        self._document = document
        self._table = Table(document)
        self._rows = Rows()
        self._count = 0
        self._columns: list[int] = []
        """Where the columns begin under the last headings."""
        self._headed = False
        self._places: dict[Value, int] = {}
        self._victims: set[tuple[int, str]] = set()
        self._listed: set[tuple[int, str]] = set()
        self._wholes: dict[tuple[int, str], Value] = {}
        """By page and by what a piece reads as: the name or URL that a column broke."""
        self._lines: dict[tuple[int, Value], int] = {}
        """On which line of its page a broken value begins."""
        self._layouts: list[tuple[int, list[str]]] = []
        """The pages on which columns may have broken hashes, by their numbers."""
        self._seen: set[str] = set()

    def page(self, number: int, lines: list[str], layout_of: Callable[[], str]) -> None:
        """Read one page's tables, if it has any. `layout_of` gives the page's text with its columns below each other."""
        self._headed = self._headed or _has_headings(lines)
        fragments = any(map(has_fragments, lines))
        if not self._headed and not fragments:
            return
        try:
            layout = visible(layout_of()).splitlines()
        except Exception:  # noqa: BLE001 - only what is said beside a value is lost; the value itself was read
            return
        if fragments:
            self._layouts.append((number, layout))
        if self._headed:
            for row in self._rows.page(number, layout):
                self._row(row)

    def end(self) -> None:
        """The last page was read."""
        for row in self._rows.end():
            self._row(row)

    def corrected(self, found: Iterable[Entry]) -> Iterator[Entry]:
        """The entries of the plain text, with the number of their table; broken names whole, and the victims among them refused."""
        told: set[Value] = set()
        for item in found:
            reference = item.reference or Reference(self._document)
            page = reference.page or 0
            whole = self._wholes.get((page, item.value))
            if item.type in HASHES:
                self._seen.add(item.value)
            if whole is not None:
                if whole not in told:
                    told.add(whole)
                    yield from entries([whole], reference, self.facts.get(whole, Facts()))
            elif isinstance(item, Indicator) and self._is_victim(page, item.value):
                yield Refusal(reference, item.value, refusals.VICTIM, item.type)
            elif isinstance(item, Indicator) and (item.type, item.value) in self._places:
                number = self._places[item.type, item.value]
                yield replace(item, reference=replace(reference, table=number))
            else:
                yield item
            if item.type is not None:
                told.add((item.type, item.value))
        for (page, whole), line in self._lines.items():
            if whole not in told:
                reference = Reference(self._document, page, line)
                yield from entries([whole], reference, self.facts.get(whole, Facts()))
                self._seen.add(whole[1])

    def broken(self, digits: tuple[int, ...]) -> Iterator[Entry]:
        """The hashes that narrow columns broke and the plain text did not show. `digits`: how long the document's hashes are."""
        for number, layout in self._layouts:
            halves = {
                half for value in self._seen if len(value) == _LONGEST for half in (value[:32], value[32:])
            }
            known = self._seen | halves
            for row, text in hashes_in_columns(layout, digits):
                if text.lower() not in known:
                    yield from entries(scan(text), Reference(self._document, number, row))

    def _is_victim(self, page: int, value: str) -> bool:
        return (page, value) in self._victims and (page, value) not in self._listed

    def _row(self, row: LaidRow) -> None:
        self._table.page = row.page
        self._count += 1
        for _, parts in row.cells:
            if (broken := broken_value(parts)) is not None:
                whole, pieces = broken
                self._lines[row.page, whole] = row.line
                for page in (row.page, row.page + 1):  # a piece may stand below a page break
                    self._wholes.update({(page, piece): whole for piece in pieces})
        for item in self._table.row(self._count, self._cells(row)):
            self._take(item, row.page)
        if self._table.headings_row == self._count:
            self._columns = [start for start, _ in row.cells]

    def _cells(self, row: LaidRow) -> list[str]:
        """The row's texts, each in the column whose heading begins nearest."""
        if len(row.cells) < 2 or len(self._columns) < len(row.cells):
            return [cell_text(parts) for _, parts in row.cells]
        texts = [""] * len(self._columns)
        for start, parts in row.cells:
            nearest = min(range(len(texts)), key=lambda place: abs(self._columns[place] - start))
            texts[nearest] = f"{texts[nearest]} {cell_text(parts)}".strip()
        return texts

    def _take(self, item: Entry, page: int) -> None:
        if not self._table.headed or item.type is None:
            return
        if not isinstance(item, Indicator):
            if item.reason == refusals.VICTIM:
                self._victims.add((page, item.value))
            return
        value = item.type, item.value
        self._listed.add((page, item.value))
        self._places.setdefault(value, self._table.heads)
        if item.threat is not None and field_of(item.threat) is not Field.VALUE:
            facts = Facts(
                item.threat, item.source, item.valid_from, item.valid_until, item.confidence, item.tlp
            )
            self.facts.setdefault(value, facts)


def _has_headings(lines: Iterable[str]) -> bool:
    """Whether lines hold the headings of a table with values: each on a line of its own, or several in one line."""
    found: set[Field] = set()
    for line in lines:
        words = line.split()[:_HEADING_WORDS]
        places = range(len(words) + 1)
        texts = {line.strip()} | {
            " ".join(words[first:last])
            for first in places
            for last in range(first + 1, min(first + _LONGEST_HEADING, len(words)) + 1)
        }
        found.update(
            field for text in texts if len(text) <= _LONGEST_TEXT and (field := field_of(text)) is not None
        )
    return Field.VALUE in found and len(found) > 1
