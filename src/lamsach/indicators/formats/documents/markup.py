"""Advisories in Markdown or AsciiDoc: prose line by line, tables by their columns, wherever in the text they stand.

Markdown tables: https://github.github.com/gfm/#tables-extension-; AsciiDoc tables: https://docs.asciidoctor.org/asciidoc/latest/tables/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import ClassVar

from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.tables.asciidoc import Rows, begins_cell, cells_of, columns_of
from lamsach.indicators.tables.tables import Table
from lamsach.indicators.text.flowing import defangs
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry, entries, is_shaped
from lamsach.model import Indicator, Reference, Refusal

# | --- | :---: |
_RULER = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*")
_FENCE = re.compile(r"\s*\|={3,}\s*")
_HEADING = re.compile(r"(?m)^(?:#{1,6}|={1,6}) \S")
_MARKS = " \t|*`_\n"
_BAR = "\u00a6"
"""What a bar that is a text's own is read as."""
_BREAK = re.compile(r"<br\s{0,3}/?>", re.IGNORECASE)
_PAIRS = re.compile(r"(\*\*|__|`{1,3}|\*|~~)(?=\S)([^*`~\n]{1,2000}?)(?<=\S)\1")


class Markup(ListFormat):
    """Markdown or AsciiDoc; `row` is the line."""

    name: ClassVar[str] = "markup"
    title: ClassVar[str] = "Markdown or AsciiDoc"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the text has a table of one of the two kinds, with headings or prose around it."""
        head = source.text_head
        if source.encoding.binary or "|" not in head:
            return False
        lines = head.splitlines()
        rulers = any("|" in line and "-" in line and _RULER.fullmatch(line) for line in lines)
        return rulers or (any(map(_FENCE.fullmatch, lines)) and _HEADING.search(head) is not None)

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Line by line."""
        prose, tables = Prose(advisory=True, defangs=defangs([source.text_head])), 1
        table = Table(source.document, None, tables)
        fenced = in_table = False
        rows, columns = Rows(), None
        waiting: tuple[int, str] | None = None
        for number, line in source.lines():
            if line is None:
                yield Refusal(Reference(source.document, None, number), "", refusals.TOO_LONG)
                continue
            if _FENCE.fullmatch(line):
                yield from _rows(table, rows.end(), prose)
                fenced, rows = not fenced, Rows(columns)
                is_row = False
            elif "|" in line and "-" in line and _RULER.fullmatch(line):
                in_table = True
                if waiting is not None:
                    yield from _listed(table, table.row(waiting[0], _cells(waiting[1])), prose)
                waiting = None
                continue
            else:
                is_row = bool(line.strip()) and (in_table or fenced) and "|" in line
            if waiting is not None:
                yield from _prose(waiting[1], Reference(source.document, None, waiting[0]), prose)
                waiting = None
            columns = columns_of(line)
            if is_row and fenced:
                cells = cells_of(line.replace("\\|", _BAR))
                yield from _rows(table, rows.take(number, cells, goes_on=not begins_cell(line)), prose)
                continue
            if is_row:
                yield from _listed(table, table.row(number, _cells(line)), prose)
                continue
            if in_table or (table.headed and not fenced):
                yield from _listed(table, table.end(), prose)
                tables += 1
                table = Table(source.document, None, tables)
                in_table = False
            if "|" in line:
                waiting = (number, line)  # the headings of a table, if a ruler follows
            else:
                yield from _prose(line, Reference(source.document, None, number), prose)
        yield from _rows(table, rows.end(), prose)
        if waiting is not None:
            yield from _prose(waiting[1], Reference(source.document, None, waiting[0]), prose)
        yield from _listed(table, table.end(), prose)


def _cells(line: str) -> list[str]:
    """The cells between the bars, without the marks of code and bold type."""
    text = line.strip().replace("\\|", _BAR)
    return list(map(_bare, text.removeprefix("|").removesuffix("|").split("|")))


def _bare(cell: str) -> str:
    return _PAIRS.sub(r"\2", _BREAK.sub("\n", cell)).strip(_MARKS).removesuffix(" +")


def _rows(
    table: Table, rows: Iterable[tuple[int, list[str], dict[int, str]]], prose: Prose
) -> Iterator[Entry]:
    """Yield what the rows of an AsciiDoc table say."""
    for first, texts, above in rows:
        inherited = {place: _bare(text) for place, text in above.items()}
        yield from _listed(table, table.row(first, list(map(_bare, texts)), inherited), prose)


def _prose(line: str, reference: Reference, prose: Prose) -> Iterator[Entry]:
    text = line.strip()
    if text:
        found = prose.line(_PAIRS.sub(r"\2", text) if "`" in text or "**" in text else text)
        yield from entries(found, reference, prose.facts, line)


def _listed(table: Table, found: Iterator[Entry], prose: Prose) -> Iterator[Entry]:
    """With the threat that the text above names; without the texts of a table that is no list."""
    for item in found:
        if isinstance(item, Indicator):
            yield item if item.threat or prose.threat is None else replace(item, threat=prose.threat)
        elif is_shaped(item):
            yield item
