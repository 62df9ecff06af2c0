"""RTF documents (Rich Text Format specification 1.9.1): paragraphs and table rows as text; pictures and objects are passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from lamsach.documents.archive import MIB
from lamsach.documents.table import Block, Cell, Part, Places, Table
from lamsach.errors import LimitError

MAX_BYTES = 64 * MIB
MAX_COLUMNS = 64
"""In how many cells of a row merging is looked for."""
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL
)
_SILENT = frozenset(
    b"fonttbl colortbl stylesheet info pict object objdata themedata datastore listtable listoverridetable rsidtbl generator xmlnstbl latentstyles"
    b" fldinst mmathPr wgrffmtfilter pnseclvl header footer headerl headerr footerl footerr".split()
)
_MARGIN = re.compile(rb"\{\\(?:header|footer)[lrf]?(?![a-z])")
_BRACE = re.compile(rb"\\[\\{}]|[{}]")
_CODE_PAGE = re.compile(rb"\\ansicpg\d{1,5}")
_CHARACTERS = {
    b"tab": "\t", b"line": "\n", b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”", b"emspace": " ",
    b"enspace": " ", b"bullet": "•",
}  # fmt: skip
_ROW_WORDS = frozenset({b"trowd", b"cellx", b"clvmgf", b"clvmrg"})
_CODE_PAGES = {932, 936, 949, 950, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258, 437, 850}


class Rtf:
    """A document's blocks; `page` by its hard page breaks, `row` the 1-based paragraph or table row. Raises LimitError for one too large."""

    def __init__(self, data: bytes, where: str) -> None:
        if len(data) > MAX_BYTES:
            raise LimitError(
                "The list is too large to be read as a whole.", where, "Split it into several files."
            )
        self._data = data

    def texts(self) -> Iterator[str]:
        """The pieces of text."""
        return (text for _, cells in _pieces(self._data) for text, _ in cells)

    def blocks(self) -> Iterator[Block]:
        """Paragraphs and tables in order, then page headers and footers."""
        places = Places()
        rows: list[list[Cell]] = []
        for kind, cells in _pieces(self._data):
            if kind == "row":
                rows.append(cells)
                continue
            if rows:
                yield Table(places.rows(rows))
                rows = []
            if kind == "page":
                places.next_page()
            elif cells[0][0].strip():
                yield places.paragraph(cells[0][0])
        if rows:
            yield Table(places.rows(rows))
        yield Part(margin=True)
        for margin in _margins(self._data):
            for _, cells in _pieces(margin):
                for text, _ in cells:
                    yield places.paragraph(text)


def _margins(data: bytes) -> Iterator[bytes]:
    """The headers and footers of pages, each as a document of its own in the code page of the whole."""
    page = _CODE_PAGE.search(data)
    for match in _MARGIN.finditer(data):
        end = match.end()
        depth = 1
        for brace in _BRACE.finditer(data, match.end()):
            depth += {b"{": 1, b"}": -1}.get(brace[0], 0)
            end = brace.start()
            if not depth:
                break
        yield b"{" + (page[0] if page else b"") + b" " + data[match.end() : end]


class _RowProperties:
    """Which cells of a row are merged with those above, as its properties say: `\\trowd\\clvmgf\\cellx2000\\cellx4000`, the next row's `\\clvmrg`."""

    def __init__(self) -> None:
        self._states: list[str] = []
        self._state = ""

    def word(self, word: bytes) -> None:
        """Take note of a control word that begins a row's properties, marks a cell or ends one."""
        if word == b"trowd":
            self._states, self._state = [], ""
        elif word == b"cellx":
            if len(self._states) < MAX_COLUMNS:
                self._states.append(self._state)
            self._state = ""
        else:
            self._state = "start" if word == b"clvmgf" else "more"

    def cells(self, texts: list[str]) -> list[Cell]:
        """A row's texts, each with `start`, `more` or nothing."""
        return list(zip_longest(texts, self._states[: len(texts)], fillvalue=""))


def _pieces(data: bytes) -> Iterator[tuple[str, list[Cell]]]:
    """`paragraph` with its text, `row` with its cells, `page` for a page break."""
    properties = _RowProperties()
    states: list[tuple[bool, int]] = []
    silent, skip_after = False, 1
    encoding, pending = "cp1252", 0
    text: list[str] = []
    cells: list[str] = []
    raw = bytearray()
    star = in_table = False

    def flushed() -> str:
        if raw:
            text.append(raw.decode(encoding, "replace"))
            raw.clear()
        found = "".join(text)
        text.clear()
        return found

    for match in _TOKEN.finditer(data):
        word, number, code, symbol, brace, plain = match.groups()
        if brace == b"{":
            states.append((silent, skip_after))
            star = False
        elif brace == b"}":
            if states:
                silent, skip_after = states.pop()
        elif symbol == b"*":
            star = True
        elif word is not None and (word in _SILENT or (star and word not in (b"shppict", b"nonshppict"))):
            silent, star = True, False
        elif silent:
            continue
        elif code is not None:
            if pending:
                pending -= 1
            else:
                raw.append(int(code, 16))
        elif plain is not None:
            kept = plain[pending:] if pending else plain
            pending = max(0, pending - len(plain))
            raw.extend(kept)
        elif symbol is not None:
            text.append(_decoded(raw, encoding))
            text.append({b"~": " ", b"_": "-", b"-": ""}.get(symbol, symbol.decode("latin-1")))
        elif word == b"ansicpg" and number and int(number) in _CODE_PAGES:
            encoding = f"cp{int(number)}"
        elif word == b"u" and number:
            text.append(_decoded(raw, encoding))
            text.append(chr(int(number) % 0x10000))
            pending = skip_after
        elif word == b"uc":
            skip_after = min(int(number or b"1"), 8) if not (number or b"1").startswith(b"-") else 1
        elif word in _CHARACTERS:
            text.append(_decoded(raw, encoding))
            text.append(_CHARACTERS[word])
        elif word == b"cell":
            cells.append(flushed())
        elif word == b"row":
            yield "row", properties.cells(cells)
            cells = []
        elif word in _ROW_WORDS:
            properties.word(word)
        elif word in (b"nestcell", b"nestrow"):  # a table within a cell
            text.append(_decoded(raw, encoding) + "\n")
        elif word in (b"intbl", b"pard"):
            in_table = word == b"intbl"
        elif word in (b"par", b"sect") and (in_table or cells):
            text.append(_decoded(raw, encoding) + "\n")
        elif word in (b"par", b"sect"):
            yield "paragraph", [(flushed(), "")]
        elif word == b"page":
            yield "paragraph", [(flushed(), "")]
            yield "page", []
    if cells:
        yield "row", properties.cells(cells)
    yield "paragraph", [(flushed(), "")]


def _decoded(raw: bytearray, encoding: str) -> str:
    found = raw.decode(encoding, "replace")
    raw.clear()
    return found
