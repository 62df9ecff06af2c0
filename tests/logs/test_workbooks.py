"""Workbooks as logs: each sheet is a table, or pasted lines, with the sheet's row numbers."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from lamsach.errors import ExitStatus, LimitError, UnreadableError
from lamsach.logs.opening.inputs import find_logs
from lamsach.logs.opening.places import problem
from lamsach.logs.reading.events import read_events
from lamsach.model import Event, Problem
from tests.cli.command_runner import bind_line, lamsach, write_list

HEADING = ["STT", "Thời gian", "Máy tính", "Địa chỉ IP", "URL", "Hành động"]


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def console(path: Path) -> Path:
    moment = datetime(2026, 6, 5, 7, 31, 12)
    row = [1, moment, "PC-KT-031", "192.168.1.31", "http://c2.example/a\tb", "Cho phép"]
    return workbook(path, Baocao=[["BÁO CÁO"], [], HEADING, row])


def events(path: Path) -> list[Event]:
    found: list[Event] = []
    for log in find_logs([str(path)], on_problem=pytest.fail):
        found += [event for event in read_events(log) if isinstance(event, Event)]
    return found


def test_a_table_has_the_rows_numbers_times_and_machines(tmp_path: Path) -> None:
    path = console(tmp_path / "kết quả.xlsx")
    (event,) = [event for event in events(path) if event.device_ip]
    assert event.time is not None
    assert event.time.isoformat() == "2026-06-05T00:31:12+00:00"
    assert (event.device_name, event.device_ip, event.domain) == ("PC-KT-031", "192.168.1.31", "c2.example")
    assert (event.file, event.line) == (f"{path}!Baocao", 4)


def test_pasted_lines_are_read_by_their_format(tmp_path: Path) -> None:
    lines = [[bind_line("192.168.1.5", name)] for name in ("a.example", "b.example")]
    found = events(workbook(tmp_path / "a.xlsx", one=lines[:1], two=[[None], [None], *lines[1:]]))
    assert [(event.format, event.domain, event.line) for event in found] == [
        ("bind", "a.example", 1),
        ("bind", "b.example", 3),
    ]


def test_a_hunt_names_the_machine_and_does_not_search_its_own_list(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    console(logs / "console.xlsx")
    annex = workbook(logs / "annex.xlsx", list=[["STT", "Tên miền"], [1, "c2.example"], [2, "d2.example"]])
    ran = lamsach("hunt", logs, "-i", annex, "-o", tmp_path / "found.jsonl")
    assert ran.status == ExitStatus.FOUND, ran.errors
    text = (tmp_path / "found.jsonl").read_text("utf-8")
    assert "PC-KT-031" in text
    assert '"sightings":1' in text
    assert "annex.xlsx!list" in text.partition("of this hunt, not a log: it was not searched.")[0]


def test_a_list_as_workbook_among_the_logs_is_reported(tmp_path: Path) -> None:
    other = workbook(
        tmp_path / "other.xlsx",
        list=[["Tên miền", "Mã độc"], ["c2.example", "Mirai"], ["d2.example", "Mirai"]],
    )
    ran = lamsach("hunt", other, "-i", write_list(tmp_path / "list.txt", "c2.example"))
    assert ran.status == ExitStatus.INPUT
    assert "không phải nhật ký" in " ".join(ran.errors)


@pytest.mark.parametrize("change", ["cut", "bomb", "empty"])
def test_a_damaged_or_hostile_workbook_is_reported(change: str, tmp_path: Path) -> None:
    path = console(tmp_path / "a.xlsx")
    if change == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    else:
        with zipfile.ZipFile(path) as book:
            parts = {name: book.read(name) for name in book.namelist()}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
            for name, data in parts.items():
                if name.endswith("sheet1.xml"):
                    data = b"" if change == "empty" else data + b" " * (80 << 20)
                book.writestr(name, data)
    problems: list[Problem] = []
    for log in find_logs([str(path)], on_problem=problems.append):
        try:
            assert len([*read_events(log)]) < 10
        except (UnreadableError, LimitError) as error:
            problems.append(problem(error))
    assert [each.where.partition("!")[0] for each in problems] == [str(path)]
