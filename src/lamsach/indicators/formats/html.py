"""Web pages and HTML annexes: tables like any table, other text line by line; scripts and styles are no text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from lamsach.indicators import refusals
from lamsach.indicators.base import ListFormat
from lamsach.indicators.extract import Found, scan
from lamsach.indicators.flowing import defangs, rejoined
from lamsach.indicators.html_cells import Cells, Spans
from lamsach.indicators.labels import defangs_links
from lamsach.indicators.mentions import Prose
from lamsach.indicators.normalise import Value, declined
from lamsach.indicators.opening import ListSource
from lamsach.indicators.records import Entry, entries, is_shaped
from lamsach.indicators.refusals import Refused
from lamsach.indicators.safe_html import SafeParser
from lamsach.indicators.suffixes import suffixes
from lamsach.indicators.tables import Table
from lamsach.indicators.unbroken import Unbroken
from lamsach.indicators.unlisted import Account
from lamsach.indicators.urls import split_url
from lamsach.model import IndicatorType, Reference

_STARTS = re.compile(
    r"[\ufeff\s]*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body|table|div|meta)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_MAX_TITLE = 300
_CROSSED = frozenset({"s", "strike", "del"})
_SILENT = frozenset({"script", "style", "template", "noscript", "svg", "head"})
_MARGIN = frozenset({"nav", "footer"})
_TYPED = frozenset({"", "text", "search", "url", "email", "tel"})
"""Types of a form's fields that show their value as text (HTML, "The input element")."""
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "li",
        "br",
        "tr",
        "td",
        "th",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "table",
        "ul",
        "ol",
        "dl",
        "dd",
        "dt",
        "section",
        "article",
        "blockquote",
        "hr",
        "option",
    ]
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_MAX_TEXT = 1024 * 1024


class Html(ListFormat):
    """HTML; `row` is the line of the source at which the text or table row begins."""

    name: ClassVar[str] = "html"
    title: ClassVar[str] = "HTML page"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Whether the document begins as a page does."""
        return not source.encoding.binary and _STARTS.match(source.text_head) is not None

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Tables by their columns; of other text only what has a value's shape, taken or refused."""
        page = _Page()
        page.read(source.encoding.decode(source.whole()))
        page.end_text()
        every = [text for _, part in page.found for text in _texts(part)]
        marked = defangs(every)
        tables, table, prose = 0, Table(source.document), Prose(advisory=True, defangs=marked)
        prose.defangs_links = defangs_links(every)
        own = frozenset(item[1] for item in scan(page.title) if not isinstance(item, Refused))
        site = _site(page.address)
        for row, cells in _unbroken(page.found):
            if isinstance(cells, str):
                found = _but(own, site, prose.line(f"# {cells}" if isinstance(cells, _Title) else cells))
                yield from entries(found, Reference(source.document, None, row), prose.facts, cells)
            elif cells is None:
                yield from _shaped(table.end())
                tables += 1
                table = Table(source.document, None, tables)
            else:
                texts = [rejoined(text) for text in cells.texts]
                yield from _shaped(table.row(row, texts, cells.inherited))
        yield from _shaped(table.end())
        account = Account()
        for row, text in [(1, page.title), *page.margins]:
            found = account.rest([text], own, reason=refusals.MARGIN)
            yield from entries(found, Reference(source.document, None, row))
        for row, text in page.struck:
            values = (
                declined(item, refusals.WITHDRAWN) for item in scan(text) if not isinstance(item, Refused)
            )
            yield from entries(values, Reference(source.document, None, row))


def _texts(part: str | Cells | None) -> list[str]:
    return [] if part is None else [part] if isinstance(part, str) else part.texts


def _unbroken(found: Iterable[tuple[int, str | Cells | None]]) -> Iterator[tuple[int, str | Cells | None]]:
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


class _Title(str):
    """The text of a heading (`h1` to `h6`)."""

    __slots__ = ()


class _Page(SafeParser):
    """Collects in order: text blocks (str), table rows (list of cells), and None where a table begins."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str | Cells | None]] = []
        self.title = ""
        self.address = ""
        """What the page states as its own address (HTML, "canonical"; the Open Graph protocol, "og:url")."""
        self._in_title = self._heads = False
        self._silent = self._crossed = self._margin = 0
        self.struck: list[tuple[int, str]] = []
        """What is struck out, with its lines."""
        self.margins: list[tuple[int, str]] = []
        """What the page's navigation and footer say, with the lines."""
        self._text: list[str] = []
        self._size = 0
        self._line = 1
        self._row: list[str] | None = None
        self._row_line = 1
        self._spans = Spans()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_title = tag == "title"
        if tag in ("link", "meta") and not self.address:
            said = dict(attrs)
            if (said.get("rel") or "").lower() == "canonical":
                self.address = said.get("href") or ""
            elif said.get("property") == "og:url":
                self.address = said.get("content") or ""
        if tag in _CROSSED:
            self._crossed += 1
        self._margin += tag in _MARGIN
        if tag in _SILENT:
            self._silent += 1
        elif tag == "body":
            self._silent = self._margin = 0
        elif tag == "input":
            self._field(dict(attrs))
        if tag == "table":
            self.end_text()
            self.found.append((self.getpos()[0], None))
            self._spans = Spans()
        elif tag == "tr":
            self._end_row()
            self._row, self._row_line = [], self.getpos()[0]
        elif tag in ("td", "th"):
            self._end_cell()
            if self._row is not None:
                self._row += self._spans.before(len(self._row))
                self._spans.begin(len(self._row), dict(attrs))
        elif tag in _BLOCKS:
            self._end_block()
            self._heads = tag in _HEADINGS
        if tag in _BLOCKS:
            self._crossed = 0  # a mark that nobody closes strikes out no more than its block

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False
        if tag in _CROSSED:
            self._crossed = max(0, self._crossed - 1)
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _MARGIN:
            self._margin = max(0, self._margin - 1)
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag in ("tr", "table"):
            self._end_row()
        elif tag in _BLOCKS:
            self._end_block()

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data[:_MAX_TITLE]
            self._in_title = len(self.title) < _MAX_TITLE
        if self._silent or self._size > _MAX_TEXT:
            return
        if self._crossed or self._margin:
            (self.struck if self._crossed else self.margins).append((self.getpos()[0], data))
            return
        if not self._text:
            self._line = self.getpos()[0]
        self._text.append(data)
        self._size += len(data)

    def _field(self, said: dict[str, str | None]) -> None:
        """The text in a form's field, as a block of its own."""
        if (said.get("type") or "").lower() in _TYPED and said.get("value"):
            self._end_block()
            self.handle_data(said["value"] or "")
            self._end_block()

    def _taken(self) -> str:
        text = "".join(self._text).replace("\u00ad", "")  # where a line may break
        self._text.clear()
        self._size = 0
        return text

    def _end_block(self) -> None:
        if self._row is not None:
            self._text.append("\n")
        else:
            self.end_text()

    def end_text(self) -> None:
        """Close the text block that is open."""
        for place, line in enumerate(self._taken().split("\n")):
            if line.strip():
                self.found.append((self._line + place, _Title(line) if self._heads else line))
        self._heads = False

    def _end_cell(self) -> None:
        if self._row is None:
            self.end_text()
        elif (text := self._taken().strip()) or self._spans.open:
            self._row += self._spans.cell(text)

    def _end_row(self) -> None:
        if self._row is None:
            self.end_text()
            return
        self._end_cell()
        inherited = self._spans.end_row()
        if any(self._row):
            self.found.append((self._row_line, Cells(self._row, inherited)))
        self._row = None
