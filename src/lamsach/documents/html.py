"""Web pages: text and tables, in time linear in the page, with the same result under every Python.

Many versions of Python's `html.parser` scan the rest of a page again for each unclosed mark
(https://github.com/python/cpython/issues/135462), and fail for `<![` without a name; the versions without
these faults drop the text after such a mark.
"""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

from lamsach.documents.table import Row

_MAX_BROKEN = 10
_MARKUP = re.compile(r"<[^<>]*>")

_MAX_TITLE = 300
_STRUCK_TAGS = frozenset({"s", "strike", "del"})
_HIDDEN_TAGS = frozenset({"script", "style", "template", "noscript", "svg", "head"})
_MARGIN_TAGS = frozenset({"nav", "footer"})
_TEXT_INPUTS = frozenset({"", "text", "search", "url", "email", "tel"})
"""Types of form fields that show their value as text (HTML, "The input element")."""
_BLOCKS = frozenset([
    "p", "div", "li", "br", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "table", "ul",
    "ol", "dl", "dd", "dt", "section", "article", "blockquote", "hr", "option",
])  # fmt: skip
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_MAX_TEXT = 1024 * 1024
MAX_COLUMNS, _MAX_ROWS = 64, 1000


class SafeParser(HTMLParser):
    """`HTMLParser` for an untrusted page: `read` replaces `feed` and `close`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def read(self, page: str) -> None:
        """Read the whole page.

        An unclosed mark is text up to the next one; after ten of them, the rest is text without its marks.
        """
        self.feed(page)
        for _ in range(_MAX_BROKEN):
            rest = self.rawdata
            if self.cdata_elem is not None or not rest.startswith("<"):
                break
            end = rest.find(">", 1) + 1 or rest.find("<", 1)
            end = end if end > 0 else len(rest)
            self.handle_data(unescape(rest[:end]))
            self.updatepos(0, end)
            self.rawdata = ""
            self.feed(rest[end:])
        rest, self.rawdata = self.rawdata, ""
        if rest:
            self.handle_data(rest if self.cdata_elem is not None else unescape(_MARKUP.sub(" ", rest)))

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Read `<![if ..]>`, `<![CDATA[` as a comment up to the next `>`, as browsers do."""
        return self.parse_bogus_comment(i, report)


class Title(str):
    """Text of a heading (`h1` to `h6`)."""

    __slots__ = ()


class Page(SafeParser):
    """Parts of a page with source lines: text (`Title` for headings), rows, None as a table's start."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[int, str | Row | None]] = []
        self.title = ""
        self.address = ""
        """The page's stated address (HTML, "canonical"; the Open Graph protocol, "og:url")."""
        self._in_title = self._heads = False
        self._hidden_depth = self._struck_depth = self._margin_depth = 0
        self.struck: list[tuple[int, str]] = []
        """Struck-out texts, with their lines."""
        self.margins: list[tuple[int, str]] = []
        """Texts of the page's navigation and footer, with their lines."""
        self._text: list[str] = []
        self._size = 0
        self._line = 1
        self._row: list[str] | None = None
        self._row_line = 1
        self._cell: tuple[int, int] | None = None
        """Columns and rows of a cell whose text is still to come."""
        self._spans = Spans()
        self.read(text)
        self._end_text()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Handle a start tag."""
        self._in_title = tag == "title"
        if tag in ("link", "meta") and not self.address:
            attributes = dict(attrs)
            if (attributes.get("rel") or "").lower() == "canonical":
                self.address = attributes.get("href") or ""
            elif attributes.get("property") == "og:url":
                self.address = attributes.get("content") or ""
        if tag in _STRUCK_TAGS:
            self._struck_depth += 1
        self._margin_depth += tag in _MARGIN_TAGS
        if tag in _HIDDEN_TAGS:
            self._hidden_depth += 1
        elif tag == "body":
            self._hidden_depth = self._margin_depth = 0
        elif tag == "input":
            self._field(dict(attrs))
        if tag == "table":
            self._end_text()
            self.found.append((self.getpos()[0], None))
            self._spans, self._cell = Spans(), None
        elif tag == "tr":
            self._end_row()
            self._row, self._row_line = [], self.getpos()[0]
        elif tag in ("td", "th"):
            self._end_cell()
            if self._row is not None:
                stated = dict(attrs)
                self._row += self._spans.before(len(self._row))
                self._cell = (
                    _number(stated.get("colspan"), MAX_COLUMNS),
                    _number(stated.get("rowspan"), _MAX_ROWS),
                )
        elif tag in _BLOCKS:
            self._end_block()
            self._heads = tag in _HEADINGS
        if tag in _BLOCKS:
            self._struck_depth = 0  # an unclosed mark strikes out no more than its block

    def handle_endtag(self, tag: str) -> None:
        """Handle an end tag."""
        self._in_title = False
        if tag in _STRUCK_TAGS:
            self._struck_depth = max(0, self._struck_depth - 1)
        if tag in _HIDDEN_TAGS:
            self._hidden_depth = max(0, self._hidden_depth - 1)
        elif tag in _MARGIN_TAGS:
            self._margin_depth = max(0, self._margin_depth - 1)
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag in ("tr", "table"):
            self._end_row()
        elif tag in _BLOCKS:
            self._end_block()

    def handle_data(self, data: str) -> None:
        """Handle text."""
        if self._in_title:
            self.title += data[:_MAX_TITLE]
            self._in_title = len(self.title) < _MAX_TITLE
        if self._hidden_depth or self._size > _MAX_TEXT:
            return
        if self._struck_depth or self._margin_depth:
            (self.struck if self._struck_depth else self.margins).append((self.getpos()[0], data))
            return
        if not self._text:
            self._line = self.getpos()[0]
        self._text.append(data)
        self._size += len(data)

    def _field(self, attributes: dict[str, str | None]) -> None:
        """Add the text of a form's field as a block of its own."""
        if (attributes.get("type") or "").lower() in _TEXT_INPUTS and attributes.get("value"):
            self._end_block()
            self.handle_data(attributes["value"] or "")
            self._end_block()

    def _take_text(self) -> str:
        text = "".join(self._text).replace("\u00ad", "")  # where a line may break
        self._text.clear()
        self._size = 0
        return text

    def _end_block(self) -> None:
        if self._row is not None:
            self._text.append("\n")
        else:
            self._end_text()

    def _end_text(self) -> None:
        for place, line in enumerate(self._take_text().split("\n")):
            if line.strip():
                self.found.append((self._line + place, Title(line) if self._heads else line))
        self._heads = False

    def _end_cell(self) -> None:
        if self._row is None:
            self._end_text()
        elif (text := self._take_text().strip()) or self._cell is not None:
            self._row += self._spans.cell(len(self._row), text, *(self._cell or (1, 1)))
            self._cell = None

    def _end_row(self) -> None:
        if self._row is None:
            self._end_text()
            return
        self._end_cell()
        inherited = self._spans.end_row()
        if any(self._row):
            self.found.append((self._row_line, Row(self._row_line, tuple(self._row), inherited)))
        self._row = None


class Spans:
    """Cells of a table merged over columns or rows (HTML, "colspan" and "rowspan")."""

    def __init__(self) -> None:
        self.above: dict[int, tuple[int, str]] = {}
        """By column: number of further rows that a cell extends into, and its text."""
        self._new: dict[int, tuple[int, str]] = {}

    def before(self, place: int) -> list[str]:
        """Return empty texts for the columns from an index on that cells above fill."""
        end = place
        while end in self.above:
            end += 1
        return [""] * (end - place)

    def cell(self, place: int, text: str, wide: int, high: int) -> list[str]:
        """Return the texts of the columns, from an index on, that a cell of `high` rows fills."""
        if high > 1 and place < MAX_COLUMNS:
            self._new.update(dict.fromkeys(range(place, place + wide), (high - 1, text)))
        return [text, *[""] * (wide - 1)]

    def end_row(self) -> dict[int, str]:
        """End a row, and return the texts that cells above contribute to it."""
        inherited = {place: text for place, (_, text) in self.above.items()}
        rest = {place: (rows - 1, text) for place, (rows, text) in self.above.items() if rows > 1}
        self.above, self._new = rest | self._new, {}
        return inherited


def _number(text: str | None, limit: int) -> int:
    return (
        min(max(int(text), 1), limit) if text and text.isascii() and text.isdecimal() and len(text) < 6 else 1
    )
