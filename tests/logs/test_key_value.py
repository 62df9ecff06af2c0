"""Lines of key=value: quoting, separators and text that must not become a field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.text.key_value import first, first_ip, first_port, pairs


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", {}),
        ("prose without pairs", {}),
        ('a=1 b="two words" c=', {"a": "1", "b": "two words", "c": ""}),
        (r'a="x \"b=2\" y" b=1', {"a": 'x "b=2" y', "b": "1"}),
        (r'a="C:\temp\" b=1', {"a": "C:\\temp\\", "b": "1"}),
        ('a="cut off b=2', {"a": "cut off b=2"}),
        ("a=1 a=2", {"a": "1"}),
        ("u=/x?b=2 b=1", {"u": "/x?b=2", "b": "1"}),
        ('a=1,b="two, words",c=3 4', {"a": "1", "b": "two, words", "c": "3 4"}),
        ('"a=1","b=""two, words""","c=3"', {"a": "1", "b": "two, words", "c": "3"}),
        ('"a=1";"b=2";"c=3"', {"a": "1", "b": "2", "c": "3"}),
    ],
)
def test_pairs_are_read_with_their_quotes(text, fields):
    assert pairs(text) == fields


def test_cells_too_large_are_a_line_error():
    with pytest.raises(LineError):
        pairs('"a=1","b=' + "x" * 200_000 + '"')


def test_first_stated_value():
    fields = {
        "a": "N/A",
        "b": "",
        "c": "x",
        "ip": "0.0.0.0",
        "ip2": "192.0.2.1",
        "port": "99999",
        "port2": "53",
    }
    assert first(fields, "none", "a", "b", "c") == "x"
    assert first(fields, "a", "b") is None
    assert first_ip(fields, "ip", "ip2") == "192.0.2.1"
    assert first_port(fields, "port", "port2") == 53


@given(st.text(alphabet='ab= ,"\\', max_size=60))
def test_text_in_a_quoted_value_is_no_field(text):
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    assert pairs(f'first=1 value="{quoted}" srcip=192.0.2.1') == {
        "first": "1",
        "value": text,
        "srcip": "192.0.2.1",
    }
