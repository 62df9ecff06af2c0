"""Lists in PDF documents: their tables, and the columns of text outside of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from lamsach.documents.pdf.document import read_pages
from lamsach.documents.pdf.page import PageText
from lamsach.documents.pdf.rows import MAYBE, CellLine, Knowledge, PageRow, line_relations
from lamsach.documents.pdf.whole_tables import WholeTable, whole_tables
from lamsach.errors import LamsachError, UnreadableError
from lamsach.indicators.files.source import ListSource
from lamsach.trace.reports.cells import endpoints
from lamsach.trace.reports.grid import Cells, Grid, in_columns
from lamsach.trace.reports.headings import Column, column_of

MAX_PAGES = 2000
_MARKED = re.compile(r"\d[.:/-]|[.:/-]\d|[0-9a-f]::?[0-9a-f]", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_LONG = re.compile(r"\d{5}|(?<!\d)(?!(?:19|20)\d\d)\d{4}")
"""More digits than part of an address or time has."""


def _differ_joined(above: Sequence[CellLine], below: Sequence[CellLine]) -> bool:
    texts = [cell_text(lines) or "" for lines in ([*above, *below], above, below)]
    whole, *apart = (endpoints(text) for text in texts)
    return whole != tuple(endpoint for found in apart for endpoint in found)


KNOWLEDGE = Knowledge(
    is_heading=lambda text: column_of(text) is not None,
    lists_values=lambda heading: column_of(heading) in (Column.IP, Column.DESTINATION),
    is_marked=lambda text: _MARKED.search(text) is not None,
    is_value=lambda text: bool(endpoints(text)),
    differ_joined=_differ_joined,
    wants_columns=True,
)
"""Prior knowledge about texts in authorities' lists."""


def pdf_grids(source: ListSource) -> Iterator[Grid]:
    """Yield the document's tables page by page, and the lines between them; `page` is a row's page.

    Raises UnreadableError for a damaged, locked or scanned document, LimitError for one that is too large,
    after the preceding tables.
    """
    pages: list[PageText] = []
    failed: LamsachError | None = None
    try:
        pages.extend(read_pages(source.whole(), source.document, KNOWLEDGE, MAX_PAGES))
    except LamsachError as error:
        failed = error
    tables = whole_tables(
        [part for page in pages for part in page.tables],
        [page.lines for page in pages],
        [page.in_tables for page in pages],
        KNOWLEDGE,
    )
    found = [grid for table in tables for grid in _table_grids(table)]
    for number, page in enumerate(pages, 1):
        lines = [(place + 1, ("  ".join(texts),)) for place, texts in page.in_columns]
        if lines:
            found.append(in_columns(number, lines))
        unsure = [(place + 1, text) for place, text in page.uncertain if KNOWLEDGE.is_marked(text)]
        if page.heavy or page.is_picture:
            unsure.append((1, ""))
        found.append(Grid(number, (), unsure=tuple(unsure)))
    yield from sorted(found, key=lambda grid: grid.page or 0)
    if failed is not None:
        raise failed
    if not any(line.strip() for page in pages for line in page.lines):
        raise UnreadableError(
            "The pages are pictures (a scan), without text.",
            source.document,
            "Ask the sender for the file with its text, or type it into a table.",
        )


def _table_grids(table: WholeTable) -> Iterator[Grid]:
    """Yield the parts of a table on each page."""
    above: dict[int, str] = {}
    heads = [table.heads] if table.heads is not None else []
    for page, rows in groupby([*heads, *table.rows], key=lambda row: row.page):
        cells: list[tuple[int, Cells]] = []
        unsure: list[tuple[int, str]] = []
        for row in rows:
            texts = _cells(row, above)
            if texts is None:
                texts_of_cells = (" ".join(line.text for line in lines) for lines in row.cells.values())
                unsure.append((row.line, " ; ".join(texts_of_cells)))
            else:
                cells.append((row.line, texts))
        yield Grid(page, tuple(cells), unsure=tuple(unsure))


def _cells(row: PageRow, above: dict[int, str]) -> Cells | None:
    """Return the texts of a row's cells, including merged ones; None when one is uncertain."""
    texts = {place: cell_text(lines) for place, lines in row.cells.items()}
    if None in texts.values() or any(KNOWLEDGE.is_marked(texts[place] or "") for place in row.doubted):
        return None
    above.update({place: text or "" for place, text in texts.items() if place not in row.merged})
    places = range(max([*texts, *row.merged], default=0) + 1)
    return tuple(
        texts.get(place) or (above.get(place, "") if place in row.merged else "") for place in places
    )


def cell_text(lines: Sequence[CellLine]) -> str | None:
    """Join the lines of a cell, repairing cut addresses and times; None when ambiguous."""
    text = ""
    for place, how in enumerate(line_relations(lines, KNOWLEDGE)):
        line = lines[place].text
        last, first = text.rpartition(" ")[2], line.partition(" ")[0]
        digits = _DIGIT.search(last) and _DIGIT.search(first)
        if how != MAYBE or not digits or (endpoints(last) and endpoints(first)):
            text = f"{text} {line}".strip()
            continue
        whole = last + first
        if whole.isdecimal() or (endpoints(last) and lines[place - 1].room is None):
            return None
        is_cut = bool(endpoints(whole)) or (bool(_MARKED.search(whole)) and not _LONG.search(whole))
        text = text + line if is_cut else f"{text} {line}"
    return text
