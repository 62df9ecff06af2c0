"""A store is queried for each line in which the hunt would find a value, in any spelling of the value."""

from __future__ import annotations

import re
from ipaddress import ip_address

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.archive.keys import padded
from lamsach.hunt.engine import Sieve
from lamsach.hunt.kernel.layout import PAD
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.sets.builder import Builder
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.model import Indicator, IndicatorType, Reference
from lamsach.stores.questions import MAX_VALUES, Question, question
from tests.rows import each_row

IP, NETWORK, DOMAIN, URL, EMAIL, MD5 = (
    IndicatorType.IP,
    IndicatorType.NETWORK,
    IndicatorType.DOMAIN,
    IndicatorType.URL,
    IndicatorType.EMAIL,
    IndicatorType.MD5,
)
VALUES = (
    (IP, "203.0.113.9"),
    (IP, "198.51.100.77"),
    (IP, "2001:db8:bad::15:1"),
    (IP, "2001:db8::cb00:7109"),
    (NETWORK, "198.51.100.128/30"),
    (NETWORK, "192.0.2.0/25"),
    (NETWORK, "203.0.96.0/20"),
    (NETWORK, "2001:db8:5::/48"),
    (DOMAIN, "evil.example"),
    (DOMAIN, "t.co.example"),
    (DOMAIN, "bot-command.example"),
    (DOMAIN, "xn--tn-min-9ta0505b.example"),
    (URL, "http://down-load.example/a.exe"),
    (URL, "203.0.113.80/x"),
    (EMAIL, "boss@mail-er.example"),
    (MD5, "0123456789abcdef0123456789abcdef"),
)


def compiled_of(values: list[tuple[IndicatorType, str]]) -> CompiledSet:
    builder = Builder()
    builder.extend(Indicator(kind, value, reference=Reference("list.txt")) for kind, value in values)
    return builder.compiled()


def matches(query: Question, line: str) -> bool:
    """Answer as a store that executes the query exactly."""
    lower = line.lower()
    if any(all(text in lower for text in wanted) for wanted in query.wanted):
        return True
    return any(re.search(pattern, line) for pattern in query.patterns)


def hunted(compiled: CompiledSet, line: str) -> bool:
    """Report whether a hunt finds a value in a line: the sieve stops, and the matcher matches."""
    raw = line.encode()
    hits, _ = Sieve(compiled).search(padded(raw), PAD, PAD + len(raw))
    return bool(np.size(hits)) and bool(Matcher(compiled).seen(line))


def escaped(draw: st.DrawFn, text: str) -> str:
    """Return the text with some characters escaped."""
    ways = ("{}", "{}", "{}", "%{0:02X}", "%{0:02x}", "%25{0:02X}", "\\x{0:02x}", "\\u{0:04x}", "\\{0:03d}")
    way = st.sampled_from(ways)
    return "".join(
        letter if (how := draw(way)) == "{}" else how.format(ord(letter)) if ord(letter) < 128 else letter
        for letter in text
    )


@st.composite
def spelled(draw: st.DrawFn) -> str:
    kind, value = draw(st.sampled_from(VALUES))
    text = value
    if kind in (IP, NETWORK):
        base = value.partition("/")[0]
        address = ip_address(int(ip_address(base)) + (draw(st.integers(0, 3)) if kind is NETWORK else 0))
        text = str(address)
        if address.version == 6:
            text = draw(
                st.sampled_from(
                    [text, address.exploded, text.upper(), address.exploded.replace("0db8", "DB8")]
                )
            )
        else:
            number = int(address)
            text = draw(
                st.sampled_from(
                    [
                        text,
                        ".".join(f"{int(part):03d}" for part in text.split(".")),
                        f"::ffff:{number >> 16:x}:{number & 0xFFFF:X}",
                        f"{text}.443",
                        f"::FFFF:{text}",
                    ]
                )
            )
    elif kind in (DOMAIN, URL):
        if kind is DOMAIN:
            text = draw(st.sampled_from(["", "www.", "a.b-c."])) + value
        if "xn--" in text and draw(st.booleans()):
            text = text.encode().decode("idna")
        if draw(st.integers(0, 3)) == 0 and kind is DOMAIN:
            text = "".join(f"({len(label)}){label}" for label in text.split(".")) + "(0)"
    text = draw(
        st.sampled_from(
            [text, text.upper(), text.title(), text.replace(".", "\\."), text.replace(".", "%2E")]
        )
    )
    if draw(st.integers(0, 2)) == 0:
        text = escaped(draw, text)
    before = draw(
        st.sampled_from(
            ["", " ", "=", "x=", ",", '"', "%20", "\\n", "#011", "ip", "[", "1,", "://", "\\u003d"]
        )
    )
    return (
        draw(st.sampled_from(["", "a b ", "10.0.0.1 "]))
        + before
        + text
        + draw(st.sampled_from(["", " ", ":8", ",1", '"', "\\n", "%20", "/", "x"]))
    )


ALL = compiled_of(list(VALUES))
ASKED = question(ALL)


@settings(max_examples=1500, deadline=None)
@given(spelled())
def test_no_line_that_the_hunt_finds_is_left_out(line: str) -> None:
    assert ASKED is not None
    assert matches(ASKED, line) or not hunted(ALL, line)


def test_most_spellings_are_found_by_the_hunt() -> None:
    """The property would hold for a hunt that finds nothing."""
    found = sum(hunted(ALL, f"x {value.partition('/')[0]} ") for kind, value in VALUES if kind is not URL)
    assert found == len(VALUES) - 2
    assert hunted(ALL, "q (4)EVIL(7)example(0)")
    assert hunted(ALL, "ev%69l%2Eexample")
    assert hunted(ALL, "203.000.113.009")


USUAL = (
    (
        'date=2022-09-01 srcip=10.1.2.3 dstip=198.51.100.200 hostname="www.example.org" sentbyte=105 '
        "duration=0.012"
    ),
    "Sep  1 08:00:00 gw kernel: IN=eth0 OUT=eth1 SRC=10.0.0.5 DST=198.51.100.7 LEN=60 TTL=63",
    (
        "1661994000.123 105 10.1.2.3 TCP_MISS/200 4512 GET http://www.example.org/a%20b?x=1&y=2 - "
        "DIRECT/198.51.100.7"
    ),
    (
        "9/1/2022 8:00:01 AM 0E2C PACKET 00000 UDP Rcv 10.1.2.3 1a2b Q [0001 D NOERROR] A "
        "(3)www(7)example(3)org(0)"
    ),
)


@each_row("line", USUAL)
def test_usual_lines_are_not_queried(line: str) -> None:
    assert ASKED is not None
    assert not matches(ASKED, line)


def test_without_a_query_all_documents_are_read() -> None:
    assert question(compiled_of([(NETWORK, "::/3"), (DOMAIN, "evil.example")])) is None
    assert question(compiled_of([(NETWORK, "0.0.0.0/0")])) is None
    assert MAX_VALUES < 1_000_000


def test_split_queries_equal_the_whole() -> None:
    assert ASKED is not None
    parts = list(ASKED.cut(3, 40))
    assert len(parts) > 3
    assert [group for part in parts for group in part.wanted] == list(ASKED.wanted)
    assert [pattern for part in parts for pattern in part.patterns] == list(ASKED.patterns)
