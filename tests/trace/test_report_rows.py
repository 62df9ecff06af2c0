"""Rows of a list: places, times, zones, missing and merged cells, headings."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lamsach.trace.reports.lines import read_line

from .lists import ROWS, TABLE, VIETNAMESE, csv, read, short, workbook


def test_a_stated_zone_is_for_lists_that_state_none(tmp_path: Path) -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    assert short(read(tmp_path, csv(TABLE), zone=tokyo).rows)[0][2] == "2026-11-03T00:05:09+00:00"
    stated = csv((("IP", "Port", "Time (UTC)"), ("203.0.113.5", "4321", "2026-11-03 02:05:09")))
    assert short(read(tmp_path, stated, zone=tokyo).rows)[0][2] == "2026-11-03T02:05:09+00:00"


def test_the_place_of_a_row(tmp_path: Path) -> None:
    row = read(tmp_path, workbook((("",), *TABLE))).rows[1]
    assert (row.reference.page, row.reference.row) == (1, 4)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("203.0.113.5:4321 2026-11-03 09:05:09 Mirai", ("203.0.113.5", 4321, "2026-11-03 09:05:09", "Mirai")),
        (
            "IP 203.0.113.5 cổng 4321 lúc 9h05 ngày 03/11/2026 nhiễm mã độc Mirai",
            ("203.0.113.5", 4321, "03/11/2026 9h05", "Mirai"),
        ),
        (
            "2026-11-03T02:05:09Z 203.0.113.5 4321 Mirai",
            ("203.0.113.5", 4321, "2026-11-03T02:05:09Z", "Mirai"),
        ),
        (
            "1. 203.0.113.5, port 4321, 03/11/2026 09:05:09, botnet Mirai",
            ("203.0.113.5", 4321, "03/11/2026 09:05:09", "Mirai"),
        ),
        ("203.0.113.5 1793671509 sport=4321", ("203.0.113.5", 4321, "1793671509", "")),
        ("203.0.113.5", ("203.0.113.5", None, "", "")),
    ],
)
def test_free_lines_give_address_time_and_threat(
    line: str, expected: tuple[str, int | None, str, str]
) -> None:
    found = read_line(line)
    assert found is not None
    assert (found.ip, found.port, found.time, found.threat) == expected


def test_a_row_without_a_time_and_one_without_a_port_are_rows(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        csv((*TABLE, ("3", "203.0.113.7", "", "", "Mirai"), ("4", "203.0.113.8", "80", "sáng nay", "Mirai"))),
    ).rows
    assert short(rows)[2:] == [("203.0.113.7", None, None, "Mirai"), ("203.0.113.8", 80, None, "Mirai")]
    assert rows[3].time_text == "sáng nay"


def test_the_order_of_day_and_month_is_the_files(tmp_path: Path) -> None:
    rows = ("203.0.113.5", "1", "11/03/2026 09:05:09"), ("203.0.113.6", "2", "11/13/2026 09:05:09")
    times = [row[2] for row in short(read(tmp_path, csv((("ip", "port", "time"), *rows))).rows)]
    assert times == ["2026-11-03T02:05:09+00:00", "2026-11-13T02:05:09+00:00"]


def test_times_to_the_minute_have_that_precision(tmp_path: Path) -> None:
    table = [("ip", "port", "time")]
    table += [("203.0.113.5", "1", time) for time in ("03/11/2026 09:05", "03/11/2026")]
    rows = read(tmp_path, csv(table)).rows
    assert [row.precision for row in rows] == [timedelta(minutes=1), timedelta(days=1)]


def test_of_two_columns_of_addresses_the_logs_decide_which_is_ours(tmp_path: Path) -> None:
    table = (("A", "B", "Thời gian"), ("198.51.100.7", "203.0.113.5", "03/11/2026 09:05:09"))
    row = read(tmp_path, csv(table), known=["203.0.113.5"]).rows[0]
    assert (row.ip, row.destination) == ("203.0.113.5", "198.51.100.7")


def test_a_merged_address_holds_for_the_rows_below(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    path = tmp_path / "merged.xlsx"
    below = [(str(n), None, str(4398 + n), f"03/11/2026 09:0{4 + n}:00", "Mirai") for n in (2, 3)]
    path.write_bytes(workbook([VIETNAMESE, ROWS[0], *below]))
    book = load_workbook(path)
    book.active.merge_cells("B2:B4")
    book.save(path)
    rows = read(tmp_path, path.read_bytes()).rows
    assert [(row.ip, row.port) for row in rows] == [("203.0.113.5", port) for port in (4321, 4400, 4401)]


def test_a_table_goes_on_without_headings_on_its_third_page(tmp_path: Path) -> None:
    rest = [[(str(n), "198.51.100.9", str(n), "04/11/2026 10:00:00", "Mirai")] for n in (3, 4)]
    rows = read(tmp_path, workbook(TABLE[:2], TABLE[2:], *rest)).rows
    assert [row.port for row in rows] == [4321, 50001, 3, 4]


@pytest.mark.parametrize(
    "above",
    [
        [["", "Nguồn", "", "Đích", "", ""], ["STT", "IP", "Cổng", "IP", "Cổng", "Thời gian"]],
        [["STT", "Nguồn", "", "Đích", "", "Thời gian"], ["", "IP", "Cổng", "IP", "Cổng", ""]],
    ],
)
def test_headings_of_two_rows(tmp_path: Path, above: list[list[str]]) -> None:
    values = ["1", "203.0.113.5", "4321", "198.51.100.7", "443", "03/11/2026 09:05:09"]
    row = read(tmp_path, workbook([*above, values])).rows[0]
    assert (row.ip, row.port) == ("203.0.113.5", 4321)
    assert (row.destination, row.destination_port) == ("198.51.100.7", 443)
    assert row.time is not None
