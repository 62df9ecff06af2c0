"""PDF dispatches and reports: their text, page by page and line by line (ISO 32000)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from lamsach.documents.pdf.document import CONFIDENCE, LISTS, field_texts, read_pages, read_picture
from lamsach.documents.pdf.page import PageText
from lamsach.documents.pdf.whole_tables import whole_tables
from lamsach.errors import LamsachError, UnreadableError
from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.judge.references import defangs_links
from lamsach.indicators.judge.sections import Section
from lamsach.indicators.tables.cell_text import KNOWLEDGE
from lamsach.indicators.tables.paged import TableReader
from lamsach.indicators.text.flowing import (
    Line,
    defangs,
    full_width,
    read_lines,
    with_surroundings,
    without_margins,
)
from lamsach.indicators.text.halves import hash_lengths
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry
from lamsach.model import Indicator, Reference, Refusal

_PICTURES_READ = 200
"""How many pages without text are read by `--ocr`."""


class Pdf(ListFormat):
    """PDF; `page` is the page and `row` the line of its text, both 1-based."""

    name: ClassVar[str] = "pdf"
    title: ClassVar[str] = "PDF document"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the file begins as a PDF does."""
        return b"%PDF-" in source.head[:1024]

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Whatever has a value's shape on any line, taken or refused; the sentences around it are no refusals.

        What a table states of a value (threat, dates) is taken from the page's layout. A page that is a picture is refused as such,
        or read by tesseract when the source asks for it, its values with low confidence.
        """
        data = source.whole()
        pages: list[PageText] = []
        failed: LamsachError | None = None
        try:
            pages.extend(read_pages(data, source.document, KNOWLEDGE, LISTS))
        except LamsachError as error:
            failed = error
        pictures = [number for number, page in enumerate(pages, 1) if page.is_picture]
        heavy = [number for number, page in enumerate(pages, 1) if page.heavy]
        yield from _text_entries(source.document, pages)
        if pictures:
            yield from _picture_entries(source, data, pictures, all_pages=len(pictures) == len(pages))
        if len(heavy) < len(pages):
            yield from (Refusal(Reference(source.document, page), "", refusals.HEAVY_PAGE) for page in heavy)
        yield from _field_entries(data, source.document)
        if failed is not None:
            raise failed


def _field_entries(data: bytes, document: str) -> Iterator[Entry]:
    """Whatever has a value's shape in the fields of a PDF's form, taken or refused."""
    fields = list(field_texts(data, LISTS))
    prose = Prose(advisory=True, defangs=defangs(field.text for field in fields))
    for field in fields:  # fields are no lines of one text: nothing goes on in the next one
        yield from read_lines(document, [Line(field.page, field.row, field.text)], prose=prose)


def _text_entries(document: str, pages: list[PageText]) -> Iterator[Entry]:
    """Yield what the lines and tables say in their order, then what stands in headers and footers."""
    texts = [page.lines for page in pages]
    margins = [
        line for line in without_margins(texts) if line.row - 1 not in pages[(line.page or 1) - 1].in_tables
    ]
    every = [text for lines in texts for text in lines]
    digits = hash_lengths(every)
    prose = Prose(advisory=True, defangs=defangs(every))
    prose.defangs_links = defangs_links(every)
    tables = TableReader(document, prose, digits)
    parts = [part for page in pages for part in page.tables]
    found = whole_tables(parts, texts, [page.in_tables for page in pages], KNOWLEDGE)
    for number, page in enumerate(pages, 1):
        for place in page.in_tables:
            page.lines[place] = ""
        for place, said in page.unsure:
            yield from _cut(Reference(document, number, place + 1), said)
    width = full_width([text for lines in texts for text in lines])
    block: list[Line] = []
    lines = (line for page, shown in enumerate(texts, 1) for line in with_surroundings(page, shown))
    for line in lines:
        while found and (found[0].page, found[0].line) <= (line.page, line.row):
            yield from read_lines(document, block, prose=prose, width=width, digits=digits)
            block = []
            yield from tables.read(found.pop(0))
        block.append(line)
    yield from read_lines(document, block, prose=prose, width=width, digits=digits)
    for whole in found:
        yield from tables.read(whole)
    yield from _margin_entries(document, margins)


def _cut(reference: Reference, text: str) -> Iterator[Refusal]:
    """A text that is cut, in parts that overlap where it is long."""
    for start in range(0, max(1, len(text) - refusals.VALUE_KEPT // 2), refusals.VALUE_KEPT // 2):
        yield Refusal(reference, text[start : start + refusals.VALUE_KEPT], refusals.CUT)


def _margin_entries(document: str, margins: list[Line]) -> Iterator[Entry]:
    prose = Prose(advisory=True)
    prose.section = Section.MARGIN
    yield from read_lines(document, margins, prose=prose)


def _picture_entries(
    source: ListSource, data: bytes, pictures: list[int], *, all_pages: bool
) -> Iterator[Entry]:
    if not source.ocr:
        if all_pages:
            raise UnreadableError(
                "The pages are pictures (a scan), without text.",
                source.document,
                "Read it with --ocr (needs tesseract), or ask the sender for the file with its text.",
            )
        for page in pictures:
            yield Refusal(Reference(source.document, page), "", refusals.PICTURE)
        return
    for page in pictures[:_PICTURES_READ]:
        texts = read_picture(data, page, source.document).splitlines()
        lines = [Line(page, row, text) for row, text in enumerate(texts, 1)]
        for item in read_lines(source.document, lines, width=full_width(texts)):
            yield replace(item, confidence=CONFIDENCE) if isinstance(item, Indicator) else item
    for page in pictures[_PICTURES_READ:]:
        yield Refusal(Reference(source.document, page), "", refusals.PICTURE)
