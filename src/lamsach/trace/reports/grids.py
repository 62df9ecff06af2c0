"""Rows of a list in any document: workbook, CSV, JSON, PDF, columns of text, or plain lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lamsach.documents.table import Paragraph, Part
from lamsach.documents.word import Word
from lamsach.documents.workbook import Workbook
from lamsach.errors import LamsachError, LimitError, UnreadableError
from lamsach.indicators.files.source import ListSource, documents, looks_like_json, refuse_if_locked_or_old
from lamsach.indicators.formats.documents.text import find_delimiter, rows
from lamsach.indicators.values.refusals import Refused
from lamsach.trace.reports.grid import MAX_COLUMNS, Cells, Grid, in_columns

MAX_ROWS = 1_000_000
MAX_CELL = 4096
_COMMENT = re.compile(r"\s*(?:#|//|;)\s?")


def grids(source: ListSource) -> Iterator[Grid]:
    """Yield the tables of a document.

    Raises UnreadableError for an empty or unknown document, LimitError for one that is too large.
    """
    if not source.head.strip():
        raise UnreadableError("The list is empty.", source.document)
    if b"%PDF-" in source.head[:1024]:
        from lamsach.trace.reports.pdf import pdf_grids

        yield from pdf_grids(source)
    elif source.head.startswith(b"PK\x03\x04"):
        yield from _packages(source)
    elif looks_like_json(source):
        yield _json(source)
    else:
        refuse_if_locked_or_old(source)
        if source.encoding.binary:
            raise UnreadableError(
                "The format of the list is not known.",
                source.document,
                "Give a CSV, TXT, XLSX, PDF or JSON file.",
            )
        yield from _text(source)


def _packages(source: ListSource) -> Iterator[Grid]:
    data = source.whole()
    if b"word/document.xml" in data[-1_000_000:]:
        yield from _docx(data, source.document)
        return
    workbook = Workbook(data, source.document)
    for page, sheet in enumerate(workbook.sheets(), 1):
        if sheet.part is not None:
            filled = ((row.number, row.filled()) for row in workbook.rows(sheet.part))
            failed: list[LamsachError] = []
            yield Grid(page, bounded(filled, source.document, failed))
            if failed:
                raise failed[0]


def _docx(data: bytes, where: str) -> Iterator[Grid]:
    """Yield the tables of a Word document, `page` being a table's number; without tables its paragraphs."""
    tables = 0
    paragraphs: list[str] = []
    for block in Word(data, where, apart=False).blocks():
        if isinstance(block, Part):
            break
        if isinstance(block, Paragraph):
            paragraphs.append(_one_line(block.text))
            continue
        tables += 1
        rows = (tuple(map(_one_line, row.filled())) for row in block.rows)
        yield Grid(tables, bounded(enumerate(rows, 1), where))
    if not tables:
        yield in_columns(
            None, bounded(((number, (text,)) for number, text in enumerate(paragraphs, 1)), where)
        )


def _one_line(text: str) -> str:
    return " ".join(filter(None, (line.strip() for line in text.split("\n"))))


def _text(source: ListSource) -> Iterator[Grid]:
    delimiter = find_delimiter(source.text_head)
    failed: list[LamsachError] = []
    if delimiter is not None:
        yield Grid(None, bounded(rows(_uncommented(source.lines()), delimiter), source.document, failed))
    else:
        single = ((number, None if line is None else (line.strip(),)) for number, line in source.lines())
        yield in_columns(None, bounded(single, source.document, failed))
    if failed:
        raise failed[0]


def _uncommented(lines: Iterable[tuple[int, str | None]]) -> Iterator[tuple[int, str | None]]:
    """Strip comment marks from the lines, because headings may follow them."""
    for number, line in lines:
        mark = None if line is None else _COMMENT.match(line)
        yield number, line if line is None or mark is None else line[mark.end() :]


def bounded(
    found: Iterable[tuple[int, Sequence[str] | None]], where: str, failed: list[LamsachError] | None = None
) -> tuple[tuple[int, Cells | None], ...]:
    """Return the rows with any text, within the limits.

    With `failed`, an error is appended there instead of raised, and earlier rows are returned.
    """
    accepted: list[tuple[int, Cells | None]] = []
    try:
        for number, cells in found:
            if cells is None:
                accepted.append((number, None))
            elif any(cell.strip() for cell in cells):
                accepted.append((number, tuple(cell.strip()[:MAX_CELL] for cell in cells[:MAX_COLUMNS])))
            if len(accepted) > MAX_ROWS:
                raise LimitError("The list has too many rows.", where, "Split it into several files.")
    except LamsachError as error:
        if failed is None:
            raise
        failed.append(error)
    return tuple(accepted)


def _json(source: ListSource) -> Grid:
    """Return records as a table by their keys: a list of objects, one object a line, or a nested list."""
    records: list[tuple[int, Mapping[str, Any] | None]] = []
    for number, tree in documents(source):
        if isinstance(tree, Refused):
            records.append((number or 0, None))
            continue
        found = list(_objects(tree))
        records += [
            (number if number is not None else len(records) + index, record)
            for index, record in enumerate(found, 1)
        ]
        if len(records) > MAX_ROWS:
            raise LimitError("The list has too many rows.", source.document, "Split it into several files.")
    headings: dict[str, int] = {}
    table: list[tuple[int, Cells | None]] = []
    for number, record in records:
        if record is None:
            table.append((number, None))
            continue
        for flat in flattened(record):
            for key in flat:
                if len(headings) < MAX_COLUMNS:
                    headings.setdefault(key, len(headings))
            table.append((number, tuple(flat.get(key, "") for key in headings)))
    return Grid(None, ((0, tuple(headings)), *table) if headings else tuple(table))


def _objects(tree: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield the records of a document: the objects of its outermost list, else the document itself."""
    if isinstance(tree, list):
        for item in tree:
            if isinstance(item, dict):
                yield item
    elif isinstance(tree, dict):
        inner = [
            value
            for value in tree.values()
            if isinstance(value, list) and value and isinstance(value[0], dict)
        ]
        if inner and depth < 4 and not ({"ip", "address", "time", "timestamp"} & set(tree)):
            yield from _objects(max(inner, key=len), depth + 1)
        elif depth < 4 and len(tree) == 1 and isinstance(value := next(iter(tree.values())), dict):
            yield from _objects(value, depth + 1)
        else:
            yield tree


def flattened(record: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield a record as texts by key; n6's `address` is a list of an event's addresses, each a row."""
    address = record.get("address")
    plain: dict[str, str] = {}
    for key, value in record.items():
        if key == "address" and isinstance(address, list):
            continue
        if isinstance(value, Mapping):
            plain.update(
                {f"{key}_{inner}"[:MAX_CELL]: _text_of(part) for inner, part in list(value.items())[:50]}
            )
        else:
            plain[str(key)[:MAX_CELL]] = _text_of(value)
    several = (
        [item for item in address[:64] if isinstance(item, Mapping) and item.get("ip")]
        if isinstance(address, list)
        else []
    )
    if not several:
        yield plain
    for item in several:
        yield {**plain, "ip": _text_of(item["ip"])}


def _text_of(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, list):
        return ", ".join(_text_of(item) for item in value[:20] if not isinstance(item, (list, dict)))
    return "" if isinstance(value, dict) else str(value)[:MAX_CELL]
