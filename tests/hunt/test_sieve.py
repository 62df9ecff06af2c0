"""The sieve's contract: no false negatives.

The two stages together find all that a slow and simple matcher finds.
"""

from __future__ import annotations

import io
import os
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.hunt.chunks import Pool, cut
from lamsach.hunt.kernel.layout import BLOCK
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.sets.builder import Builder
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.hunt.workers import sieved
from lamsach.indicators.values.normalise import canonical_values
from lamsach.logs.opening.encodings import decode_line
from lamsach.model import Event, Indicator

from . import planted_lines, reference

SOAK_PARTS = 20


class Stream:
    """A stream over bytes that returns any small number of them at a time."""

    def __init__(self, data: bytes, step: int = 1 << 20) -> None:
        self._data = io.BytesIO(data)
        self._step = step
        self.position = 0

    def readinto(self, buffer: memoryview) -> int:
        count = self._data.readinto(buffer[: self._step])
        self.position += count
        return count


def compiled_of(values: list[str]) -> CompiledSet:
    builder = Builder()
    for value in values:
        kind, text = canonical_values(value)[0]
        builder.add(Indicator(kind, text))
    return builder.compiled()


@pytest.fixture(scope="module")
def compiled() -> CompiledSet:
    return compiled_of(planted_lines.INDICATORS)


def candidate_lines(
    compiled: CompiledSet, data: bytes, chunk_bytes: int = 1 << 16, threads: int = 1
) -> set[int]:
    """Return the 0-based numbers of the lines that the sieve passes."""
    free = Pool(2 * threads + 1, chunk_bytes)
    source = ((0, chunk) for chunk in cut(Stream(data), free))
    passed: set[int] = set()
    number = 0
    for part in sieved(compiled, source, free, threads):
        feeds = np.flatnonzero(part.chunk.buffer.array[part.chunk.begin : part.chunk.end] == 10)
        lines = np.searchsorted(feeds, part.hits - part.chunk.begin) + number
        passed.update(lines.tolist())
        if part.chunk.whole_end:
            number += part.lines.feeds
        free.put(part.chunk.buffer)
    return passed


def check_planted(compiled: CompiledSet, seed: int, count: int, chunk_bytes: int, threads: int) -> int:
    """Plant, sieve, and match; return the number of planted values. Fails on the first missed value."""
    rng = random.Random(seed)
    lines = [planted_lines.line(rng) for _ in range(count)]
    ending = rng.choice([b"\n", b"\r\n"])
    data = ending.join(item.line for item in lines) + rng.choice([b"", b"\n"])
    passed = candidate_lines(compiled, data, chunk_bytes, threads)
    matcher = Matcher(compiled)
    planted = 0
    for number, item in enumerate(lines):
        if item.value is None:
            continue
        planted += 1
        assert number in passed, (seed, number, item)
        text = decode_line(item.line)
        assert item.value in {match.indicator.value for match in matcher.line(Event(), text)}, (seed, item)
    return planted


@pytest.mark.parametrize("seed", range(10))
def test_no_planted_value_is_missed(compiled: CompiledSet, seed: int) -> None:
    chunk_bytes = [8192, 10_007, 65_536, 1 << 18][seed % 4]
    assert check_planted(compiled, seed, 8_000, chunk_bytes, threads=1 + seed % 3) > 3_600


@pytest.mark.soak
@pytest.mark.parametrize("part", range(SOAK_PARTS))
def test_millions_of_planted_values_are_found(compiled: CompiledSet, part: int) -> None:
    wanted = int(os.environ.get("SOAK_TOKENS", 10_000_000)) // SOAK_PARTS
    planted, seed = 0, 1_000 + 10_000 * part
    while planted < wanted:
        planted += check_planted(compiled, seed, 100_000, random.Random(seed).randrange(8192, 1 << 20), 2)
        seed += 1


WORDS = st.one_of(
    st.sampled_from(planted_lines.INDICATORS),
    st.sampled_from([item.title() for item in planted_lines.NAMES]),
    st.sampled_from(planted_lines.NOISE),
    st.sampled_from(planted_lines.BEFORE + planted_lines.AFTER),
    st.text(alphabet="abcdef0123456789.:-_()%\\/ evil", max_size=20),
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(WORDS, max_size=12).map("".join))
def test_what_the_reference_finds_passes_the_sieve(compiled: CompiledSet, text: str) -> None:
    line = text.replace("\n", " ").replace("\r", " ")
    expected = reference.found(line, planted_lines.INDICATORS)
    if expected:
        assert candidate_lines(compiled, line.encode()) == {0}
        assert expected <= {match.indicator.value for match in Matcher(compiled).line(Event(), line)}


def test_what_begins_like_an_escape_passes_as_written_too() -> None:
    """`%e7d705..` may be a digest behind a percent sign, or a digest without an escape before it.

    The matcher tries both, so the sieve has to.
    """
    values = [
        "e7d705a3286e19ea42f587b344ee6865", "011f5a3286e19ea42f587b344ee68650", "252f" * 10, "0a" * 32,
        "2001:db8::1", "abcd:ef01:2:3:4:5:6:7", "2a0b::25", "fe.evil.example", "2fa.example",
        "25ab.evil.example", "203.0.113.9", "20.0.113.9", "25.0.113.9",
    ]  # fmt: skip
    compiled = compiled_of(values)
    matcher = Matcher(compiled)
    lines = [
        f"x {sign}{value} y"
        for value in values
        for sign in ("%", "%25", "%20", "#", "#011", "\\", "\\x", "\\u", "=%", "%%")
    ]
    passed = candidate_lines(compiled, "\n".join(lines).encode())
    found = {number for number, line in enumerate(lines) if [*matcher.line(Event(), line)]}
    assert [lines[number] for number in sorted(found - passed)] == []
    assert len(found) > len(lines) // 2


def test_a_value_directly_behind_any_escape_passes() -> None:
    """`ip%20203.0.113.9`: the digits of an escape touch those of an address or a digest."""
    values = [
        "e7d705a3286e19ea42f587b344ee6865",
        "2001:db8::1",
        "fe.evil.example",
        "203.0.113.9",
        "20.0.113.9",
        "5.0.113.9",
    ]
    signs = [
        *(sign for code in range(256) for sign in (f"%{code:02x}", f"%{code:02X}", f"\\{code:03d}")),
        *(sign for code in range(128)
            for sign in (f"%25{code:02X}", f"\\x{code:02x}", f"\\u{code:04x}", f"#{code:03o}")),
        *(f"\\{chr(code)}" for code in range(33, 127)),
    ]  # fmt: skip
    compiled = compiled_of(values)
    matcher = Matcher(compiled)
    lines = [f"x {sign}{value} y" for value in values for sign in signs]
    passed = candidate_lines(compiled, "\n".join(lines).encode())
    found = {number for number, line in enumerate(lines) if [*matcher.line(Event(), line)]}
    assert [lines[number] for number in sorted(found - passed)] == []
    assert len(found) > len(lines) // 2


@pytest.mark.parametrize("size", [100, 8191, 8192, 8193, 20_000, 3_000_000])
@pytest.mark.parametrize("value", ["evil.example", "203.0.113.9", planted_lines.DIGESTS[2], "2001:db8::1"])
def test_a_value_in_a_line_longer_than_a_chunk(compiled: CompiledSet, size: int, value: str) -> None:
    data = b"x " * (size // 2) + value.encode() + b" y" * (size // 2) + b"\nnext\n"
    assert candidate_lines(compiled, data, chunk_bytes=8192) == {0}


@pytest.mark.parametrize("shift", range(140))
def test_a_value_anywhere_in_a_block(compiled: CompiledSet, shift: int) -> None:
    for value in (
        "www.evil.example",
        "203.0.113.9",
        planted_lines.DIGESTS[0],
        "2001:db8::1",
        "(4)evil(7)example(0)",
    ):
        data = b"\n" + b"-" * (8192 - 70 + shift) + b" " + value.encode() + b"\n"
        assert candidate_lines(compiled, data, chunk_bytes=1 << 16) == {1}, value


@pytest.mark.parametrize("spare", range(-2, 3))
@pytest.mark.parametrize("value", ["www.evil.example", "203.0.113.9", "x." * 40 + "evil.example"])
@pytest.mark.parametrize("blocks", [1, 2])
def test_a_value_that_ends_with_the_data_at_the_end_of_a_block(
    compiled: CompiledSet, blocks: int, value: str, spare: int
) -> None:
    data = b"-\n" + b" " * (blocks * BLOCK - 2 - len(value) + spare) + value.encode()
    assert candidate_lines(compiled, data, chunk_bytes=1 << 16) == {1}


@pytest.mark.parametrize("before", range(1, 140))
def test_a_value_behind_many_numbers(compiled: CompiledSet, before: int) -> None:
    numbers = "1790000012.123456 0.5 7. .5 1.2.3 12.a " * 4
    for value in ("evil.example", "203.0.113.9", "0.evil.example", "1.2evil.x-1.co"):
        data = f"-\n{'7' * before}.{'5' * before} {numbers}{value}".encode()
        assert candidate_lines(compiled, data) == {1}, value


def test_an_address_deep_in_a_long_run_of_name_bytes(compiled: CompiledSet) -> None:
    data = b"-\n" + b"a" * 400 + b".b203.0.113.9c." + b"d" * 400 + b"\n"
    assert candidate_lines(compiled, data) == {1}


def test_a_long_name_whose_first_label_alone_is_international() -> None:
    compiled = compiled_of(["xn--bcher-kva." + "l" * 60 + ".example"])
    name = "b\u00fccher." + "l" * 60 + ".example"
    assert candidate_lines(compiled, name.encode()) == {0}


def test_a_token_without_end_takes_linear_time(compiled: CompiledSet) -> None:
    for unit in (b"a.", b"1.", b"1.1.1.1.", b"f", b"::", b"a:", b"(1)a", b"%41", b"\\x41", b"."):
        candidate_lines(compiled, unit * (4_000_000 // len(unit)) + b"\n", chunk_bytes=1 << 20)


@pytest.mark.parametrize(
    "line",
    ["notevil.example", "evil.example.com", "1203.0.113.9", "203.0.113.90", "evil.examples", "101.100.8.0",
     "101.100.3.255",
     "999.101.100.4", "256.1.1.1",
     "2001:db8::2", planted_lines.DIGESTS[0] + "0", "x" + "evil.example", "EVIL.EXAMPLE-", ""],
)  # fmt: skip
def test_what_only_looks_alike_does_not_match(compiled: CompiledSet, line: str) -> None:
    assert Matcher(compiled).line(Event(), line) == []


def test_more_candidates_than_fit_at_once(compiled: CompiledSet) -> None:
    data = b"evil.example\n" * 200_000
    assert len(candidate_lines(compiled, data, chunk_bytes=4 << 20)) == 200_000


def test_an_empty_list_of_kinds_finds_nothing() -> None:
    assert (
        candidate_lines(compiled_of(["evil.example"]), b"203.0.113.9 0cc175b9c0f1b6a831c399e269772661\n")
        == set()
    )


def test_idn_in_either_spelling_and_escaped() -> None:
    compiled = compiled_of(["xn--bcher-kva.example"])
    lines = [
        "bücher.example",
        "BÜCHER.example",
        "xn--bcher-kva.example",
        "http://b%C3%BCcher.example/x",
        "b\\195\\188cher.example",
    ]
    for line in lines:
        assert candidate_lines(compiled, line.encode()) == {0}, line
        assert Matcher(compiled).line(Event(), line), line


TOUCHED = ["“{}”", "‘{}’", "域名：{}，", "访问{}的", "\u00a0{}\u00a0", "（{}）", "【{}】", "«{}»", "→{}→",
    "…{}…", "、{}。", "từ：{}", "\u200b{}\u200b", "домен{}домен"]  # fmt: skip
RELAYED = ["#011{}#012", "#015{}#015#012", "a#011{}#011b", "query #000{}#040"]
VALUES = ["evil-site.example", "203.0.113.9", "2001:db8::1", "ab" * 32, "cd" * 16, "1and1.deep.name.example",
    "l" * 50 + ".name.example"]  # fmt: skip


@pytest.mark.parametrize("idn", [False, True])
def test_a_value_next_to_other_scripts_punctuation_or_a_relays_escape(idn: bool) -> None:
    compiled = compiled_of([*VALUES, "xn--bcher-kva.example"] if idn else VALUES)
    matcher = Matcher(compiled)
    lines = [f"x {frame.format(value)} y" for frame in [*TOUCHED, *RELAYED] for value in VALUES]
    for line in lines:
        assert len(matcher.line(Event(), line)) == 1, line
    passed = candidate_lines(compiled, "\n".join(lines).encode())
    assert [line for number, line in enumerate(lines) if number not in passed] == []


def test_an_idn_name_touches_punctuation() -> None:
    compiled = compiled_of(["xn--bcher-kva.example"])
    for frame in TOUCHED:
        line = f"x {frame.format('bücher.example')} y"
        assert candidate_lines(compiled, line.encode()) == {0}, line
        if "的" not in frame and "домен" not in frame:  # letters: a longer name
            assert len(Matcher(compiled).line(Event(), line)) == 1, line


@pytest.mark.parametrize(
    "line",
    ["éevil-site.example", "evil-site.exampleé", "evil-site.example-ü", "x#011evil.notevil-site.example",
     "#9evil-site.example"]
)  # fmt: skip
def test_a_latin_letter_makes_a_longer_name(line: str) -> None:
    assert Matcher(compiled_of(VALUES)).line(Event(), line) == []


def test_a_saved_set_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lamsach.hunt.sets.lists import load_lists

    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join(planted_lines.INDICATORS))
    first, second = load_lists([str(listed)]), load_lists([str(listed)])
    assert (first.cached, second.cached) == (False, True)
    assert first.summary == second.summary
    data = b"\n".join(planted_lines.line(random.Random(seed)).line for seed in range(500))
    assert candidate_lines(first.compiled, data) == candidate_lines(second.compiled, data) != set()
