"""Web pages and HTML annexes: tables like any table, other text line by line; scripts and styles are no text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from lamsach.documents.html import Page, Title
from lamsach.documents.table import Row
from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.judge.references import defangs_links
from lamsach.indicators.judge.sections import Section
from lamsach.indicators.judge.stated import struck_out
from lamsach.indicators.judge.unlisted import Account
from lamsach.indicators.tables.tables import Table
from lamsach.indicators.text.extract import Found, scan
from lamsach.indicators.text.flowing import defangs, rejoined
from lamsach.indicators.text.unbroken import Unbroken
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import Value
from lamsach.indicators.values.records import Entry, entries, is_shaped
from lamsach.indicators.values.refusals import Refused
from lamsach.indicators.values.suffixes import suffixes
from lamsach.indicators.values.urls import split_url
from lamsach.model import IndicatorType, Reference

_STARTS = re.compile(
    r"[\ufeff\s]*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body|table|div|meta)[\s>]",
    re.IGNORECASE | re.DOTALL,
)


class Html(ListFormat):
    """HTML; `row` is the line of the source at which the text or table row begins."""

    name: ClassVar[str] = "html"
    title: ClassVar[str] = "HTML page"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the document begins as a page does."""
        return not source.encoding.binary and _STARTS.match(source.text_head) is not None

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Tables by their columns; of other text only what has a value's shape, taken or refused."""
        page = Page(source.encoding.decode(source.whole()))
        every = [text for _, part in page.found for text in _texts(part)]
        marked = defangs(every)
        tables, table, prose = 0, Table(source.document), Prose(advisory=True, defangs=marked)
        prose.defangs_links = defangs_links(every)
        own = frozenset(item[1] for item in scan(page.title) if not isinstance(item, Refused))
        site = _site(page.address)
        for row, cells in _unbroken(page.found):
            if isinstance(cells, str):
                found = _but(own, site, prose.line(f"# {cells}" if isinstance(cells, Title) else cells))
                yield from entries(found, Reference(source.document, None, row), prose.facts, cells)
            elif cells is None:
                yield from _shaped(table.end())
                tables += 1
                table = Table(source.document, None, tables)
            else:
                texts = [rejoined(text) for text in cells.cells]
                yield from _shaped(table.row(row, texts, cells.inherited))
        yield from _shaped(table.end())
        account = Account()
        for row, text in [(1, page.title), *page.margins]:
            found = account.rest([text], own, where=Section.MARGIN)
            yield from entries(found, Reference(source.document, None, row))
        for row, text in page.struck:
            yield from entries(struck_out(scan(text)), Reference(source.document, None, row))


def _texts(part: str | Row | None) -> list[str]:
    return [] if part is None else [part] if isinstance(part, str) else list(part.cells)


def _unbroken(found: Iterable[tuple[int, str | Row | None]]) -> Iterator[tuple[int, str | Row | None]]:
    """The page's parts, lines that `<br>` breaks within a value as one."""
    lines = Unbroken()
    for row, part in found:
        if isinstance(part, str):
            yield from lines.push(row, part)
        else:
            yield from lines.end()
            yield row, part
    yield from lines.end()


def _shaped(found: Iterator[Entry]) -> Iterator[Entry]:
    """Without the refusals of what has no value's shape: a page's tables hold much that is no list."""
    return filter(is_shaped, found)


def _site(address: str) -> str | None:
    """The registered name in a page's own address."""
    return suffixes().registered(split_url(address.strip().lower())[1].partition(":")[0]) if address else None


def _but(own: frozenset[str], site: str | None, found: list[Found]) -> list[Found]:
    """The values, those of the page's own site refused: a page that bears its site's name in its title, or states its own
    address, speaks of itself."""
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
