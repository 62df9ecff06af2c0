from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.indicators.values.exceptions import ExceptionSet
from lamsach.indicators.values.normalise import canonical_values
from lamsach.model import IndicatorType, Problem

LIST = """good.example
198.51.100.0/24
2001:db8:1::/48
203.0.113.7
10.0.0.0/8
http://shared.example/own/
gov.vn
5f4dcc3b5aa765d61d8327deb882cf99
what is this
"""


@pytest.fixture
def exceptions(tmp_path: Path) -> tuple[ExceptionSet, list[Problem]]:
    (tmp_path / "good.txt").write_text(LIST)
    problems: list[Problem] = []
    return ExceptionSet.read([str(tmp_path / "good.txt")], problems.append), problems


@pytest.mark.parametrize(
    ("value", "row"),
    [
        ("good.example", 1),
        ("www.good.example", 1),
        ("http://good.example/a", 1),
        ("https://www.good.example:8443/a?b", 1),
        ("notgood.example", None),
        ("example", None),
        ("198.51.100.9", 2),
        ("198.51.100.128/25", 2),
        ("198.51.0.0/16", None),
        ("http://198.51.100.9:8080/a", 2),
        ("2001:db8:1::5", 3),
        ("http://[2001:db8:1::5]/a", 3),
        ("203.0.113.7", 4),
        ("203.0.113.8", None),
        ("http://shared.example/own", 6),
        ("http://shared.example/own/page?x=1", 6),
        ("http://shared.example/owner", None),
        ("http://shared.example/other", None),
        ("moet.gov.vn", 7),
        ("5f4dcc3b5aa765d61d8327deb882cf99", 8),
    ],
)
def test_values_covered_by_exceptions(
    exceptions: tuple[ExceptionSet, list[Problem]], value: str, row: int | None
) -> None:
    kind, text = (IndicatorType.DOMAIN, value) if value == "example" else canonical_values(value)[0]
    found = exceptions[0].covers(kind, text)
    assert (found.row if found else None) == row


def test_private_addresses_may_be_exceptions(exceptions: tuple[ExceptionSet, list[Problem]]) -> None:
    found = exceptions[0].covers(IndicatorType.IP, "10.1.2.3")
    assert found is not None
    assert found.row == 5


def test_unreadable_entries_are_reported(exceptions: tuple[ExceptionSet, list[Problem]]) -> None:
    assert [problem.what for problem in exceptions[1]] == ["This exception was not understood."]


def test_an_empty_set_covers_nothing() -> None:
    assert not ExceptionSet()
    assert ExceptionSet().covers(IndicatorType.DOMAIN, "good.example") is None


def test_values_that_an_exceptions_list_only_mentions_are_no_exceptions(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text(
        "# not evil-a.top, ask soc@unit.vn or 10.0.0.1\ngood.example # replaces evil-b.top\n"
    )
    (tmp_path / "good.csv").write_text(
        "Domain,Note,source_url\ngood-b.example,in place of evil-c[.]top and evil-d.top,https://evil-e.top/x\n"
    )
    (tmp_path / "good.md").write_text(
        "# evil-f.top\n\n| Domain | Note |\n|---|---|\n| good-c.example | was evil-g[.]top |\n"
    )
    problems: list[Problem] = []
    found = ExceptionSet.read(
        [str(tmp_path / f"good.{kind}") for kind in ("txt", "csv", "md")], problems.append
    )
    assert problems == []
    assert all(
        found.covers(*canonical_values(name)[0])
        for name in ("good.example", "good-b.example", "good-c.example")
    )
    assert found.covers(*canonical_values("https://evil-e.top/x")[0]) is None
    assert not any(found.covers(*canonical_values(f"evil-{letter}.top")[0]) for letter in "abcdefg")
