"""Expired values of a list are not searched for, and the result reports it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lamsach.errors import InputError
from lamsach.model import IndicatorType
from lamsach.scanner.index import Index, build_index

from .planted import SMALL, scan_paths

NOW = datetime(2026, 6, 1, tzinfo=UTC)
T = IndicatorType


def listed(folder: Path, *rows: tuple[str, str], name: str = "list.csv") -> str:
    path = folder / name
    path.write_text("value,valid_until\n" + "".join(f"{value},{until}\n" for value, until in rows))
    return str(path)


@pytest.mark.parametrize(
    ("until", "found"),
    [
        ("", True),
        ("2026-06-02", True),
        ("2026-06-01T00:00:01Z", True),
        ("2026-06-01T00:00:00Z", False),
        ("2026-05-31", False),
    ],
)
def test_a_value_is_searched_for_until_it_expires(tmp_path: Path, until: str, found: bool) -> None:
    loaded = build_index([listed(tmp_path, ("bot-c2.xyz", until), ("evil-b.top", ""))], NOW)
    index = Index(loaded.path)
    try:
        assert (index.covering(T.DOMAIN, "a.bot-c2.xyz") is not None) is found
        assert (loaded.count, loaded.expired) == ((2, 0) if found else (1, 1))
    finally:
        index.close()
        loaded.close()


def test_one_list_with_a_later_date_is_enough(tmp_path: Path) -> None:
    paths = [
        listed(tmp_path, ("bot-c2.xyz", "2026-01-01"), ("evil-b.top", "2026-01-01"), name="a.csv"),
        listed(tmp_path, ("bot-c2.xyz", "2027-01-01"), ("evil-b.top", ""), name="b.csv"),
    ]
    for order in (paths, paths[::-1]):
        loaded = build_index(order, NOW)
        assert (loaded.count, loaded.expired) == (2, 0)
        loaded.close()


def test_the_digest_names_the_list_whatever_the_day(tmp_path: Path) -> None:
    path = listed(tmp_path, ("bot-c2.xyz", "2026-01-01"), ("evil-b.top", ""))
    early, late = build_index([path], NOW - timedelta(days=365)), build_index([path], NOW)
    assert (early.digest, early.count, late.count) == (late.digest, 2, 1)
    early.close()
    late.close()


def test_a_list_of_expired_values_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="past its end"):
        build_index([listed(tmp_path, ("bot-c2.xyz", "2026-01-01"))], NOW)


def test_the_result_reports_expired_values(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "bad").write_bytes(b"x" * 3000)
    digest = hashlib.sha256(b"x" * 3000).hexdigest()
    old = [(f"c{number}.bot-c2.xyz", "2001-01-01") for number in range(300)]
    path = listed(tmp_path, (digest, "2001-01-01"), ("evil-b.top", ""), *old)
    result = scan_paths(tmp_path / "f", lists=[path], limits=SMALL)
    assert not result.findings
    assert (result.list_count, result.skipped["expired"]) == (1, 301)
    assert len([skip for skip in result.skips if skip.reason == "expired"]) == 200
