"""Lists as sent by authorities, made by the tests."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any

from lamsach.model import Problem
from lamsach.trace.model import Reported
from lamsach.trace.reports import ReadReports, read_reports

VIETNAMESE = ("STT", "Địa chỉ IP công cộng", "Cổng nguồn", "Thời gian", "Mã độc")
ROWS = (
    ("1", "203.0.113.5", "4321", "03/11/2026 09:05:09", "Mirai"),
    ("2", "203.0.113.6", "50001", "13/11/2026 21:30:00", "Andromeda"),
)
TABLE = (VIETNAMESE, *ROWS)
SEEN = [
    ("203.0.113.5", 4321, "2026-11-03T02:05:09+00:00", "Mirai"),
    ("203.0.113.6", 50001, "2026-11-13T14:30:00+00:00", "Andromeda"),
]


def workbook(rows: Sequence[Sequence[Any]], *more: Sequence[Sequence[Any]]) -> bytes:
    """Return a workbook, one sheet for each set of rows."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for sheet_rows in (rows, *more):
        sheet = book.create_sheet()
        for row in sheet_rows:
            sheet.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def csv(rows: Sequence[Sequence[str]], delimiter: str = ",") -> bytes:
    """Return a CSV file."""
    return "".join(delimiter.join(row) + "\r\n" for row in rows).encode()


def read(
    tmp_path: Path, data: bytes, name: str = "list", *, zone: tzinfo | None = None, known: Sequence[str] = ()
) -> ReadReports:
    """Return a list's values; a problem fails the test."""
    path = tmp_path / name
    path.write_bytes(data)
    problems: list[Problem] = []
    result = read_reports([str(path)], problems.append, stated_zone=zone, known=known)
    assert problems == []
    return result


def read_with_problems(path: Path) -> tuple[ReadReports, list[Problem]]:
    """Return the values of a file or folder, and the problems."""
    problems: list[Problem] = []
    return read_reports([str(path)], problems.append), problems


def short(rows: Sequence[Reported]) -> list[tuple[str, int | None, str | None, str | None]]:
    """Return the rows as address, port, time (ISO 8601, UTC) and threat."""
    return [(row.ip, row.port, row.time.isoformat() if row.time else None, row.threat) for row in rows]
