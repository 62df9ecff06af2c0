"""Reader of small tables: XLSX (all sheets, merged cells filled) and CSV, any delimiter or encoding.

Intended for inventory sheets: holds a whole file in memory, within the limits below.
"""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from lamsach.documents.archive import SUBMITTED, ZIP_MAGIC
from lamsach.documents.table import fill_merged
from lamsach.documents.workbook import MAX_MERGED, Workbook
from lamsach.errors import LimitError, UnreadableError

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_CELLS = 4_000_000
MAX_COLUMNS = 256
MAX_CELL_CHARACTERS = 4096
_DELIMITERS = (",", ";", "\t", "|")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Table with its name (empty for CSV), and its rows as (1-based number, cell texts)."""

    name: str
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_sheets(path: Path) -> tuple[Sheet, ...]:
    """Read all tables of an XLSX or CSV file, recognized by content.

    Raises UnreadableError for a missing, damaged or other file, LimitError for one that is too large.
    """
    data = _bytes_of(path)
    if data.startswith(_OLD_EXCEL):
        raise UnreadableError(
            "This workbook is in the old Excel format, or has a password.",
            str(path),
            "Save it as XLSX without a password, or as CSV.",
        )
    if data.startswith(ZIP_MAGIC):
        return tuple(_sheets(data, str(path)))
    text = decode(data)
    if text.count("\0") > 0:
        raise UnreadableError(
            "This is neither a workbook nor a table of text.", str(path), "Save it as XLSX or CSV."
        )
    return (Sheet("", tuple(_csv_rows(text, str(path)))),)


def _sheets(data: bytes, where: str) -> Iterator[Sheet]:
    """Yield each sheet of a workbook; merged cells repeat their text in all their rows and columns."""
    workbook = Workbook(data, where, SUBMITTED)
    left = MAX_CELLS
    for sheet in workbook.sheets():
        if sheet.part is None:
            continue
        rows: dict[int, list[str]] = {}
        for row in workbook.rows(sheet.part):
            texts = [text[:MAX_CELL_CHARACTERS].strip() for text in row.cells[:MAX_COLUMNS]]
            rows[row.number] = texts[: max((place for place, text in enumerate(texts, 1) if text), default=0)]
            left -= len(row.cells)
            if left < 0:
                raise LimitError("The workbook has too many cells.", where, "Split it.")
        merges = sorted(islice(workbook.merges(sheet.part), MAX_MERGED))
        left = fill_merged(rows, merges, left)
        if left < 0:
            raise LimitError("The workbook has too many cells.", where, "Split it.")
        yield Sheet(
            sheet.name, tuple((number, tuple(rows[number])) for number in sorted(rows) if any(rows[number]))
        )


def decode(data: bytes) -> str:
    """Decode a text file: by byte order mark, as UTF-16 without one, as UTF-8, else as Windows-1258."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(encoding, "replace")
    head = data[:4096]
    if len(head) >= 4 and b"\0" in head:
        if head[1::2].count(0) > 0.3 * len(head[1::2]) and head[0::2].count(0) <= len(head) // 16:
            return data.decode("utf-16-le", "replace")
        if head[0::2].count(0) > 0.3 * len(head[0::2]) and head[1::2].count(0) <= len(head) // 16:
            return data.decode("utf-16-be", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return unicodedata.normalize("NFC", data.decode("cp1258", "replace"))


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableError(
            "The inventory cannot be read.", f"{path} ({error.strerror})", "Check the path and the rights."
        ) from error
    if len(data) > MAX_FILE_BYTES:
        raise LimitError("The inventory is larger than 64 MiB.", str(path), "Split it.")
    return data


def _csv_rows(text: str, where: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    start = 1
    try:
        for cells in reader:
            if any(cells):
                yield start, tuple(cell.strip()[:MAX_CELL_CHARACTERS] for cell in cells)
            start = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableError(
            "The table of text is damaged.", f"{where}:{start}", "Save it again as CSV."
        ) from error


def _delimiter(text: str) -> str:
    """Return the delimiter that splits most of the first lines into equally many cells, at least two."""
    lines = [line for line in text[:65536].splitlines()[:60] if line.strip()]
    if lines and lines[0].lower().startswith("sep=") and len(lines[0]) == 5:
        return lines[0][4]
    best, best_score = ",", 0
    for delimiter in _DELIMITERS:
        try:
            counts = [len(cells) for cells in csv.reader(lines, delimiter=delimiter)]
        except csv.Error:
            continue
        score = max((counts.count(count) * min(count, 8) for count in set(counts) if count > 1), default=0)
        if score > best_score:
            best, best_score = delimiter, score
    return best
