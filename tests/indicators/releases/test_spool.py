"""Spools of a writer: the same in memory and on disk, in repeated reads."""

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
    """Limit memory to a few values, and put the temporary files into the folder."""
    monkeypatch.setattr(rows, "MAX_HELD", 4)
    monkeypatch.setattr(rows, "BLOCK", 2)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def test_values_come_by_type_in_the_order_of_addition(small: Path) -> None:
    found = Spool(SAMPLE)
    wanted = sorted(SAMPLE, key=lambda item: item.type)
    assert list(found) == wanted == list(found)
    assert len(found) == len(SAMPLE)
    assert found.counts[T.DOMAIN] == 3
    assert list(found.of(T.IP, T.NETWORK)) == [item for item in wanted if item.type in (T.IP, T.NETWORK)]
    assert SAMPLE[3] in found


def test_two_concurrent_readers(small: Path) -> None:
    found = Spool(SAMPLE)
    assert [(first, second) for first, second in zip(found, found, strict=True)] == [
        (item, item) for item in found
    ]


def test_no_file_remains_on_disk(small: Path) -> None:
    found = Spool(SAMPLE)
    assert len(list(found)) == len(SAMPLE)
    del found
    assert list(small.iterdir()) == []


@pytest.mark.parametrize("writer", WRITERS)
def test_a_writer_writes_the_same_from_memory_and_disk(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    in_memory = text_of(exported(writer))
    monkeypatch.setattr(rows, "MAX_HELD", 3)
    monkeypatch.setattr(rows, "BLOCK", 2)
    monkeypatch.setattr("lamsach.indicators.releases.rows.MAX_RUN", 3)
    assert text_of(exported(writer)) == in_memory


@pytest.mark.parametrize("writer", WRITERS)
def test_a_writer_writes_the_same_for_any_order_of_the_list(writer: Writer) -> None:
    assert text_of(exported(writer, SAMPLE[::-1])) == text_of(exported(writer))
