"""The HTML page: its order, inert hostile text, and bounded size."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from lamsach.model import Coverage, DeviceState, Evidence, Findings, MatchStatus, Problem, Reason
from lamsach.results.html import write_html
from lamsach.results.summary import figures
from lamsach.results.view import Limits

from .sample import (
    DAY0,
    HOSTILE,
    REASONS,
    empty_findings,
    large_findings,
    make_device,
    make_sighting,
    rich_findings,
)

DIGEST = "9f" * 32
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "a", "svg", "defs", "pattern", "path", "symbol", "use",
    "rect", "text", "header", "main", "section", "footer", "h1", "h2", "h3", "h4", "p", "b", "bdi", "span",
    "ul", "ol", "li", "dl", "dt", "dd", "div", "table", "thead", "tbody", "tr", "th", "td", "details",
    "summary", "figure", "figcaption", "code",
}  # fmt: skip
VOID = {"meta"}


class Outline(HTMLParser):
    """Tags, attributes, identifiers and headings of a page; checks the nesting of tags."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def page(findings: Findings, language: str = "vi", **options: Any) -> str:
    stream = io.BytesIO()
    write_html(findings, stream, language, REASONS, **options)
    return stream.getvalue().decode()


PAGES = [
    pytest.param(rich_findings(), id="rich"),
    pytest.param(empty_findings(), id="empty"),
    pytest.param(empty_findings(coverage=(), files=()), id="nothing at all"),
]


@pytest.mark.parametrize("findings", PAGES)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_is_well_formed_and_minimal(findings: Findings, language: str) -> None:
    outline = Outline(page(findings, language))
    assert outline.open == []
    assert outline.tags <= ALLOWED
    assert len(outline.ids) == len(set(outline.ids))
    targets = [value for _, name, value in outline.attributes if name == "href"]
    assert targets
    assert {target[1:] for target in targets} <= set(outline.ids)
    assert all(target.startswith("#") for target in targets)
    names = {name for _, name, _ in outline.attributes}
    assert not [name for name in names if name.startswith("on") or name in ("src", "style", "action")]


def test_the_policy_lets_only_the_pages_own_style_through() -> None:
    text = page(rich_findings())
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', text)
    assert style
    assert policy
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy[1].replace("&#39;", "'") == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_the_contents_come_in_order() -> None:
    ids = Outline(page(rich_findings())).ids
    wanted = [
        "infected",
        "m1",
        "m2",
        "m3",
        "unattributed",
        "m4",
        "blocked",
        "inbound",
        "resolved",
        "search",
        "notcounted",
        "coverage",
        "unread",
        "refused",
        "indicators",
    ]
    assert [name for name in ids if name in wanted] == wanted


def test_the_page_opens_with_the_search() -> None:
    text = Outline(page(rich_findings())).text
    opening = text[: text.index("Máy nhiễm (3)")]
    for part in (
        "Máy cần xử lý", "3 máy nhiễm", "5 ngày mù", DIGEST, "1.000.000",
        "từ 01/09/2022 10:15:30 đến 29/09/2022 06:15:30", "giờ Việt Nam", "Lamsach 0.1.0",
        "Kết quả này chưa đầy đủ", "2 đầu vào không đọc được đến hết",
    ):  # fmt: skip
        assert part in opening


def test_hostile_text_is_shown_and_inert() -> None:
    text = page(rich_findings())
    assert "<script" not in text
    assert "<img" not in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert (
        "<script>alert(1)</script>[U+0000][U+001B][31m[U+202E]gnp.exe<img src=x onerror=alert(2)>{{7*7}}"
        in Outline(text).text
    )


def test_every_text_from_outside_may_be_hostile() -> None:
    device = make_device(
        HOSTILE, DeviceState.INFECTED, ip=HOSTILE, name=HOSTILE, mac=HOSTILE, user=HOSTILE, department=HOSTILE
    )
    seen = make_sighting(HOSTILE, HOSTILE, threat=HOSTILE, evidence=(Evidence(HOSTILE, HOSTILE, 1, HOSTILE),))
    findings = rich_findings(
        devices=(device,),
        sightings=(seen,),
        problems=(Problem(HOSTILE, HOSTILE, HOSTILE),),
        blind_days=((HOSTILE, DAY0),),
    )
    outline = Outline(page(findings))
    assert outline.tags <= ALLOWED
    assert outline.text.count("<script>alert(1)</script>[U+0000]") > 15


def test_each_machine_has_reasons_steps_chart_table_and_evidence() -> None:
    text = page(rich_findings())
    section = text[text.index('id="m1"') : text.index('id="m2"')]
    section_text = Outline(f'<section class="{section}').text
    for part in (
        "The machine made 1.234 contacts with 2 listed addresses. The first contact was on 01/09/2022.",
        "nhiễm", "mức độ cao", "Cô lập máy", "Giữ chứng cứ", "Rà quét toàn bộ máy", "Đổi mật khẩu",
        "Kiểm tra lại", "theo DHCP", "10.1.2.99", "Số lần", "Ngày", "gạch chéo".capitalize(),
        "fortigate.log, dòng 1.204", "bot-c2.xyz", "tên miền con", "thuộc danh sách ngoại lệ",
        "cho qua 535, bị chặn 1", "dòng chưa rõ định dạng",
    ):  # fmt: skip
        assert part in section_text
    assert section.count('class="bar"') == 24
    assert section.count('fill="url(#hatch)"') == 4


def test_an_unknown_reason_shows_its_code() -> None:
    assert "unheard_of (x 1)" in Outline(page(rich_findings())).text


def test_a_blind_day_is_a_word_in_the_grid() -> None:
    text = page(rich_findings())
    assert text.count('class="blindcell"') == 5
    assert '<td data-day="10" title="10/09/2022: mù" class="blindcell">mù</td>' in text
    assert "Đơn vị: nghìn dòng." in text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "Nothing was found, and every observer has logs for each day searched."),
        (
            {"blind_days": (("FW-A", DAY0),)},
            "Nothing was found, but there are days without logs. This is not a clean result.",
        ),
        ({"partial": True}, "Nothing was found before the hunt was interrupted. This is not a clean result."),
        ({"coverage": (), "files": ()}, "No log line was searched. This is not a clean result."),
        (
            {"problems": (Problem("a.log", "x"),)},
            "Nothing was found in what could be read; some of the input could not be.",
        ),
    ],
)
def test_nothing_found_says_with_which_coverage(changes: dict[str, Any], sentence: str) -> None:
    assert sentence in Outline(page(empty_findings(**changes), "en")).text


def test_omitted_rows_are_counted() -> None:
    findings = large_findings(devices=60, sightings_each=5)
    text = Outline(
        page(findings, "en", limits=Limits(rows=50, details=4, sightings=2, evidence=3, indicators=2))
    ).text
    for part in (
        "Infected machines (60)",
        "10 more are in the workbook (.xlsx)",
        "Details follow for the first 4 machines",
        "3 more are in the workbook (.xlsx)",
        "7 more are in the workbook (.xlsx)",
    ):
        assert part in text


def test_a_long_line_is_cut_and_says_so() -> None:
    seen = make_sighting("ip:10.1.2.5", evidence=(Evidence("", "a.log", 1, "x" * 1_000_000),))
    text = page(rich_findings(sightings=(seen,)), "en")
    assert len(text) < 200_000
    assert "998,000 more characters are in the findings bundle (.zip)." in text


def test_ten_thousand_machines_stay_a_page() -> None:
    text = page(large_findings())
    assert text.count('<tr role="row">') > 10_000
    assert len(text) < 16_000_000


def test_years_of_days_stay_a_chart() -> None:
    days = dict.fromkeys(range(1000), 1)
    text = page(rich_findings(sightings=(make_sighting("ip:10.1.2.5", days=days),)))
    assert text.count('class="bar"') <= 62
    assert "Mỗi cột 17 ngày" in text


def test_far_apart_times_do_not_hang() -> None:
    days = {date(1970, 1, 1): 1, date(9999, 12, 31): 1}
    seen = make_sighting(
        "ip:10.1.2.5", first=datetime(1970, 1, 1, tzinfo=UTC), last=datetime(9999, 12, 31, tzinfo=UTC)
    )
    text = page(rich_findings(sightings=(make_sighting("ip:10.1.2.5"), seen_with(seen, days))))
    assert text.count('class="bar"') <= 62


def seen_with(seen: Any, days: dict[date, int]) -> Any:
    return type(seen)(**{**{name: getattr(seen, name) for name in seen.__slots__}, "days": days})


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    ("front", "back"),
    [("ink", "page"), ("soft", "page"), ("soft", "wash"), ("accent", "page"), ("accent", "wash"),
     ("red", "red-wash"), ("red", "page"), ("ink", "amber-wash"), ("accent", "amber-wash"), ("grey", "page"),
     ("ink", "wash")],
)  # fmt: skip
def test_contrast_is_enough(dark: bool, front: str, back: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    style = re.findall(r":root \{(.*?)\}", page(empty_findings()), re.DOTALL)[int(dark)]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", style))
    high, low = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_logs_are_named_by_product_and_loose_files_share_a_row() -> None:
    loose = [Coverage(f"dhcp/{n}.log", "unknown_text", None, 4, 0, 4, 0, 90) for n in range(30)]
    findings = replace(rich_findings(), coverage=(*rich_findings().coverage, *loose))
    text = Outline(page(findings)).text
    assert "Windows DNS Server debug log" in text
    assert "windows_dns_debug" not in text
    assert "unknown_text" not in text
    assert "dhcp/7.log" not in text
    assert re.search(r"30 tệp\s+dòng chưa rõ định dạng\s+0\s+0\s+120\s", text)
    assert figures(findings).observers == figures(rich_findings()).observers


def test_a_few_loose_files_keep_their_names() -> None:
    findings = replace(rich_findings(), coverage=(Coverage("a.log", "unknown_text", None, 4, 0, 4, 0, 90),))
    assert "a.log" in Outline(page(findings)).text


def test_the_table_names_malware_and_address_and_the_machine_every_reason() -> None:
    reasons = tuple(Reason(code, {}) for code in ("one", "two", "three"))
    device = replace(rich_findings().devices[0], reasons=reasons)
    text = page(replace(rich_findings(), devices=(device,)))
    row, section = text[text.index("<tbody") : text.index('id="m1"')], text[text.index('id="m1"') :]
    assert "<b>Botnet Ví Dụ</b> <bdi>bot-c2.xyz, 203.0.113.7</bdi>" in row
    assert "two" not in row
    assert "three" in section


def test_the_table_shows_the_days_of_a_machine_as_a_strip() -> None:
    text = page(rich_findings(), "en")
    row = text[text.index("<tbody") : text.index('href="#m2"')]
    strip = row[row.index('<svg class="strip"') : row.index("</svg>", row.index('<svg class="strip"'))]
    assert 'aria-label="Contacts on 24 days, 1 blind day"' in strip
    assert strip.count('class="bar"') == strip.count('class="blind"') == strip.count('class="quiet"') == 1


def test_a_machine_that_nothing_counts_against_has_no_strip() -> None:
    seen = make_sighting("ip:10.1.2.5", status=MatchStatus.EXCEPTED)
    device = make_device("ip:10.1.2.5", DeviceState.BLOCKED, ip="10.1.2.5")
    text = page(rich_findings(devices=(device,), sightings=(seen,)))
    assert 'class="strip"' not in text
