"""A unit's inventory in its usual form: a title, Vietnamese headings, mixed spellings, gaps, doubles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from lamsach.demo.world import Device, Kind
from lamsach.demo.writers.workbook import heading, save, table_row, title

_KINDS = {
    Kind.SERVER: "Máy chủ",
    Kind.NETWORK: "Thiết bị mạng",
    Kind.CAMERA: "Camera",
    Kind.PRINTER: "Máy in",
    Kind.PC: "Máy tính để bàn",
    Kind.LAPTOP: "Máy tính xách tay",
    Kind.PHONE: "Điện thoại",
    Kind.GUEST: "Khách",
}
_HEADS = (
    *("STT", "Tên máy", "Loại thiết bị", "Địa chỉ IP", "Địa chỉ MAC", "Người sử dụng", "Phòng ban"),
    "Ghi chú",
)


def write(
    path: Path,
    rng: Random,
    devices: Sequence[Device],
    missing: set[str],
    stale: Mapping[str, str],
    doubled: set[str],
) -> None:
    """Write the sheet of the machines that are not `missing` (by MAC address).

    `stale` has outdated addresses; the rows of `doubled` occur twice.
    """
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Thiết bị"
    title(sheet, 1, 8, "ĐƠN VỊ MẪU", bold=True)
    title(sheet, 2, 8, "DANH MỤC THIẾT BỊ CÔNG NGHỆ THÔNG TIN", bold=True)
    title(sheet, 3, 8, "Cập nhật tháng 6 năm 2022 (dữ liệu minh họa)")
    heading(sheet, 5, _HEADS, (6, 20, 20, 16, 20, 22, 28, 32))
    row = 6
    for device in devices:
        if device.mac in missing:
            continue
        for copy in range(2 if device.mac in doubled else 1):
            note = "Đã nhập lại" if copy else device.purpose
            ip = device.fixed_ip or stale.get(device.mac, "")
            mac = _spelled(device.mac, rng.randrange(5))
            kind, user = _KINDS[device.kind], device.user
            table_row(sheet, row, (row - 5, device.name, kind, ip, mac, user, device.department, note))
            row += 1
    sheet.freeze_panes = "A6"
    save(workbook, path)


def _spelled(mac: str, how: int) -> str:
    digits = mac.replace(":", "")
    return (
        mac,
        mac.upper(),
        mac.upper().replace(":", "-"),
        ".".join(digits[place : place + 4] for place in (0, 4, 8)),
        digits.upper(),
    )[how]
