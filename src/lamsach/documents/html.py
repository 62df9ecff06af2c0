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
_MAX_COLUMNS, _MAX_ROWS = 64, 1000


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
            end = _end(rest)
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


def _end(rest: str) -> int:
    """Return the end of a text that begins with an unclosed mark."""
    end = rest.find(">", 1) + 1 or rest.find("<", 1)
    return end if end > 0 else len(rest)


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
        elif (text := self._take_text().strip()) or self._spans.open:
            self._row += self._spans.cell(text)

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
        self.open = False
        """Whether a cell was begun and its text is still to come."""
        self._place, self._colspan, self._rowspan = 0, 1, 1
        self._above: dict[int, tuple[int, str]] = {}
        """By column: number of further rows that a cell extends into, and its text."""
        self._new: dict[int, tuple[int, str]] = {}

    @property
    def filled(self) -> int:
        """Return the number of columns of the next row that cells above fill."""
        return len(self._above)

    def before(self, place: int) -> list[str]:
        """Return empty texts for the columns from an index on that cells above fill."""
        end = place
        while end in self._above:
            end += 1
        return [""] * (end - place)

    def begin(self, place: int, attributes: dict[str, str | None]) -> None:
        """Begin a cell in this column."""
        self.open, self._place = True, place
        self._colspan = _number(attributes.get("colspan"), _MAX_COLUMNS)
        self._rowspan = _number(attributes.get("rowspan"), _MAX_ROWS)

    def cell(self, text: str) -> list[str]:
        """Return the texts of the columns that the cell fills."""
        colspan = self._colspan if self.open else 1
        if self.open and self._rowspan > 1 and self._place < _MAX_COLUMNS:
            self._new.update({self._place + column: (self._rowspan - 1, text) for column in range(colspan)})
        self.open = False
        return [text, *[""] * (colspan - 1)]

    def end_row(self) -> dict[int, str]:
        """End a row, and return the texts that cells above contribute to it."""
        inherited = {place: text for place, (_, text) in self._above.items()}
        rest = {place: (rows - 1, text) for place, (rows, text) in self._above.items() if rows > 1}
        self._above, self._new, self.open = {**rest, **self._new}, {}, False
        return inherited


def _number(text: str | None, limit: int) -> int:
    return (
        min(max(int(text), 1), limit) if text and text.isascii() and text.isdecimal() and len(text) < 6 else 1
    )
