"""A unit without logs counts as unsearched wherever machines are counted, never as zero."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases import coverage
from lamsach.portal.cases.coverage import find_unsearched, unsearched_by_child
from lamsach.portal.findings.models import CoverageDay
from lamsach.portal.units import tree
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import today

from .bundles import FIREWALL, Contact, day, device, findings, hand_in
from .conftest import Cast

pytestmark = pytest.mark.django_db
KEY = "mac:02:00:00:00:00:01"


def searched(campaign: Campaign, unit: Unit, on: date | None = None) -> None:
    CoverageDay.objects.create(campaign=campaign, unit=unit, observer=FIREWALL, day=on or day(-1), lines=1)


def text(cast: Cast, name: str, path: str) -> str:
    answer = cast.client(name).get(path)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_a_unit_without_logs_is_not_searched(cast: Cast, campaign: Campaign) -> None:
    assert find_unsearched(campaign, cast.centre.pk).tops == {cast.first.pk, cast.second.pk}
    assert find_unsearched(campaign, cast.first.pk).tops == {cast.first.pk}
    searched(campaign, cast.first)
    assert find_unsearched(campaign, cast.first.pk).count == 0
    assert find_unsearched(campaign, cast.centre.pk).tops == {cast.second.pk}
    whole = find_unsearched(campaign, cast.root.pk)
    assert whole.tops == {cast.second.pk, cast.other.pk}, "a branch without a log counts once"
    assert unsearched_by_child(whole, [cast.centre.pk, cast.other.pk]) == {
        cast.centre.pk: 1,
        cast.other.pk: 1,
    }
    searched(campaign, cast.second, day(1))
    assert find_unsearched(campaign, cast.centre.pk).tops == {cast.second.pk}, "as of a day"
    assert find_unsearched(campaign, cast.centre.pk, day(1)).count == 0


def test_rooms_are_in_the_logs_of_their_unit_and_branches_are_not(cast: Cast, campaign: Campaign) -> None:
    searched(campaign, cast.centre)
    found = find_unsearched(campaign, cast.root.pk)
    assert (found.tops, found.shared) == ({cast.other.pk}, {cast.first.pk, cast.second.pk})
    searched(campaign, cast.root)
    assert find_unsearched(campaign, cast.root.pk).tops == {cast.other.pk}, (
        "a unit with units of its own needs its own logs"
    )


def test_machines_without_a_whole_day_of_logs_are_found_and_the_unit_is_not_searched(
    cast: Cast, campaign: Campaign
) -> None:
    hand_in(cast, campaign, findings([device(KEY)], [Contact(KEY, {day(-2): 3})], partial=True))
    assert cast.first.pk in find_unsearched(campaign, cast.centre.pk).tops


@pytest.mark.parametrize("path", ["", "dashboard/", "coverage/"])
def test_the_pages_of_machines_say_so(path: str, cast: Cast, campaign: Campaign) -> None:
    searched(campaign, cast.first)
    page = text(cast, "coordinator", f"/office/campaigns/{campaign.pk}/machines/{path}?unit={cast.centre.pk}")
    assert "not searched" in page
    assert re.search(r"Phòng Hai.{0,60}not searched", page), page
    assert "Phòng Một" in page
    assert not re.search(r"Phòng Hai G06.12.02 . not searched 0 0", page)


def test_the_units_table_shows_no_zero_where_nothing_was_searched(cast: Cast, campaign: Campaign) -> None:
    searched(campaign, cast.first)
    page = text(cast, "coordinator", f"/office/campaigns/{campaign.pk}/machines/?unit={cast.centre.pk}")
    assert re.search(r"Phòng Một G06.12.01 logs searched 0 0 0 0 0", page), page
    assert re.search(r"Phòng Hai G06.12.02 \? not searched – – – – –", page), page
    assert "1 units not searched: no logs" in page
    above = text(cast, "authority", f"/office/campaigns/{campaign.pk}/machines/?unit={cast.root.pk}")
    assert re.search(r"Trung tâm A G06.12 1 units not searched 0", above), above


@pytest.mark.parametrize("path", ["", "day/"])
def test_no_zero_is_shown_where_nothing_at_all_was_searched(
    path: str, cast: Cast, campaign: Campaign
) -> None:
    address = f"/office/campaigns/{campaign.pk}/machines/{path}?unit={cast.centre.pk}"
    blank = text(cast, "coordinator", address)
    shown = r"found – –" if path else r"– found – open"
    assert re.search(shown, blank), blank
    searched(campaign, cast.first)
    assert re.search(r"found 0 0" if path else r"0 found 0 open", text(cast, "coordinator", address))


def test_home_counts_them(cast: Cast, campaign: Campaign) -> None:
    searched(campaign, cast.first)
    assert "1 ○ units not searched: no logs" in text(cast, "coordinator", "/office/")
    assert "not searched" not in text(cast, "officer", "/office/")
    CoverageDay.objects.all().delete()
    assert "1 ○ units not searched: no logs" in text(cast, "officer", "/office/"), (
        "also a unit without subordinates"
    )


def test_exports_say_it_of_each_unit(cast: Cast, campaign: Campaign) -> None:
    searched(campaign, cast.first)
    path = f"/office/fleet/{campaign.pk}/export/?unit={cast.centre.pk}&as="
    answer = cast.client("coordinator").get(path + "json")
    rows = json.loads(b"".join(answer))  # type: ignore[arg-type]
    assert {row["code"]: row["logs"] for row in rows} == {
        "G06.12": "part",
        "G06.12.01": "searched",
        "G06.12.02": "not_searched",
    }
    sheet = b"".join(cast.client("coordinator").get(path + "csv")).decode()  # type: ignore[arg-type]
    assert "not searched" in next(line for line in sheet.splitlines() if "G06.12.02" in line)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_against_a_slow_count(cast: Cast, campaign: Campaign, data: st.DataObject) -> None:
    """For any tree and any units with logs, the query equals the definition."""
    CoverageDay.objects.all().delete()
    start, stem = today() - timedelta(days=1), f"T{Unit.objects.count()}"
    units = [tree.create(stem, stem, None, start)]
    parents = data.draw(st.lists(st.integers(0, 6), min_size=1, max_size=7))
    for number, place in enumerate(parents, 1):
        parent = units[min(place, number - 1)]
        units.append(tree.create(f"{parent.code}.{number:02d}", "x", parent, start))
    own = data.draw(st.sets(st.integers(0, len(units) - 1)))
    for place in own:
        searched(campaign, units[place])
    logs = {units[place].pk for place in own}
    children: dict[int, list[int]] = {unit.pk: [] for unit in units}
    for unit in units[1:]:
        assert unit.parent_id is not None
        children[unit.parent_id].append(unit.pk)

    def any_logs(unit: int) -> bool:
        return unit in logs or any(any_logs(child) for child in children[unit])

    def tops(unit: int) -> set[int]:
        found: set[int] = set()
        for child in children[unit]:
            if any_logs(child):
                found |= tops(child)
            elif children[child] or unit not in logs:
                found.add(child)
        return found

    for unit in units:
        expected = tops(unit.pk) if any_logs(unit.pk) else set(children[unit.pk]) or {unit.pk}
        assert find_unsearched(campaign, unit.pk).tops == expected
        with mock.patch.object(coverage, "_PART", 0):  # as for a large tree, where all links are read
            assert find_unsearched(campaign, unit.pk).tops == expected


def test_what_a_cut_off_unit_states_goes_up_with_what_it_lacks(cast: Cast, campaign: Campaign) -> None:
    from lamsach.portal.cases.tally import Statement

    common: dict[str, Any] = {"unit_id": cast.first.pk, "day": today(), "at": None}
    assert Statement(counts={}, **common).searched is False
