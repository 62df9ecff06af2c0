"""Documents with pages: PDF (ISO 32000), and text with form feeds, as from `pdftotext` and printers.

A bare list with form feeds is no such document and is read line by line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from lamsach.documents.pdf.document import CONFIDENCE, MAX_PAGES, field_texts, read_pages, read_picture
from lamsach.documents.pdf.page import PageText
from lamsach.documents.pdf.rows import NUMBER, PageRow, may_be_rest
from lamsach.documents.pdf.whole_tables import WholeTable, has_same_lines, whole_tables
from lamsach.errors import LamsachError, UnreadableError
from lamsach.indicators.files.source import ListSource
from lamsach.indicators.formats import list_format
from lamsach.indicators.judge.loop import BY_ID, apply_rule
from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.judge.sections import Section
from lamsach.indicators.tables.cell_text import KNOWLEDGE, CellText, cell_text, may_hold_value
from lamsach.indicators.tables.fields import Field, field_of
from lamsach.indicators.tables.tables import Table
from lamsach.indicators.text.broken_lines import Line, hash_lengths
from lamsach.indicators.text.documents import (
    advisory_prose,
    defangs,
    full_width,
    has_sentences,
    margin_entries,
    read_lines,
    with_surroundings,
    without_margins,
)
from lamsach.indicators.text.extract import scan
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry, entries, is_shaped, several_values, shorten, whole_value
from lamsach.model import Indicator, Reference, Refusal

_MAX_NAMED_ROWS = 60
"""Maximum number of row numbers in a warning."""


def _is_form(rows: Sequence[PageRow]) -> bool:
    """Return whether the first of two columns names the contents of the second (`Type`, `Value`)."""
    firsts = [row.cells[0][0].text for row in rows if row.cells.get(0) and max(row.cells) == 1]
    named = sum(field_of(text) is not None for text in firsts)
    return len(rows) > 2 and len(firsts) * 10 > len(rows) * 9 and named * 2 > len(rows)


class TableReader:
    """Reader of a document's tables. `prose` reads its text; `digits` are the lengths of its digests."""

    def __init__(self, document: str, prose: Prose, digits: tuple[int, ...]) -> None:
        self._document = document
        self._prose = prose
        self._digits = digits
        self._tables = 0

    def read(self, whole: WholeTable) -> Iterator[Entry]:
        """Yield the entries of a table, and warnings about its rows without a value."""
        if _is_form(whole.rows):
            for row in whole.rows:
                cells = (row.cells[place] for place in sorted(row.cells))
                texts = [cell_text(cell, None, self._digits, line_by_line=True).text for cell in cells]
                yield from self._as_prose(
                    self._prose, texts, Reference(self._document, row.page, row.line), set()
                )
            return
        table = Table(self._document, whole.page, self._tables + 1)
        checked: list[tuple[PageRow, Sequence[Entry]]] = []
        merged_texts: dict[int, str] = {}
        if whole.heads is not None and not has_same_lines(whole.heads, whole.rows[0]):
            list(self._row(table, 0, whole.heads, {}, loose=True))  # they head rows on an earlier page
        for number, row in enumerate(whole.rows, 1):
            table.page = row.page
            found = list(self._row(table, number, row, merged_texts, loose=whole.heads is not None))
            checked.append((row, found))
            yield from found
        yield from self._placed(table.end(), whole.rows[-1] if whole.rows else None)
        self._tables += max(1, table.headings.count) if table.headings.promising else 0
        yield from _row_warnings(self._document, checked, headed=table.headings.promising)

    def _row(
        self, table: Table, number: int, row: PageRow, merged_texts: dict[int, str], *, loose: bool
    ) -> Iterator[Entry]:
        texts, cut = self._texts(table, row)
        merged_texts.update({place: text for place, text in enumerate(texts) if place not in row.merged})
        reference = Reference(self._document, row.page, row.line)
        for text in cut:
            yield Refusal(reference, text[: refusals.MAX_VALUE], refusals.CUT)
        inherited = {place: merged_texts[place] for place in row.merged if merged_texts.get(place)}
        found = list(self._placed(table.row(number, texts, inherited), row))
        if not table.headings.promising:
            yield from self._as_prose(self._prose, texts, reference, set())
            return
        found = [item for item in found if item.type is not None or not (cut or loose)]
        yield from found
        for place, text in enumerate(texts if all(item.type is not None for item in found) else ()):
            promised = table.fields.get(place) is Field.VALUE and may_hold_value(text)
            if promised and not (whole_value(text) or several_values(text) or list(scan(text))):
                yield Refusal(reference, shorten(text, refusals.MAX_VALUE), refusals.NOT_A_VALUE)
        yield from self._other_cells(table, texts, reference, {item.value for item in found})

    def _texts(self, table: Table, row: PageRow) -> tuple[list[str], list[str]]:
        """Return the texts of a row's cells, and the cut texts in them."""
        places = range(max([*row.cells, *row.merged], default=0) + 1)
        plain = [" ".join(line.text for line in row.cells.get(place, ())) for place in places]
        parsed = [
            cell_text(
                row.cells.get(place, ()),
                table.promised(plain, place),
                self._digits,
                promised=table.fields.get(place) is Field.VALUE,
            )
            for place in places
        ]
        for place in row.doubted:
            whole = "".join(line.text for line in row.cells[place])
            parsed[place] = CellText(
                "", [whole] if may_hold_value(whole) or may_be_rest(whole, KNOWLEDGE) else []
            )
        return [cell.text for cell in parsed], [text for cell in parsed for text in cell.cut]

    def _other_cells(
        self, table: Table, texts: Sequence[str], reference: Reference, listed: set[str]
    ) -> Iterator[Entry]:
        prose = self._prose.another()
        for place, text in enumerate(texts):
            named = table.fields.get(place)
            if named in (Field.VALUE, Field.VICTIM):
                continue
            describes = named is Field.CONTEXT and not defangs([text])
            for item in self._as_prose(prose, [text], reference, listed):
                yield apply_rule(item, BY_ID["describes_the_listed"]) if describes else item

    def _as_prose(
        self, prose: Prose, texts: Sequence[str], reference: Reference, listed: set[str]
    ) -> Iterator[Entry]:
        """Yield the entries of cells read as running text, but for values already yielded."""
        for text in texts:
            for line in text.split("\n"):
                for item in entries(prose.line(line), reference, self._prose.facts, line) if line else ():
                    if item.value not in listed:
                        listed.add(item.value)
                        yield item

    def _placed(self, found: Iterator[Entry], row: PageRow | None) -> Iterator[Entry]:
        """Add the line of the row on its page, and the facts of the text above."""
        for item in found:
            if row is not None and item.reference is not None:
                item = replace(item, reference=replace(item.reference, row=row.line, page=row.page))
            rule = _RULES_BELOW.get(self._prose.section)
            applies = rule is not None and item.type in rule.applies_to
            yield apply_rule(self._prose.with_facts(item), rule if applies else None)


_RULES_BELOW = {
    Section.ALLOWED: BY_ID["sheet_of_exceptions"],
    Section.REFERENCES: BY_ID["under_references"],
}
"""Rules for the values of tables below a heading."""


def _row_warnings(
    document: str, rows: Iterable[tuple[PageRow, Sequence[Entry]]], *, headed: bool
) -> Iterator[Entry]:
    """Yield refusals of the row numbers without a value, and of the missing ones."""
    numbers: list[tuple[int, bool, PageRow]] = []
    for row, found in rows:
        valued = any(
            isinstance(item, Indicator) or item.type is not None or item.reason in _UNTYPED_VALUES
            for item in found
        )
        first = row.cells.get(0)
        if first and len(first) == 1 and NUMBER.fullmatch(first[0].text):
            numbers.append((int(first[0].text.rstrip(".)")), valued, row))
        elif valued and numbers:
            numbers[-1] = numbers[-1][0], True, numbers[-1][2]
    good = sum(valued for _, valued, _ in numbers)
    if good < 2 or (not headed and good * 2 < len(numbers)):
        return
    empty = [(number, row) for number, valued, row in numbers if not valued]
    missing = [
        (number, row)
        for (before, _, _), (following, _, row) in pairwise(numbers)
        if 1 < following - before <= _MAX_NAMED_ROWS
        for number in range(before + 1, following)
    ]
    for places, reason in ((empty, refusals.ROWS_WITHOUT_VALUE), (missing, refusals.ROWS_MISSING)):
        if places:
            named = ", ".join(str(number) for number, _ in places[:_MAX_NAMED_ROWS])
            more = ", …" if len(places) > _MAX_NAMED_ROWS else ""
            row = places[0][1]
            yield Refusal(Reference(document, row.page, row.line), named + more, reason)


_UNTYPED_VALUES = frozenset(
    {refusals.CUT, refusals.EMAIL, refusals.OTHER_HASH, refusals.BAD_URL, refusals.URL_SCHEME}
)
"""Reasons of refusals for values without a type."""


_MAX_PICTURES = 200
"""Maximum number of pages without text that `--ocr` reads."""


@list_format(
    "PDF document",
    "the text of dispatches and reports, page by page, with values that lines and pages break put "
    "together. Tables are read by what the page draws: cells between their rules (where there are none, "
    "by the order in which it draws them, or below their headings), merged cells, rows over pages, pages "
    "on their side; a value that a column's width breaks is whole where its lines can be read in one way "
    "alone, and is otherwise refused with its page and row. Numbered rows in which no value was read, and"
    " numbers that are left out, are refused as such. Infected machines are victims. The fields of a form"
    " are read too. A page that is a picture is refused as such, or read with `--ocr` (needs tesseract) "
    "and marked with confidence 20",
    lambda source: b"%PDF-" in source.head[:1024],
)
def read_pdf(source: ListSource) -> Iterator[Entry]:
    """Read the shapes of values on any line; `page` and `row`, the line of its text, are the place.

    Facts of a value in a table (threat, dates) are read by the page's layout. A page that is a picture is
    refused, or read by tesseract if the source requests it, its values with low confidence.
    """
    data = source.whole()
    pages: list[PageText] = []
    failed: LamsachError | None = None
    try:
        pages.extend(read_pages(data, source.document, KNOWLEDGE, MAX_PAGES))
    except LamsachError as error:
        failed = error
    pictures = [number for number, page in enumerate(pages, 1) if page.is_picture]
    heavy = [number for number, page in enumerate(pages, 1) if page.heavy]
    yield from _text_entries(source.document, pages)
    if pictures:
        yield from _picture_entries(source, data, pictures, all_pages=len(pictures) == len(pages))
    if len(heavy) < len(pages):
        yield from (Refusal(Reference(source.document, page), "", refusals.HEAVY_PAGE) for page in heavy)
    fields = list(field_texts(data))
    prose = Prose(advisory=True, defangs=defangs(field.text for field in fields))
    for field in fields:  # fields are no lines of one text: no value continues in the next field
        yield from read_lines(source.document, [Line(field.page, field.row, field.text)], prose=prose)
    if failed is not None:
        raise failed


def _text_entries(document: str, pages: list[PageText]) -> Iterator[Entry]:
    """Yield the entries of lines and tables in their order, then of headers and footers."""
    texts = [page.lines for page in pages]
    margins = [
        line for line in without_margins(texts) if line.row - 1 not in pages[(line.page or 1) - 1].in_tables
    ]
    every = [text for lines in texts for text in lines]
    digits = hash_lengths(every)
    prose = advisory_prose(every)
    tables = TableReader(document, prose, digits)
    parts = [part for page in pages for part in page.tables]
    found = whole_tables(parts, texts, [page.in_tables for page in pages], KNOWLEDGE)
    for number, page in enumerate(pages, 1):
        for place in page.in_tables:
            page.lines[place] = ""
        for place, text in page.uncertain:
            yield from _cut(Reference(document, number, place + 1), text)
    width = full_width([text for lines in texts for text in lines])
    block: list[Line] = []

    def flushed() -> Iterator[Entry]:
        yield from read_lines(document, block, prose=prose, width=width, digits=digits)
        block.clear()

    for line in (line for page, shown in enumerate(texts, 1) for line in with_surroundings(page, shown)):
        while found and (found[0].page, found[0].line) <= (line.page, line.row):
            yield from flushed()
            yield from tables.read(found.pop(0))
        block.append(line)
    yield from flushed()
    for whole in found:
        yield from tables.read(whole)
    yield from margin_entries(document, margins)


def _cut(reference: Reference, text: str) -> Iterator[Refusal]:
    """Yield a cut text, in overlapping parts if it is long."""
    for start in range(0, max(1, len(text) - refusals.MAX_VALUE // 2), refusals.MAX_VALUE // 2):
        yield Refusal(reference, text[start : start + refusals.MAX_VALUE], refusals.CUT)


def _picture_entries(
    source: ListSource, data: bytes, pictures: list[int], *, all_pages: bool
) -> Iterator[Entry]:
    if all_pages and not source.ocr:
        raise UnreadableError(
            "The pages are pictures (a scan), without text.",
            source.document,
            "Read it with --ocr (needs tesseract), or ask the sender for the file with its text.",
        )
    count = _MAX_PICTURES if source.ocr else 0
    for page in pictures[:count]:
        texts = read_picture(data, page, source.document).splitlines()
        lines = [Line(page, row, text) for row, text in enumerate(texts, 1)]
        for item in read_lines(source.document, lines, width=full_width(texts)):
            yield replace(item, confidence=CONFIDENCE) if isinstance(item, Indicator) else item
    for page in pictures[count:]:
        yield Refusal(Reference(source.document, page), "", refusals.PICTURE)


_PAGE_END = "\f"


@list_format(
    "Text of a document with pages",
    "a report's text with page breaks, as `pdftotext` makes it: values have their page, those in headers "
    "and footers are only *mentioned*; a bare list with page breaks is read as `text`",
    lambda source: _PAGE_END in source.text_head and has_sentences(source.text_head),
    text=True,
)
def read_paged_text(source: ListSource) -> Iterator[Entry]:
    """Read the shapes of values; `page` and `row`, the line on it, are the place."""
    text = source.encoding.decode(source.whole())
    pages = [page.replace("\r", "").split("\n") for page in text.split(_PAGE_END)]
    margins = without_margins(pages)
    every = [line for page in pages for line in page]
    prose = Prose(advisory=True, defangs=defangs(every))
    width, digits = full_width(every), hash_lengths(every)
    for block in _blocks(pages):
        yield from filter(
            is_shaped, read_lines(source.document, block, prose=prose, width=width, digits=digits)
        )
    yield from filter(is_shaped, margin_entries(source.document, margins))


def _blocks(pages: list[list[str]]) -> Iterator[list[Line]]:
    """Yield blocks of lines without a blank one between, over page ends too; values break only within one."""
    block: list[Line] = []
    for number, page in enumerate(pages, 1):
        place = 0
        for line in with_surroundings(number, page):
            if place and line.row > place + 1:
                yield block
                block = []
            block.append(line)
            place = line.row
    yield block
