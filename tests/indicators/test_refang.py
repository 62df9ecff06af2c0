from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.indicators.values.refang import refang

URL = "http://evil.example/a"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hxxp://evil.example/a", URL),
        ("hXXp://evil[.]example/a", URL),
        ("hzzp://evil[,]example/a", URL),
        ("http[:][/][/]evil[.]example/a", URL),
        ("http:/evil.example/a", URL),
        ("http://evil(chấm)example/a", URL),
        ("http://evil [chấm] example/a", URL),
        ("http://evil[punto]example/a", URL),
        ("http://evil【.】example/a", URL),
        ("http://evil\u00b7example/a", URL),
        ("http://evil\u2022example/a", URL),
        ("http://evil\u06d4example/a", URL),
        ("http://evil\u2027example/a", URL),
        ("http://evil\ua4f8example/a", URL),
        ("http\u2236//evil&#46;example/a", URL),
        ("HXXP://evil(.)example/a", URL),
        ("c2DOTevilDOTcom", "c2.evil.com"),
        ("203-dot-0-dot-113-dot-5", "203.0.113.5"),
        ("c2-dot-evil-dot-com", "c2.evil.com"),
        ("h**p://evil{.}example/a", URL),
        ("htxp://evil[dot]example/a", URL),
        ("hxtp://evil(dot)example/a", URL),
        ("h__p://evil[DOT]example/a", URL),
        ("http[:]//evil.example/a", URL),
        ("http[://]evil.example/a", URL),
        ("http(://)evil.example/a", URL),
        ("hxxp[:]//evil[.]example/a", URL),
        ("[http]://evil.example/a", URL),
        ("http:\\\\evil.example/a", URL),
        ("http:__evil.example/a", URL),
        ("http:/ /evil.example/a", URL),
        ("http:////evil.example/a", URL),
        ("http://evil[.example/a", URL),
        ("http://evil.]example/a", URL),
        ("http://evil[dotexample/a", URL),
        ("http://evildot]example/a", URL),
        ("http://evil\\.example/a", URL),
        ("http://evil\\(.\\)example/a", URL),
        ("http://evil[.]example[/]a", URL),
        ("http://evil.[example]/a", URL),
        ("h\u200bttp://ev\u00adil.example\ufeff/a", URL),
        ("ｈｔｔｐ：／／ｅｖｉｌ．ｅｘａｍｐｌｅ／ａ", URL),
        ("http://evil。example/a", URL),
        ("hxxps://evil.example", "https://evil.example"),
        ("http[s]://evil.example", "https://evil.example"),
        ("fxp://evil.example", "ftp://evil.example"),
        ("ftx://evil.example", "ftp://evil.example"),
        ("evil [.] example", "evil.example"),
        ("hbbp://evil.example/a", URL),
        ("hxxp//evil[.]example/a", URL),
        ("http__evil.example/a", URL),
        ("http:\\/\\/evil.example\\/a", URL),
        ("http://evil[.example]/a", URL),
        ("http://evil .example /a", URL),
        ("1 dot 2 dot 3 dot 4", "1.2.3.4"),
        ("http://evil[.]example/[.]git", "http://evil.example/.git"),
        ("app—evil[.]example", "app--evil.example"),
        ("C2–evil.example", "C2–evil.example"),
        ("evil (dot) example", "evil.example"),
        ("evil dot example", "evil.example"),
        ("www dot evil dot com dot vn", "www.evil.com.vn"),
        ("evil_dot_com", "evil.com"),
        ("user[at]evil[.]example", "user@evil.example"),
        ("user(@)evil.example", "user@evil.example"),
        ("1.2.3[.]4:8080", "1.2.3.4:8080"),
        ("1[.]2[.]3[.]4", "1.2.3.4"),
        ("1[[[.]]]2(.)3.4", "1.2.3.4"),
        ("1.2.3\\\\\\.4", "1.2.3.4"),
        ("evil.example[:]8080", "evil.example:8080"),
        ("2001[:]db8[:][:]1", "2001:db8::1"),
        ("evil[d]com", "evil.com"),
        ("evil[d]site[d]vn/a", "evil.site.vn/a"),
        ("hxxp://evil[d]com/a", "http://evil.com/a"),
        ("seen: evil[d]com, twice", "seen: evil.com, twice"),
        ("[www].evil.example", "www.evil.example"),
        ("hxxp://[www].evil.example/a", "http://www.evil.example/a"),
        ("h[xx]p://evil[.]example/a", URL),
        ("h(tt)p://evil.example/a", URL),
        ("ht[t]p://evil.example/a", URL),
        ("htt[p]s://evil.example/a", "https://evil.example/a"),
        ("h*tp://evil.example/a", URL),
        ("ht*p://evil.example/a", URL),
        ("ttp://evil.example/a", URL),
        ("hhttp://evil.example/a", URL),
        ("http://evil%5B.%5Dexample/a", URL),
        ("hxxp://evil[.]example/a[?]b[=]c[&]d", "http://evil.example/a?b=c&d"),
        ("203. 0. 113. 5", "203.0.113.5"),
        ("203 .0 .113 .5", "203.0.113.5"),
        ("203.0.113,5", "203.0.113.5"),
        ("203.0.113,5:8080", "203.0.113.5:8080"),
        ("203. 0. 113. 0/24", "203.0.113.0/24"),
        ("evil-site .com", "evil-site.com"),
        ("evil-site. com", "evil-site.com"),
        ("www.evil-site,com", "www.evil-site.com"),
    ],
)
def test_every_style_of_defanging_is_undone(text: str, expected: str) -> None:
    assert refang(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "http://evil.example/a[1]/b(c).php?d={e}",
        "Mozilla/4.0 (compatible; MSIE 7.0; .NET CLR 1.1)",
        "C:\\Windows\\System32\\drivers\\etc\\hosts",
        "connect the dot to the line",
        "the pre-dot-com years, www.MDOTevil.example, 4-dot-tracker.evil.example",
        "[2001:db8::1]:443",
        "thử nghiệm (phần 2). Đơn vị báo cáo.",
        "https://evil.example/http-proxy",
        "https://archive.example/1/http//evil.example/a",
        "at http://evil.example /etc/passwd",
        "help://evil.example",
        "The foun[d]er use[d]by x[d]y",
        "1. 2. 3. 4",
        "203,0,113,5",
        "203, 0, 113, 5",
        "999.0.113,5",
        "Hà Nội, vn",
        "it is done. no",
        "we saw evil-site. com was next",
        "a, b, c",
        "http://evil.example/x?y%5B%5D=1",
        "",
    ],
)
def test_other_text_is_unchanged(text: str) -> None:
    assert refang(text) == text


names = st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z][a-z0-9]{0,8}){1,3}\.(com|vn|example)", fullmatch=True)
marks = st.sampled_from(["[.]", "(.)", "{.}", "[dot]", "(dot)", "\\.", " [.] ", "[.", ".]"])
schemes = st.sampled_from(
    ["hxxp://", "hXXp://", "h**p://", "http[:]//", "http[://]", "hxxp[:]//", "http:\\\\"]
)


@given(names, marks, schemes)
def test_refanging_undoes_defanging(name: str, mark: str, scheme: str) -> None:
    assert refang(scheme + name.replace(".", mark) + "/x") == "http://" + name + "/x"


@given(st.text())
def test_any_text_is_read_and_plain_text_unchanged_by_a_second_pass(text: str) -> None:
    assert isinstance(refang(text), str)


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "[.",
        "(",
        "dot ",
        "\\",
        "h**p",
        "[.]",
        ":_",
        "a dot ",
        ".[",
        "{ . ",
        "a[d]",
        "[d]a ",
        "x .",
        ". ",
        "h[x",
        "%5B.",
        "ttp",
    ],
)
def test_long_hostile_text_is_read_in_linear_time(unit: str) -> None:
    # A rule of more than linear time would keep this from ending.
    assert refang(unit * 100_000) is not None


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("hxxp://example .com/test", "http://example.com/test"),
        ("hxxp://example. com/test", "http://example.com/test"),
        ("hxxp:// example .com/test", "http://example.com/test"),
        ("hxxp://example com/test", "http://example.com/test"),
        ("http:// example.com/test", "http://example.com/test"),
        ("hxxp://example.com [/] test", "http://example.com/test"),
        ("hxxp://example.com[/test", "http://example.com/test"),
        ("[http://]example.com/test", "http://example.com/test"),
        ("[https:]//example[.]com/test", "https://example.com/test"),
        ('"https"://example.com/test', "https://example.com/test"),
        ("httx://example.com/test", "http://example.com/test"),
        ("hppts://example.com/test", "https://example.com/test"),
        ("ht tp://example.com/test", "http://example.com/test"),
        ("hxxp://a.example/1.exehxxp://a.example/2.exe", "http://a.example/1.exe http://a.example/2.exe"),
        ("See http://evil.example. Com is a word", "See http://evil.example. Com is a word"),
        ("http://evil.example and more", "http://evil.example and more"),
    ],
)
def test_spaces_and_slips_in_urls(text: str, plain: str) -> None:
    assert refang(text) == plain
