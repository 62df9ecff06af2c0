"""Formats recognized by a file's first lines; mixed files parsed line by line."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.logs.base import FileContext
from lamsach.logs.opening.inputs import HEAD_BYTES
from lamsach.logs.reading.detect import detect, head_lines
from lamsach.logs.reading.lines import LineParser

FORTIGATE = [
    f'date=2026-06-05 time=07:31:{n:02} devname="fw1" devid="FGT60F0000000001" logid="0000000013" '
    'type="traffic" subtype="forward"'
    f' level="notice" vd="root" srcip=10.0.0.{n} srcport=5000 dstip=203.0.113.{n} dstport=443 '
    'action="close" proto=6'
    for n in range(50)
]
DNSMASQ = [
    f"Jun  5 07:31:{n:02} dns dnsmasq[22]: query[A] a{n}.evil.example from 10.0.0.{n}" for n in range(50)
]
BIND = [
    (
        f"<30>Jun  5 07:31:{n:02} ns1 named[812]: client @0x7f65 10.0.0.{n}#5 (evil.example): query: "
        "evil.example IN A + (10.0.0.53)"
    )
    for n in range(50)
]
SQUID = [
    (
        f"17806194{n:02}.494   17 10.0.0.{n} TCP_TUNNEL/200 3512 CONNECT evil.example:443 - "
        "HIER_DIRECT/203.0.113.9 -"
    )
    for n in range(50)
]
PROSE = [f"{n}: the quick brown fox of 192.0.2.{n} jumps over evil.example" for n in range(50)]


def head(*groups: list[str]) -> bytes:
    return "".join(f"{line}\n" for group in groups for line in group).encode()


@pytest.mark.parametrize(
    ("lines", "name"), [(FORTIGATE, "fortigate"), (DNSMASQ, "dnsmasq"), (BIND, "bind"), (SQUID, "squid")]
)
def test_lines_of_one_format(lines, name):
    for text in (
        head(lines),
        head(lines).replace(b"\n", b"\r\n"),
        head(lines[:1]),
        b"\n\n" + head(lines),
        head(lines)[:-1],
    ):
        found = detect(text)
        assert (found.format.name, found.share, found.mixed) == (name, 1.0, ())


def test_lines_are_the_first_non_empty_ones():
    assert head_lines(b"a\r\n\n \nb\nc") == ("a", "b", "c")
    assert len(head_lines(b"x\n" * 5000)) == 500


def test_truncated_last_line_is_ignored():
    text = head(FORTIGATE)
    long = (text * (HEAD_BYTES // len(text) + 1))[:HEAD_BYTES]
    assert not long.endswith(b"\n")
    assert detect(long).share == 1.0
    assert head_lines(b"x" * HEAD_BYTES) == ("x" * HEAD_BYTES,)


@pytest.mark.parametrize(
    "text",
    [b"", b"\n\n", b"\0" * 9999, bytes(range(256)) * 100, head(PROSE), b"\x89PNG\r\n\x1a\n" + bytes(500)],
)
def test_unknown_lines_have_no_format(text):
    found = detect(text)
    assert (found.format, found.share, found.mixed) == (None, 0.0, ())


@given(st.binary(max_size=500))
def test_any_bytes_are_detected_without_failing(text):
    found = detect(text)
    assert 0.0 <= found.share <= 1.0
    assert found.format is None or found.mixed == ()


def test_a_few_lines_of_another_kind_do_not_matter():
    found = detect(head(FORTIGATE, PROSE[:3]))
    assert found.format.name == "fortigate"
    assert 0.9 < found.share < 1.0


def test_mixed_file_most_frequent_first():
    found = detect(head(DNSMASQ[:20], FORTIGATE, PROSE[:10], BIND[:10]))
    assert found.format is None
    assert [f.name for f in found.mixed] == ["fortigate", "dnsmasq", "bind"]
    assert found.share == pytest.approx(80 / 90)


def test_one_format_among_much_that_is_unknown():
    found = detect(head(PROSE, FORTIGATE[:5]))
    assert (found.format, [f.name for f in found.mixed]) == (None, ["fortigate"])
    assert found.share == pytest.approx(5 / 55)


def test_detection_does_not_depend_on_the_size_of_the_file():
    assert detect(head(SQUID)) == detect(head(SQUID))
    assert detect(head(SQUID * 10)).share == detect(head(SQUID * 1000)).share == 1.0


class TestLineParser:
    def formats(self, text: bytes, lines: list[str]) -> Counter[str]:
        found = detect(text)
        parser = LineParser(found, FileContext(head=found.lines))
        return Counter(event.format for n, line in enumerate(lines) if (event := parser.parse(line, n + 1)))

    def test_mixed_lines_are_each_of_their_format(self):
        lines = FORTIGATE + DNSMASQ + BIND
        random.Random(1).shuffle(lines)
        assert self.formats(head(lines), lines) == {"fortigate": 50, "dnsmasq": 50, "bind": 50}

    def test_format_absent_from_the_head(self):
        assert self.formats(head(FORTIGATE), FORTIGATE + DNSMASQ) == {"fortigate": 50, "dnsmasq": 50}
        assert self.formats(head(FORTIGATE, DNSMASQ), FORTIGATE + DNSMASQ + SQUID)["squid"] == 50
        assert self.formats(head(PROSE), BIND) == {"bind": 50}

    def test_lines_of_one_format(self):
        found = detect(head(FORTIGATE))
        parser = LineParser(found, FileContext(head=found.lines))
        assert parser.format is found.format
        assert (parser.header_prefix, parser.multiline) == (None, False)
        assert parser.starts_record("anything") == found.format.starts_record("anything")

    def test_mixed_has_single_lines(self):
        parser = LineParser(detect(head(FORTIGATE, DNSMASQ)), FileContext())
        assert (parser.format, parser.multiline, parser.starts_record("x")) == (None, False, True)
