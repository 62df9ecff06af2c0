"""Messages from bytes, at any fragmentation by the network."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.collect.syslog_frames import LONGEST, Framer, one_line


def framed(data: bytes, *cuts: int) -> bytes:
    framer = Framer()
    places = [0, *sorted(cuts), len(data)]
    parts = [framer.feed(data[begin:end]) for begin, end in itertools.pairwise(places)]
    return b"".join(parts) + framer.end()


def counted(*messages: bytes) -> bytes:
    return b"".join(b"%d %b" % (len(message), message) for message in messages)


ONE, TWO = b"<34>1 2026-10-11T22:14:15Z gw app - - - one", b"<13>Oct 11 22:14:15 gw app: two words"

CASES = {
    "octet counting": (counted(ONE, TWO), ONE + b"\n" + TWO + b"\n"),
    "octet counting with line feeds inside": (counted(b"<1>a\nb\nc"), b"<1>a#012b#012c\n"),
    "octet counting and line feeds all the same": (
        counted(ONE) + b"\n" + counted(TWO) + b"\r\n",
        ONE + b"\n" + TWO + b"\n",
    ),
    "octet counting that counts the line feed": (
        counted(ONE + b"\n", TWO + b"\n"),
        ONE + b"\n" + TWO + b"\n",
    ),
    "octet counting cut off": (counted(ONE) + b"50 <13>cut", ONE + b"\n50 <13>cut\n"),
    "octet counting that loses count": (counted(ONE) + b"hello\nthere\n", ONE + b"\nhello\nthere\n"),
    "line feeds": (ONE + b"\n" + TWO + b"\n", ONE + b"\n" + TWO + b"\n"),
    "the last without its line feed": (ONE + b"\n" + TWO, ONE + b"\n" + TWO + b"\n"),
    "NUL": (ONE + b"\0" + TWO + b"\0", ONE + b"\n" + TWO + b"\n"),
    "lines that begin with a number": (b"2026-10-11 a\n15 apples\n", b"2026-10-11 a\n15 apples\n"),
    "a number alone": (b"12", b"12\n"),
    "nothing": (b"", b""),
}


@pytest.mark.parametrize("name", CASES)
def test_messages_are_parted_as_their_framing_says(name: str) -> None:
    data, wanted = CASES[name]
    assert framed(data) == wanted


@pytest.mark.parametrize("name", CASES)
def test_however_it_is_cut(name: str) -> None:
    data, wanted = CASES[name]
    assert framed(data, *range(1, len(data))) == wanted
    rng = random.Random(name)
    for _ in range(20):
        assert framed(data, *(rng.randrange(len(data) + 1) for _ in range(3))) == wanted


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=6), st.data())
def test_counted_messages_come_out_as_they_went_in(parts: list[bytes], data: st.DataObject) -> None:
    messages = [b"<13>" + part for part in parts]
    stream = counted(*messages)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=5))
    assert framed(stream, *cuts) == b"".join(one_line(message) + b"\n" for message in messages)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_come_out_as_lines(data: bytes, cuts: list[int]) -> None:
    out = framed(data, *(cut for cut in cuts if cut <= len(data)))
    assert not out or out.endswith(b"\n")


def test_an_endless_message_is_split_into_lines() -> None:
    data = b"<13>" + b"x" * (3 * LONGEST)
    out = framed(data, 10, LONGEST, 2 * LONGEST + 7)
    assert out.replace(b"\n", b"") == data
    assert max(map(len, out.split(b"\n"))) <= 2 * LONGEST
    huge = b"%d " % len(data) + data
    assert framed(huge, 10, LONGEST + 100).replace(b"\n", b"") == data


@pytest.mark.parametrize("counted_way", [True, False])
def test_a_message_that_comes_byte_by_byte_is_not_looked_at_for_each(
    counted_way: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0
    name = "_by_count" if counted_way else "_by_trailer"
    method = getattr(Framer, name)

    def counting(framer: Framer, data: bytes) -> bytes:
        nonlocal looked
        looked += 1
        out = method(framer, data)
        assert isinstance(out, bytes)
        return out

    monkeypatch.setattr(Framer, name, counting)
    message = b"<13>" + b"x" * 60_000
    data = counted(message, message) if counted_way else message + b"\n" + message + b"\n"
    framer = Framer()
    out = b"".join(framer.feed(data[place : place + 1]) for place in range(len(data))) + framer.end()
    assert out == message + b"\n" + message + b"\n"
    assert looked < 20_000
