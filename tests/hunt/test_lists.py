"""Lists through the cache: the second load gives the same without reading.

A damaged or unwritable cache does no harm.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lamsach.errors import InputError
from lamsach.hunt.cache import cache_folder
from lamsach.hunt.sets.builder import Builder
from lamsach.hunt.sets.compiled import NUMBERS
from lamsach.hunt.sets.lists import SETS_MAX, LoadingLists, load_lists
from lamsach.indicators.lists import read_list, read_quickly
from lamsach.model import Indicator

VALUES = (
    "value,threat,confidence,valid_until\nevil.example,Botnet,80,2030-01-02\n192.0.2.7,,,\n"
    "2001:db8::/64,,,\nhttp://bad.example/x,,,\nhttp://worse.example/24,,,\nhttp://192.0.2.9/24,,,\n"
)


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "list.csv"
    path.write_text(VALUES)
    return path


def test_the_second_time_it_comes_from_the_cache_and_is_the_same(listed: Path) -> None:
    first, second = load_lists([str(listed)]), load_lists([str(listed)])
    assert (first.cached, second.cached) == (False, True)
    assert first.summary == second.summary
    for value in (
        "evil.example",
        "192.0.2.7",
        "2001:db8::/64",
        "http://bad.example/x",
        "http://192.0.2.9/24",
    ):
        assert first.compiled.find(value) == second.compiled.find(value)
        assert second.compiled.find(value).value == value
    found = second.compiled.find("evil.example")
    assert (found.threat, found.confidence, found.valid_until.year) == ("Botnet", 80, 2030)


def test_a_changed_list_is_read_again(listed: Path) -> None:
    load_lists([str(listed)])
    listed.write_text(VALUES.replace("evil", "vile"))
    changed = load_lists([str(listed)])
    assert not changed.cached
    assert changed.compiled.find("vile.example")
    assert changed.compiled.find("evil.example") is None


@pytest.mark.parametrize("name", ["set.json", "keys.npy", "bloom.npy"])
@pytest.mark.parametrize("damage", [b"", b"\0" * 40])
def test_a_damaged_cache_is_passed_over(listed: Path, name: str, damage: bytes) -> None:
    load_lists([str(listed)])
    (saved,) = (cache_folder() / "lists").iterdir()
    (saved / name).write_bytes(damage)
    again = load_lists([str(listed)])
    assert again.compiled.find("evil.example")
    assert load_lists([str(listed)]).cached


def test_a_cache_that_cannot_be_written_is_no_error(listed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocker = listed.with_name("file")
    blocker.write_text("")
    monkeypatch.setenv("LAMSACH_CACHE", str(blocker))
    assert load_lists([str(listed)]).compiled.find("evil.example")


def test_only_the_last_sets_are_stored(listed: Path) -> None:
    for number in range(SETS_MAX + 3):
        listed.write_text(f"evil{number}.example\n")
        load_lists([str(listed)])
    assert len(list((cache_folder() / "lists").iterdir())) == SETS_MAX


def test_a_list_loaded_ahead_is_the_same(listed: Path) -> None:
    calls: list[str] = []
    first = LoadingLists([str(listed)], ahead=True).get(lambda: calls.append("read"))
    second = LoadingLists([str(listed)], ahead=True).get(lambda: calls.append("read"))
    assert (first.cached, second.cached, calls) == (False, True, ["read"])
    assert first.summary == second.summary


@pytest.mark.parametrize("ahead", [False, True])
def test_a_list_without_a_value_is_an_error(listed: Path, ahead: bool) -> None:
    listed.write_text("nothing here\n")
    with pytest.raises(InputError):
        LoadingLists([str(listed)], ahead=ahead).get()


def test_a_plain_list_is_read_in_runs_as_value_by_value(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    kinds = (
        "bot-{0}.top", "45.155.{0}.7", "# Malware: Mirai {0}", "http://drop-{0}.top/a",
        "http://45.155.{0}.9/x", "xn--bnh-{0}-5ya.top", "{0:032x}1", "{0:039x}1", "10.0.0.{0}",
        "45.156.{0}.0/24", "2001:db8::{0}", "hxxp://say-{0}[.]top/b", "evil{0}.top # Mozi", "no value {0}",
    )  # fmt: skip
    path.write_text("\n".join(kind.format(number) for number in range(150) for kind in kinds))
    quick, slow = Builder(), Builder()
    quick.extend(read_quickly(str(path), lambda problem: pytest.fail(str(problem))))
    for item in read_list(str(path), lambda problem: pytest.fail(str(problem))):
        if isinstance(item, Indicator):
            slow.add(item)
    columns, expected = quick.compiled(), slow.compiled()
    assert quick.refused > 150
    for entry in fields(columns):
        actual, wanted = getattr(columns, entry.name), getattr(expected, entry.name)
        if entry.name == "strings":
            continue
        if entry.name == "numbers":
            actual, wanted = _spelt(actual, columns.strings), _spelt(wanted, expected.strings)
        assert np.array_equal(actual, wanted), entry.name


def _spelt(numbers: NDArray[np.int32], strings: list[str]) -> list[list[object]]:
    """Return rows with strings instead of the strings' numbers, which depend on the order of first use."""
    texts = {NUMBERS.index(name) for name in ("threat", "source", "document", "tlp")}
    return [
        [strings[cell] if place in texts and cell >= 0 else cell for place, cell in enumerate(row)]
        for row in numbers.tolist()
    ]
