"""Web pages and HTML annexes: tables like any table, other text line by line; scripts and styles are
no text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lamsach.documents.html import Page, Title
from lamsach.documents.table import Row
from lamsach.indicators.files.source import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.judge.references import defangs_links
from lamsach.indicators.judge.sections import Section
from lamsach.indicators.judge.stated import struck_out
from lamsach.indicators.judge.unlisted import Account
from lamsach.indicators.tables.tables import Table
from lamsach.indicators.text.broken_lines import Unbroken, rejoined
from lamsach.indicators.text.documents import defangs
from lamsach.indicators.text.extract import Found, scan
from lamsach.indicators.values import refusals
from lamsach.indicators.values.domains import suffixes
from lamsach.indicators.values.normalise import Value
from lamsach.indicators.values.records import Entry, entries, is_shaped
from lamsach.indicators.values.refusals import Refused
from lamsach.indicators.values.urls import split_url
from lamsach.model import IndicatorType, Reference

_STARTS = re.compile(
    r"[\ufeff\s]*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body|table|div|meta)[\s>]",
    re.IGNORECASE | re.DOTALL,
)


def _read(source: ListSource) -> Iterator[Entry]:
    """Read tables by their columns, other text for what has a value's shape; `row` is the source's line."""
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
            yield from filter(is_shaped, table.end())
            tables += 1
            table = Table(source.document, None, tables)
        else:
            texts = [rejoined(text) for text in cells.cells]
            yield from filter(is_shaped, table.row(row, texts, cells.inherited))
    yield from filter(is_shaped, table.end())
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


def _site(address: str) -> str | None:
    """The registered name in a page's own address."""
    return suffixes().registered(split_url(address.strip().lower())[1].partition(":")[0]) if address else None


def _but(own: frozenset[str], site: str | None, found: list[Found]) -> list[Found]:
    """Refuse values of the page's own site, which is in its title or its own address."""
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


HTML = ListFormat("html", "HTML page", lambda source: _STARTS.match(source.text_head), _read, text=True)
