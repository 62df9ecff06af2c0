"""What text documents (DOCX, ODT, RTF, Markdown) have in common: paragraphs read as prose, tables by their columns, one count of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from unicodedata import normalize

from lamsach.indicators import refusals
from lamsach.indicators.flowing import Line, defangs, joined, rejoined
from lamsach.indicators.invisible import visible
from lamsach.indicators.labels import defangs_links
from lamsach.indicators.mentions import Prose
from lamsach.indicators.normalise import Refused, canonical_values
from lamsach.indicators.records import Entry, entries, is_shaped
from lamsach.indicators.sections import Section
from lamsach.indicators.tables import Table
from lamsach.model import Indicator, Reference, Refusal


class DocumentReader:
    """Reads one document's paragraphs and tables in order. `page` and `row` are the place of what comes next."""

    def __init__(self, document: str, page: int | None = 1) -> None:
        self.document = document
        self.page = page
        self.row = 0
        self.tables = 0
        self.defangs = self.defangs_links = False
        self._prose = Prose(advisory=True)

    def look_through(self, texts: Iterable[str]) -> None:
        """See in the document's pieces of text, before it is read, whether its author defangs."""
        whole = ["".join(texts)]
        self.defangs, self.defangs_links = defangs(whole), defangs_links(whole)
        self._prose.defangs, self._prose.defangs_links = self.defangs, self.defangs_links

    def begin(self, *, margin: bool) -> None:
        """Another part of the document begins: a note, or (`margin`) a page header or footer, which lists nothing."""
        self._prose = Prose(advisory=True, defangs=self.defangs)
        self._prose.defangs_links = self.defangs_links
        if margin:
            self._prose.section = Section.MARGIN

    def next_page(self) -> None:
        """A page break."""
        if self.page is not None:
            self.page += 1

    def paragraph(
        self, text: str, links: Sequence[tuple[str, str]] = (), *, title: bool = False
    ) -> Iterator[Entry]:
        """What one paragraph says, and where its links lead (target, text), when the text shows something else. `title`: it has a heading's style."""
        self.row += 1
        reference = Reference(self.document, self.page, self.row)
        for line in joined(Line(None, 0, part) for part in normalize("NFC", visible(text)).split("\n")):
            said = f"# {line.text}" if title else line.text
            yield from entries(self._prose.line(said), reference, self._prose.facts, line.text)
        for target, shown in links:
            yield from self._link(target, shown, reference)

    def struck(self, texts: Iterable[str]) -> Iterator[Entry]:
        """The values in texts that the author struck out, as withdrawn ones."""
        reference = Reference(self.document, self.page, self.row)
        for text in texts:
            for item in Prose().line(normalize("NFC", visible(text))):
                if not isinstance(item, Refused):
                    yield Refusal(reference, item[1], refusals.WITHDRAWN, item[0])

    def _link(self, target: str, shown: str, reference: Reference) -> Iterator[Entry]:
        try:
            values = canonical_values(target)
        except Refused:
            return
        if not any(not isinstance(item, Refused) for item in Prose().line(shown)):
            for kind, value in values:
                yield Refusal(reference, value, refusals.REFERENCE, kind)

    def table(self, rows: Iterable[Sequence[tuple[str, str]]]) -> Iterator[Entry]:
        """What a table says: cells with their text and `start`, `more` or nothing for those merged over several rows."""
        self.tables += 1
        table = Table(self.document, self.page, self.tables)
        held: dict[int, str] = {}
        for cells in rows:
            self.row += 1
            table.page = self.page
            texts: list[str] = []
            for column, (text, state) in enumerate(cells):
                if state == "start":
                    held[column] = text
                elif state != "more":
                    held.pop(column, None)
                texts.append("" if state == "more" else rejoined(normalize("NFC", visible(text))))
            inherited = {column: held[column] for column in held if column < len(texts) and not texts[column]}
            yield from self._kept(table, table.row(self.row, texts, inherited))
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
