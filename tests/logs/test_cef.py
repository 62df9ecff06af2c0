"""CEF records: escapes, spaces in values, keys in values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.text import cef


def test_header_and_extension():
    record = cef.read(
        r"CEF:0|A \| B|Fire\\wall|1.0|100|a name|5|src=10.0.0.1 msg=a b \= c act=Accept empty= last=x y "
    )
    assert (record.vendor, record.product, record.version, record.signature) == (
        "A | B",
        "Fire\\wall",
        "1.0",
        "100",
    )
    assert (record.name, record.severity) == ("a name", "5")
    assert record.extension == {
        "src": "10.0.0.1",
        "msg": "a b = c",
        "act": "Accept",
        "empty": "",
        "last": "x y",
    }


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", {}),
        ("no pairs at all", {}),
        (
            "request=http://a.example/?src=203.0.113.1&x=1 src=10.0.0.1",
            {"request": "http://a.example/?src=203.0.113.1&x=1", "src": "10.0.0.1"},
        ),
        (r"msg=x src\=203.0.113.1 src=10.0.0.1", {"msg": "x src=203.0.113.1", "src": "10.0.0.1"}),
        ("src=10.0.0.1 src=203.0.113.1", {"src": "10.0.0.1"}),
        (r"path=C:\\temp\\a msg=one\ntwo", {"path": "C:\\temp\\a", "msg": "one\ntwo"}),
        ("ad.eventtime=1 k[0]=2", {"ad.eventtime": "1", "k[0]": "2"}),
    ],
)
def test_an_extension_is_read_by_its_keys(text, fields):
    assert cef.read_extension(text) == fields


@pytest.mark.parametrize(
    "text", ["", "CEF", "CEF:0|a|b", "CEF:0|a|b|c|d|e|f", "LEEF:1.0|a|b|c|d|", r"CEF:0|a|b|c|d|e|f\|"]
)
def test_truncated_record_is_a_line_error(text):
    with pytest.raises(LineError):
        cef.read(text)


@pytest.mark.parametrize("start", ["CEF:0|", "CEF: 0|", "0|", "CEF:1|"])
def test_beginnings_of_cef(start):
    assert cef.starts(start + "a|b|c|d|e|f|")
    assert cef.read(start + "a|b|c|d|e|f|k=v").extension == {"k": "v"}


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-zA-Z0-9]{0,8}", fullmatch=True), st.text(alphabet="ab=\\ |.:/é", max_size=20)
    )
)
def test_escaped_values_round_trip(fields):
    text = " ".join(
        f"{key}=" + value.strip().replace("\\", "\\\\").replace("=", "\\=") for key, value in fields.items()
    )
    assert cef.read_extension(text) == {key: value.strip() for key, value in fields.items()}
