"""What text documents (DOC, DOCX, ODT, RTF) say: paragraphs read as prose, tables by their columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol
from unicodedata import normalize

from lamsach.documents.decode import visible
from lamsach.documents.table import Block, Paragraph, Row
from lamsach.documents.table import Table as BlockTable
from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.judge.references import defangs_links
from lamsach.indicators.judge.sections import Section
from lamsach.indicators.judge.stated import struck_out
from lamsach.indicators.tables.tables import Table
from lamsach.indicators.text.flowing import Line, defangs, joined, rejoined
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import Refused, canonical_values
from lamsach.indicators.values.records import Entry, entries, is_shaped
from lamsach.model import Indicator, Reference, Refusal


class Readable(Protocol):
    """A document as `lamsach.documents` gives it."""

    def texts(self) -> Iterator[str]:
        """All its pieces of text."""

    def blocks(self) -> Iterator[Block]:
        """Its paragraphs and tables in order."""


def read_document(document: Readable, name: str) -> Iterator[Entry]:
    """Yield what a document's paragraphs and tables say."""
    reader = DocumentReader(name)
    reader.look_through(document.texts())
    for block in document.blocks():
        yield from reader.block(block)


class DocumentReader:
    """Reads one document's paragraphs and tables in order."""

    def __init__(self, document: str) -> None:
        self.document = document
        self.tables = 0
        self.defangs = self.defangs_links = False
        self._prose = Prose(advisory=True)
        self._last: tuple[int | None, int] = (None, 0)

    def look_through(self, texts: Iterable[str]) -> None:
        """See in the document's pieces of text, before it is read, whether its author defangs."""
        whole = ["".join(texts)]
        self.defangs, self.defangs_links = defangs(whole), defangs_links(whole)
        self._prose.defangs, self._prose.defangs_links = self.defangs, self.defangs_links

    def block(self, block: Block) -> Iterator[Entry]:
        """Yield what a block says."""
        if isinstance(block, Paragraph):
            yield from self._paragraph(block)
        elif isinstance(block, BlockTable):
            yield from self._table(block.rows)
            yield from self._struck(block.struck)
        else:
            self._prose = Prose(advisory=True, defangs=self.defangs)
            self._prose.defangs_links = self.defangs_links
            if block.margin:
                self._prose.section = Section.MARGIN

    def _paragraph(self, block: Paragraph) -> Iterator[Entry]:
        """Yield what a paragraph says, and where its links lead, when the text shows something else."""
        self._last = block.page, block.row
        reference = Reference(self.document, block.page, block.row)
        for line in joined(Line(None, 0, part) for part in normalize("NFC", visible(block.text)).split("\n")):
            said = f"# {line.text}" if block.title else line.text
            yield from entries(self._prose.line(said), reference, self._prose.facts, line.text)
        for target, shown in block.links:
            yield from self._link(target, shown, reference)
        yield from self._struck(block.struck)

    def _struck(self, texts: Iterable[str]) -> Iterator[Entry]:
        """The values in texts that the author struck out, as withdrawn ones."""
        for text in texts:
            found = Prose().line(normalize("NFC", visible(text)))
            yield from entries(struck_out(found), Reference(self.document, *self._last))

    def _link(self, target: str, shown: str, reference: Reference) -> Iterator[Entry]:
        try:
            values = canonical_values(target)
        except Refused:
            return
        if not any(not isinstance(item, Refused) for item in Prose().line(shown)):
            for kind, value in values:
                yield Refusal(reference, value, refusals.REFERENCE, kind)

    def _table(self, rows: Iterable[Row]) -> Iterator[Entry]:
        """Yield what a table says."""
        self.tables += 1
        table = Table(self.document, self._last[0], self.tables)
        for row in rows:
            table.page = row.page
            self._last = row.page, row.number
            texts = [rejoined(normalize("NFC", visible(text))) for text in row.cells]
            yield from self._kept(table, table.row(row.number, texts, row.inherited))
        yield from self._kept(table, table.end())

    def _kept(self, table: Table, found: Iterator[Entry]) -> Iterator[Entry]:
        """With the threat that the text above names; without the texts of a table that is no list."""
        for item in found:
            if isinstance(item, Indicator):
                said = self._prose.facts
                item = replace(item, threat=item.threat or said.threat, source=item.source or said.source)
                yield item
            elif is_shaped(item) or table.headed:
                yield item
