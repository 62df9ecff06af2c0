from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.devices import sheets
from lamsach.devices.inventory import PROBLEMS_KEPT, Inventory, InventoryEntry
from lamsach.devices.inventory_sheets import Column, column_of, read_inventory
from lamsach.errors import InputError, LimitError, UnreadableError
from lamsach.model import Problem

A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
HEADER = ["STT", "Địa chỉ IP", "Địa chỉ MAC", "Tên máy", "Người sử dụng", "Phòng ban"]
ROW = ["1", "10.0.1.5", "02-00-00-00-00-0A", "MAY-01", "Nguyễn Văn Ân", "Phòng Kế toán"]
ENTRY = InventoryEntry(("10.0.1.5",), (A,), "MAY-01", "Nguyễn Văn Ân", "Phòng Kế toán")


def read(path: Path, data: bytes | str) -> tuple[list[InventoryEntry], list[Problem]]:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    problems: list[Problem] = []
    inventory = read_inventory(path, problems.append)
    return [bare(entry) for entry in inventory.entries], problems


def bare(entry: InventoryEntry) -> InventoryEntry:
    return InventoryEntry(entry.ips, entry.macs, entry.name, entry.user, entry.department)


def table(delimiter: str, *rows: list[str]) -> str:
    return "".join(delimiter.join(row) + "\r\n" for row in rows)


def workbook(fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1258"]
)
def test_text_in_every_delimiter_and_encoding(tmp_path: Path, delimiter: str, encoding: str) -> None:
    text = table(delimiter, HEADER, ROW)
    if encoding == "cp1258":
        # Windows-1258 writes a vowel and its tone as two characters
        tones = {
            "ị": "i\u0323",
            "ờ": "ơ\u0300",
            "ỉ": "i\u0309",
            "ử": "ư\u0309",
            "ụ": "u\u0323",
            "ễ": "ê\u0303",
            "ế": "ê\u0301",
        }
        for whole, parts in tones.items():
            text = text.replace(whole, parts)
        text = text.replace("ò", "o\u0300")
    entries, problems = read(tmp_path / "i.csv", text.encode(encoding))
    assert entries == [ENTRY]
    assert problems == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["DANH SÁCH MÁY TÍNH"], ["Năm 2022"], [], HEADER, ROW], [ENTRY]),
        ([["IP Address", "MAC Address", "Hostname", "User", "Department"], ROW[1:]], [ENTRY]),
        ([["Tên máy tính", "IP", "Họ và tên", "Đơn vị"], ["MAY-01", "10.0.1.5", "An", "Sở A"]],
         [InventoryEntry(("10.0.1.5",), (), "MAY-01", "An", "Sở A")]),
        ([["10.0.1.5", "02000000000A"], ["10.0.1.6", "02000000000B"]],
         [InventoryEntry(("10.0.1.5",), (A,)), InventoryEntry(("10.0.1.6",), (B,))]),
        ([["máy", "x", "y"], ["MAY-01", "10.0.1.5", "0200.0000.000A"]],
         [InventoryEntry(("10.0.1.5",), (A,), "MAY-01")]),
        ([HEADER, [*ROW[:1], "10.0.1.5; 10.0.1.6", "02000000000A / 02000000000B", *ROW[3:]]],
         [InventoryEntry(("10.0.1.5", "10.0.1.6"), (A, B), *ROW[3:])]),
        ([HEADER, ["1", "DHCP", *ROW[2:]]], [InventoryEntry((), (A,), *ROW[3:])]),
        ([HEADER, ROW, HEADER, ["2", "", "02:00:00:00:00:0b", "MAY-02", "", ""]],
         [ENTRY, InventoryEntry((), (B,), "MAY-02")]),
        ([HEADER[:5], ["I", "Phòng Tổ chức", "", "", ""], ROW[:5], ["II. Phòng Kỹ thuật", "", "", "", ""],
            ["2", "10.0.1.9", "", "M9", ""]],
         [InventoryEntry(("10.0.1.5",), (A,), "MAY-01", "Nguyễn Văn Ân", "Phòng Tổ chức"),
          InventoryEntry(("10.0.1.9",), (), "M9", None, "Phòng Kỹ thuật")]),
        ([["Tên máy", "Người dùng"], ["MAY-01", "An"]], [InventoryEntry((), (), "MAY-01", "An")]),
        ([["Tên máy"], ["MAY-01"], ["Kế toán"]],
         [InventoryEntry((), (), "MAY-01"), InventoryEntry((), (), "Kế toán")]),
        ([["Tên máy", "IP"], ["Tổ1 A", ""], ["MAY-01", ""]],
         [InventoryEntry((), (), "MAY-01", None, "Tổ1 A")]),
    ],
)  # fmt: skip
def test_shapes_of_sheets(tmp_path: Path, rows: list[list[str]], expected: list[InventoryEntry]) -> None:
    entries, problems = read(tmp_path / "i.csv", table("\t", *rows))
    assert entries == expected
    assert problems == []


def test_a_workbook_with_a_title_merged_cells_and_several_sheets(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        cover = book.active
        cover.title = "Bìa"
        cover["A1"] = "Danh sách thiết bị"
        sheet = book.create_sheet("Máy trạm")
        sheet["B2"] = "DANH SÁCH MÁY TÍNH"
        sheet.merge_cells("B2:G2")
        for column, text in zip("BCDEF", ["TT", "Tên máy", "Địa chỉ", None, "Phòng ban"], strict=True):
            sheet[f"{column}4"] = text
        sheet.merge_cells("D4:E4")
        for column in "BCF":
            sheet.merge_cells(f"{column}4:{column}5")
        sheet["D5"], sheet["E5"] = "IP", "MAC"
        sheet.append([None, 1, "MAY-01", "10.0.1.5", "02-00-00-00-00-0A", "Phòng Kế toán"])
        sheet.append([None, 2, "MAY-02", "10.0.1.6", "02-00-00-00-00-0B"])
        sheet.merge_cells("F6:F7")

    entries, problems = read(tmp_path / "i.xlsx", workbook(fill))
    assert entries == [
        InventoryEntry(("10.0.1.5",), (A,), "MAY-01", None, "Phòng Kế toán"),
        InventoryEntry(("10.0.1.6",), (B,), "MAY-02", None, "Phòng Kế toán"),
    ]
    assert problems == []


@pytest.mark.parametrize(
    ("rows", "what", "row"),
    [
        (
            [["10.0.1.5", A, "M1"], ["10.0.1.5", B, "M2"]],
            "An address is in two rows of different machines.",
            3,
        ),
        (
            [["10.0.1.5", A, "M1"], ["10.0.1.6", A, "M2"]],
            "A hardware address is in two rows with different names.",
            3,
        ),
        (
            [["10.0.1.5", A, "M1"], ["10.0.1.6", B, "M1"]],
            "A machine name is in two rows of different machines.",
            3,
        ),
        ([["10.0.1.5", A, "M1"], ["10.0.1.5", A, "M1"]], "The machine is in two rows.", 3),
        (
            [["10.0.1.5", A, "M1"], ["10.0.1.555", B, "M2"]],
            "A cell of the address column holds no address.",
            3,
        ),
        ([["10.0.1.5", "02:xx", "M1"]], "A cell of the MAC column holds no hardware address.", 2),
    ],
)
def test_contradictions_are_reported(tmp_path: Path, rows: list[list[str]], what: str, row: int) -> None:
    entries, problems = read(tmp_path / "i.csv", table(";", ["IP", "MAC", "Tên máy"], *rows))
    assert len(entries) == len(rows)
    assert [(problem.what, problem.where) for problem in problems] == [(what, f"{tmp_path / 'i.csv'}:{row}")]


def test_a_contradiction_accuses_nobody() -> None:
    inventory = Inventory(
        [
            InventoryEntry(("10.0.1.5",), (A,), "M1", where="x:1"),
            InventoryEntry(("10.0.1.5",), (B,), "M1", where="x:2"),
        ]
    )
    assert inventory.by_ip("10.0.1.5") is None
    assert inventory.by_name("m1") is None
    assert inventory.by_mac(A) is not None
    assert inventory.by_mac(B) is not None


def test_reported_rows_are_bounded(tmp_path: Path) -> None:
    rows = [["10.0.1.5", f"0200000000{number % 256:02x}", ""] for number in range(3 * PROBLEMS_KEPT)]
    _, problems = read(tmp_path / "i.csv", table(";", ["IP", "MAC", "Tên máy"], *rows))
    assert len(problems) == PROBLEMS_KEPT + 1
    assert problems[-1].what == "More rows of the inventory have problems than are listed here."


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("ĐỊA CHỈ IP", Column.IP),
        ("IP máy trạm", Column.IP),
        ("MAC LAN", Column.MAC),
        ("Địa chỉ vật lý", Column.MAC),
        ("Tên máy (hostname)", Column.NAME),
        ("Computer Name", Column.NAME),
        ("Người sử dụng", Column.USER),
        ("Họ tên cán bộ", Column.USER),
        ("Phòng/Ban", Column.DEPARTMENT),
        ("Đơn vị công tác", Column.DEPARTMENT),
        ("STT", Column.IGNORED),
        ("Ghi chú", Column.NOTE),
        ("Cấu hình", None),
        ("", None),
        ("Danh sách máy tính kết nối mạng của đơn vị năm 2022", None),
    ],
)
def test_a_heading_names_its_column(heading: str, column: Column | None) -> None:
    assert column_of(heading) == column


# --- hostile and broken files -------------------------------------------------------------------------------

GOOD = workbook(lambda book: [book.active.append(row) for row in (HEADER, ROW)])  # type: ignore[func-returns-value]
SHEET = "xl/worksheets/sheet1.xml"
BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<worksheet><sheetData><row><c t='inlineStr'><is><t>&b;</t></is></c></row></sheetData></worksheet>"
)
XXE = (
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    "<worksheet><sheetData><row><c t='inlineStr'><is><t>&a;</t></is></c></row></sheetData></worksheet>"
)


def rewritten(name: str, content: bytes | str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, content if member == name else old.read(member))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", UnreadableError),
        (b"\0\x01\x02\0\xff\xfe\0\0" * 40, UnreadableError),
        (b"no table here, only words\n", UnreadableError),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, UnreadableError),
        (b"PK\x03\x04 broken", UnreadableError),
        (GOOD[: len(GOOD) // 2], UnreadableError),
        (rewritten(SHEET, b"<worksheet><sheetData>"), UnreadableError),
        (rewritten("xl/workbook.xml", b"\0\0"), UnreadableError),
        (rewritten(SHEET, BOMB), LimitError),
        (rewritten(SHEET, XXE), LimitError),
        (rewritten(SHEET, XXE.encode("utf-16")), LimitError),
        (rewritten("xl/workbook.xml", BOMB), LimitError),
        (rewritten(SHEET, b"<worksheet><sheetData>" + b" " * (130 << 20)), LimitError),
    ],
)
def test_hostile_and_broken_files(tmp_path: Path, data: bytes, error: type[InputError]) -> None:
    path = tmp_path / "i.xlsx"
    path.write_bytes(data)
    with pytest.raises(error) as caught:
        read_inventory(path, lambda problem: None)
    assert caught.value.where.startswith(str(path))


def test_a_merged_range_over_the_whole_sheet_costs_nothing(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        sheet = archive.read(SHEET).decode()
    merged = (
        '<mergeCells><mergeCell ref="H1:XFD1048576"/><mergeCell ref="A2:A1048576"/></mergeCells></worksheet>'
    )
    entries, _ = read(tmp_path / "i.xlsx", rewritten(SHEET, sheet.replace("</worksheet>", merged)))
    assert entries == [ENTRY]


def test_too_many_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_CELLS", 5)
    with pytest.raises(LimitError):
        read(tmp_path / "i.xlsx", GOOD)


def test_too_large_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_FILE_BYTES", 100)
    with pytest.raises(LimitError):
        read(tmp_path / "i.csv", "a,b\n" * 100)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError):
        read_inventory(tmp_path / "none.csv", lambda problem: None)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300) | st.text(alphabet="a1.:;,\t\n\"'02-\0đ", max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "i"
    path.write_bytes(data)
    try:
        read_inventory(path, lambda problem: None)
    except InputError as refused:
        error: InputError | None = refused
    else:
        error = None
    assert error is None or (error.what and error.where.startswith(str(path)))
