"""Text with page breaks, as `pdftotext` and printers' files have it: a document of pages whose headers and footers list nothing.

Every page ends with a form feed (ASCII 12). A bare list with form feeds is no such document and is read line by line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.judge.sections import Section
from lamsach.indicators.text.flowing import (
    Line,
    defangs,
    full_width,
    has_sentences,
    read_lines,
    with_surroundings,
    without_margins,
)
from lamsach.indicators.text.halves import hash_lengths
from lamsach.indicators.values.records import Entry, is_shaped

_PAGE_END = "\f"


class PagedText(ListFormat):
    """Text whose pages end with form feeds; `page` and `row`, the line on it, are the place of a value."""

    name: ClassVar[str] = "paged_text"
    title: ClassVar[str] = "Text of a document with pages"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether a text of sentences has a page break."""
        head = source.text_head
        return not source.encoding.binary and _PAGE_END in head and has_sentences(head)

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Whatever has a value's shape on any line, taken or refused; the sentences around it are no refusals."""
        text = source.encoding.decode(source.whole())
        pages = [page.replace("\r", "").split("\n") for page in text.split(_PAGE_END)]
        margins = without_margins(pages)
        every = [line for page in pages for line in page]
        prose = Prose(advisory=True, defangs=defangs(every))
        width, digits = full_width(every), hash_lengths(every)
        for block in _blocks(pages):
            yield from _shaped(read_lines(source.document, block, prose=prose, width=width, digits=digits))
        yield from _shaped(_mentioned(source.document, margins))


def _blocks(pages: list[list[str]]) -> Iterator[list[Line]]:
    """Lines that follow each other without a blank one between, over the end of a page too: a value is broken within such a block alone."""
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


def _mentioned(document: str, margins: list[Line]) -> Iterator[Entry]:
    """Return what stands in the headers and footers of the pages, once each."""
    prose = Prose(advisory=True)
    prose.section = Section.MARGIN
    return read_lines(document, margins, prose=prose)


def _shaped(found: Iterator[Entry]) -> Iterator[Entry]:
    """Without the refusals of what has no value's shape."""
    return filter(is_shaped, found)
