"""Hostile values and texts do not change the structure of any output.

Each output is cut into its program's tokens by a small reader here; the tokens must not depend on hostile
text.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.indicators.writers import BY_NAME, WRITERS
from lamsach.indicators.writers.base import Writer, is_canonical, wire_form
from lamsach.model import Indicator, IndicatorType

from .sample import SAMPLE, T, exported, text_of

NASTY = ["\n", "\r", "\x85", "\u2028", "\0", '"', "'", "`", ";", "#", "\\", "$(id)", "}", "]", ")", "|", "/*",
    "*/", "<", "]]>", "--", ",", "=cmd", "\t", "%0a", "\u202e", "é", "^", "*", "?", " x", "//", "{{", "::",
    "!"]  # fmt: skip
TEXT = st.lists(st.sampled_from([*NASTY, "evil", ".", "/", "a", "1"]), max_size=8).map("".join) | st.text(
    max_size=12
)
GOOD = {entry.type: entry.value for entry in SAMPLE} | {
    T.JA3: "e7d705a3286e19ea42f587b344ee6865",
    T.JA4: "t13d1516h2_8daaf6152771_02713d6af862",
    T.EMAIL: "billing@bot-c2.xyz",
    T.FILE_NAME: "hóa đơn (1) a-2024.exe",
}
SHORT = settings(max_examples=25, deadline=None)


@given(kind=st.sampled_from(list(IndicatorType)), text=TEXT, place=st.integers(0, 40))
@settings(max_examples=300, deadline=None)
def test_only_a_canonical_value_is_accepted(kind: IndicatorType, text: str, place: int) -> None:
    value = GOOD[kind][:place] + text + GOOD[kind][place:]
    if is_canonical(kind, value):
        assert value.isprintable()
        if kind is T.EMAIL:
            assert re.fullmatch(r"[a-z0-9._%+=~-]+@[a-z0-9.-]+", value)
        elif kind is T.FILE_NAME:
            assert re.fullmatch(r"[\w .+()\[\]{}@#$~&=!'-]+", value)
            assert re.search(r"(?<![^ -~])[a-z0-9._-]*[a-z0-9_-]\.[a-z0-9_-]+$", value)
        elif kind is not T.URL:
            assert re.fullmatch(r"[a-z0-9._:/-]+", value)
        else:
            assert re.fullmatch(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+", wire_form(value))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (T.IP, "2001:db8::1%0a"),
        (T.IP, "2001:db8::1% x; }"),
        (T.IP, "2001:DB8::1"),
        (T.IP, "203.0.113.05"),
        (T.IP, "203.0.113"),
        (T.IP, "203.0.113.5\n"),
        (T.IP, "٢٠٣.0.113.5"),
        (T.IP, "203.0.113.5\0"),
        (T.NETWORK, "2001:db8:7::%0a!*/48"),
        (T.NETWORK, "192.0.2.0/24 "),
        (T.NETWORK, "192.0.2.0/255.255.255.0"),
        (T.NETWORK, "192.0.2.1/24"),
        (T.DOMAIN, "bot-c2.xyz."),
        (T.DOMAIN, "bot-c2.xyz\n"),
        (T.DOMAIN, "*.bot-c2.xyz"),
        (T.DOMAIN, "Bot-c2.xyz"),
        (T.DOMAIN, "bót.xyz"),
        (T.DOMAIN, "xyz"),
        (T.DOMAIN, "a" * 64 + ".xyz"),
        (T.DOMAIN, ".".join(["a" * 60] * 5)),
        (T.URL, "http://bot-c2.xyz/a\nb"),
        (T.URL, "http://bot-c2.xyz/a#b"),
        (T.URL, "http://u:p@bot-c2.xyz/"),
        (T.URL, "http://[2001:db8::zz]/"),
        (T.URL, "http://bot-c2.xyz:80a/"),
        (T.URL, "http://bot-c2.xyz/a b"),
        (T.URL, "http://203.0.113/a"),
        (T.URL, "javascript://bot-c2.xyz/"),
        (T.URL, 'http://bot"c2.xyz/'),
        (T.MD5, "0123456789ABCDEF0123456789abcdef"),
        (T.MD5, "0123456789abcdef0123456789abcdef\n"),
        (T.SHA1, "0" * 41),
        (T.SHA256, "g" * 64),
        (T.JA3, "E7d705a3286e19ea42f587b344ee6865"),
        (T.JA3, "e7d705a3286e19ea42f587b344ee68"),
        (T.JA4, "T13d1516h2_8daaf6152771_02713d6af862"),
        (T.JA4, "t13d1516h2_8daaf6152771_02713d6af86\n"),
        (T.EMAIL, "A@bot-c2.xyz"),
        (T.EMAIL, "a'b@bot-c2.xyz"),
        (T.EMAIL, "a@b@bot-c2.xyz"),
        (T.EMAIL, "a@bot-c2"),
        (T.EMAIL, "@bot-c2.xyz"),
        (T.FILE_NAME, "Evil.exe"),
        (T.FILE_NAME, "a/evil.exe"),
        (T.FILE_NAME, "evil*.exe"),
        (T.FILE_NAME, 'a"b.exe'),
        (T.FILE_NAME, "evil.exe\n"),
    ],
)
def test_a_value_that_is_not_canonical_is_never_written(kind: IndicatorType, value: str) -> None:
    assert not is_canonical(kind, value)
    for name in BY_NAME:
        export = exported(BY_NAME[name], [Indicator(kind, value)])
        assert not export.items
        assert sum(export.lost.values()) == 1


@pytest.mark.parametrize("writer", WRITERS)
@given(data=st.data())
@SHORT
def test_a_hostile_value_is_written_safely_or_not_at_all(writer: Writer, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(writer.holds)))
    good = GOOD[kind]
    place = data.draw(st.integers(0, len(good)))
    value = good[:place] + data.draw(TEXT) + good[place:]
    words = data.draw(TEXT)
    entry = Indicator(kind, value, words, words, tlp=words, confidence=5)
    export = exported(writer, [entry])
    if not export.items:
        assert sum(export.lost.values()) == 1
        return
    assert _shape(writer, text_of(export)) == _shape(writer, text_of(exported(writer, [_harmless(entry)])))


@pytest.mark.parametrize("writer", WRITERS)
@given(words=TEXT)
@SHORT
def test_hostile_facts_of_values_change_nothing(writer: Writer, words: str) -> None:
    hostile = [replace(entry, threat=words, source=words, tlp=words) for entry in SAMPLE]
    plain = [replace(entry, threat=None, source=None) for entry in hostile]
    assert _shape(writer, text_of(exported(writer, hostile))) == _shape(
        writer, text_of(exported(writer, plain))
    )


def _harmless(entry: Indicator) -> Indicator:
    value = entry.value
    if entry.type is T.URL:
        scheme = value.partition("://")[0] + "://" if "://" in value else ""
        host = re.split(r"[/?]", value.removeprefix(scheme))[0]
        value = scheme + host + ("/x" if len(value) > len(scheme + host) else "")
    return replace(entry, value=value, threat=None, source=None)


def _shape(writer: Writer, text: str) -> object:
    """Return the output as its program's parser sees it, without strings, comments and values."""
    name = writer.name
    assert not re.search(r"[\0\x0b\x0c\x85\u2028\u2029\r]", text.replace("\r\n", "\n")) or name in (
        "csv",
        "misp",
        "stix",
    )
    if name in ("stix", "misp", "elastic"):
        return _json_shape(json.loads(text))
    if name == "csv":
        return [len(row) for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))]
    if name == "openioc":
        from defusedxml import ElementTree

        return [element.tag for element in ElementTree.fromstring(text.encode()).iter()]
    lines = text.split("\n")
    if name == "checkpoint":
        return [line.count(",") for line in lines if not line.startswith("#")]
    if name == "wazuh":
        return [re.fullmatch(r'"[0-9a-f:]+":[^":]*|[^":]*:[^":]*', line) is not None for line in lines[1:-1]]
    if name == "zeek":
        return [line.count("\t") for line in lines]
    return [_line_shape(name, line) for line in lines if not line.startswith("        set comment ")]


def _json_shape(tree: object) -> object:
    if isinstance(tree, dict):
        optional = {"name", "comment", "Tag", "object_marking_refs"}
        if tree.get("type") == "identity":
            return None
        return {key: _json_shape(value) for key, value in tree.items() if key not in optional}
    if isinstance(tree, list):
        return [shape for value in tree if (shape := _json_shape(value)) is not None]
    return type(tree).__name__


COMMENTS = {"rpz": ";", "adblock": "!", "kql": "//", "yara": "//", "mikrotik": "#"}


def _line_shape(name: str, line: str) -> object:
    """Return the words of a line without strings, values and trailing comments."""
    mark = COMMENTS.get(name, "#")
    if line.startswith(mark):
        return mark
    text = re.sub(r"'(?:[^']|'')*'" if name in ("sigma", "windows_dns") else r'"(?:[^"\\]|\\.)*"', '""', line)
    if name not in ("squid", "kql"):
        text = re.sub(r" ?(?:;|#|//).*$", "", text) if not text.endswith(";)") else text
    if name in ("fortigate_url", "edl_url", "text"):
        return len(text.split())  # a value is a whole line, and brackets may be in a path
    if name == "squid":
        return text.split(" ")[:3] and len(text.split(" "))
    if name == "fortigate_cli":
        return None if "comment" in line or not text.strip() else len(text.split())
    if name == "clamav_hdb" or name == "clamav_hsb":
        return text.count(":")
    return (len(text.split()), text.count(";"), text.count("("), text.count("{"))


@pytest.mark.parametrize("name", BY_NAME)
def test_a_line_end_in_words_adds_no_line(name: str) -> None:
    hostile = Indicator(T.DOMAIN, "bot-c2.xyz", "a\nevil.example CNAME .\r\n0.0.0.0 x.example\u2028y\x85z")
    if T.DOMAIN in BY_NAME[name].holds:
        export = exported(BY_NAME[name], [hostile])
        plain = exported(BY_NAME[name], [replace(hostile, threat="a")])
        assert text_of(export).count("\n") == text_of(plain).count("\n")
