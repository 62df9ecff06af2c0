"""Reading the form back from a DOCX or XLSX that somebody filled in by hand. Each value comes with how sure it is; a person confirms it.

Rows are found by their wording, not by their place: people move, merge and retype cells. Numbers are read as people write them:
"05", "1.204", "12 đơn vị", "không có". Nothing in the file is run, and formulas count as what the file says their result is.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from lamsach.errors import LimitError, UnreadableError
from lamsach.i18n import mark
from lamsach.letters.form import Form

MOST_LINES = 5000
LARGEST_PART_BYTES = 30_000_000
_LEAST_ALIKE = 0.72
_NONE = frozenset({"khong", "khong co", "chua co", "chua", "0 don vi", "-", "–"})
# "1.204", "1 204", "12 đơn vị", "05", "12/15 đơn vị"
_NUMBER = re.compile(r"(?<![\d.,])(\d{1,3}(?:[. ]\d{3})+|\d{1,9})(?![\d,])")
_DOTS = re.compile(r"[.…_]{3,}")


@dataclass(frozen=True, slots=True)
class Read:
    """A value of the form: the text as it stood, the number if it is one, and how sure it is, from 0 (guess) to 1."""

    key: str
    raw: str
    value: int | None
    sure: float


def read_filled(content: bytes, form: Form) -> tuple[Read, ...]:
    """The form's texts and figures that a document holds, in the form's order; what is not found is left out.

    Raises UnreadableError for a file that is no DOCX or XLSX, and LimitError for one that unpacks to more than allowed.
    """
    rows = _rows(content)
    found: list[Read] = []
    for field in form.fields:
        if (text := _field(field.label, rows)) is not None:
            found.append(Read(field.key, text, None, 1.0 if text else 0.3))
    for row in form.rows:
        if (read := _figure(row.key, row.label, rows)) is not None:
            found.append(read)
    return tuple(found)


def number_of(text: str) -> tuple[int | None, float]:
    """The number that a person wrote, and how sure it is. Two numbers in one cell are a guess; none is None."""
    plain = _plain(text)
    if plain in _NONE:
        return 0, 0.8
    found = [int(re.sub(r"\D", "", number)) for number in _NUMBER.findall(text)]
    if not found:
        return None, 0.0
    if len(found) > 1:
        return found[0], 0.3
    rest = _NUMBER.sub("", text, count=1).strip(" .")
    return found[0], 1.0 if not rest else 0.9


def _rows(content: bytes) -> list[list[str]]:
    """The document's rows: of a table its cells, of a paragraph the one text."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            sizes = [entry.file_size for entry in archive.infolist()]
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _unreadable() from error
    if max(sizes, default=0) > LARGEST_PART_BYTES or sum(sizes) > 3 * LARGEST_PART_BYTES:
        raise LimitError(
            mark("The document unpacks to more than is allowed."), "", mark("Ask for a smaller file.")
        )
    try:
        if "word/document.xml" in names:
            return list(_docx_rows(content))
        if "xl/workbook.xml" in names:
            return list(_xlsx_rows(content))
    except Exception as error:
        raise _unreadable() from error
    raise _unreadable()


def _unreadable() -> UnreadableError:
    return UnreadableError(
        mark("The file is no DOCX or XLSX that can be read."),
        "",
        mark("Ask for the form as DOCX or XLSX, or type it in."),
    )


def _docx_rows(content: bytes) -> Iterable[list[str]]:
    """Paragraphs and table rows in their order. A merged cell counts once."""
    import docx
    from docx.table import Table

    count = 0
    for block in docx.Document(io.BytesIO(content)).iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                cells: list[Any] = []
                for cell in row.cells:
                    if not cells or cell._tc is not cells[-1]._tc:
                        cells.append(cell)
                yield [cell.text for cell in cells]
                count += 1
        else:
            yield [block.text]
            count += 1
        if count > MOST_LINES:
            return


def _xlsx_rows(content: bytes) -> Iterable[list[str]]:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    count = 0
    for sheet in book.worksheets:
        for row in sheet.iter_rows(max_col=40, values_only=True):
            cells = [_cell(value) for value in row if value is not None]
            if cells:
                yield cells
            count += 1
            if count > MOST_LINES:
                return


def _cell(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _plain(text: str) -> str:
    """Lower case without accents, dots and numbering, for comparing wordings."""
    bare = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    letters = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^a-z0-9 ]", " ", letters).split()) or text.strip()


def _alike(text: str, label: str) -> float:
    one, two = _plain(text)[:600], _plain(label)
    return 1.0 if one == two else SequenceMatcher(None, one, two, autojunk=False).ratio()


def _field(label: str, rows: list[list[str]]) -> str | None:
    """The text behind `- label:`, in the same paragraph, the next cell, or the paragraphs up to the next label."""
    wanted = _plain(label)
    for place, row in enumerate(rows):
        for number, cell in enumerate(row):
            head, colon, tail = cell.partition(":")
            if not colon or _alike(head, wanted) < 0.85:
                continue
            parts = [tail, *row[number + 1 :]]
            for further in rows[place + 1 : place + 40]:
                first = further[0].strip() if further else ""
                if (
                    len(further) > 1
                    or re.match(r"(- .{3,160}:|\d+\. )", first)
                    or _plain(first).startswith("ghi chu")
                ):
                    break
                parts.append(first)
            return "\n".join(text for part in parts if (text := _DOTS.sub("", part).strip(" \t\n")))
    return None


def _figure(key: str, label: str, rows: list[list[str]]) -> Read | None:
    """The cell behind the wording that is most alike."""
    best: tuple[float, list[str]] | None = None
    for row in rows:
        for number, cell in enumerate(row):
            score = _alike(cell, label)
            if score >= _LEAST_ALIKE and (best is None or score > best[0]):
                best = (score, row[number + 1 :])
    if best is None:
        return None
    raw = best[1][0].strip() if best[1] else ""
    value, sure = number_of(raw)
    return Read(key, raw, value, round(sure * min(1.0, best[0] + 0.05), 2))
