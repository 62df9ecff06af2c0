"""Web pages: their text and tables, in time linear in the page, and the same words under every Python.

Many versions of Python's `html.parser` look through the rest of a page once more for each mark that begins
and never ends (https://github.com/python/cpython/issues/135462), and fail for `<![` without a name; the
versions without these faults drop what follows such a mark.
"""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

from lamsach.documents.table import Row

_MOST_BROKEN = 10
_MARKUP = re.compile(r"<[^<>]*>")

_MAX_TITLE = 300
_CROSSED = frozenset({"s", "strike", "del"})
_SILENT = frozenset({"script", "style", "template", "noscript", "svg", "head"})
_MARGIN = frozenset({"nav", "footer"})
_TYPED = frozenset({"", "text", "search", "url", "email", "tel"})
"""Types of a form's fields that show their value as text (HTML, "The input element")."""
_BLOCKS = frozenset([
    "p", "div", "li", "br", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "table", "ul",
    "ol", "dl", "dd", "dt", "section", "article", "blockquote", "hr", "option",
])  # fmt: skip
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_MAX_TEXT = 1024 * 1024
_MAX_COLUMNS, _MAX_ROWS = 64, 1000


class SafeParser(HTMLParser):
    """`HTMLParser` for a page that somebody else wrote: `read` in place of `feed` and `close`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def read(self, page: str) -> None:
        """Read the whole page.

        A mark that never ends is text up to the next one; after ten such, the rest is text without its marks.
        """
        self.feed(page)
        for _ in range(_MOST_BROKEN):
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
    """Return where the text ends that begins with a mark without an end."""
    end = rest.find(">", 1) + 1 or rest.find("<", 1)
    return end if end > 0 else len(rest)


class Title(str):
    """The text of a heading (`h1` to `h6`)."""

    __slots__ = ()


class Page(SafeParser):
    """Parts of a page in order: lines of text (`Title` for headings), rows, None for a table's start.

    Each with its line in the source.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[int, str | Row | None]] = []
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
        self.read(text)
        self._end_text()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A mark that begins."""
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
            self._crossed = 0  # a mark that nobody closes strikes out no more than its block

    def handle_endtag(self, tag: str) -> None:
        """A mark that ends."""
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
        """Text."""
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
            self._end_text()

    def _end_text(self) -> None:
        """Close the text block that is open."""
        for place, line in enumerate(self._taken().split("\n")):
            if line.strip():
                self.found.append((self._line + place, Title(line) if self._heads else line))
        self._heads = False

    def _end_cell(self) -> None:
        if self._row is None:
            self._end_text()
        elif (text := self._taken().strip()) or self._spans.open:
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
    """The cells of a table that are merged over columns or rows (HTML, "colspan" and "rowspan")."""

    def __init__(self) -> None:
        self.open = False
        """Whether a cell has begun whose text is still to come."""
        self._place, self._wide, self._high = 0, 1, 1
        self._above: dict[int, tuple[int, str]] = {}
        """By column: how many further rows a cell reaches into, and its text."""
        self._new: dict[int, tuple[int, str]] = {}

    @property
    def filled(self) -> int:
        """Return how many columns of the row that comes cells above fill."""
        return len(self._above)

    def before(self, place: int) -> list[str]:
        """Empty texts for the columns from a place on that cells above fill."""
        end = place
        while end in self._above:
            end += 1
        return [""] * (end - place)

    def begin(self, place: int, attributes: dict[str, str | None]) -> None:
        """A cell begins in this column."""
        self.open, self._place = True, place
        self._wide = _number(attributes.get("colspan"), _MAX_COLUMNS)
        self._high = _number(attributes.get("rowspan"), _MAX_ROWS)

    def cell(self, text: str) -> list[str]:
        """The texts of the columns that the cell fills."""
        wide = self._wide if self.open else 1
        if self.open and self._high > 1 and self._place < _MAX_COLUMNS:
            self._new.update({self._place + column: (self._high - 1, text) for column in range(wide)})
        self.open = False
        return [text, *[""] * (wide - 1)]

    def end_row(self) -> dict[int, str]:
        """Return what cells above say of the row that ends."""
        said = {place: text for place, (_, text) in self._above.items()}
        rest = {place: (rows - 1, text) for place, (rows, text) in self._above.items() if rows > 1}
        self._above, self._new, self.open = {**rest, **self._new}, {}, False
        return said


def _number(text: str | None, most: int) -> int:
    return (
        min(max(int(text), 1), most) if text and text.isascii() and text.isdecimal() and len(text) < 6 else 1
    )
