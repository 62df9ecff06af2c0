"""Columns of values of event log files: what is told at once is what the readers of single values say."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

from lamsach.logs.binary.evtx import columns as evtx_columns
from lamsach.logs.binary.evtx.columns import (
    NOTHING,
    are_ipv4,
    are_names,
    ipv4_answers,
    ipv4_numbers,
    looked_up,
    mention_nothing,
    plain,
    told_apart,
)
from lamsach.logs.binary.evtx.parts import CLIENT, STRANGER, Parts, _came
from lamsach.logs.binary.evtx.rows import NO_PART, Own
from lamsach.logs.events.direction import is_internal
from lamsach.logs.mappings.script_mentions import MAY_MENTION, mentions
from lamsach.logs.mappings.windows.contacts import answers_of
from lamsach.logs.mappings.windows.record import machine_address
from lamsach.logs.text.values import domain_of, ip_of

PIECES = ["a", "B7", ".", "-", "/", "e", "enc", "exe", "DLL", "example", "http", "://", " ", "\n", "\t", "\x1c", ":", "10.0.0.9", "_", "=",
          "SQBFAFgAIABoAHQAdABwADoALwAvAGEA", "ể", "\0", "xn--a", "\u2028"]  # fmt: skip


def wide(*texts: str) -> pa.Array:
    return pa.array([text.encode("utf-16-le") for text in texts], pa.binary())


@pytest.mark.parametrize("seed", range(6))
def test_what_mentions_nothing_by_columns_mentions_nothing(seed: int) -> None:
    chance = random.Random(seed)
    texts = ["".join(chance.choices(PIECES, k=chance.randrange(9))) for _ in range(4000)]
    texts += [f"run{at}.exe -x c:\\windows\\part{at}.dll" for at in range(100)]
    told = mention_nothing(wide(*texts)).tolist()
    assert all(told[-100:])
    assert {text for text, nothing in zip(texts, told, strict=True) if nothing and mentions(text)} == set()


@pytest.mark.parametrize(
    "pattern", [evtx_columns._IPV4, evtx_columns._NAME, evtx_columns._ANSWER, MAY_MENTION]
)
def test_few_texts_are_told_as_many_are(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(5)
    pieces = [*PIECES, "192.0.2.1", "::ffff:", ";", "c2.example", "::ffff:192.0.2.1;"]
    told = ("".join(chance.choices(pieces, k=chance.randrange(5))) for _ in range(4000))
    texts, _ = plain(wide(*told))
    found = []
    for few in (0, len(texts)):
        monkeypatch.setattr(evtx_columns, "_FEW", few)
        found.append(evtx_columns._matching(texts, pattern).tolist())
    assert found[0] == found[1]
    assert set(found[0]) == {True, False}


def test_what_few_texts_mention_is_told_as_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(6)
    values = wide(*("".join(chance.choices(PIECES, k=chance.randrange(7))) for _ in range(6000)))
    found = []
    for few in (0, len(values)):
        monkeypatch.setattr(evtx_columns, "_FEW", few)
        found.append(mention_nothing(values).tolist())
    assert found[0] == found[1]
    assert set(found[0]) == {True, False}


def test_plain_texts() -> None:
    values = pa.concat_arrays([wide("a", "", "ể", "b\0", "cd"), wide("e")])
    texts, usual = plain(values)
    assert usual.tolist() == [True, True, False, False, True, True]
    assert texts.filter(pa.array(usual)).to_pylist() == ["a", "", "cd", "e"]
    assert plain(values.slice(4))[0].to_pylist() == ["cd", "e"]
    assert not plain(pa.array([b"a\0", b"b"]))[1].any()


@pytest.mark.parametrize(
    "name",
    ["c2.example", "a-b_c.example", "C2.example", "c2.example.", "example", ".example", "a..example", "*.example", "x.1", "x.y1", "x.y",
     "192.0.2.1", "a" * 63 + ".example", "a.b c.example", "c2.example\n"],
)  # fmt: skip
def test_names_are_canonical_as_they_stand(name: str) -> None:
    texts, _ = plain(wide(name))
    if are_names(texts)[0]:
        assert domain_of(name) == name
    assert are_names(plain(wide("c2.bad.example"))[0])[0]


@pytest.mark.parametrize("text", ["192.0.2.1", "0.0.0.0", "255.255.255.255", "192.0.2.256", "192.0.2.01", "1.2.3", "1.2.3.4.5", "192.0.2.1\n", ""])  # fmt: skip
def test_addresses_are_canonical_as_they_stand(text: str) -> None:
    texts, _ = plain(wide(text))
    assert are_ipv4(texts)[0] == (ip_of(text) == text)
    answer = f"::ffff:{text};"
    answers, found = ipv4_answers(plain(wide(answer))[0])
    assert not found[0] or tuple(answers.to_pylist()[0]) == answers_of(answer)


def test_whose_address_it_is() -> None:
    firsts = [0, 9, 10, 11, 100, 126, 127, 128, 169, 172, 192, 198, 203, 223, 224, 239, 240, 255]
    addresses = [f"{a}.{b}.1.{c}" for a in firsts for b in (0, 15, 16, 31, 32, 64, 127, 128, 168, 254) for c in (0, 1, 255)]  # fmt: skip
    texts, _ = plain(wide(*addresses))
    assert ipv4_numbers(texts).tolist() == [
        int.from_bytes(bytes(map(int, one.split("."))), "big") for one in addresses
    ]
    kinds = _came(Parts(), [wide(*addresses)], np.arange(len(addresses)), Own(len(addresses)))
    for address, kind in zip(addresses, kinds.tolist(), strict=True):
        expected = CLIENT if is_internal(address) else STRANGER
        assert kind == (expected if machine_address(address) else NO_PART), address


def test_rows_are_told_apart() -> None:
    numbers, values = pa.array([1, 2, 1, 1, 2]), pa.array([b"a", b"a", b"b", b"a", b"a"])
    which, first = told_apart([numbers, NOTHING, values], 5)
    assert [first.tolist()[at] for at in which] == [0, 1, 2, 0, 1]
    seen: list[tuple[object, ...]] = []
    known: dict[tuple[object, ...], int] = {(1, b"", b"a"): 7}

    def new(key: tuple[object, ...], at: int) -> int:
        seen.append((*key, at))
        return len(seen)

    codes = looked_up(known, [numbers, NOTHING, values], new, 5).tolist()
    assert sorted(seen) == [(1, b"", b"b", 2), (2, b"", b"a", 1)]
    assert (codes[0], codes[3], codes[1]) == (7, 7, codes[4])
    assert len({*codes}) == 3


def test_more_possible_rows_than_are_counted() -> None:
    chance = random.Random(1)
    columns = [[chance.randrange(50) for _ in range(3000)] for _ in range(6)]
    columns = [[row % 7 for row in column] if at % 2 else column for at, column in enumerate(columns)]
    which, first = told_apart([pa.array(column) for column in columns], 3000)
    rows = list(zip(*columns, strict=True))
    assert [rows[first[at]] for at in which] == rows
    assert len(first) == len(set(rows))
