"""Long lists: versions, changes and outlets are made without holding the list in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lamsach.indicators.releases import rows as runs
from lamsach.indicators.values.listings import IndicatorColumns
from lamsach.portal.lists import outlets, releases, versions
from lamsach.portal.lists.models import Document, Listed

from . import list_samples
from .conftest import Cast


def names(first: int, count: int) -> str:
    return "".join(f"c{number:05}.bot-c2.xyz\n" for number in range(first, first + count))


@pytest.fixture
def scarce(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limit spooled values to a hundred, and forbid whole lists in memory."""

    def refused(self: IndicatorColumns) -> None:
        raise AssertionError("the list is held as a whole")

    monkeypatch.setattr(runs, "MAX_RUN", 100)
    monkeypatch.setattr(IndicatorColumns, "__init__", refused)


def test_versions_and_their_changes_are_made_in_pieces(
    cast: Cast, scarce: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "SHOWN", 20)
    list_samples.add(cast, names(0, 1000))
    first = list_samples.next_version(cast)
    assert (first.count, first.added, first.removed, first.changed) == (1000, 1000, 0, 0)
    Document.objects.update(withdrawn=datetime.now(UTC))
    list_samples.add(cast, names(100, 1000))
    second = list_samples.next_version(cast)
    assert (second.count, second.added, second.removed, second.changed) == (1000, 100, 100, 0)
    assert [item.value for item in versions.values(second)][:1] == ["c00100.bot-c2.xyz"]
    assert Listed.objects.filter(list=second.list).count() == 1000
    found = versions.changes_of(second)
    assert found is not None
    assert [item.value for item in found.added] == [
        f"c{number:05}.bot-c2.xyz" for number in range(1000, 1020)
    ]
    assert (len(found.removed), found.counts["removed"]) == (20, 100)
    assert {item.reference.document for item in found.added if item.reference} == {"phu-luc.txt"}


def test_the_page_of_a_version_compares_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.DATA = tmp_path
    list_samples.add(cast, "bot-c2.xyz\n")
    list_samples.next_version(cast)
    list_samples.add(cast, "evil-b.top\n")
    version = list_samples.next_version(cast)
    monkeypatch.setattr(versions, "MOST", 0)
    monkeypatch.setattr(releases, "values", lambda version: pytest.fail("it reads the version again"))
    page = cast.client("coordinator").get(f"/office/blocklists/versions/{version.pk}/").content.decode()
    assert "evil-b.top" in page
    monkeypatch.undo()
    for path in (tmp_path / "changes").iterdir():
        path.unlink()
    version_ = versions.changes_of(version)
    assert version_ is not None
    assert [item.value for item in version_.added] == ["evil-b.top"], "made anew when the file is gone"
    monkeypatch.setattr(versions, "MOST", 0)
    for path in (tmp_path / "changes").iterdir():
        path.write_text("{")
    assert versions.changes_of(version) is None


def test_the_times_of_an_outlet_are_those_of_its_values(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.DATA = tmp_path
    ends = [datetime(2030, 1, day, tzinfo=UTC) for day in (5, 3, 4)]
    rows = "".join(f"c{number}.bot-c2.xyz,{end:%Y-%m-%d}\n" for number, end in enumerate(ends))
    list_samples.add(cast, "domain,valid_until\n" + rows, "a.csv")
    version = list_samples.next_version(cast)
    assert outlets._moment(version, version.made) == version.made
    assert outlets._moment(version, ends[2] + timedelta(hours=1)) == ends[2]
    monkeypatch.setattr(releases, "values", lambda version: pytest.fail("it reads the version again"))
    assert outlets._moment(version, ends[0]) == ends[0]


def test_a_killed_worker_completes_the_index(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    kept_list = list_samples.add(cast, names(0, 30)).list
    with monkeypatch.context() as changed:
        changed.setattr(versions, "index", killed)
        with pytest.raises(KeyboardInterrupt):
            list_samples.next_version(cast)
    assert (versions.latest(kept_list) is not None, versions.places([kept_list], "c00007.bot-c2.xyz")) == (
        True,
        [],
    )
    version = list_samples.next_version(cast)
    assert (version.number, version.count) == (1, 30)
    assert len(versions.places([kept_list], "c00007.bot-c2.xyz")) == 1
