"""The form of the letter: its definition as data, its checks, the drafted texts."""

from __future__ import annotations

import copy
import json
import re
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lamsach.errors import InputError
from lamsach.letters.appendix_2022 import APPENDIX_2022
from lamsach.letters.assessment import Evidence, assessment, proposals
from lamsach.letters.checks import SENTENCES, parse_check, warnings
from lamsach.letters.fixed_texts import day_words, lines, number_line, place_and_day, roman, to_lines
from lamsach.letters.form import Figure, Filled, parse_form
from lamsach.letters.json_ import record
from lamsach.letters.layout import note_of
from lamsach.letters.model import Document, Head, Paragraph

from .letter_samples import filled, plain_text

APPENDIX = """\
Phụ lục
Mẫu thống kê, báo cáo kết quả triển khai
(Kèm theo Công văn số /TTCNTT-KTHT ngày / /2022 của Trung tâm Công nghệ thông tin)
1. Thông tin chung
- Tên đơn vị:
- Đánh giá kết quả thực hiện chiến dịch trong phạm vi triển khai:
- Đề xuất, kiến nghị (nếu có):
2. Thông tin số liệu
TT Nội dung Số lượng Ghi chú
1 Tổng số đơn vị, tổ chức nhận được thông tin về chiến dịch
2 Tổng số đơn vị, tổ chức triển khai chiến dịch
Ghi chú: Quý đơn vị có thể gửi báo cáo về Trung tâm Công nghệ thông tin qua hòm thư điện tử \
phongktht@most.gov.vn."""
SEED = Path(__file__).parents[2] / "../shared/mission/dispatch-2022.txt"


def blank() -> list[str]:
    form = Filled(
        parse_form(APPENDIX_2022),
        receiver="Trung tâm Công nghệ thông tin",
        email="phongktht@most.gov.vn",
        number="         /TTCNTT-KTHT",
        day="      /     /2022",
        issuer="Trung tâm Công nghệ thông tin",
    )
    return [" ".join(line.split()) for line in plain_text(form)]


def test_the_form_is_the_appendix_to_the_letter() -> None:
    assert "\n".join(blank()) == APPENDIX


def test_the_form_is_the_appendix_of_the_seed() -> None:
    if not SEED.exists():
        pytest.skip("the seed is not here")
    text = unicodedata.normalize("NFC", SEED.read_text("utf-8"))
    text = text[text.index("Phụ lục \n") :]
    plain = re.sub(r"[.…\s]+", " ", text).strip()
    ours = re.sub(r"[.…\s]+", " ", " ".join(blank())).strip()
    assert ours == plain


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda form: form["figures"].update(rows=[]), "rows"),
        (lambda form: form["figures"]["rows"].append(dict(form["figures"]["rows"][0])), "rows"),
        (lambda form: form["figures"]["rows"][0].update(source="shell"), "shell"),
        (lambda form: form["figures"]["rows"][0].update(label=" "), "campaign.informed"),
        (lambda form: form["figures"]["rows"][0].update(key="A b"), "key"),
        (lambda form: form.update(checks=[{"warn": "__import__('os')"}]), "__import__('os')"),
        (lambda form: form.update(general=[]), "general"),
        (lambda form: form.update(title=5), "title"),
        (lambda form: form["figures"].update(rows=form["figures"]["rows"] * 40), "rows"),
    ],
)
def test_a_definition_that_is_no_form_is_refused(change: Any, where: str) -> None:
    definition = copy.deepcopy(APPENDIX_2022)
    change(definition)
    with pytest.raises(InputError) as caught:
        parse_form(definition)
    assert caught.value.where == where


def test_an_older_definition_is_understood() -> None:
    old = {"figures": {"rows": [{"key": "a", "label": "A", "source": "manual"}]}}
    form = parse_form(old)
    assert (form.rows[0].basis, form.columns[0], form.checks) == ("records", "TT", ())


VALUES: dict[str, int | None] = {"informed": 3, "deployed": 3, "units": 3, "found": 0, "blind": 0}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"deployed": 4}, ["deployed > informed"]),
        ({"informed": 4}, ["informed > units"]),
        ({"deployed": 0, "found": 2}, ["deployed == 0 and found > 0"]),
        ({"blind": 1}, ["deployed == units and units > 0 and blind > 0"]),
        ({"deployed": None}, []),
    ],
)
def test_checks_warn_of_each_fault(changes: dict[str, int | None], expected: list[str]) -> None:
    form = parse_form(APPENDIX_2022)
    assert warnings(form.checks, {**VALUES, **changes}) == [SENTENCES[text] for text in expected]


@pytest.mark.parametrize(
    "text", ["", "a >", "a > b or c > d", "a = b", "a > b; c > d", "a > -1", "a > " + "9" * 30]
)
def test_a_check_is_comparisons_only(text: str) -> None:
    with pytest.raises(InputError):
        parse_check(text)


def test_an_overruled_number_shows_both() -> None:
    assert note_of(filled().figures["deployed"]) == (
        "Có biên bản\nSố theo hệ thống: 24. Lý do điều chỉnh: Phòng Một báo trên giấy"
    )
    assert note_of(Figure(5, 5, "", "x")) == "x"
    row = record(filled())["figures"][1]
    assert (row["computed"], row["stated"], row["value"]) == (24, 25, 25)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 2, 5), "ngày 05 tháng 02 năm 2026"),
        (date(2026, 12, 31), "ngày 31 tháng 12 năm 2026"),
        (date(2026, 3, 10), "ngày 10 tháng 3 năm 2026"),
        (date(2026, 1, 1), "ngày 01 tháng 01 năm 2026"),
    ],
)
def test_days_below_ten_and_the_first_two_months_are_padded(day: date, expected: str) -> None:
    assert day_words(day) == expected


def test_head_and_recipients() -> None:
    assert number_line(Head("A", number=5, symbol="TTCNTT-KTHT")) == "Số: 05/TTCNTT-KTHT"
    assert number_line(Head("A", number=123, symbol="BC")) == "Số: 123/BC"
    assert place_and_day(Head("A", year=2022)).startswith("Ngày ")
    document = Document(Head("A"), "x", (Paragraph("y"),), to=("B", "C"))
    assert to_lines(document) == ["- B;", "- C."]
    assert [roman(n) for n in (1, 4, 9, 14)] == ["I", "IV", "IX", "XIV"]


def test_letters_of_any_form_become_composed() -> None:
    assert lines(unicodedata.normalize("NFD", "Đơn vị\r\n\r\nHai")) == ["Đơn vị", "Hai"]


BASE = Evidence("Trung tâm A", "chiến dịch", date(2022, 9, 20), units=31, informed=30, deployed=24)


@pytest.mark.parametrize(
    ("known", "wanted", "unwanted"),
    [
        (
            BASE,
            ["30/31", "(đạt 96,8%)", "24/31", "Còn 1 đơn vị chưa xác nhận", "Còn 6 đơn vị"],
            ["Qua rà soát"],
        ),
        (
            Evidence("A", "c", date(2022, 9, 20), 5, 5, 5, found=0, sources=2, blind=0),
            ["(đạt 100%)", "không phát hiện"],
            ["Còn"],
        ),
        (
            Evidence("A", "c", date(2022, 9, 20), 5, 5, 5, found=0, sources=2, blind=3),
            ["chưa ghi nhận", "3 ngày thiếu nhật ký"],
            ["không phát hiện"],
        ),
        (
            Evidence(
                "A", "c", date(2022, 9, 20), 9999, 9998, 1, found=12, cleaned=9, verified=7, people=1204
            ),
            [
                "(đạt 99,9%)",
                "(đạt 0,1%)",
                "làm sạch 9 máy",
                "7 máy đã được xác minh",
                "còn 3 máy",
                "1.204 người",
            ],
            ["100%"],
        ),
        (Evidence("A", "c", date(2022, 9, 20)), [], ["None", "0"]),
        (Evidence("A", "c", date(2022, 9, 20), 1, 1, 1), ["đã triển khai c."], ["1/1"]),
        (Evidence("A", "c", date(2022, 9, 20), 1, 0, 0), ["A chưa xác nhận đã nhận được"], ["0/1"]),
        (Evidence("A", "Chiến dịch B", date(2022, 9, 20), 1, 1, 0), ["chưa triển khai chiến dịch B."], []),
    ],
)
def test_the_assessment_states_what_the_figures_prove(
    known: Evidence, wanted: list[str], unwanted: list[str]
) -> None:
    text = assessment(known)
    assert [part for part in wanted if part not in text] == []
    assert [part for part in unwanted if part in text] == []
    assert proposals(known)


def test_the_json_fits_its_schema() -> None:
    schema = json.loads((Path(__file__).parents[2] / "docs/report-schema.json").read_text("utf-8"))
    made = record(filled())
    assert list(made) == schema["required"] == list(schema["properties"])
    about = {"campaign": "C", "unit_code": "G06", "edition": 1, "as_of": "2022-09-20", "digest": "x"}
    assert record(filled(), about)["about"] == about
    assert set(about) <= set(schema["properties"]["about"]["properties"])
    item = schema["properties"]["figures"]["items"]
    assert all(list(figure) == item["required"] == list(item["properties"]) for figure in made["figures"])
    assert made["schema"] == schema["properties"]["schema"]["const"]
    assert all(re.match(item["properties"]["key"]["pattern"], figure["key"]) for figure in made["figures"])
