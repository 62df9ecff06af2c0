"""Verification of cleaned machines by quiet days with logs, and the numbers of each day."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from lamsach.portal.cases.models import Case, CaseState, Span
from lamsach.portal.cases.tally import case_counts, case_counts_by_child
from lamsach.portal.cases.tasks import recompute_waiting
from lamsach.portal.cases.upkeep import move

from .bundles import FIREWALL, ONE, Contact, day, device, findings, hand_in, scan, work
from .case_samples import cleaned, cover, found
from .conftest import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seven_quiet_days")]


def test_quiet_days_with_logs_verify(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    cover(case, range(1, 7))
    assert (case.state, case.quiet) == ("cleaned", 6)
    cover(case, range(7, 8))
    assert case.state == "verified"
    assert case.steps.last().computed  # type: ignore[union-attr]


def test_without_logs_it_is_blind_and_never_verified(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    assert case.state == "blind"
    assert case.missing[0]["observer"] == FIREWALL
    cover(case, range(1, 10), "another")
    assert case.state == "blind", "the logs of another observer prove nothing"


def test_a_hole_in_the_logs_delays(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign, 12)
    cover(case, range(8, 12))
    assert case.state == "blind"
    cover(case, range(1, 3))
    assert (case.state, case.quiet) == ("cleaned", 6)
    cover(case, range(3, 4))
    assert case.state == "verified"


def test_a_new_hit_reinfects_also_what_was_verified(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    cover(case, range(1, 10))
    assert case.state == "verified"
    found(cast, campaign, Contact(days={day(-1): 1}))
    case.refresh_from_db()
    assert case.state == "reinfected"
    assert [step.after for step in case.steps.filter(computed=True)][-2:] == ["verified", "reinfected"]
    move(case, CaseState.WORKING, cast.people["officer"])
    assert case.state == "working"


def test_a_late_log_corrects_the_past(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign, 12)
    cover(case, range(1, 12))
    assert [span.state for span in case.spans.filter(known_until=None)] == ["new", "cleaned", "verified"]
    found(cast, campaign, Contact(days={day(-9): 2}))
    assert [(span.state, span.valid_from) for span in case.spans.filter(known_until=None)] == [
        ("new", day(-19)),
        ("cleaned", day(-12)),
        ("reinfected", day(-9)),
    ]


def test_the_worker_lets_quiet_days_pass(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    cover(case, range(1, 8))
    Case.objects.update(state="cleaned")
    assert recompute_waiting() == 1
    case.refresh_from_db()
    assert case.state == "verified"


def test_a_clean_scan_cleans_nothing(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    hand_in(cast, campaign, scan({"name": "PC-01"}, [], []))
    case.refresh_from_db()
    assert case.state == "blind"


def test_the_numbers_of_any_day_and_subtree(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    cover(case, range(1, 10))
    hand_in(cast, campaign, findings([device(ONE)], [Contact(days={day(-1): 2})]), cast.second)
    now = case_counts(campaign, cast.centre.pk)
    assert (now.found, now.open, now.handled, now.cleaned, now.verified, now.blind) == (2, 1, 1, 1, 1, 0)
    before = case_counts(campaign, cast.first.pk, day(-11))
    assert (before.found, before.cleaned) == (0, 0), "the unit was not in the tree then"
    by_child = case_counts_by_child(campaign, cast.centre.pk)
    assert {unit: (row.found, row.verified) for unit, row in by_child.items()} == {
        cast.first.pk: (1, 1),
        cast.second.pk: (1, 0),
    }
    assert case_counts(campaign, cast.other.pk).found == 0
    assert case_counts(campaign, cast.root.pk).found == 2


def test_every_day_has_one_state(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    spans = list(Span.objects.filter(case=case, known_until=None))
    assert all(one.valid_until == two.valid_from for one, two in pairwise(spans))
    assert spans[0].valid_from == day(-19)


def test_rules_of_the_campaign(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    cover(case, range(1, 4))
    client = cast.client("coordinator")
    client.post(
        f"/office/campaigns/{campaign.pk}/machines/rules/",
        {"quiet_days": 3, "alive_days": 3, "blind_after": 2},
    )
    work()
    case.refresh_from_db()
    assert case.state == "verified"
    assert client.get(f"/office/campaigns/{campaign.pk}/machines/?day=2022-99-99").status_code == 200
