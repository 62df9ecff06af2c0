"""Rows, sheets and records that state that their values are harmless, allowed, or a victim's."""

from __future__ import annotations

import io
from pathlib import Path
from unicodedata import normalize

import pytest

from lamsach.indicators.judge import exceptions
from lamsach.indicators.judge.sections import Section, exception_section
from lamsach.indicators.judge.verdicts import row_rule
from lamsach.indicators.lists import read_list
from lamsach.indicators.values import refusals
from lamsach.model import Indicator, Refusal

_TABLES = {
    "roles.csv": (
        (
            "type,value,role\nip,203.0.113.5,C2\nip,203.0.113.6,victim\ndomain,bot-c2.xyz,dropper\n"
            "domain,good-a.site,whitelist\ndomain,sink-a.site,sinkhole\n"
        ),
        {"203.0.113.5", "bot-c2.xyz", "sink-a.site"},
        {"203.0.113.6": refusals.VICTIM, "good-a.site": refusals.ALLOWED},
    ),
    "vietnamese.csv": (
        (
            "Chỉ số,Loại,Ghi chú\n203.0.113.5,IP,Máy chủ C2\n203.0.113.6,IP,Ngoại lệ\n"
            "good-a.site,Domain,Hợp lệ - không chặn\n203.0.113.7,IP,Nạn nhân\n"
        ),
        {"203.0.113.5"},
        {
            "203.0.113.6": refusals.ALLOWED,
            "good-a.site": refusals.BENIGN,
            "203.0.113.7": refusals.VICTIM,
        },
    ),
    "malicious.csv": (
        "indicator;is_malicious\n203.0.113.5;true\n203.0.113.6;false\nbot-c2.xyz;1\ngood-a.site;0\n",
        {"203.0.113.5", "bot-c2.xyz"},
        {"203.0.113.6": refusals.BENIGN, "good-a.site": refusals.BENIGN},
    ),
    "verdicts.csv": (
        (
            "Indicator,Verdict\n203.0.113.5,malicious\n203.0.113.6,benign\ngood-a.site,clean\n"
            "bot-c2.xyz,suspicious\n"
        ),
        {"203.0.113.5", "bot-c2.xyz"},
        {"203.0.113.6": refusals.BENIGN, "good-a.site": refusals.BENIGN},
    ),
    "flags.csv": (
        (
            "IOC,Type,False Positive\n203.0.113.5,ip,no\n203.0.113.6,ip,yes\nbot-c2.xyz,domain,\n"
            "good-a.site,domain,Yes\n"
        ),
        {"203.0.113.5", "bot-c2.xyz"},
        {"203.0.113.6": refusals.ALLOWED, "good-a.site": refusals.ALLOWED},
    ),
    # a longer note is a note
    "notes.csv": (
        (
            "domain,note\nbot-c2.xyz,legitimate site that was compromised\nbot-d2.xyz,victim of takeover\n"
            "bot-e2.xyz,clean\n"
        ),
        {"bot-c2.xyz", "bot-d2.xyz", "bot-e2.xyz"},
        {},
    ),
    "columns.csv": (
        "Malicious domain,Whitelist\nbot-c2.xyz,good-a.site\n",
        {"bot-c2.xyz"},
        {"good-a.site": refusals.NOT_LISTED},
    ),
    "records.json": (
        '[{"indicator": "bot-c2.xyz", "verdict": "malicious"}, {"indicator": "good-a.site", "verdict": '
        '"Clean"},'
        ' {"indicator": "good-b.site", "false_positive": true}, {"indicator": "bot-d2.xyz", '
        '"false_positive": false}]',
        {"bot-c2.xyz", "bot-d2.xyz"},
        {"good-a.site": refusals.BENIGN, "good-b.site": refusals.ALLOWED},
    ),
    "table.md": (
        "# List\n\n| Domain | Note |\n|---|---|\n| bot-c2.xyz | C2 |\n| good-a.site | Legitimate |\n",
        {"bot-c2.xyz"},
        {"good-a.site": refusals.BENIGN},
    ),
}


@pytest.mark.parametrize("name", _TABLES)
def test_rows_that_judge_their_values(name: str, tmp_path: Path) -> None:
    text, values, reasons = _TABLES[name]
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    found = list(read_list(str(path), lambda problem: None))
    assert {item.value for item in found if isinstance(item, Indicator)} == values
    assert {item.value: item.reason for item in found if isinstance(item, Refusal) and item.type} == reasons


def test_a_sheet_called_whitelist_lists_exceptions(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["Domain"])
    book.active.append(["bot-c2.xyz"])
    allowed = book.create_sheet("Whitelist")
    allowed.append(["Domain"])
    allowed.append(["good-a.site"])
    written = io.BytesIO()
    book.save(written)
    path = tmp_path / "list.xlsx"
    path.write_bytes(written.getvalue())
    found = list(read_list(str(path), lambda problem: None))
    assert [(item.value, isinstance(item, Indicator)) for item in found] == [
        ("bot-c2.xyz", True),
        ("good-a.site", False),
    ]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Whitelist domains", Section.ALLOWED),
        ("Benign domains (do not block):", Section.ALLOWED),
        ("Exclusions", Section.ALLOWED),
        ("4. Các tên miền ngoại lệ", Section.ALLOWED),
        ("Legitimate services", Section.ALLOWED),
        ("Legitimate services abused by the actor", None),
        ("Exceptions thrown by the loader", None),
        ("Tên miền giả mạo", None),
        ("Legitimate domains", Section.ALLOWED),
        ("2.1 Benign traffic observed", Section.ALLOWED),
        ("Domains to allow", Section.ALLOWED),
        ("Do not block the following domains:", Section.ALLOWED),
        ("Tên miền hợp lệ", Section.ALLOWED),
        ("Lưu lượng hợp lệ", Section.ALLOWED),
        ("Không chặn", Section.ALLOWED),
        ("Không chặn các tên miền sau đây:", Section.ALLOWED),
        ("Danh sách không chặn", Section.ALLOWED),
        ("DNS servers to use", Section.RECOMMENDED),
        ("Recommended DNS servers:", Section.RECOMMENDED),
        ("Our partners", Section.RECOMMENDED),
        ("Máy chủ DNS khuyến nghị", Section.RECOMMENDED),
        ("Sử dụng các máy chủ DNS sau:", Section.RECOMMENDED),
        ("Đơn vị phối hợp", Section.RECOMMENDED),
        ("Thông tin liên hệ", Section.RECOMMENDED),
        ("DNS servers", None),
        ("Malicious DNS servers", None),
        ("Máy chủ DNS độc hại", None),
        ("Không chặn được", None),
        ("Tên miền độc hại", None),
        ("Traffic", None),
    ],
)
def test_headings_of_exceptions(heading: str, expected: Section | None) -> None:
    assert exception_section(heading) == expected


def test_every_verdict_word_is_recognized_in_a_row() -> None:
    words = exceptions._EXCEPTIONS | exceptions._BENIGN | exceptions._VICTIM
    assert [word for word in words if row_rule({0: word}, {}) is None] == []
    spelt = ["Ngoại lệ", "Hợp lệ", "Nạn nhân", "Máy bị nhiễm", "Không chặn", "Được phép"]
    for text in spelt:
        for form in ("NFC", "NFD"):
            rule = row_rule({0: normalize(form, text)}, {})
            assert (rule is None) is (text == "Được phép"), (text, form)
