"""Facts of a campaign as one dated object, and official Vietnamese texts drafted from them.

Every number and sentence of the form comes from this object (`Evidence`): numbers stated by a person are
entered into it (`with_stated`) before anything is written. Every sentence is backed by a number;
`contradictions` finds deviations in a text edited by hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from lamsach.i18n import format_date, format_number
from lamsach.letters.fixed_texts import in_sentence
from lamsach.letters.form import Figure, Form


@dataclass(frozen=True, slots=True)
class Evidence:
    """Facts about a campaign in a unit's scope as of a day; None: not known, so nothing is stated.

    `units`: units in the scope; `found`: machines that connected; `cleaned`, `verified`: of these; `blocked`:
    machines whose connections were all blocked; `unattributed`: sources that cannot be named; `sources`:
    searched logs, from `first_log` to `last_log`; `blind`: days without logs; `blind_machines`: cleaned
    machines without logs to verify by; `unsearched`: units, each with everything under it, without a searched
    log; `people`: people informed.
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
    unsearched: int | None = None
    first_log: date | None = None
    last_log: date | None = None


FIELDS: Mapping[str, str] = {
    "campaign.units": "units",
    "campaign.informed": "informed",
    "campaign.deployed": "deployed",
    "cases.found": "found",
    "cases.cleaned": "cleaned",
    "cases.verified": "verified",
    "cases.blind": "blind_machines",
    "cases.unsearched": "unsearched",
    "people.told": "people",
}
"""Field of `Evidence` by the source of a form's row."""


def with_stated(known: Evidence, form: Form, figures: Mapping[str, Figure]) -> Evidence:
    """Apply the form's numbers: stated ones replace computed ones everywhere."""
    counted: dict[str, Any] = {
        FIELDS[row.source]: figure.value
        for row in form.rows
        if row.source in FIELDS and (figure := figures.get(row.key)) is not None and figure.value is not None
    }
    if known.found is None and not counted.get("found"):  # a computed 0 without a search proves nothing
        counted.pop("found", None)
    return replace(known, **counted)


def inconsistent_pair(known: Evidence) -> tuple[int, int] | None:
    """Return two numbers of machines with a part larger than its whole."""
    pairs = (
        (known.cleaned, known.found),
        (known.verified, known.cleaned),
        (known.blind_machines, known.cleaned),
    )
    return next(((part, whole) for part, whole in pairs if part and whole is not None and part > whole), None)


def assessment(known: Evidence) -> str:
    """Draft the assessment: paragraphs on units, machines, people."""
    known = replace(known, campaign=in_sentence(known.campaign))
    parts = [_units(known), _machines(known), _people(known)]
    return "\n".join(part for part in parts if part)


def proposals(known: Evidence) -> str:
    """Draft proposals from the figures; `Không có.` without any."""
    sentences = []
    if known.blind or known.blind_machines or known.unsearched:
        sentences.append(
            "Đề nghị hướng dẫn, hỗ trợ đơn vị lưu giữ đầy đủ nhật ký của tường lửa, máy chủ "
            "DNS và máy chủ DHCP để có căn cứ xác minh máy đã sạch."
        )
    if known.unattributed:
        sentences.append(
            "Đề nghị hỗ trợ xác định máy tính, thiết bị phía sau máy chủ DNS, máy chủ proxy "
            "hoặc thiết bị NAT."
        )
    if known.missing_reports:
        sentences.append(
            f"Đề nghị tiếp tục đôn đốc {_n(known.missing_reports)} đơn vị trực thuộc chưa gửi báo cáo."
        )
    return "\n".join(sentences) or "Không có."


def _n(value: int | None) -> str:
    return format_number(value or 0, "vi")


def _share(part: int, whole: int) -> str:
    """Format a percentage; 100 % only if complete, 0 % only for nothing."""
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
            f"Tính đến ngày {format_date(known.day)}, có {_n(known.informed)} đơn vị, tổ chức "
            f"nhận được thông tin về chiến dịch; "
            f"{_n(known.deployed)} đơn vị, tổ chức đã triển khai chiến dịch."
        )
    if known.units == 1:
        done = "đã triển khai" if known.deployed else "đã nhận được thông tin nhưng chưa triển khai"
        if not known.informed:
            done = "chưa xác nhận đã nhận được thông tin về"
        return f"Tính đến ngày {format_date(known.day)}, {known.unit} {done} {known.campaign}."
    text = (
        f"{_opening(known)} Tính đến ngày {format_date(known.day)}, "
        f"có {_n(known.informed)}/{_n(known.units)} đơn vị, tổ chức nhận được thông tin về "
        f"chiến dịch (đạt {_share(known.informed, known.units)}); "
        f"{_n(known.deployed)}/{_n(known.units)} đơn vị, tổ chức đã triển khai chiến dịch (đạt "
        f"{_share(known.deployed, known.units)})."
    )
    unacknowledged, undeployed = known.units - known.informed, known.informed - known.deployed
    if unacknowledged > 0:
        text += f" Còn {_n(unacknowledged)} đơn vị chưa xác nhận đã nhận được thông tin."
    if undeployed > 0:
        text += (
            f" Còn {_n(undeployed)} đơn vị đã nhận được thông tin nhưng chưa triển khai; {known.unit} "
            f"đang tiếp tục đôn đốc."
        )
    return text


def _opening(known: Evidence) -> str:
    """Return the progress of the campaign, no further than the figures prove."""
    whole, informed, deployed = known.units or 0, known.informed or 0, known.deployed or 0
    if deployed >= whole and informed >= whole:
        return f"{known.unit} {_ALL_DONE} {known.campaign} trong phạm vi quản lý."
    if deployed:
        return f"{known.unit} đang tổ chức thực hiện {known.campaign} trong phạm vi quản lý."
    if informed:
        return (
            f"{known.unit} đã thông tin về {known.campaign} trong phạm vi quản lý; chưa có đơn vị, "
            f"tổ chức nào triển khai."
        )
    return (
        f"{known.unit} chưa ghi nhận đơn vị, tổ chức nào trong phạm vi quản lý nhận được thông tin "
        f"hoặc triển khai {known.campaign}."
    )


_ALL_DONE = "đã phổ biến, tổ chức thực hiện"


def _searched(known: Evidence) -> str:
    if not known.sources:
        return "Qua rà soát"
    text = f"Qua rà soát nhật ký của {_n(known.sources)} nguồn ghi nhận"
    if known.first_log and known.last_log:
        text += f" từ ngày {format_date(known.first_log)} đến ngày {format_date(known.last_log)}"
    return text


def _machines(known: Evidence) -> str:
    lacking = _unsearched(known)
    if known.found is None:
        return lacking
    searched = _searched(known)
    if known.found:
        text = f"{searched}, phát hiện {_n(known.found)} máy tính, thiết bị có kết nối đến địa chỉ độc hại"
        if known.cleaned is not None:
            text += f"; đã làm sạch {_n(known.cleaned)} máy"
            if known.verified is not None:
                text += f", trong đó {_n(known.verified)} máy đã được xác minh là sạch"
            left = known.found - known.cleaned
            text += f"; còn {_n(left)} máy đang được xử lý" if left > 0 else ""
        text += "."
    elif known.blind or known.blind_machines or known.unsearched or not known.sources:
        text = (
            f"{searched}, chưa ghi nhận máy tính, thiết bị kết nối đến địa chỉ độc hại trong phần "
            f"nhật ký hiện có."
        )
    else:
        text = (
            f"{searched}, không phát hiện máy tính, thiết bị kết nối đến địa chỉ độc hại thuộc danh "
            f"sách của chiến dịch."
        )
    more = (
        (known.blocked, "Kết nối của {} máy tính, thiết bị khác đã bị chặn."),
        (known.unattributed, "Có {} nguồn kết nối chưa xác định được máy tính, thiết bị cụ thể."),
        (known.blind_machines, "Có {} máy đã làm sạch nhưng thiếu nhật ký nên chưa xác minh được."),
        (known.blind, "Có {} ngày thiếu nhật ký; đơn vị chưa có căn cứ đánh giá đối với các ngày này."),
    )
    sentences = [text, *(words.format(_n(value)) for value, words in more if value), lacking]
    return " ".join(sentence for sentence in sentences if sentence)


def _unsearched(known: Evidence) -> str:
    if not known.unsearched:
        return ""
    if known.units == 1 or (known.sources == 0 and known.unsearched == 1):
        return (
            "Đơn vị chưa có nhật ký được rà soát nên chưa có căn cứ đánh giá máy tính, thiết bị của đơn vị."
        )
    return (
        f"Còn {_n(known.unsearched)} đơn vị, cùng các đơn vị trực thuộc, chưa có nhật ký được rà soát; "
        "chưa có căn cứ đánh giá máy tính, thiết bị của các đơn vị này."
    )


def _people(known: Evidence) -> str:
    if not known.people:
        return ""
    return (
        f"Đã truyền thông đến {_n(known.people)} người dùng về nguy cơ khi sử dụng phần mềm bẻ "
        f"khóa, không bản quyền."
    )


_N = r"(\d{1,3}(?:\.\d{3}){1,3}|\d{1,9})"
_LONE = rf"(?<![\d./]){_N}"
# Patterns of the drafted sentences, with variations by hand, and the number that each states
_SENTENCES: tuple[tuple[str, str], ...] = (
    (rf"{_LONE} đơn vị(?:, tổ chức)? (?:đã )?nhận được thông tin(?! nhưng)", "informed"),
    (rf"{_LONE} đơn vị(?:, tổ chức)? (?:đã )?triển khai", "deployed"),
    (rf"{_N}/(?:{_N[1:-1]}) đơn vị(?:, tổ chức)? (?:đã )?nhận được thông tin", "informed"),
    (rf"{_N}/(?:{_N[1:-1]}) đơn vị(?:, tổ chức)? (?:đã )?triển khai", "deployed"),
    (rf"(?:{_N[1:-1]})/{_N} đơn vị(?:, tổ chức)? (?:đã )?(?:nhận được thông tin|triển khai)", "units"),
    (rf"{_LONE} đơn vị chưa xác nhận", "silent"),
    (rf"{_LONE} đơn vị đã nhận được thông tin nhưng chưa triển khai", "waiting"),
    (rf"phát hiện {_N} máy", "found"),
    (rf"làm sạch {_N} máy", "cleaned"),
    (rf"{_LONE} máy đã được xác minh", "verified"),
    (rf"còn {_N} máy đang", "left"),
    (rf"{_LONE} máy đã làm sạch nhưng thiếu nhật ký", "blind_machines"),
    (rf"{_LONE} đơn vị(?:, cùng các đơn vị trực thuộc,)? chưa có nhật ký", "unsearched"),
    (rf"{_LONE} đơn vị trực thuộc chưa gửi báo cáo", "missing_reports"),
    (rf"(?:đến|cho) {_N} người dùng", "people"),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), name) for pattern, name in _SENTENCES)
_DAY = re.compile(r"tính đến ngày (\d{1,2}/\d{1,2}/\d{4})", re.IGNORECASE)
_LONGEST = 20_000


def contradictions(text: str, known: Evidence) -> list[str]:
    """Return phrases of a text (its first 20,000 letters) with another number or day than known, in order."""
    stated = " ".join(text[:_LONGEST].split())
    wrong: list[tuple[int, str]] = []
    for pattern, name in _PATTERNS:
        expected = _expected(known, name)
        for found in pattern.finditer(stated) if expected is not None else ():
            if int(found[1].replace(".", "")) != expected:
                wrong.append((found.start(), found[0]))
    wrong += [
        (found.start(), found[0]) for found in _DAY.finditer(stated) if found[1] != format_date(known.day)
    ]
    if _ALL_DONE in stated and known.deployed == 0:
        wrong.append((stated.index(_ALL_DONE), _ALL_DONE))
    if "không phát hiện" in stated and (known.found or known.unsearched):
        wrong.append((stated.index("không phát hiện"), "không phát hiện"))
    return list(dict.fromkeys(phrase for _place, phrase in sorted(wrong)))


def _expected(known: Evidence, name: str) -> int | None:
    pairs = {
        "silent": (known.units, known.informed),
        "waiting": (known.informed, known.deployed),
        "left": (known.found, known.cleaned),
    }
    if name not in pairs:
        value: int | None = getattr(known, name)
        return value
    whole, part = pairs[name]
    return None if whole is None or part is None else max(whole - part, 0)
