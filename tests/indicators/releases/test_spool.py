"""Spools of a writer: the same in memory and on the disk, as often as they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.indicators.releases import rows
from lamsach.indicators.releases.rows import Spool
from lamsach.indicators.writers import WRITERS
from lamsach.indicators.writers.base import Writer
from tests.indicators.writers.sample import SAMPLE, T, exported, text_of


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Little is held in memory; the temporary files lie in the folder."""
    monkeypatch.setattr(rows, "MAX_HELD", 4)
    monkeypatch.setattr(rows, "BLOCK", 2)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def test_it_gives_kind_by_kind_in_the_order_of_adding(small: Path) -> None:
    found = Spool(SAMPLE)
    wanted = sorted(SAMPLE, key=lambda item: item.type)
    assert list(found) == wanted == list(found)
    assert len(found) == len(SAMPLE)
    assert found.counts[T.DOMAIN] == 3
    assert list(found.of(T.IP, T.NETWORK)) == [item for item in wanted if item.type in (T.IP, T.NETWORK)]
    assert SAMPLE[3] in found


def test_two_may_read_at_once(small: Path) -> None:
    found = Spool(SAMPLE)
    assert [(one, two) for one, two in zip(found, found, strict=True)] == [(item, item) for item in found]


def test_nothing_stays_on_the_disk(small: Path) -> None:
    found = Spool(SAMPLE)
    assert len(list(found)) == len(SAMPLE)
    del found
    assert list(small.iterdir()) == []


@pytest.mark.parametrize("writer", WRITERS)
def test_a_writer_writes_the_same_from_memory_and_from_the_disk(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    in_memory = text_of(exported(writer))
    monkeypatch.setattr(rows, "MAX_HELD", 3)
    monkeypatch.setattr(rows, "BLOCK", 2)
    monkeypatch.setattr("lamsach.indicators.releases.rows.MAX_RUN", 3)
    assert text_of(exported(writer)) == in_memory


@pytest.mark.parametrize("writer", WRITERS)
def test_a_writer_writes_the_same_whatever_the_order_of_the_list(writer: Writer) -> None:
    assert text_of(exported(writer, SAMPLE[::-1])) == text_of(exported(writer))
