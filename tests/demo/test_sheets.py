"""The annex and the inventory: as untidy as real ones."""

from __future__ import annotations

import re

import openpyxl

from tests.months import Demo


def cells(path: object) -> dict[str, list[tuple[object, ...]]]:
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in openpyxl.load_workbook(path)}  # type: ignore[arg-type]


def test_the_annex_has_titles_headings_and_merged_cells(full: Demo) -> None:
    first, second = openpyxl.load_workbook(full.files.annex)
    assert [cell.value for cell in first[6]] == ["STT", "Địa chỉ IP", "Tên miền", "Mã độc", "Ghi chú"]
    assert [cell.value for cell in second[6]][:3] == [
        "STT",
        "Đường dẫn (URL)",
        "Mã băm (MD5, SHA-1, SHA-256)",
    ]
    assert full.truth["list"]["not_indicators"][0] in first["A4"].value
    assert len(first.merged_cells.ranges) > 15


def test_the_annex_holds_what_must_be_refused(full: Demo) -> None:
    text = {str(value) for rows in cells(full.files.annex).values() for row in rows for value in row if value}
    assert {item["text"] for item in full.truth["list"]["refused"]} <= text
    assert {"192.168.1.1", "com.vn"} <= text


def test_the_annex_is_defanged_here_and_there(full: Demo) -> None:
    text = " ".join(
        str(value) for rows in cells(full.files.annex).values() for row in rows for value in row if value
    )
    for spelling in ("[.]", "(.)", "hxxp://", ":8080", "192.0.2.96 - 192.0.2.111", "cậpnhật-máytính.example"):
        assert spelling in text, spelling
    assert 250 <= full.truth["list"]["count"] <= 350


def test_the_inventory_is_untidy(full: Demo) -> None:
    rows = cells(full.files.inventory)["Thiết bị"]
    assert list(rows[4]) == [
        "STT", "Tên máy", "Loại thiết bị", "Địa chỉ IP", "Địa chỉ MAC", "Người sử dụng", "Phòng ban",
        "Ghi chú",
    ]  # fmt: skip
    machines = [row for row in rows[5:] if row[1]]
    macs = [re.sub("[^0-9a-f]", "", str(row[4]).lower()) for row in machines]
    assert all(len(mac) == 12 for mac in macs)
    assert len(macs) - len(set(macs)) == 4
    assert 350 < len(set(macs)) < 400


def test_the_inventory_lacks_and_misstates(full: Demo) -> None:
    rows = cells(full.files.inventory)["Thiết bị"][5:]
    by_mac = {re.sub("[^0-9a-f]", "", str(row[4]).lower()): row for row in rows if row[1]}
    phone = full.case("not-in-inventory")["device"]["mac"].replace(":", "")
    assert phone not in by_mac
    shared = next(item for item in full.truth["innocent"] if item["case"] == "shared-address")
    assert by_mac[shared["mac"].replace(":", "")][3] == "10.20.30.210"
    camera = full.case("camera")["device"]
    assert by_mac[camera["mac"].replace(":", "")][3] == camera["addresses"][0]["ip"]
