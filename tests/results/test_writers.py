"""The machine-readable results and the workbook.

Their openings, their contents, and that hostile text remains text.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from lamsach.errors import OutputError, UsageError
from lamsach.model import DeviceState, Evidence, Findings
from lamsach.results import write
from lamsach.results.csv_ import COLUMNS
from lamsach.results.output import WRITERS
from lamsach.results.xlsx import write_xlsx

from .sample import FORMULA, HOSTILE, REASONS, empty_findings, make_device, make_sighting, rich_findings

DIGEST = "9f" * 32


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def records_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("suffix", sorted(WRITERS))
@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("make", [rich_findings, empty_findings])
def test_the_same_findings_give_the_same_bytes(tmp_path: Path, suffix: str, language: str, make: Any) -> None:
    for name in ("a", "b"):
        write(make(), tmp_path / f"{name}{suffix}", language, REASONS)
    first = (tmp_path / f"a{suffix}").read_bytes()
    assert first
    assert first == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("name", ["report", "report.pdf", "report.htm", ".html"])
def test_an_unknown_suffix_is_a_usage_error_and_writes_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        write(rich_findings(), tmp_path / name, "vi", REASONS)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        write(rich_findings(), tmp_path / "none" / "report.html", "vi", REASONS)


def test_json_lines_open_with_the_search_and_contain_everything(tmp_path: Path) -> None:
    findings = rich_findings()
    write(findings, tmp_path / "f.jsonl", "vi", REASONS)
    records = records_of(tmp_path / "f.jsonl")
    head = records[0]
    assert (head["record"], head["indicator_list"]["digest"], head["indicator_list"]["count"]) == (
        "search",
        DIGEST,
        1_000_000,
    )
    assert (head["logs"]["first"], head["logs"]["last"]) == ("2022-09-01T03:15:30Z", "2022-09-28T23:15:30Z")
    assert (head["partial"], len(head["blind_days"]), len(head["problems"])) == (True, 5, 2)
    kinds = [record["record"] for record in records]
    assert list(dict.fromkeys(kinds)) == [
        "search",
        "device",
        "sighting",
        "evidence",
        "indicator",
        "coverage",
        "file",
        "refusal",
    ]
    assert kinds.count("device") == len(findings.devices)
    assert kinds.count("sighting") == len(findings.sightings)
    assert kinds.count("coverage") == len(findings.coverage)
    hostile = next(record for record in records if record["record"] == "device" and record["name"] == HOSTILE)
    assert hostile["key"] == f"name:{HOSTILE}"


def test_a_text_that_is_not_unicode_is_written_as_an_escape(tmp_path: Path) -> None:
    broken = make_sighting("ip:10.0.0.9", evidence=(Evidence("", "a.log", 1, "bad \udc80 byte"),))
    findings = rich_findings(sightings=(broken,), devices=(make_device("ip:10.0.0.9", DeviceState.INFECTED),))
    for suffix in WRITERS:
        write(findings, tmp_path / f"f{suffix}", "vi", REASONS)
    evidence = next(record for record in records_of(tmp_path / "f.jsonl") if record["record"] == "evidence")
    assert evidence["text"] == "bad \udc80 byte"
    assert "[U+DC80]" in (tmp_path / "f.html").read_text(encoding="utf-8")


def test_csv_opens_with_the_search_and_has_the_same_columns_in_each_row(tmp_path: Path) -> None:
    findings = rich_findings()
    write(findings, tmp_path / "f.csv", "vi", REASONS)
    data = (tmp_path / "f.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    table = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert tuple(table[0]) == COLUMNS
    assert {len(row) for row in table} == {len(COLUMNS)}
    rows = rows_of(tmp_path / "f.csv")
    assert rows[0]["record"] == "search"
    for part in (DIGEST, "1.000.000", "01/09/2022 10:15:30", "29/09/2022 06:15:30"):
        assert part in rows[0]["note"]
    kinds = [row["record"] for row in rows]
    assert kinds.count("sighting") == len(findings.sightings)
    assert (kinds.count("blind"), kinds.count("not_read")) == (5, 3)


def test_csv_formulas_are_disarmed(tmp_path: Path) -> None:
    write(rich_findings(), tmp_path / "f.csv", "vi", REASONS)
    values = [value for row in rows_of(tmp_path / "f.csv") for value in row.values()]
    assert not [value for value in values if value.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert f"'{FORMULA}" in values


def test_csv_of_nothing_says_so(tmp_path: Path) -> None:
    write(empty_findings(), tmp_path / "f.csv", "en", REASONS)
    (row,) = rows_of(tmp_path / "f.csv")
    assert row["note"].endswith("Nothing was found, and every observer has logs for each day searched.")


def test_the_workbook_opens_with_the_search(tmp_path: Path) -> None:
    write(rich_findings(), tmp_path / "f.xlsx", "vi", REASONS)
    book = openpyxl.load_workbook(tmp_path / "f.xlsx")
    assert book.sheetnames == [
        "Tóm tắt",
        "Máy",
        "Ghi nhận kết nối",
        "Chứng cứ",
        "Độ phủ nhật ký",
        "Chưa đọc được",
    ]
    text = " ".join(str(cell) for row in book["Tóm tắt"].values for cell in row if cell is not None)
    for part in (
        DIGEST,
        "1.000.000",
        "từ 01/09/2022 10:15:30 đến 29/09/2022 06:15:30",
        "3 máy nhiễm",
        "chưa đầy đủ",
    ):
        assert part in text
    assert book["Máy"].max_row == 1 + len(rich_findings().devices)


def test_every_sheet_prints_across_the_page_and_names_machines_and_local_times(tmp_path: Path) -> None:
    write(rich_findings(), tmp_path / "f.xlsx", "en", REASONS)
    book = openpyxl.load_workbook(tmp_path / "f.xlsx")
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
        if sheet.title != "Summary":
            assert sheet.print_title_rows == "$1:$1"
            assert (
                sheet.auto_filter.ref == f"A1:{sheet.cell(1, sheet.max_column).column_letter}{sheet.max_row}"
            )
    machines = [dict(zip(next(book["Machines"].values), row, strict=True)) for row in book["Machines"].values]
    assert (machines[1]["Malware"], machines[1]["Listed addresses met"]) == (
        "Botnet Ví Dụ",
        "bot-c2.xyz, 203.0.113.7",
    )
    assert "Isolate" in machines[1]["What to do"]
    heading, first = list(book["Evidence"].values)[:2]
    row = dict(zip(heading, first, strict=True))
    assert row["Machine"] in {device.name or device.ip for device in rich_findings().devices}
    assert row["Time (Vietnam time)"] == datetime(2022, 9, 1, 10, 15, 30)


def test_the_workbook_has_no_formula(tmp_path: Path) -> None:
    starts = ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "#N/A", "  =1", FORMULA)
    devices = tuple(
        make_device(f"ip:10.0.0.{n}", DeviceState.INFECTED, name=name) for n, name in enumerate(starts)
    )
    write(rich_findings(devices=devices), tmp_path / "f.xlsx", "en", REASONS)
    sheet = openpyxl.load_workbook(tmp_path / "f.xlsx")["Machines"]
    cells = [row[2] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.value for cell in cells if not cell.quotePrefix] == ["[U+000D]=1"]
    assert cells[0].value == "=1+1"


def test_the_workbook_bounds_texts_and_rows(tmp_path: Path) -> None:
    long = make_sighting("ip:10.0.0.9", evidence=(Evidence("", "a.log", 1, "é" * 40_000 + "\x00"),))
    findings = rich_findings(sightings=(long,) * 10)
    with (tmp_path / "f.xlsx").open("wb") as stream:
        write_xlsx(findings, stream, "en", REASONS, max_rows=6)
    book = openpyxl.load_workbook(tmp_path / "f.xlsx")
    assert len(book["Evidence"].cell(2, 7).value) == 32_767
    assert book["Sightings"].max_row == 6
    assert (
        book["Sightings"].cell(6, 1).value
        == "6 more rows do not fit into this sheet; they are in the findings bundle (.zip)."
    )


@pytest.mark.parametrize("count", [4, 5, 6])
def test_every_row_is_in_the_sheet_or_counted(tmp_path: Path, count: int) -> None:
    findings: Findings = rich_findings(sightings=(make_sighting("ip:10.1.2.5"),) * count)
    with (tmp_path / "f.xlsx").open("wb") as stream:
        write_xlsx(findings, stream, "en", REASONS, max_rows=6)
    sheet = openpyxl.load_workbook(tmp_path / "f.xlsx")["Sightings"]
    numbers = [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]
    expected = {
        4: [1, 2, 3, 4],
        5: [1, 2, 3, 4, 5],
        6: [1, 2, 3, 4, "2 more rows do not fit into this sheet; they are in the findings bundle (.zip)."],
    }
    assert numbers == expected[count]
