"""Machine numbers of a past day: reproduced as they were, and differences from today's with their cause."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from lamsach.devices.presence import mark_of
from lamsach.portal.cases.models import Case, CaseState, Rules, Step
from lamsach.portal.cases.tally import case_counts, differences, end_of
from lamsach.portal.cases.tasks import recompute_waiting
from lamsach.portal.cases.upkeep import move

from .bundles import FIREWALL, Contact, day, device, findings, hand_in
from .conftest import Cast
from .samples import dispatch

pytestmark = pytest.mark.django_db


class Clock:
    """The portal's clock, set by the test."""

    def __init__(self, start: date) -> None:
        self.day = start

    def now(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.day, time(10)))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock(date(2022, 9, 1))
    monkeypatch.setattr(timezone, "now", made.now)
    return made


@pytest.mark.one_date
@pytest.mark.parametrize("seed", range(2))
def test_the_numbers_of_a_past_day_are_told_again_as_they_were(
    seed: int, clock: Clock, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty days of random hunts, some of them late; the numbers are recorded every evening.

    In the end each evening's numbers are reproduced, and where today's knowledge of it differs, the cases
    that differ are listed with their cause.
    """
    chance = random.Random(seed)
    campaign = dispatch(cast).campaign
    Rules.objects.create(campaign=campaign, quiet_days=3, alive_days=1)
    keys = [f"mac:02:00:00:00:00:{n:02d}" for n in range(1, 6)]
    reported = {}
    for _ in range(40):
        _one_day(chance, cast, campaign, keys)
        recompute_waiting()
        reported[clock.day] = case_counts(campaign, cast.centre.pk)
        clock.day += timedelta(days=1)
    changed = 0
    for past, figures in reported.items():
        assert case_counts(campaign, cast.centre.pk, past, end_of(past)) == figures
        rows = differences(campaign, cast.centre.pk, past)
        assert all(row.cause for row in rows)
        if case_counts(campaign, cast.centre.pk, past) != figures:
            changed += 1
            assert rows
    assert changed, "the random days must include late logs"


def _one_day(chance: random.Random, cast: Cast, campaign: Any, keys: list[str]) -> None:
    if chance.random() < 0.5:
        late = chance.choice((1, 1, 2, 6))
        hit = chance.sample(keys, chance.choice((0, 1, 1, 2)))
        days = [day(-number) for number in range(late, late + 3)]
        found = findings(
            [device(key) for key in hit],
            [Contact(key, {days[0]: 2}) for key in hit],
            [(FIREWALL, one) for one in days],
            presence={mark_of("mac", key[4:]): tuple(sorted(days)) for key in keys},
        )
        hand_in(cast, campaign, found)
    for case in Case.objects.exclude(state__in=(CaseState.CLEANED, CaseState.VERIFIED, CaseState.BLIND)):
        if chance.random() < 0.5:
            if case.state != CaseState.WORKING:
                move(case, CaseState.WORKING, cast.people["officer"])
            move(case, CaseState.CLEANED, cast.people["officer"], "đã quét", unfollowed="máy đã thay mới")


def test_a_case_of_a_past_day_is_listed_by_its_state_then(case: Case, cast: Cast) -> None:
    Step.objects.filter(case=case).update(at=timezone.now() - timedelta(days=5), day=day(-5))
    move(case, CaseState.WORKING, cast.people["officer"])
    listed = {
        (show, when): f"/office/cases/{case.pk}/"
        in cast.client("officer").get("/office/cases/", {"show": show, "day": when}).content.decode()
        for show in ("open", "working")
        for when in (day(-1).isoformat(), day(0).isoformat(), "")
    }
    yesterday, now = day(-1).isoformat(), day(0).isoformat()
    assert listed == {
        ("open", yesterday): True,
        ("working", yesterday): False,
        ("open", now): False,
        ("working", now): True,
        ("open", ""): False,
        ("working", ""): True,
    }
