from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl

from lamsach.indicators.lists import read_list
from lamsach.model import Indicator, Problem, Refusal
from tests.indicators.builders import sheet, workbook


def read(path: Path) -> tuple[list[Indicator], list[Refusal]]:
    problems: list[Problem] = []
    items = list(read_list(str(path), problems.append))
    assert problems == []
    return [item for item in items if isinstance(item, Indicator)], [
        item for item in items if isinstance(item, Refusal)
    ]


def test_a_dispatch_annex(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page["A1"] = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
    page.merge_cells("A1:F1")
    page["A3"] = "Phụ lục: danh sách máy chủ điều khiển"
    for column, heading in enumerate(
        ["STT", "Địa chỉ IP", "Tên miền", "Mã độc", "Ngày phát hiện", "Độ tin cậy"], 1
    ):
        page.cell(5, column, heading)
    page.append([1, "203.0.113[.]5", "c2.evil.example", "Mozi", datetime(2022, 5, 3), 80])
    page.append([2, "203.0.113.6", None, None, date(2022, 5, 4), 0.5])
    page.append([3, "192.168.1.2", None, "Mirai", None, None])
    page.append([4, "chưa rõ", None, "Mirai", None, None])
    page.merge_cells("D6:D7")
    hidden = book.create_sheet("dự phòng")
    hidden.sheet_state = "hidden"
    hidden["C10"] = "hidden.evil.example"
    hidden["C11"] = "5f4dcc3b5aa765d61d8327deb882cf99"
    book.save(tmp_path / "annex.xlsx")

    accepted, refused = read(tmp_path / "annex.xlsx")

    assert [
        (item.value, item.threat, item.reference.page, item.reference.row)
        for item in accepted
        if item.reference
    ] == [
        ("203.0.113.5", "Mozi", 1, 6),
        ("c2.evil.example", "Mozi", 1, 6),
        ("203.0.113.6", "Mozi", 1, 7),
        ("hidden.evil.example", None, 2, 10),
        ("5f4dcc3b5aa765d61d8327deb882cf99", None, 2, 11),
    ]
    assert [item.valid_from for item in accepted[1:3]] == [
        datetime(2022, 5, 3, tzinfo=UTC),
        datetime(2022, 5, 4, tzinfo=UTC),
    ]
    assert [item.confidence for item in accepted[1:3]] == [80, 50]
    assert [(item.value, item.reference.page, item.reference.row) for item in refused] == [
        ("192.168.1.2", 1, 8),
        ("chưa rõ", 1, 9),
    ]


def test_shared_and_rich_strings_and_numbers(tmp_path: Path) -> None:
    strings = (
        "<sst><si><t>evil.</t><rPh><t>no</t></rPh></si><si><r><t>c2.evil</t></r><r><t>.example</t></r></si>"
        "</sst>"
    )
    cells = (
        '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2"><v>45.0</v></c><c r="C2" t="s"><v>99</v></c><c '
        'r="D2" t="e"><v>#REF!</v></c></row>'
    )
    page = f"<worksheet><sheetData>{cells}</sheetData></worksheet>"
    (tmp_path / "a.xlsx").write_bytes(workbook([page], extra={"xl/sharedStrings.xml": strings}))
    accepted, refused = read(tmp_path / "a.xlsx")
    assert [item.value for item in accepted] == ["c2.evil.example"]
    assert refused == []


def test_headings_over_two_rows_are_merged(tmp_path: Path) -> None:
    rows = {
        1: ["STT", "Thông tin", None, "Mã độc"],
        2: [None, "Địa chỉ IP", "Tên miền", None],
        3: [1, "203.0.113.5", "evil.example", "Mozi"],
    }
    (tmp_path / "a.xlsx").write_bytes(workbook([sheet(rows)]))
    accepted, _ = read(tmp_path / "a.xlsx")
    assert [(item.value, item.threat) for item in accepted] == [
        ("203.0.113.5", "Mozi"),
        ("evil.example", "Mozi"),
    ]


def test_cells_without_references_are_counted(tmp_path: Path) -> None:
    page = (
        '<worksheet><sheetData><row><c t="inlineStr"><is><t>evil.example</t></is></c></row><row><c '
        't="str"><v>203.0.113.5</v></c></row></sheetData></worksheet>'
    )
    (tmp_path / "a.xlsx").write_bytes(workbook([page]))
    accepted, _ = read(tmp_path / "a.xlsx")
    assert [(item.value, item.reference.row) for item in accepted if item.reference] == [
        ("evil.example", 1),
        ("203.0.113.5", 2),
    ]


def test_a_missing_sheet_does_not_stop_the_others(tmp_path: Path) -> None:
    book = workbook([sheet({1: ["evil.example"]}), sheet({1: ["203.0.113.5"]})])
    book = book.replace(b"worksheets/sheet1.xml", b"worksheets/sheetX.xml")
    (tmp_path / "a.xlsx").write_bytes(book)
    accepted, _ = read(tmp_path / "a.xlsx")
    assert "203.0.113.5" in [item.value for item in accepted]
