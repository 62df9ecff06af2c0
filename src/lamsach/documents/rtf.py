"""RTF documents (Rich Text Format 1.9.1): paragraphs and table rows, no pictures and objects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from lamsach.documents.archive import MIB
from lamsach.documents.table import Block, Cell, Part, Places, Table
from lamsach.errors import LimitError

MAX_BYTES = 64 * MIB
MAX_COLUMNS = 64
"""Number of cells of a row in which merging is evaluated."""
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL
)
_SILENT = frozenset(
    b"fonttbl colortbl stylesheet info pict object objdata themedata datastore listtable "
    b"listoverridetable rsidtbl generator xmlnstbl latentstyles"
    b" fldinst mmathPr wgrffmtfilter pnseclvl header footer headerl headerr footerl footerr".split()
)
_MARGIN = re.compile(rb"\{\\(?:header|footer)[lrf]?(?![a-z])")
_BRACE = re.compile(rb"\\[\\{}]|[{}]")
_CODE_PAGE = re.compile(rb"\\ansicpg\d{1,5}")
_CHARACTERS = {
    b"tab": "\t", b"line": "\n", b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’",
    b"ldblquote": "“", b"rdblquote": "”", b"emspace": " ", b"enspace": " ", b"bullet": "•",
}  # fmt: skip
_MERGES = {b"clvmgf": "start", b"clvmrg": "more"}
_CODE_PAGES = {932, 936, 949, 950, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258, 437, 850}


class Rtf:
    """A document's blocks; `page` by hard page breaks, `row` 1-based. Raises LimitError for one too large."""

    def __init__(self, data: bytes, where: str) -> None:
        if len(data) > MAX_BYTES:
            raise LimitError(
                "The list is too large to be read as a whole.", where, "Split it into several files."
            )
        self._data = data

    def texts(self) -> Iterator[str]:
        """Yield the pieces of text."""
        return (text for _, cells in _Pieces().read(self._data) for text, _ in cells)

    def blocks(self) -> Iterator[Block]:
        """Yield paragraphs and tables in order, then page headers and footers."""
        places = Places()
        rows: list[list[Cell]] = []
        for kind, cells in _Pieces().read(self._data):
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
            for _, cells in _Pieces().read(margin):
                for text, _ in cells:
                    yield places.paragraph(text)


def _margins(data: bytes) -> Iterator[bytes]:
    """Yield the headers and footers of pages, each as a document of its own in the whole's code page."""
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


class _Pieces:
    """Reader of a document's tokens as `paragraph` with text, `row` with cells, `page` for a break."""

    def __init__(self) -> None:
        self._merges: list[str] = []
        r"""`start`, `more` or nothing by cell of a row: `\trowd\clvmgf\cellx900\cellx1800`; `\clvmrg`."""
        self._merge = ""
        self._states: list[tuple[bool, int]] = []
        """State to restore at groups' ends: silence, and the length of a Unicode character's substitute."""
        self._is_silent, self._skip_after = False, 1
        self._encoding, self._pending = "cp1252", 0
        self._text: list[str] = []
        self._cells: list[str] = []
        self._raw = bytearray()
        self._star = self._in_table = False

    def read(self, data: bytes) -> Iterator[tuple[str, list[Cell]]]:
        """Yield the pieces of a document in order."""
        for match in _TOKEN.finditer(data):
            word, number, code, symbol, brace, plain = match.groups()
            if self._read_group(brace, symbol, word) or self._is_silent:
                continue
            if word is None:
                self._read_characters(code, plain, symbol)
            elif not self._read_encoding_word(word, number):
                yield from self._read_structure(word)
        if self._cells:
            yield "row", self._row()
        yield "paragraph", [(self._flushed(), "")]

    def _read_group(self, brace: bytes | None, symbol: bytes | None, word: bytes | None) -> bool:
        """Process a token that begins, ends or silences a group; return whether it is one."""
        if brace == b"{":
            self._states.append((self._is_silent, self._skip_after))
            self._star = False
        elif brace == b"}":
            if self._states:
                self._is_silent, self._skip_after = self._states.pop()
        elif symbol == b"*":
            self._star = True
        elif word is not None and (
            word in _SILENT or (self._star and word not in (b"shppict", b"nonshppict"))
        ):
            self._is_silent, self._star = True, False
        else:
            return False
        return True

    def _read_characters(self, code: bytes | None, plain: bytes | None, symbol: bytes | None) -> None:
        """Process characters: a character code, plain ones, or an escaped one."""
        if code is not None:
            if self._pending:
                self._pending -= 1
            else:
                self._raw.append(int(code, 16))
        elif plain is not None:
            visible = plain[self._pending :] if self._pending else plain
            self._pending = max(0, self._pending - len(plain))
            self._raw.extend(visible)
        elif symbol is not None:
            self._add({b"~": " ", b"_": "-", b"-": ""}.get(symbol, symbol.decode("latin-1")))

    def _read_encoding_word(self, word: bytes, number: bytes | None) -> bool:
        """Process a control word for an encoding or a character; return whether it is one."""
        if word == b"ansicpg" and number and int(number) in _CODE_PAGES:
            self._encoding = f"cp{int(number)}"
        elif word == b"u" and number:
            self._add(chr(int(number) % 0x10000))
            self._pending = self._skip_after
        elif word == b"uc":
            stated = number or b"1"
            self._skip_after = 1 if stated.startswith(b"-") else min(int(stated), 8)
        elif word in _CHARACTERS:
            self._add(_CHARACTERS[word])
        else:
            return False
        return True

    def _read_structure(self, word: bytes) -> Iterator[tuple[str, list[Cell]]]:
        if word == b"cell":
            self._cells.append(self._flushed())
        elif word == b"row":
            yield "row", self._row()
            self._cells = []
        elif word == b"trowd":
            self._merges, self._merge = [], ""
        elif word == b"cellx":
            self._merges += [self._merge] if len(self._merges) < MAX_COLUMNS else []
            self._merge = ""
        elif word in _MERGES:
            self._merge = _MERGES[word]
        elif word in (b"nestcell", b"nestrow"):  # a table within a cell
            self._add("\n")
        elif word in (b"intbl", b"pard"):
            self._in_table = word == b"intbl"
        elif word in (b"par", b"sect") and (self._in_table or self._cells):
            self._add("\n")
        elif word in (b"par", b"sect", b"page"):
            yield "paragraph", [(self._flushed(), "")]
            if word == b"page":
                yield "page", []

    def _row(self) -> list[Cell]:
        return list(zip_longest(self._cells, self._merges[: len(self._cells)], fillvalue=""))

    def _add(self, text: str) -> None:
        self._text += (self._raw.decode(self._encoding, "replace"), text)
        self._raw.clear()

    def _flushed(self) -> str:
        self._add("")
        found = "".join(self._text)
        self._text.clear()
        return found
