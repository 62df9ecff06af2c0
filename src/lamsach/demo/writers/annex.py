"""A dispatch's annex in its usual form: two sheets, titles, merged cells, mixed spellings, mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from lamsach.demo.listed import EMPTY_WORDS, REFUSED, TITLE_LINK, Entry
from lamsach.demo.writers.workbook import heading, save, table_row, title

_FIRST = "Địa chỉ và tên miền"
_SECOND = "Đường dẫn và tệp"


def write(path: Path, entries: Sequence[Entry]) -> None:
    """Write the annex: addresses and names on the first sheet, URLs and hashes on the second."""
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = _FIRST
    _first_sheet(sheet, entries)
    second = workbook.create_sheet(_SECOND)
    _second_sheet(second, entries)
    save(workbook, path)


def _titles(sheet: Worksheet, columns: int, name: str, what: str) -> None:
    title(sheet, 1, columns, name, bold=True)
    title(sheet, 2, columns, what, bold=True)
    title(
        sheet,
        3,
        columns,
        "(Kèm theo văn bản về việc triển khai chiến dịch làm sạch mã độc trên không gian mạng năm 2022)",
    )
    title(sheet, 4, columns, f"Dữ liệu minh họa. Thông tin về chiến dịch: {TITLE_LINK}")


def _first_sheet(sheet: Worksheet, entries: Sequence[Entry]) -> None:
    _titles(sheet, 5, "PHỤ LỤC I", "DANH SÁCH ĐỊA CHỈ IP, TÊN MIỀN ĐỘC HẠI")
    heading(sheet, 6, ("STT", "Địa chỉ IP", "Tên miền", "Mã độc", "Ghi chú"), (6, 30, 42, 18, 30))
    addresses = [entry for entry in entries if entry.planted.type in ("ip", "network")]
    names = [entry for entry in entries if entry.planted.type == "domain"]
    row = 7
    row = _section(sheet, row, "A. Địa chỉ máy chủ điều khiển")
    row = _rows(sheet, row, addresses, 2)
    row = _section(sheet, row, "B. Tên miền máy chủ điều khiển")
    row = _rows(sheet, row, names, 3)
    row = _section(sheet, row, "C. Bổ sung")
    for number, refused in enumerate(REFUSED, 1):
        ip, name = (
            (refused.text, EMPTY_WORDS[number % 3])
            if refused.column == "ip"
            else (EMPTY_WORDS[number % 3], refused.text)
        )
        table_row(sheet, row, (number, ip, name, "", ""))
        row += 1
        if number == 4:
            row += 1
    sheet.cell(row + 1, 2, "Tổng hợp đến hết ngày 29/8/2022").font = Font(name="Times New Roman", italic=True)
    sheet.freeze_panes = "A7"


def _section(sheet: Worksheet, row: int, text: str) -> int:
    sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=5)
    sheet.cell(row, 1, text).font = Font(name="Times New Roman", size=12, bold=True)
    return row + 1


def _rows(sheet: Worksheet, row: int, entries: Sequence[Entry], column: int) -> int:
    """Write rows with the value in one column; runs of one malware share a merged cell."""
    run_start, run_threat = row, None
    for number, entry in enumerate(entries, 1):
        values: list[object] = [number, "", "", "", entry.note]
        values[column - 1] = entry.text
        table_row(sheet, row, tuple(values))
        if entry.threat != run_threat:
            _merge(sheet, run_start, row - 1)
            run_start, run_threat = row, entry.threat
            sheet.cell(row, 4, entry.threat)
        row += 1
    _merge(sheet, run_start, row - 1)
    return row


def _merge(sheet: Worksheet, first: int, last: int) -> None:
    if last > first:
        sheet.merge_cells(start_row=first, start_column=4, end_row=last, end_column=4)
        sheet.cell(first, 4).alignment = Alignment(vertical="center")


def _second_sheet(sheet: Worksheet, entries: Sequence[Entry]) -> None:
    _titles(sheet, 5, "PHỤ LỤC II", "DANH SÁCH ĐƯỜNG DẪN VÀ TỆP ĐỘC HẠI")
    heading(
        sheet,
        6,
        ("STT", "Đường dẫn (URL)", "Mã băm (MD5, SHA-1, SHA-256)", "Mã độc", "Ghi chú"),
        (6, 60, 70, 18, 24),
    )
    row = 7
    for number, entry in enumerate(
        (entry for entry in entries if entry.planted.type not in ("ip", "network", "domain")), 1
    ):
        url, digest = (entry.text, "") if entry.planted.type == "url" else ("", entry.text)
        table_row(sheet, row, (number, url, digest, entry.threat, entry.note))
        row += 1
