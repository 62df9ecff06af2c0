"""Sorted runs on disk: same order and merging as lists in memory, at any size of a run."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.indicators.releases import rows as module
from lamsach.indicators.releases.quality import changes
from lamsach.indicators.releases.release import write_release
from lamsach.indicators.releases.rows import CountedSample, Runs
from lamsach.indicators.releases.seal import new_key, private_key
from lamsach.indicators.values.merge import merge
from lamsach.model import Indicator, IndicatorType, Reference
from tests.indicators.releases.differences import difference
from tests.indicators.writers.sample import NOW, SAMPLE

_PLACES = st.builds(
    Reference, st.sampled_from(["a.pdf", "b.xlsx"]), st.none() | st.integers(1, 9),
    st.none() | st.integers(1, 9), st.none() | st.just("lời"), st.none() | st.integers(1, 3)
)  # fmt: skip
_TIMES = st.none() | st.integers(0, 10**6).map(
    lambda number: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=number)
)
_ITEMS = st.builds(
    Indicator, st.sampled_from(IndicatorType), st.sampled_from(["a.top", "b.top", "á.top", "a.top/x", ""]),
    st.none() | st.sampled_from(["Mirai", "Mozi\n\x00"]), st.none() | st.just("Nguồn"), st.none() | _PLACES,
    _TIMES, _TIMES, st.none() | st.integers(0, 100), st.none() | st.just("green"),
    st.lists(_PLACES, max_size=2).map(tuple),
)  # fmt: skip


def in_memory(items: list[Indicator]) -> list[Indicator]:
    known: dict[tuple[IndicatorType, str], Indicator] = {}
    for item in items:
        key = (item.type, item.value)
        known[key] = merge(known[key], item) if key in known else item
    return sorted(known.values(), key=lambda item: (item.type, item.value))


@given(st.lists(_ITEMS, max_size=30), st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_order_and_merging_equal_lists_in_memory(items: list[Indicator], size: int) -> None:
    max_run = module.MAX_RUN
    module.MAX_RUN = size
    try:
        with Runs(items) as runs:
            assert list(runs) == in_memory(items)
            assert list(runs) == in_memory(items), "repeatedly"
            assert next(iter(runs), None) == next(iter(in_memory(items)), None)
    finally:
        module.MAX_RUN = max_run


def test_no_file_remains_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_RUN", 2)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with Runs(SAMPLE) as runs:
        assert len(list(runs)) == len(SAMPLE)
    assert list(tmp_path.iterdir()) == []


def test_a_release_of_runs_equals_that_of_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_RUN", 4)
    new_key(tmp_path / "key")
    first, second = io.BytesIO(), io.BytesIO()
    write_release(first, SAMPLE, private_key(tmp_path / "key"), name="x", version=1, made=NOW)
    with Runs(reversed(SAMPLE)) as runs:
        write_release(second, runs, private_key(tmp_path / "key"), name="x", version=1, made=NOW)
    assert first.getvalue() == second.getvalue()


@given(st.lists(_ITEMS, max_size=12), st.lists(_ITEMS, max_size=12))
@settings(max_examples=40, deadline=None)
def test_changes_of_sorted_lists_are_the_difference(before: list[Indicator], after: list[Indicator]) -> None:
    old, new = in_memory(before), in_memory(after)
    whole = difference(old, new)
    found = list(changes(old, new))
    assert [item for change, item, _, _ in found if change == "added"] == whole.added
    assert [item for change, item, _, _ in found if change == "removed"] == whole.removed
    assert [(was, item, facts) for change, item, was, facts in found if change == "changed"] == whole.changed
    assert sum(change == "same" for change, *_ in found) == whole.same


def test_a_sample_holds_the_first_and_the_count() -> None:
    sample = CountedSample(most=2)
    for item in (SAMPLE[0], SAMPLE[1], replace(SAMPLE[2], threat="x")):
        sample.add(item, "so")
    assert (sample.count, sample.first) == (3, [(SAMPLE[0], "so"), (SAMPLE[1], "so")])
