from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lamsach.indicators.values import refusals
from lamsach.indicators.values.names import split_url, to_ascii_domain
from lamsach.indicators.values.normalise import Refused, canonical_values, plain_value
from lamsach.model import IndicatorType

IP, NETWORK, DOMAIN, URL = IndicatorType.IP, IndicatorType.NETWORK, IndicatorType.DOMAIN, IndicatorType.URL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", (IP, "192.0.2.1")),
        (" 192.0.2.1\u00a0", (IP, "192.0.2.1")),
        ("192.0.2.1:8080", (IP, "192.0.2.1")),
        ("192.0.2.1:2404:1", (IP, "192.0.2.1")),
        ("192.0.2[.]1\\", (IP, "192.0.2.1")),
        ("evil.example:2404:1", (DOMAIN, "evil.example")),
        ("evil.example#Mirai", (DOMAIN, "evil.example")),
        ("<http://evil.example/a|here>", (URL, "http://evil.example/a")),
        ("http://evil.example/a!", (URL, "http://evil.example/a")),
        ("http://evil.example/a?", (URL, "http://evil.example/a")),
        ("http://evil.example/a…", (URL, "http://evil.example/a")),
        ("http://evil.example/a<br>", (URL, "http://evil.example/a")),
        ("192.000.002.001", (IP, "192.0.2.1")),
        ("192.0.2.1/32", (IP, "192.0.2.1")),
        ("2001:DB8:0:0::1", (IP, "2001:db8::1")),
        ("2001:0db8:0000:0000:0000:0000:0000:0001", (IP, "2001:db8::1")),
        ("[2001:db8::1]:443", (IP, "2001:db8::1")),
        ("::ffff:192.0.2.1", (IP, "192.0.2.1")),
        ("tcp://192.0.2.1:4444", (IP, "192.0.2.1")),
        ("192.0.2.77/24", (NETWORK, "192.0.2.0/24")),
        ("192.0.2.77/255.255.255.0", (NETWORK, "192.0.2.0/24")),
        ("192.0.2.0-255", (NETWORK, "192.0.2.0/24")),
        ("192.0.2.0 - 192.0.2.127", (NETWORK, "192.0.2.0/25")),
        ("192.0.2.*", (NETWORK, "192.0.2.0/24")),
        ("2001:db8:1::5/48", (NETWORK, "2001:db8:1::/48")),
        ("2001:db8::-2001:db8::ff", (NETWORK, "2001:db8::/120")),
        ("evil.example", (DOMAIN, "evil.example")),
        ("EVIL.Example.", (DOMAIN, "evil.example")),
        ("*.evil.example", (DOMAIN, "evil.example")),
        (".evil.example", (DOMAIN, "evil.example")),
        ("evil.example:8080", (DOMAIN, "evil.example")),
        ("evil.example/", (DOMAIN, "evil.example")),
        ("_c2._tcp.evil.example", (DOMAIN, "_c2._tcp.evil.example")),
        ("Bücher.example", (DOMAIN, "xn--bcher-kva.example")),
        ("xn--bcher-kva.example", (DOMAIN, "xn--bcher-kva.example")),
        ("mã-độc.vn", (DOMAIN, "xn--m-c-mla5uu74n.vn")),
        ("faß.example", (DOMAIN, "xn--fa-hia.example")),
        ("abcdefghij234567.onion", (DOMAIN, "abcdefghij234567.onion")),
        ("'evil.example'", (DOMAIN, "evil.example")),
        ("<http://evil.example/a>", (URL, "http://evil.example/a")),
        ("HTTP://Evil.Example:80/A?B=C#d", (URL, "http://evil.example/A?B=C")),
        ("https://evil.example:443", (URL, "https://evil.example")),
        ("https://evil.example:80/", (URL, "https://evil.example:80")),
        ("http://evil.example/a/", (URL, "http://evil.example/a")),
        ("http://evil.example?a=1", (URL, "http://evil.example/?a=1")),
        ("http://user:secret@evil.example/a", (URL, "http://evil.example/a")),
        ("http://bücher.example/ä", (URL, "http://xn--bcher-kva.example/ä")),
        ("http://192.0.2.1:8080/a", (URL, "http://192.0.2.1:8080/a")),
        ("http://0xc0000201/", (URL, "http://192.0.2.1")),
        ("http://3221225985/a", (URL, "http://192.0.2.1/a")),
        ("http://[2001:DB8::1]:8080/a", (URL, "http://[2001:db8::1]:8080/a")),
        ("evil.example/a.php?x=1", (URL, "evil.example/a.php?x=1")),
        ("192.0.2.1/a.exe", (URL, "192.0.2.1/a.exe")),
        ("5F4DCC3B5AA765D61D8327DEB882CF99", (IndicatorType.MD5, "5f4dcc3b5aa765d61d8327deb882cf99")),
        (
            "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
            (IndicatorType.SHA1, "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"),
        ),
        ("AB" * 32, (IndicatorType.SHA256, "ab" * 32)),
    ],
)
def test_one_spelling_for_every_value(text: str, expected: tuple[IndicatorType, str]) -> None:
    assert canonical_values(text) == (expected,)
    assert canonical_values(expected[1]) == (expected,)


def test_a_range_becomes_networks() -> None:
    values = canonical_values("192.0.2.4-192.0.2.9")
    assert values == ((NETWORK, "192.0.2.4/30"), (NETWORK, "192.0.2.8/31"))


@pytest.mark.parametrize(
    ("text", "reason", "kind", "value"),
    [
        ("10.1.2.3", refusals.PRIVATE, IP, "10.1.2.3"),
        ("172.16[.]0.1", refusals.PRIVATE, IP, "172.16.0.1"),
        ("192.168.1.1:80", refusals.PRIVATE, IP, "192.168.1.1"),
        ("fd00::1", refusals.PRIVATE, IP, "fd00::1"),
        ("127.0.0.1", refusals.LOOPBACK, IP, "127.0.0.1"),
        ("::1", refusals.LOOPBACK, IP, "::1"),
        ("::ffff:10.0.0.1", refusals.PRIVATE, IP, "10.0.0.1"),
        ("169.254.1.1", refusals.LINK_LOCAL, IP, "169.254.1.1"),
        ("fe80::1", refusals.LINK_LOCAL, IP, "fe80::1"),
        ("224.0.0.251", refusals.MULTICAST, IP, "224.0.0.251"),
        ("ff02::1", refusals.MULTICAST, IP, "ff02::1"),
        ("0.0.0.0", refusals.UNSPECIFIED, IP, "0.0.0.0"),
        ("0.1.2.3", refusals.RESERVED, IP, "0.1.2.3"),
        ("255.255.255.255", refusals.RESERVED, IP, "255.255.255.255"),
        ("100.64.1.1", refusals.SHARED, IP, "100.64.1.1"),
        ("10.0.0.0/8", refusals.PRIVATE, NETWORK, "10.0.0.0/8"),
        ("0.0.0.0/0", refusals.TOO_LARGE, NETWORK, "0.0.0.0/0"),
        ("64.0.0.0/7", refusals.TOO_LARGE, NETWORK, "64.0.0.0/7"),
        ("2000::/3", refusals.TOO_LARGE, NETWORK, "2000::/3"),
        ("1.0.0.0-90.0.0.0", refusals.TOO_LARGE, NETWORK, "1.0.0.0-90.0.0.0"),
        ("192.0.0.0/8", refusals.HOLDS_INTERNAL, NETWORK, "192.0.0.0/8"),
        ("192.0.2.9-192.0.2.1", refusals.RANGE_BACKWARDS, NETWORK, "192.0.2.9-192.0.2.1"),
        ("com.vn", refusals.PUBLIC_SUFFIX, DOMAIN, "com.vn"),
        ("*.gov.vn", refusals.PUBLIC_SUFFIX, DOMAIN, "gov.vn"),
        (".vn", refusals.PUBLIC_SUFFIX, DOMAIN, "vn"),
        ("co.uk", refusals.PUBLIC_SUFFIX, DOMAIN, "co.uk"),
        ("printer.local", refusals.INTERNAL_NAME, DOMAIN, "printer.local"),
        ("http://192.168.1.1/a", refusals.PRIVATE, URL, "http://192.168.1.1/a"),
        ("http://localhost:8080/a", refusals.INTERNAL_NAME, URL, "http://localhost:8080/a"),
        ("http://server/share", refusals.INTERNAL_NAME, URL, "http://server/share"),
        (
            "d41d8cd98f00b204e9800998ecf8427e",
            refusals.EMPTY_FILE,
            IndicatorType.MD5,
            "d41d8cd98f00b204e9800998ecf8427e",
        ),
        ("evil.madeupending", refusals.UNKNOWN_SUFFIX, DOMAIN, "evil.madeupending"),
    ],
)
def test_recognized_and_refused_values(text: str, reason: str, kind: IndicatorType, value: str) -> None:
    with pytest.raises(Refused) as caught:
        canonical_values(text)
    assert (caught.value.reason, caught.value.type, caught.value.value) == (reason, kind, value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", refusals.NOT_A_VALUE),
        ("hello", refusals.NOT_A_VALUE),
        ("hello world", refusals.NOT_A_VALUE),
        ("256.1.1.1", None),
        ("1.2.3", None),
        ("1.2.3.4.5", None),
        ("12:34:56", refusals.NOT_A_VALUE),
        ("192.0.2.1/33", refusals.NOT_A_VALUE),
        ("setup.exe", refusals.FILE_NAME),
        ("readme.txt", refusals.FILE_NAME),
        ("officer@unit.example", refusals.EMAIL),
        ("-evil-.example", refusals.BAD_NAME),
        ("a" * 64 + ".example", refusals.BAD_NAME),
        ("ab" * 64, refusals.OTHER_HASH),
        ("http://", None),
        ("http://evil.example:99999/", refusals.BAD_URL),
        ("gopher://evil.example/", refusals.URL_SCHEME),
        ("x" * 100_000, refusals.NOT_A_VALUE),
    ],
)
def test_texts_that_are_no_value(text: str, reason: str | None) -> None:
    with pytest.raises(Refused) as caught:
        canonical_values(text)
    assert caught.value.type is None
    if reason is not None:
        assert caught.value.reason == reason


def test_documentation_ranges_are_ordinary_addresses() -> None:
    for text in (
        "192.0.2.1",
        "198.51.100.7",
        "203.0.113.255",
        "2001:db8::1",
        "192.0.2.0/24",
        "198.51.100.0/25",
        "203.0.113.0/24",
    ):
        assert canonical_values(text)[0][1] == text


@pytest.mark.parametrize(
    ("text", "stated", "expected"),
    [
        ("c2.unknownending", DOMAIN, "c2.unknownending"),
        ("http://c2.unknownending/a", URL, "http://c2.unknownending/a"),
        ("192.0.2.0/24", IP, "192.0.2.0/24"),
        ("update.zip", DOMAIN, "update.zip"),
    ],
)
def test_a_stated_type_is_believed(text: str, stated: IndicatorType, expected: str) -> None:
    assert canonical_values(text, stated)[0][1] == expected


@pytest.mark.parametrize(
    ("text", "stated"), [("evil.example", IP), ("192.0.2.1", DOMAIN), ("ab" * 16, IndicatorType.SHA256)]
)
def test_a_stated_type_is_checked(text: str, stated: IndicatorType) -> None:
    with pytest.raises(Refused, match=r"not of the type"):
        canonical_values(text, stated)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Evil.EXAMPLE.", "evil.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("a..b", None),
        ("", None),
        ("a b", None),
        ("x" * 300, None),
    ],
)
def test_domains_in_ascii(text: str, expected: str | None) -> None:
    assert to_ascii_domain(text) == expected


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("http://evil.example", ("http", "evil.example", "")),
        ("http://evil.example:81/a?b", ("http", "evil.example:81", "/a?b")),
        ("evil.example/a?u=http://x.example/", ("", "evil.example", "/a?u=http://x.example/")),
        ("http://evil.example/?a", ("http", "evil.example", "/?a")),
    ],
)
def test_a_canonical_url_is_split(value: str, parts: tuple[str, str, str]) -> None:
    assert split_url(value) == parts


pieces = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"\d{1,3}(\.\d{1,3}){3}(/\d{1,2}|:\d{1,5}|-\d{1,3})?", fullmatch=True),
    st.from_regex(
        r"(https?://)?([a-z0-9_-]{1,8}\.){1,3}(com|vn|com\.vn|example|zip|exe)(:\d{1,5})?(/[!-~]{0,20})?",
        fullmatch=True,
    ),
    st.ip_addresses().map(str),
    st.from_regex(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}", fullmatch=True),
)


@given(pieces)
@example('0.AL/"/')
@example("http://evil.example/'/")
@example("evil.example/]/")
@example("http://evil.example/a>/")
@example("HTT:/0.AL/./")
@example("HTT:/0.AL?#")
@example("http://evil.example/a,/")
def test_canonical_is_idempotent_and_agrees_with_the_fast_path(text: str) -> None:
    try:
        values = canonical_values(text)
    except Refused:
        assert plain_value(text) is None
        return
    for kind, value in values:
        assert canonical_values(value) == ((kind, value),)
    plain = plain_value(text)
    assert plain is None or values == (plain,)
