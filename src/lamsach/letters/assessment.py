"""The text of the assessment, drafted from the figures: plain official Vietnamese, for a person to read and change. No sentence without a number behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from lamsach.i18n import format_date, format_number
from lamsach.letters.words import in_sentence


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about a campaign in a unit's scope as of a day; None: not known, so nothing is said of it.

    `units`: units in the scope; `found`: machines that connected; `cleaned`, `verified`: of these; `blocked`: machines whose connections were all blocked;
    `unattributed`: sources that cannot be named; `sources`: logs that were searched; `blind`: days without logs; `blind_machines`: cleaned machines without logs to verify by; `people`: people told.
    """

    unit: str
    campaign: str
    day: date
    units: int | None = None
    informed: int | None = None
    deployed: int | None = None
    found: int | None = None
    cleaned: int | None = None
    verified: int | None = None
    blocked: int | None = None
    unattributed: int | None = None
    sources: int | None = None
    blind: int | None = None
    blind_machines: int | None = None
    people: int | None = None
    missing_reports: int | None = None


def assessment(known: Evidence) -> str:
    """The assessment: a paragraph on units, one on machines, one on people."""
    known = replace(known, campaign=in_sentence(known.campaign))
    parts = [_units(known), _machines(known), _people(known)]
    return "\n".join(part for part in parts if part)


def proposals(known: Evidence) -> str:
    """What the figures call for; `Không có.` when they call for nothing."""
    wishes = []
    if known.blind or known.blind_machines:
        wishes.append(
            "Đề nghị hướng dẫn, hỗ trợ đơn vị lưu giữ đầy đủ nhật ký của tường lửa, máy chủ DNS và máy chủ DHCP để có căn cứ xác minh máy đã sạch."
        )
    if known.unattributed:
        wishes.append(
            "Đề nghị hỗ trợ xác định máy tính, thiết bị phía sau máy chủ DNS, máy chủ proxy hoặc thiết bị NAT."
        )
    if known.missing_reports:
        wishes.append(
            f"Đề nghị tiếp tục đôn đốc {_n(known.missing_reports)} đơn vị trực thuộc chưa gửi báo cáo."
        )
    return "\n".join(wishes) or "Không có."


def _n(value: int | None) -> str:
    return format_number(value or 0, "vi")


def _share(part: int, whole: int) -> str:
    """A share in per cent; 100 % only when nothing is missing, 0 % only for nothing."""
    if part >= whole:
        return "100%"
    percent = part * 100 / whole
    shown = min(max(percent, 0.1), 99.9) if part else 0.0
    return f"{format_number(shown, 'vi', 1).removesuffix(',0')}%"


def _units(known: Evidence) -> str:
    if known.informed is None or known.deployed is None:
        return ""
    if known.units is None or known.units < max(known.informed, known.deployed, 1):
        return (
            f"Tính đến ngày {format_date(known.day)}, có {_n(known.informed)} đơn vị, tổ chức nhận được thông tin về chiến dịch; "
            f"{_n(known.deployed)} đơn vị, tổ chức đã triển khai chiến dịch."
        )
    if known.units == 1:
        done = "đã triển khai" if known.deployed else "đã nhận được thông tin nhưng chưa triển khai"
        if not known.informed:
            done = "chưa xác nhận đã nhận được thông tin về"
        return f"Tính đến ngày {format_date(known.day)}, {known.unit} {done} {known.campaign}."
    text = (
        f"{known.unit} đã phổ biến, tổ chức thực hiện {known.campaign} trong phạm vi quản lý. Tính đến ngày {format_date(known.day)}, "
        f"có {_n(known.informed)}/{_n(known.units)} đơn vị, tổ chức nhận được thông tin về chiến dịch (đạt {_share(known.informed, known.units)}); "
        f"{_n(known.deployed)}/{_n(known.units)} đơn vị, tổ chức đã triển khai chiến dịch (đạt {_share(known.deployed, known.units)})."
    )
    silent, waiting = known.units - known.informed, known.informed - known.deployed
    if silent > 0:
        text += f" Còn {_n(silent)} đơn vị chưa xác nhận đã nhận được thông tin."
    if waiting > 0:
        text += f" Còn {_n(waiting)} đơn vị đã nhận được thông tin nhưng chưa triển khai; {known.unit} đang tiếp tục đôn đốc."
    return text


def _machines(known: Evidence) -> str:
    if known.found is None:
        return ""
    searched = (
        f"Qua rà soát nhật ký của {_n(known.sources)} nguồn ghi nhận" if known.sources else "Qua rà soát"
    )
    if known.found:
        text = f"{searched}, phát hiện {_n(known.found)} máy tính, thiết bị có kết nối đến địa chỉ độc hại"
        if known.cleaned is not None:
            text += f"; đã làm sạch {_n(known.cleaned)} máy"
            if known.verified is not None:
                text += f", trong đó {_n(known.verified)} máy đã được xác minh là sạch"
            left = known.found - known.cleaned
            text += f"; còn {_n(left)} máy đang được xử lý" if left > 0 else ""
        text += "."
    elif known.blind or known.blind_machines or not known.sources:
        text = f"{searched}, chưa ghi nhận máy tính, thiết bị kết nối đến địa chỉ độc hại trong phần nhật ký hiện có."
    else:
        text = f"{searched}, không phát hiện máy tính, thiết bị kết nối đến địa chỉ độc hại thuộc danh sách của chiến dịch."
    if known.blocked:
        text += f" Kết nối của {_n(known.blocked)} máy tính, thiết bị khác đã bị chặn."
    if known.unattributed:
        text += f" Có {_n(known.unattributed)} nguồn kết nối chưa xác định được máy tính, thiết bị cụ thể."
    if known.blind_machines:
        text += f" Có {_n(known.blind_machines)} máy đã làm sạch nhưng thiếu nhật ký nên chưa xác minh được."
    if known.blind:
        text += (
            f" Có {_n(known.blind)} ngày thiếu nhật ký; đơn vị chưa có căn cứ đánh giá đối với các ngày này."
        )
    return text


def _people(known: Evidence) -> str:
    if not known.people:
        return ""
    return f"Đã truyền thông đến {_n(known.people)} người dùng về nguy cơ khi sử dụng phần mềm bẻ khóa, không bản quyền."
