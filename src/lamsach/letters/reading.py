"""Reading the form back from a DOCX or XLSX that somebody filled in by hand. Each value comes with how sure it is; a person confirms it.

Rows are found by their wording, not by their place: people move, merge and retype cells. Numbers are read as people write them:
"05", "1.204", "12 đơn vị", "không có". Nothing in the file is run, and formulas count as what the file says their result is.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from lamsach.errors import LimitError, UnreadableError
from lamsach.i18n import mark
from lamsach.letters.form import Form
from lamsach.letters.numbers import number_of, plain

MOST_LINES = 5000
LARGEST_PART_BYTES = 30_000_000
_LEAST_ALIKE = 0.72
# "1. Tổng số", "- Tổng số", "a) Tổng số"
_ENUMERATION = re.compile(r"\A\s*(?:[-+•]|\w{1,2}[.)])\s*")
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


def _alike(text: str, label: str) -> float:
    one, two = plain(text)[:600], plain(label)
    return 1.0 if one == two else SequenceMatcher(None, one, two, autojunk=False).ratio()


def _field(label: str, rows: list[list[str]]) -> str | None:
    """The text behind `- label:`, in the same paragraph, the next cell, or the paragraphs up to the next label."""
    wanted = plain(label)
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
                    or plain(first).startswith("ghi chu")
                ):
                    break
                parts.append(first)
            return "\n".join(text for part in parts if (text := _DOTS.sub("", part).strip(" \t\n")))
    return None


def _figure(key: str, label: str, rows: list[list[str]]) -> Read | None:
    """The cell behind the wording that is most alike, or what stands behind the wording and a colon in the same cell."""
    best: tuple[float, list[str]] | None = None
    for row in rows:
        for number, cell in enumerate(row):
            score, inside = _wording(cell, label)
            if score >= _LEAST_ALIKE and (best is None or score > best[0]):
                best = (score, [*([inside] if inside else []), *row[number + 1 :]])
    if best is None:
        return None
    raw = next((cell.strip() for cell in best[1] if cell.strip(" \t\n.…_")), "")
    first = best[1][0].strip() if best[1] else ""
    value, sure = number_of(raw)
    moved = 1.0 if raw == first else 0.7  # an empty cell lay between: merged or moved
    return Read(key, raw, value, round(sure * moved * min(1.0, best[0] + 0.05), 2))


def _wording(cell: str, label: str) -> tuple[float, str]:
    """How much a cell is the wording, and the text behind a colon in it, if that is what makes it so (`Tổng số ...: 12 đơn vị`)."""
    whole = _alike(cell, label)
    head, colon, tail = cell.rpartition(":")
    if colon and tail.strip() and (score := _alike(_ENUMERATION.sub("", head), label) - 0.02) > whole:
        return score, tail  # a cell of its own goes before a line of the text around the form
    return max(whole, _alike(_ENUMERATION.sub("", cell), label)), ""
