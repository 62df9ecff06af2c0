"""PDF dispatches and reports: their text, page by page and line by line (ISO 32000)."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from lamsach.documents.archive import MIB
from lamsach.errors import LamsachError, LimitError, UnreadableError
from lamsach.indicators import ocr
from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.form_fields import field_entries
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.judge.references import defangs_links
from lamsach.indicators.judge.sections import Section
from lamsach.indicators.page_reader import PageReader, PageText
from lamsach.indicators.page_tables import TableReader
from lamsach.indicators.pdf_drawing import Painter
from lamsach.indicators.pdf_tags import read_tags
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
from lamsach.indicators.whole_tables import whole_tables
from lamsach.model import Indicator, Reference, Refusal

if TYPE_CHECKING:
    from pypdf import PageObject

MAX_PAGES = 5000
MAX_TEXT = 128 * MIB
"""The most text that is taken from one file, in characters."""
MAX_PAGE_STEPS = 150_000
"""How many steps of a page's drawing program are run, those of its forms included; a full page of text has some thousands."""
MAX_STEPS = 5_000_000
"""How many steps are run in one file."""
_PICTURES_READ = 200
"""How many pages without text are read by `--ocr`."""


class Pdf(ListFormat):
    """PDF; `page` is the page and `row` the line of its text, both 1-based."""

    name: ClassVar[str] = "pdf"
    title: ClassVar[str] = "PDF document"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Whether the file begins as a PDF does."""
        return b"%PDF-" in source.head[:1024]

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Whatever has a value's shape on any line, taken or refused; the sentences around it are no refusals.

        What a table states of a value (threat, dates) is taken from the page's layout. A page that is a picture is refused as such,
        or read by tesseract when the source asks for it, its values with low confidence.
        """
        data = source.whole()
        pages: list[PageText] = []
        pictures: list[int] = []
        heavy: list[int] = []
        failed: LamsachError | None = None
        try:
            for number, text, page in _pages(data, source.document):
                pages.append(text or PageText([], set(), []))
                if text is None:
                    heavy.append(number)
                elif not text.lines and _has_picture(page):
                    pictures.append(number)
        except LamsachError as error:
            failed = error
        yield from _text_entries(source.document, pages)
        if pictures:
            yield from _picture_entries(source, data, pictures, all_pages=len(pictures) == len(pages))
        if heavy and len(heavy) == len(pages):
            failed = failed or _bomb(source.document)
        else:
            yield from (Refusal(Reference(source.document, page), "", refusals.HEAVY_PAGE) for page in heavy)
        yield from field_entries(data, source.document)
        if failed is not None:
            raise failed


def _text_entries(document: str, pages: list[PageText]) -> Iterator[Entry]:
    """What the lines and tables say in their order, then what stands in headers and footers."""
    texts = [page.lines for page in pages]
    margins = [
        line for line in without_margins(texts) if line.row - 1 not in pages[(line.page or 1) - 1].in_tables
    ]
    every = [text for lines in texts for text in lines]
    digits = hash_lengths(every)
    prose = Prose(advisory=True, defangs=defangs(every))
    prose.defangs_links = defangs_links(every)
    tables = TableReader(document, prose, digits)
    found = whole_tables(
        [part for page in pages for part in page.tables], texts, [page.in_tables for page in pages]
    )
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
        texts = ocr.read_page(data, page, source.document).splitlines()
        lines = [Line(page, row, text) for row, text in enumerate(texts, 1)]
        for item in read_lines(source.document, lines, width=full_width(texts)):
            yield replace(item, confidence=ocr.CONFIDENCE) if isinstance(item, Indicator) else item
    for page in pictures[_PICTURES_READ:]:
        yield Refusal(Reference(source.document, page), "", refusals.PICTURE)


def _has_picture(page: PageObject) -> bool:
    try:
        resources = page.get("/Resources")
        objects = resources.get_object().get("/XObject") if resources is not None else None
        return objects is not None and len(objects.get_object()) > 0
    except Exception:  # noqa: BLE001 - a damaged resource table fails in any of the library's ways
        return False


def _pages(data: bytes, document: str) -> Iterator[tuple[int, PageText | None, PageObject]]:
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, LimitReachedError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of every slip in a file
    size = 0
    steps = _Steps()
    painter = Painter(steps.count)
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise _locked(document)
        pages = PageReader(read_tags(reader))
        for number, page in enumerate(reader.pages, 1):
            if number > MAX_PAGES:
                raise LimitError("The PDF has too many pages.", document, "Split it into several files.")
            text = _page_text(number, page, painter, pages, steps)
            size += sum(map(len, text.lines)) if text is not None else 0
            if size > MAX_TEXT or steps.spent > MAX_STEPS:
                raise _bomb(document)
            yield number, text, page
    except LamsachError:
        raise
    except FileNotDecryptedError:
        raise _locked(document) from None
    except (LimitReachedError, MemoryError, RecursionError):
        raise _bomb(document) from None
    except Exception:  # noqa: BLE001 - a damaged PDF fails in any of the library's ways
        raise UnreadableError("The PDF is damaged.", document, "Fetch the file again.") from None


def _page_text(
    number: int, page: PageObject, painter: Painter, pages: PageReader, steps: _Steps
) -> PageText | None:
    """The lines and tables of a page; None for one that draws far more than a page of text."""
    from pypdf.errors import LimitReachedError

    steps.begin_page()
    try:
        return pages.read(number, page, painter.page(page))
    except LimitReachedError:
        steps.spent += MAX_PAGE_STEPS
        return None


class _Steps:
    """Counts the steps of drawing programs: pages may share one long program, or call it often."""

    def __init__(self) -> None:
        self.spent = 0
        self._page = 0

    def begin_page(self) -> None:
        """Another page begins."""
        self.spent += self._page
        self._page = 0

    def count(self, weight: int) -> None:
        """Further steps. Raises LimitReachedError beyond what a page may do."""
        self._page += weight
        if self._page > MAX_PAGE_STEPS:
            from pypdf.errors import LimitReachedError

            self._page = 0
            raise LimitReachedError("steps")


def _bomb(document: str) -> LimitError:
    return LimitError(
        "The PDF unpacks to far more than a document holds: this is how a bomb looks.", document
    )


def _locked(document: str) -> UnreadableError:
    return UnreadableError("The PDF is locked with a password.", document, "Save it without a password.")
