"""Web pages, and advisories in Markdown or AsciiDoc: prose line by line, tables by their columns.

Markdown tables: https://github.github.com/gfm/#tables-extension-; AsciiDoc tables:
https://docs.asciidoctor.org/asciidoc/latest/tables/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lamsach.documents.html import MAX_COLUMNS, Page, Spans, Title
from lamsach.documents.table import Row
from lamsach.indicators.files.source import ListSource
from lamsach.indicators.formats import list_format
from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.judge.sections import Section
from lamsach.indicators.judge.unlisted import Account
from lamsach.indicators.judge.verdicts import refuse_struck
from lamsach.indicators.tables.tables import Table
from lamsach.indicators.text.broken_lines import Unbroken, rejoin
from lamsach.indicators.text.documents import (
    BAR,
    Kind,
    PipedLines,
    advisory_prose,
    bare_cell,
    defangs,
    is_ruler,
    piped_cells,
    without_marks,
)
from lamsach.indicators.text.extract import Found, scan
from lamsach.indicators.values import refusals
from lamsach.indicators.values.names import split_url, suffixes
from lamsach.indicators.values.normalise import Value
from lamsach.indicators.values.records import Entry, entries, is_shaped
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType, Reference, Refusal

# [cols="1,1,2",options="header"]    [%header,cols=3*]
_COLUMNS = re.compile(r"\[[^\]]{0,300}\bcols\s?=\s?[\"']?([^\"'\]]{1,200})")
_REPEATED = re.compile(r"\s*(\d{1,2})\*\S*")
# |text    a|text    2+|text    .2+^.>s|text    3*|text
_CELL = re.compile(r"(?:(?:^|(?<=\s))(?:(\d{1,2})?(?:\.(\d{1,3}))?([+*]))?[<^>.]{0,4}[adehlmsv]?)?\|")
_MAX_REPEATED = 12
"""Maximum repetitions of a cell: a short text may state millions."""


def columns_of(line: str) -> int | None:
    """Return the number of columns that the attributes above a table state, or None."""
    match = _COLUMNS.match(line.strip())
    if match is None:
        return None
    repeated = _REPEATED.match(match[1])
    return int(repeated[1]) if repeated else len(re.split(r"[,;]", match[1]))


class Cell(NamedTuple):
    """A cell: its text, and the number of columns and rows that it spans."""

    text: str
    wide: int = 1
    high: int = 1


def begins_cell(line: str) -> bool:
    """Return whether a line within a table begins with a cell, and does not continue the one above."""
    return _CELL.match(line.lstrip()) is not None


def cells_of(line: str) -> list[Cell]:
    """Return the cells of a line, repeated ones included; text before the first bar is a cell too."""
    line = line.strip()
    marks = list(_CELL.finditer(line))
    starts = [mark.start() for mark in marks] + [len(line)]
    cells = [] if begins_cell(line) else [Cell(line[: starts[0]])]
    for mark, end in zip(marks, starts[1:], strict=True):
        repeats = mark[3] == "*"
        count = min(int(mark[1] or 1), _MAX_REPEATED if repeats else MAX_COLUMNS)
        text = line[mark.end() : end]
        cells += [Cell(text)] * count if repeats else [Cell(text, count, int(mark[2] or 1))]
    return cells


class Rows:
    """Rows from the cells of a table's lines. `columns` is from the attributes above, if stated."""

    def __init__(self, columns: int | None = None) -> None:
        self._columns = columns
        self._cells: list[Cell] = []
        self._first = 0
        self._spans = Spans()

    def add(
        self, number: int, cells: Sequence[Cell], *, continues: bool = False
    ) -> Iterator[tuple[int, list[str], dict[int, str]]]:
        """Yield the rows completed before this line's cells.

        Each has the number of its first line, its texts by column, and those of cells above that extend into
        it. `continues`: the line's first text belongs to the cell above.
        """
        if continues and self._cells:
            last = self._cells[-1]
            self._cells[-1] = last._replace(text=f"{last.text}\n{cells[0].text}")
            cells = cells[1:]
        if not cells:
            return
        if self._columns is None:
            self._columns = min(_width(cells), MAX_COLUMNS)
        if self._is_whole(self._cells) or self._is_whole(cells):
            yield from self.end()
        for cell in cells:
            if self._cells and self._is_whole(self._cells):
                yield from self.end()
            self._first = self._first if self._cells else number
            self._cells.append(cell)

    def _is_whole(self, cells: Sequence[Cell]) -> bool:
        return _width(cells) + len(self._spans.above) >= min(self._columns or 1, MAX_COLUMNS)

    def end(self) -> Iterator[tuple[int, list[str], dict[int, str]]]:
        """Yield the row that is still open."""
        if not self._cells:
            return
        texts: list[str] = []
        for cell in self._cells:
            texts += self._spans.before(len(texts))
            texts += self._spans.cell(len(texts), cell.text, max(cell.wide, 1), cell.high)
        self._cells = []
        yield self._first, texts, self._spans.end_row()


def _width(cells: Sequence[Cell]) -> int:
    return sum(cell.wide for cell in cells)


_FENCE = re.compile(r"\s*\|={3,}\s*")
_HEADING = re.compile(r"(?m)^(?:#{1,6}|={1,6}) \S")


def _begins(source: ListSource) -> bool:
    """Return whether the text has a table of one of the two kinds, with headings or prose around it."""
    lines = source.text_head.splitlines()
    if any(map(is_ruler, lines)):
        return True
    return any(map(_FENCE.fullmatch, lines)) and _HEADING.search(source.text_head) is not None


@list_format(
    "Markdown or AsciiDoc",
    "prose and tables of an advisory, those with a cell on each line and merged cells too",
    _begins,
    text=True,
)
def read_markup(source: ListSource) -> Iterator[Entry]:
    """Read prose line by line and tables by their columns."""
    prose, tables = Prose(advisory=True, defangs=defangs([source.text_head])), 1
    table = Table(source.document, None, tables)
    rows, columns, fenced, lines = Rows(), None, False, PipedLines()
    for number, line in source.lines():
        if line is None:
            yield Refusal(Reference(source.document, None, number), "", refusals.TOO_LONG)
            continue
        is_fence = _FENCE.fullmatch(line) is not None
        if is_fence:
            yield from _rows(table, rows.end(), prose)
            fenced, rows = not fenced, Rows(columns)
        in_table = lines.in_table
        for kind, place, text in lines.push(number, line, fenced=False if is_fence else fenced or None):
            if kind is Kind.TEXT:
                yield from _prose(text, Reference(source.document, None, place), prose)
            elif kind is Kind.ROW and fenced and place == number:
                cells = cells_of(text.replace("\\|", BAR))
                yield from _rows(table, rows.add(number, cells, continues=not begins_cell(text)), prose)
            elif kind is Kind.ROW:
                yield from _listed(table.row(place, piped_cells(text)), prose)
            elif in_table or (table.headings.promising and not fenced):
                yield from _listed(table.end(), prose)
                tables += 1
                table = Table(source.document, None, tables)
        if not is_ruler(line):
            columns = columns_of(line)
    yield from _rows(table, rows.end(), prose)
    for _, place, text in lines.end():
        yield from _prose(text, Reference(source.document, None, place), prose)
    yield from _listed(table.end(), prose)


def _rows(
    table: Table, rows: Iterable[tuple[int, list[str], dict[int, str]]], prose: Prose
) -> Iterator[Entry]:
    for first, texts, above in rows:
        inherited = {place: bare_cell(text) for place, text in above.items()}
        yield from _listed(table.row(first, list(map(bare_cell, texts)), inherited), prose)


def _prose(line: str, reference: Reference, prose: Prose) -> Iterator[Entry]:
    text = line.strip()
    if text:
        found = prose.line(without_marks(text) if "`" in text or "**" in text else text)
        yield from entries(found, reference, prose.facts, line)


def _listed(found: Iterator[Entry], prose: Prose) -> Iterator[Entry]:
    """Add the facts that the text above states; drop texts of a table that is no list."""
    return map(prose.with_facts, filter(is_shaped, found))


_STARTS = re.compile(
    r"[\ufeff\s]*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body|table|div|meta)[\s>]",
    re.IGNORECASE | re.DOTALL,
)


@list_format(
    "HTML page",
    "text and tables of a saved page; form fields; the page's own site (`canonical`, `og:url`), its "
    "navigation and its footer are only *mentioned*",
    lambda source: _STARTS.match(source.text_head),
    text=True,
)
def read_html(source: ListSource) -> Iterator[Entry]:
    """Read tables by their columns, other text for the shapes of values; `row` is the source's line."""
    page = Page(source.encoding.decode(source.whole()))
    parts = ([part] if isinstance(part, str) else part.cells if part else () for _, part in page.found)
    page_texts = [text for texts in parts for text in texts]
    tables, table, prose = 0, Table(source.document), advisory_prose(page_texts)
    own = frozenset(item[1] for item in scan(page.title) if not isinstance(item, Refused))
    site = _site(page.address)
    for row, cells in _unbroken(page.found):
        if isinstance(cells, str):
            found = _refuse_own(own, site, prose.line(f"# {cells}" if isinstance(cells, Title) else cells))
            yield from entries(found, Reference(source.document, None, row), prose.facts, cells)
        elif cells is None:
            yield from filter(is_shaped, table.end())
            tables += 1
            table = Table(source.document, None, tables)
        else:
            texts = [rejoin(text) for text in cells.cells]
            yield from filter(is_shaped, table.row(row, texts, cells.inherited))
    yield from filter(is_shaped, table.end())
    account = Account()
    for row, text in [(1, page.title), *page.margins]:
        found = account.unlisted([text], own, where=Section.MARGIN)
        yield from entries(found, Reference(source.document, None, row))
    for row, text in page.struck:
        yield from entries(refuse_struck(scan(text)), Reference(source.document, None, row))


def _unbroken(found: Iterable[tuple[int, str | Row | None]]) -> Iterator[tuple[int, str | Row | None]]:
    """Yield the page's parts; lines that `<br>` breaks within a value are joined."""
    lines = Unbroken()
    for row, part in found:
        if isinstance(part, str):
            yield from lines.push(row, part)
        else:
            yield from lines.end()
            yield row, part
    yield from lines.end()


def _site(address: str) -> str | None:
    return suffixes().registered(split_url(address.strip().lower())[1].partition(":")[0]) if address else None


def _refuse_own(own: frozenset[str], site: str | None, found: list[Found]) -> list[Found]:
    """Refuse values of the page's own site, which is in its title or its own address."""
    return [
        Refused(refusals.IN_SENTENCE, item[1], item[0])
        if not isinstance(item, Refused) and (item[1] in own or (site is not None and _site_of(item) == site))
        else item
        for item in found
    ]


def _site_of(found: Value) -> str | None:
    if found[0] is IndicatorType.DOMAIN:
        return suffixes().registered(found[1])
    return _site(found[1]) if found[0] is IndicatorType.URL else None
