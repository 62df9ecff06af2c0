"""Filters never deny a value in the lines, in adversarial contexts and in every spelling of the sieve."""

from __future__ import annotations

import random

import numpy as np
import pytest

from lamsach.archive import filters
from lamsach.archive.keys import KeyMaker, Keys, padded
from lamsach.archive.questions import Questions, questions, questions_of
from lamsach.hunt.kernel.layout import PAD
from lamsach.hunt.sets.builder import Builder
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.indicators.values.normalise import canonical_values
from lamsach.model import Indicator, IndicatorType
from tests.hunt.planted_lines import INDICATORS, line


def compiled(*values: str) -> CompiledSet:
    builder = Builder()
    for value in values:
        kind, text = canonical_values(value)[0]
        builder.add(Indicator(kind, text))
    return builder.compiled()


def keys_of(maker: KeyMaker, text: bytes) -> Keys:
    keys = maker.keys(padded(text), PAD, PAD + len(text))
    assert keys is not None
    return keys


def may_hold(keys: Keys, listed: CompiledSet, compressed_bytes: int) -> bool:
    shape, data = filters.build(keys, compressed_bytes)
    assert len(data) == filters.size_of(shape)
    return bool(filters.query(questions(listed), [0], [shape], np.frombuffer(data, np.uint8))[0])


@pytest.fixture(scope="module")
def maker() -> KeyMaker:
    return KeyMaker()


@pytest.mark.parametrize("seed", range(3))
def test_every_planted_value_is_in_the_filter(seed: int, maker: KeyMaker) -> None:
    rng = random.Random(seed)
    listed = {value: compiled(value) for value in INDICATORS}
    for planted in (line(rng) for _ in range(1500)):
        if planted.value is not None:
            keys = keys_of(maker, planted.line + b"\n")
            assert may_hold(keys, listed[planted.value], rng.choice([0, 1 << 30])), planted


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("203.0.113.0/24", "203.0.113.77", "203.0.114.77"),
        ("203.0.113.64/27", "203.0.113.77", "203.0.113.20"),
        ("203.0.0.0/17", "203.0.113.77", "203.1.113.77"),
        ("203.0.0.0/12", "203.15.113.77", "203.16.113.77"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
        ("2001:db8:5::/50", "2001:db8:5:3fff::1", "2001:db8:6::1"),
        ("2001:db8:5:6::/64", "2001:db8:5:6::9", "2001:db8:5:7::9"),
        ("2001:db8::8/125", "2001:db8::9", "2001:db8:0:1::9"),
        ("::ffff:203.0.113.0/120", "203.0.113.9", "203.0.112.9"),
    ],
)
def test_a_network_matches_where_one_of_its_addresses_is(
    network: str, inside: str, outside: str, maker: KeyMaker
) -> None:
    listed = compiled(network)
    for address, wanted in ((inside, True), (outside, False)):
        keys = keys_of(maker, f"from {address} port 1\n".encode())
        assert may_hold(keys, listed, 1 << 30) is wanted, address


def wrong(maker: KeyMaker, text: str, asked: str, compressed_bytes: int) -> int:
    """Count the false positives among 1,000 absent values, each queried alone."""
    shape, data = filters.build(keys_of(maker, text.encode()), compressed_bytes)
    blob = np.frombuffer(data, np.uint8)
    one_by_one = (questions_of([canonical_values(asked.format(number))[0]]) for number in range(1000))
    return sum(bool(filters.query(one, [0], [shape], blob)[0]) for one in one_by_one)


def test_absent_values_are_denied_but_for_a_few(maker: KeyMaker) -> None:
    text = "\n".join(f"10.0.0.1 asked for h{n}.cdn.example.org" for n in range(20_000))
    strangers, neighbours = "not-there-{}.example.net", "not-there-{}.cdn.example.org"
    assert wrong(maker, text, strangers, 1 << 30) == 0
    assert wrong(maker, text, neighbours, 1 << 30) == 0
    assert wrong(maker, text, strangers, 0) <= 3
    assert wrong(maker, text, neighbours, 0) <= 1000 * 2.0 ** -filters.LEAST[1] * 1.5


def test_names_that_are_all_different_under_few_parents_stay_within_the_share(maker: KeyMaker) -> None:
    text = "\n".join(f"10.0.0.1 asked for h{n:x}z.cdn.example.org" for n in range(50_000))
    compressed = 16 * 50_000  # a line with a random name and a random port takes about so many bytes
    shape, data = filters.build(keys_of(maker, text.encode()), compressed)
    assert len(data) <= filters.SHARE * compressed
    assert shape[0] < 10
    assert wrong(maker, text, "not-there-{}.example.net", compressed) == 0
    assert wrong(maker, text, "not-there-{}.cdn.example.org", compressed) <= 60


def test_names_of_many_labels_make_few_keys(maker: KeyMaker) -> None:
    nibbles = "i.b.d.j.k.j.j.l.ip6.example"  # letters for digits, which could be parts of addresses
    letters = "abcdefghijklmnop"
    heads = (f"{a}.{b}.{c}.j.j.j" for a in letters for b in letters for c in letters)
    text = "\n".join(f"{head}.{nibbles}" for head in heads)
    assert keys_of(maker, text.encode()).size <= 8
    for name in (
        f"h.d.b.j.j.j.{nibbles}",
        f"j.{nibbles}",
        "j.j.l.ip6.example",
        "j.l.ip6.example",
        "ip6.example",
    ):
        assert may_hold(keys_of(maker, text.encode()), compiled(name), 1 << 30), name


@pytest.mark.parametrize("address", ["10.1.2.3", "172.16.0.1", "172.31.255.254", "192.168.3.4"])
def test_private_addresses_are_known_by_their_network_alone(address: str, maker: KeyMaker) -> None:
    keys = keys_of(maker, f"from {address} port 1\n".encode())
    assert keys.size == 1
    builder = Builder()  # no list names one, but a set may
    builder.add(Indicator(IndicatorType.IP, address))
    assert may_hold(keys, builder.compiled(), 1 << 30)


@pytest.mark.parametrize("value", ["a.example.com.vn", "203.0.113.66", "2001:db8::5", "www.example.org"])
def test_a_name_below_another_is_denied_where_only_the_other_occurs(value: str, maker: KeyMaker) -> None:
    text = b"b.example.com.vn 203.0.113.65 2001:db8::6 www2.example.org\n"
    assert not may_hold(keys_of(maker, text), compiled(value), 1 << 30)
    assert may_hold(keys_of(maker, text + value.encode() + b"\n"), compiled(value), 1 << 30)


def test_every_key_is_in_a_filter_of_any_size() -> None:
    rng = np.random.default_rng(3)
    for count in (0, 1, 2, 31, 32, 33, 500, 20_000):
        keys = np.unique(rng.integers(1, 1 << 63, count, dtype=np.uint64) * np.uint64(2) + np.uint64(1))
        for size in (0, 100, 20_000, 1 << 40):
            shape, data = filters.build(keys, size)
            for key in keys[:: max(1, count // 50)]:
                one, yes = np.array([key], np.uint64), np.ones(1, np.uint8)
                asked = Questions(one, np.zeros(1, np.int64), yes, np.array([0, 1], np.int64))
                assert filters.query(asked, [0], [shape], np.frombuffer(data, np.uint8))[0]


@pytest.mark.parametrize(
    ("wide", "narrow", "compressed", "bits"),
    [
        (2_000, 5_000, 1 << 30, filters.MOST),
        (1_000, 60_000, 1_000_000, (24, 4)),
        (60_000, 60_000, 100, filters.LEAST),
        (0, 0, 0, filters.LEAST),
    ],
)
def test_bits_are_spent_where_they_help(
    wide: int, narrow: int, compressed: int, bits: tuple[int, int]
) -> None:
    assert filters.bits_for(wide, narrow, compressed) == bits


def test_too_many_different_values_make_no_filter(maker: KeyMaker) -> None:
    text = "\n".join(f"a{n}.b{n}.c{n}.example" for n in range(300_000)).encode()
    assert maker.keys(padded(text), PAD, PAD + len(text)) is None


def test_segments_with_many_and_few_keys_take_turns() -> None:
    maker, listed = KeyMaker(), compiled("evil.example")
    for count in (10, 60_000, 60_000, 10, 60_000, 20_000):
        text = "\n".join(f"n{n}.p{n}.example" for n in range(count)) + "\nevil.example\n"
        keys = keys_of(maker, text.encode())
        assert keys.size == 2 * count + 1
        assert may_hold(keys, listed, 1 << 30)
