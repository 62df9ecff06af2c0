"""Running text of documents: paragraphs and pages as prose, tables by their columns.

Bars may draw tables in running text (Markdown: https://github.github.com/gfm/#tables-extension-).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto
from typing import Any, Protocol
from unicodedata import normalize

from lamsach.documents.decode import without_zero_width
from lamsach.documents.table import Block, Paragraph, Row
from lamsach.documents.table import Table as BlockTable
from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.judge.references import defangs_links
from lamsach.indicators.judge.sections import Section
from lamsach.indicators.judge.verdicts import refuse_struck
from lamsach.indicators.tables.tables import Table
from lamsach.indicators.text.broken_lines import HASH_DIGITS, Line, is_value, join_broken, rejoin
from lamsach.indicators.text.extract import Found
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import Refused, canonical_values
from lamsach.indicators.values.records import Entry, entries, is_shaped
from lamsach.model import Reference, Refusal

# | --- | :---: |
_RULER = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*")
_MARKS = " \t|*`_\n"
BAR = "\u00a6"
"""Stand-in for a bar that belongs to a text."""
_BREAK = re.compile(r"<br\s{0,3}/?>", re.IGNORECASE)
_PAIRS = re.compile(r"(\*\*|__|`{1,3}|\*|~~)(?=\S)([^*`~\n]{1,2000}?)(?<=\S)\1")


class Kind(Enum):
    """Kind of a line."""

    ROW = auto()
    TEXT = auto()
    AFTER = auto()
    """No row follows: a table above has ended."""


Piped = tuple[Kind, Any, str]
"""A classified line: kind, place, text."""


class PipedLines:
    """Separation of table rows from text: headings are above a ruler, rows below it.

    `framed`: only lines between bars are rows, and lines with as many bars are rows without a ruler too.
    """

    def __init__(self, *, framed: bool = False) -> None:
        self.in_table = False
        self._framed = framed
        self._pending: tuple[Any, str] | None = None
        """A line that may be the headings of a table, if a ruler follows."""

    def push(self, place: Any, line: str, *, fenced: bool | None = None) -> Iterator[Piped]:
        """Yield the lines whose kind is known after this one.

        `fenced`: the line is within a fence, where each with a bar is a row, or is the fence (False).
        """
        ruler = is_ruler(line)
        if ruler or (
            self._pending is not None and self._framed and _frame(line) == _frame(self._pending[1]) > 2
        ):
            self.in_table = True
            if self._pending is not None:
                yield Kind.ROW, *self._pending
            self._pending = None
        if ruler:
            return
        yield from self.end()
        may_be_row = self.in_table if fenced is None else fenced
        if may_be_row and line.strip() and (_frame(line) if self._framed else "|" in line):
            yield Kind.ROW, place, line
            return
        yield Kind.AFTER, place, ""
        self.in_table = False
        if "|" in line:
            self._pending = place, line
        else:
            yield Kind.TEXT, place, line

    def end(self) -> Iterator[Piped]:
        """Yield the pending line."""
        if self._pending is not None:
            yield Kind.TEXT, *self._pending
            self._pending = None


def _frame(line: str) -> int:
    """Return the number of bars of a line between bars; 0 for any other."""
    text = line.strip()
    return text.count("|") if text.startswith("|") and text.endswith("|") else 0


def is_ruler(line: str) -> bool:
    """Return whether a line is the ruler between a table's headings and rows."""
    return "|" in line and "-" in line and _RULER.fullmatch(line) is not None


def piped_cells(line: str) -> list[str]:
    """Return the cells between the bars, without marks of code and bold type."""
    text = line.strip().replace("\\|", BAR)
    return list(map(bare_cell, text.removeprefix("|").removesuffix("|").split("|")))


def bare_cell(cell: str) -> str:
    """Return a cell without marks of code and bold type."""
    return without_marks(_BREAK.sub("\n", cell)).strip(_MARKS).removesuffix(" +")


def without_marks(text: str) -> str:
    """Return a text without paired marks of code and bold type."""
    return _PAIRS.sub(r"\2", text)


_SENTENCE = re.compile(r"^\W{0,8}(?:[^\W\d_][\w'’-]*[,;:]?[ \t]+(?:\S+[ \t]+){9,})")
_SENTENCES = 2
_DEFANGED = re.compile(r"\w ?\[ ?\.{1,2} ?\] ?\w|\w\(\.\)\w|\bhxxps?\b|\w\[dot\]\w|\w\[:\]//", re.IGNORECASE)
_NEIGHBOURS = 3


def read_lines(
    document: str,
    lines: Iterable[Line],
    *,
    prose: Prose | None = None,
    width: int = 0,
    digits: tuple[int, ...] = HASH_DIGITS,
) -> Iterator[Entry]:
    """Yield an entry for every text on the lines with the shape of a value, accepted or refused.

    `width` is the length of a full line in characters (0: unknown), `digits` are the lengths of the
    document's hashes.
    """
    prose = prose or Prose(advisory=True)
    for line in join_broken(lines, width, digits):
        reference = Reference(document, line.page, line.row)
        for found in prose.line(line.text):
            yield from entries([found], reference, prose.facts, line.text)


def with_surroundings(page: int | None, texts: Sequence[str]) -> Iterator[Line]:
    """Yield the lines of a page that are not blank, each with the width of the surrounding text."""
    lengths = [len(text.strip()) for text in texts]
    for place, text in enumerate(texts):
        if text.strip():
            near = lengths[max(0, place - _NEIGHBOURS) : place] + lengths[place + 1 : place + 1 + _NEIGHBOURS]
            yield Line(page, place + 1, text, max(near, default=0))


def full_width(texts: Sequence[str]) -> int:
    """Return the length of a full line: the 90th percentile, at least 40."""
    lengths = sorted(len(text) for text in texts if text)
    return max(40, lengths[len(lengths) * 9 // 10]) if lengths else 0


def without_margins(pages: Sequence[list[str]]) -> list[Line]:
    """Blank the headers and footers that repeat on most pages, and return those with a value once each."""
    if len(pages) < 2:
        return []
    counts: Counter[str] = Counter()
    edges: list[dict[int, str]] = []
    for lines in pages:
        filled = [place for place, line in enumerate(lines) if line.strip()]
        edge = sorted({*filled[:3], *filled[-3:]}) if len(filled) > 6 else []
        edges.append({place: _pattern(lines[place]) for place in edge})
        counts.update(set(edges[-1].values()))
    min_count = max(2, len(pages) * 6 // 10)
    found: dict[str, Line] = {}
    for number, (lines, patterns) in enumerate(zip(pages, edges, strict=True), 1):
        for place, pattern in patterns.items():
            if counts[pattern] < min_count or (len(pages) == 2 and not _WORDS.search(pattern)):
                continue
            if pattern.startswith(_VALUED):
                found.setdefault(pattern, Line(number, place + 1, lines[place]))
            lines[place] = ""
    return list(found.values())


def margin_entries(document: str, margins: Iterable[Line]) -> Iterator[Entry]:
    """Yield the entries of the pages' headers and footers, once each."""
    prose = Prose(advisory=True)
    prose.section = Section.MARGIN
    return read_lines(document, margins, prose=prose)


_VALUED = "\0"
_WORDS = re.compile(r"[^\W\d_]{3,}.*[^\W\d_]{3,}", re.DOTALL)


def _pattern(line: str) -> str:
    """Return a line with its numbers masked but for values, marked if it holds a value."""
    words = line[:400].split()[:40]
    valued = [is_value(word) or "@" in word for word in words]
    text = " ".join(
        word if is_value else re.sub(r"\d+", "0", word) for word, is_value in zip(words, valued, strict=True)
    )
    return _VALUED + text if any(valued) else text


def defangs(texts: Iterable[str]) -> bool:
    """Return whether the author of these texts defangs malicious values."""
    return any(_DEFANGED.search(text) for text in texts)


def has_sentences(text: str) -> bool:
    """Return whether a text has several sentences, so that its values are mentioned, not listed."""
    return sum(_SENTENCE.search(line) is not None for line in text.splitlines()) >= _SENTENCES


def found_values(found: Iterable[Found]) -> list[Found]:
    """Return the observables with a value's shape and type."""
    return list(filter(is_shaped, found))


class Readable(Protocol):
    """A document as `lamsach.documents` parses it."""

    def texts(self) -> Iterator[str]:
        """Yield all its pieces of text."""

    def blocks(self) -> Iterator[Block]:
        """Yield its paragraphs and tables in order."""


def advisory_prose(texts: Iterable[str]) -> Prose:
    """Return the reader of an advisory with these texts, which show whether its author defangs."""
    texts = list(texts)
    return Prose(advisory=True, defangs=defangs(texts), links=defangs_links(texts))


def read_document(document: Readable, name: str) -> Iterator[Entry]:
    """Yield the entries of a document's paragraphs and tables."""
    reader = _DocumentReader(name, advisory_prose(["".join(document.texts())]))
    for block in document.blocks():
        yield from reader.block(block)
    yield from reader.end()


class _DocumentReader:
    """Reader of one document's paragraphs and tables in order."""

    def __init__(self, document: str, prose: Prose) -> None:
        self.document = document
        self.tables = 0
        self._prose = prose
        self._last: tuple[int | None, int] = (None, 0)
        self._lines = PipedLines(framed=True)
        self._piped: Table | None = None
        """The table that bars draw in the paragraphs."""

    def block(self, block: Block) -> Iterator[Entry]:
        """Yield the entries of a block."""
        if isinstance(block, Paragraph):
            yield from self._paragraph(block)
            return
        yield from self.end()
        if isinstance(block, BlockTable):
            yield from self._table(block.rows)
            yield from self._struck(block.struck)
        else:
            self._prose = self._prose.another()
            if block.margin:
                self._prose.section = Section.MARGIN

    def _paragraph(self, block: Paragraph) -> Iterator[Entry]:
        """Yield the entries of a paragraph, and of its links if their text shows no value."""
        self._last = block.page, block.row
        reference = Reference(self.document, block.page, block.row)
        for line in join_broken(
            Line(None, 0, part) for part in normalize("NFC", without_zero_width(block.text)).split("\n")
        ):
            for item in self._lines.push((reference, block.title), line.text):
                yield from self._line(item)
        for target, shown in block.links:
            yield from self._link(target, shown, reference)
        yield from self._struck(block.struck)

    def _line(self, item: Piped) -> Iterator[Entry]:
        """Yield the entries of a paragraph's line: prose, or a row of a table drawn with bars."""
        kind, (reference, title), text = item
        if kind is Kind.TEXT:
            found = self._prose.line(f"# {text}" if title else text)
            yield from entries(found, reference, self._prose.facts, text)
        elif kind is Kind.AFTER:
            yield from self._end_table()
        else:
            if self._piped is None:
                self.tables += 1
                self._piped = Table(self.document, reference.page, self.tables)
            self._piped.page = reference.page
            yield from self._with_facts(self._piped, self._piped.row(reference.row or 0, piped_cells(text)))

    def _end_table(self) -> Iterator[Entry]:
        if self._piped is not None:
            yield from self._with_facts(self._piped, self._piped.end())
            self._piped = None

    def end(self) -> Iterator[Entry]:
        """Yield the pending entries of the paragraphs."""
        for item in self._lines.end():
            yield from self._line(item)
        self._lines.in_table = False
        yield from self._end_table()

    def _struck(self, texts: Iterable[str]) -> Iterator[Entry]:
        for text in texts:
            found = Prose().line(normalize("NFC", without_zero_width(text)))
            yield from entries(refuse_struck(found), Reference(self.document, *self._last))

    def _link(self, target: str, shown: str, reference: Reference) -> Iterator[Entry]:
        try:
            values = canonical_values(target)
        except Refused:
            return
        if not any(not isinstance(item, Refused) for item in Prose().line(shown)):
            for kind, value in values:
                yield Refusal(reference, value, refusals.REFERENCE, kind)

    def _table(self, rows: Iterable[Row]) -> Iterator[Entry]:
        self.tables += 1
        table = Table(self.document, self._last[0], self.tables)
        for row in rows:
            table.page = row.page
            self._last = row.page, row.number
            texts = [rejoin(normalize("NFC", without_zero_width(text))) for text in row.cells]
            yield from self._with_facts(table, table.row(row.number, texts, row.inherited))
        yield from self._with_facts(table, table.end())

    def _with_facts(self, table: Table, found: Iterator[Entry]) -> Iterator[Entry]:
        """Add the facts that the text above states; drop texts of a table that is no list."""
        for item in found:
            if is_shaped(item) or table.headings.promising:
                yield self._prose.with_facts(item)
