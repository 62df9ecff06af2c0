"""A filter never denies a value that stands in the lines: in adversarial surroundings, and in every spelling that the sieve knows."""

from __future__ import annotations

import random

import numpy as np
import pytest

from lamsach.archive import filters
from lamsach.archive.keys import KeyMaker, Keys, keys_of_texts, padded, questions
from lamsach.hunt.builder import Builder
from lamsach.hunt.compiled import CompiledSet, compile_columns
from lamsach.hunt.kernel.layout import PAD
from lamsach.indicators.normalise import canonical
from lamsach.model import Indicator
from tests.hunt.planting import INDICATORS, line


def compiled(*values: str) -> CompiledSet:
    builder = Builder()
    for value in values:
        kind, text = canonical(value)
        builder.add(Indicator(kind, text))
    return compile_columns(builder.columns())


def keys_of(maker: KeyMaker, text: bytes) -> Keys:
    keys = maker.keys(padded(text), PAD, PAD + len(text))
    assert keys is not None
    return keys


def may_hold(keys: Keys, listed: CompiledSet, compressed_bytes: int) -> bool:
    count, data = filters.build(keys, compressed_bytes)
    place = np.zeros(1, np.int64)
    return bool(filters.ask(questions(listed), place, np.array([count]), np.frombuffer(data, np.uint8))[0])


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
def test_networks(network: str, inside: str, outside: str, maker: KeyMaker) -> None:
    listed = compiled(network)
    for address, wanted in ((inside, True), (outside, False)):
        keys = keys_of(maker, f"from {address} port 1\n".encode())
        assert may_hold(keys, listed, 1 << 30) is wanted, address


def test_what_is_not_there_is_denied_but_for_a_few(maker: KeyMaker) -> None:
    text = "\n".join(f"10.0.0.1 asked for h{n}.example.org" for n in range(20_000)).encode()
    keys = keys_of(maker, text)
    wrong = [0, 0]
    for number in range(1500):
        listed = compiled(f"not-there-{number}.example.net")
        wrong[0] += may_hold(keys, listed, 1 << 30)
        wrong[1] += may_hold(keys, listed, 0)
    assert wrong[0] == 0
    assert wrong[1] <= 3


def test_every_key_is_in_a_filter_of_any_size() -> None:
    rng = np.random.default_rng(3)
    for count in (0, 1, 2, 31, 32, 33, 500, 20_000):
        keys = np.unique(rng.integers(1, 1 << 63, count, dtype=np.uint64) * np.uint64(2))
        for size in (0, 1 << 40):
            entries, data = filters.build(keys, size)
            chosen = keys[:: max(1, count // 50)]
            for key in chosen:
                one = np.array([key], np.uint64)
                place = np.zeros(1, np.int64)
                assert filters.ask(one, place, np.array([entries]), np.frombuffer(data, np.uint8))[0]


def test_too_many_different_values_make_no_filter(maker: KeyMaker) -> None:
    text = "\n".join(f"a{n}.b{n}.c{n}.example" for n in range(200_000)).encode()
    assert maker.keys(padded(text), PAD, PAD + len(text)) is None


def test_records_of_binary_logs_have_the_same_keys(maker: KeyMaker) -> None:
    text = "10.0.0.1 203.0.113.66 2001:db8::5 www.evil.example " + "ab" * 32
    keys = keys_of_texts([text])
    assert keys.size == 2 * 2 + 5 + 2 + 1
    assert set(keys.tolist()) <= set(keys_of(maker, text.encode() + b"\n").tolist())
