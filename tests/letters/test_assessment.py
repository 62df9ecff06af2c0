"""The drafted texts state no more than the figures prove; deviating texts are found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import InputError
from lamsach.letters.appendix_2022 import APPENDIX_2022
from lamsach.letters.assessment import (
    FIELDS,
    Evidence,
    assessment,
    contradictions,
    inconsistent_pair,
    proposals,
    with_stated,
)
from lamsach.letters.form import SOURCES, Figure, parse_form
from lamsach.letters.layout import report
from lamsach.letters.model import Head
from lamsach.letters.unit_report import OLD, UNSEARCHED, ReportTexts, report_of
from lamsach.model import Coverage
from lamsach.results.output import write
from tests.letters.letter_samples import plain_text
from tests.results.sample import empty_findings, rich_findings

DAY = date(2022, 9, 20)


def known(units: int, informed: int, deployed: int, **more: int | None) -> Evidence:
    return Evidence("A", "chiến dịch", DAY, units, informed, deployed, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("evidence", "wanted", "unwanted"),
    [
        (known(5, 0, 0), "chưa ghi nhận đơn vị, tổ chức nào", "đã phổ biến"),
        (known(5, 3, 0), "chưa có đơn vị, tổ chức nào triển khai", "đã phổ biến"),
        (known(5, 5, 4), "đang tổ chức thực hiện", "đã phổ biến"),
        (known(5, 5, 5), "đã phổ biến, tổ chức thực hiện", "đang tổ chức"),
        (known(5, 5, 5, found=0, sources=2, unsearched=1), "Còn 1 đơn vị, cùng các đơn vị trực thuộc",
         "không phát hiện"),
        (known(5, 5, 5, sources=0, unsearched=4), "Còn 4 đơn vị, cùng các đơn vị trực thuộc", "Qua rà soát"),
        (known(1, 1, 1, sources=0, unsearched=1), "Đơn vị chưa có nhật ký được rà soát", "không phát hiện"),
    ],
)  # fmt: skip
def test_the_text_claims_no_more_than_the_figures(evidence: Evidence, wanted: str, unwanted: str) -> None:
    text = assessment(evidence)
    assert wanted in text
    assert unwanted not in text


COUNT = st.integers(0, 3000)


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    units = draw(st.integers(2, 3000))
    informed = draw(st.integers(0, units))
    found = draw(st.none() | COUNT)
    cleaned = draw(st.none() | st.integers(0, found)) if found is not None else None
    return Evidence(
        "Đơn vị A", "chiến dịch B", DAY, units, informed, draw(st.integers(0, informed)), found, cleaned,
        draw(st.none() | st.integers(0, cleaned)) if cleaned is not None else None,
        blind_machines=draw(st.none() | st.integers(0, cleaned)) if cleaned is not None else None,
        blocked=draw(st.none() | COUNT), unattributed=draw(st.none() | COUNT),
        sources=draw(st.none() | COUNT), blind=draw(st.none() | COUNT), people=draw(st.none() | COUNT),
        missing_reports=draw(st.none() | COUNT), unsearched=draw(st.none() | COUNT),
    )  # fmt: skip


@given(evidence=evidences())
def test_a_drafted_text_never_contradicts_its_figures(evidence: Evidence) -> None:
    assert contradictions(f"{assessment(evidence)}\n{proposals(evidence)}", evidence) == []
    assert inconsistent_pair(evidence) is None


@given(
    evidence=evidences(),
    name=st.sampled_from(["informed", "deployed", "found", "cleaned", "unsearched", "people"]),
    more=st.integers(1, 50),
)
def test_a_text_for_other_figures_is_found(evidence: Evidence, name: str, more: int) -> None:
    text = assessment(evidence)
    value = getattr(evidence, name)
    if not value or (name == "cleaned" and not evidence.found):
        return  # nothing is said of it
    assert contradictions(text, replace(evidence, **{name: value + more})) != []


def test_a_text_by_hand_is_read_as_people_write_it() -> None:
    evidence = known(5, 4, 4, found=7, cleaned=2)
    wrong = {
        "Có 1/5 đơn vị đã triển khai (20%).": "1/5 đơn vị đã triển khai",
        "Tính đến ngày 20/08/2022, mọi việc tốt.": "Tính đến ngày 20/08/2022",
        "Phát hiện\n 9 máy.": "Phát hiện 9 máy",
        "Đã  làm sạch 7 máy": "làm sạch 7 máy",
        "Qua rà soát không phát hiện gì.": "không phát hiện",
    }
    for text, phrase in wrong.items():
        assert contradictions(text, evidence) == [phrase], text
    for text in (
        "Đã làm.",
        "4/5 đơn vị đã triển khai; 7 máy",
        "Nghị quyết 1/2022",
        "9" * 30_000,
        "9/" * 10_000,
    ):
        assert contradictions(text, evidence) == [], text[:40]


def test_stated_numbers_enter_every_sentence_or_do_not_fit() -> None:
    form = parse_form(APPENDIX_2022)
    figures = {"informed": Figure(2, 4, "sổ công văn"), "deployed": Figure(1, 4, "giấy")}
    stated = with_stated(known(5, 2, 1), form, figures)
    assert (stated.informed, stated.deployed) == (4, 4)
    assert "4/5 đơn vị, tổ chức đã triển khai" in assessment(stated)
    assert inconsistent_pair(known(5, 2, 1, found=2, cleaned=3)) == (3, 2)
    assert inconsistent_pair(known(5, 2, 1, found=2, cleaned=1, verified=2)) == (2, 1)
    assert set(FIELDS) == set(SOURCES) - {"manual"}


def test_the_command_uses_the_same_object(tmp_path: Path) -> None:
    path = tmp_path / "f.zip"
    write(rich_findings(coverage=(Coverage("FW", "fortigate", date(2022, 9, 1), 9, 9, 0, 0, 9),)), path)
    filled, document, warned = report_of("A", [path], today=DAY)
    assert "từ ngày 01/09/2022 đến ngày 01/09/2022" in filled.texts["assessment"]
    assert "số liệu tính đến ngày 20/09/2022" in str(document)
    assert OLD not in warned
    assert OLD in report_of("A", [path], today=DAY + timedelta(days=40))[2]
    with pytest.raises(InputError):
        report_of("A", [path], texts_around=ReportTexts(assessment="Phát hiện 999 máy."), today=DAY)
    with pytest.raises(InputError):
        report_of("A", [path], informed=5, deployed=0,
            texts_around=ReportTexts(assessment="A đã phổ biến, tổ chức thực hiện."), today=DAY)  # fmt: skip


def test_a_bundle_without_a_searched_day_says_that_it_knows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "f.zip"
    write(empty_findings(coverage=(), blind_days=()), path)
    filled, _document, warned = report_of("A", [path], today=DAY)
    assert UNSEARCHED in warned
    assert "chưa có nhật ký được rà soát" in filled.texts["assessment"]
    assert "phát hiện" not in filled.texts["assessment"]


def test_the_report_says_for_which_day_its_figures_hold() -> None:
    from lamsach.letters.form import Filled

    filled = Filled(parse_form(APPENDIX_2022), {"unit": "A"}, {"informed": Figure(1)})
    assert "số liệu tính đến" not in str(report(filled, Head("A"), campaign="c", to="B"))
    dated = report(replace(filled, as_of=DAY), Head("A"), campaign="c", to="B")
    assert "số liệu tính đến ngày 20/09/2022" in str(dated.blocks[0])
    assert plain_text(filled)
