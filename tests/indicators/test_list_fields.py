from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lamsach.indicators.lists import read_lists
from lamsach.indicators.tables.fields import (
    Field,
    field_of,
    read_confidence,
    read_date,
    read_tlp,
    stated_type,
)
from lamsach.indicators.values.merge import merge
from lamsach.model import Indicator, IndicatorType, Reference


def test_each_value_once_with_every_place(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("evil.example\n203.0.113.5\nhxxp://evil[.]example/a\nEVIL.example\n")
    (tmp_path / "b.csv").write_text(
        "domain,malware,confidence,tlp\nevil.example.,Mozi,40,green\n*.evil.example,Mirai,80,red\n192.168.0.1,x,,\n"
    )
    contents = read_lists(
        [str(tmp_path / "a.txt"), str(tmp_path / "b.csv")], lambda problem: pytest.fail(str(problem))
    )
    assert [item.value for item in contents.indicators] == [
        "evil.example",
        "203.0.113.5",
        "http://evil.example/a",
    ]
    first = contents.indicators[0]
    assert (first.threat, first.confidence, first.tlp) == ("Mozi", 80, "red")
    assert first.reference == Reference(str(tmp_path / "a.txt"), None, 1)
    assert [(Path(place.document).name, place.row) for place in first.other_references] == [
        ("a.txt", 4),
        ("b.csv", 2),
        ("b.csv", 3),
    ]
    assert [(item.value, item.reference.row) for item in contents.refusals] == [("192.168.0.1", 4)]
    assert contents.documents == [str(tmp_path / "a.txt"), str(tmp_path / "b.csv")]


def test_merging_keeps_the_wider_validity() -> None:
    days = [datetime(2022, 5, day, tzinfo=UTC) for day in (1, 2, 3, 4)]

    def item(start: datetime | None, end: datetime | None) -> Indicator:
        return Indicator(IndicatorType.DOMAIN, "evil.example", valid_from=start, valid_until=end)

    both = merge(item(days[1], days[2]), item(days[0], days[3]))
    assert (both.valid_from, both.valid_until) == (days[0], days[3])
    still_open = merge(item(days[1], days[2]), item(None, None))
    assert (still_open.valid_from, still_open.valid_until) == (None, None)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Địa chỉ IP", Field.VALUE),
        ("ĐỊA CHỈ\nIP (*)", Field.VALUE),
        ("Tên miền", Field.VALUE),
        ("Tên miền độc hại", Field.VALUE),
        ("Mã băm", Field.VALUE),
        ("ioc_value", Field.VALUE),
        ("Indicator", Field.VALUE),
        ("SHA-256 (file)", Field.VALUE),
        ("Loại", Field.TYPE),
        ("ioc_type", Field.TYPE),
        ("Mã độc", Field.THREAT),
        ("Họ mã độc", Field.THREAT),
        ("threat_type", Field.THREAT_CLASS),
        ("Ghi chú", Field.NOTE),
        ("Nguồn", Field.SOURCE),
        ("first_seen", Field.VALID_FROM),
        ("Ngày phát hiện", Field.VALID_FROM),
        ("valid_until", Field.VALID_UNTIL),
        ("Độ tin cậy", Field.CONFIDENCE),
        ("TLP", Field.TLP),
        ("STT", Field.CONTEXT),
        ("Tham khảo", Field.CONTEXT),
        ("xyz", None),
    ],
)
def test_a_heading_names_its_field(heading: str, field: Field | None) -> None:
    assert field_of(heading) is field


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ip-dst", (IndicatorType.IP, False)),
        ("Tên miền", (IndicatorType.DOMAIN, False)),
        ("FileHash-SHA256", (IndicatorType.SHA256, False)),
        ("filename|sha256", (None, False)),
        ("mutex", (None, True)),
        ("something else", (None, False)),
    ],
)
def test_a_stated_type_is_recognized(text: str, expected: tuple[IndicatorType | None, bool]) -> None:
    assert stated_type(text) == expected


MAY_3 = datetime(2022, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-05-03", MAY_3),
        ("03/05/2022", MAY_3),
        ("3/5/2022", MAY_3),
        ("2022-05-03T07:00:00+07:00", MAY_3),
        ("2022-05-03 00:00:00 UTC", MAY_3),
        ("20220503", MAY_3),
        ("44684", MAY_3),
        ("1651536000", MAY_3),
        ("1651536000000", MAY_3),
        ("31/02/2022", None),
        ("soon", None),
        ("", None),
        ("9" * 30, None),
    ],
)
def test_dates_are_read_in_every_spelling(text: str, expected: datetime | None) -> None:
    assert read_date(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80", 80),
        ("80%", 80),
        ("0.8", 80),
        ("Cao", 85),
        ("medium", 50),
        ("101", None),
        ("-1", None),
        ("?", None),
    ],
)
def test_confidence_is_read_from_numbers_and_words(text: str, expected: int | None) -> None:
    assert read_confidence(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TLP:RED", "red"),
        ("tlp: amber+strict", "amber+strict"),
        ("White", "clear"),
        ("TLP:CLEAR", "clear"),
        ("blue", None),
    ],
)
def test_a_traffic_light_is_read_from_its_marking(text: str, expected: str | None) -> None:
    assert read_tlp(text) == expected
