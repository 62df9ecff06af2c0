"""Exemptions of indicators: approval, end, reach; false alarms and other malware."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from lamsach.portal.cases.models import Case, CaseState, Exemption, Step
from lamsach.portal.cases.tasks import recompute_waiting
from lamsach.portal.cases.upkeep import recompute

from .bundles import EVIL, Contact, day
from .case_samples import backdate, found, opened
from .conftest import Cast

pytestmark = pytest.mark.django_db


def exemption(case: Case, cast: Cast, **values: Any) -> Exemption:
    return Exemption.objects.create(
        campaign=case.campaign,
        unit=values.pop("unit", case.unit),
        indicator=EVIL,
        reason="thử",
        expires=day(30),
        asked_by=cast.people["officer"],
        **values,
    )


def test_an_exception_counts_once_somebody_else_approved_it(cast: Cast, campaign: Any) -> None:
    case = opened(cast, campaign)
    client = cast.client("officer")
    form = {
        "indicator": EVIL,
        "scope": "unit",
        "reason": "Máy chủ thử nghiệm",
        "expires": day(20).isoformat(),
    }
    assert client.post(f"/office/cases/{case.pk}/exempt/", form).status_code == 302
    requested = Exemption.objects.get()
    client.post(f"/office/cases/exceptions/{requested.pk}/", {"what": "approve"})
    case.refresh_from_db()
    assert case.state == "new", "not by the requester"
    cast.client("coordinator").post(f"/office/cases/exceptions/{requested.pk}/", {"what": "approve"})
    case.refresh_from_db()
    assert case.state == "excepted"
    found(cast, campaign, Contact(days={day(-1): 4}))
    case.refresh_from_db()
    assert case.state == "excepted"
    found(cast, campaign, Contact(days={day(-1): 4}, indicator="other.xyz"))
    case.refresh_from_db()
    assert (case.state, case.indicators) == ("new", 1)
    cast.client("coordinator").post(f"/office/cases/exceptions/{requested.pk}/", {"what": "end"})
    case.refresh_from_db()
    assert case.indicators == 2


def test_an_exception_ends_by_itself(cast: Cast, campaign: Any) -> None:
    case = opened(cast, campaign)
    made = exemption(case, cast, approved_on=day(-1), device=case.device)
    recompute([case])
    assert case.state == "excepted"
    Exemption.objects.filter(pk=made.pk).update(expires=day(0))
    recompute_waiting()
    case.refresh_from_db()
    assert case.state == "new"


@pytest.mark.parametrize(("where", "state"), [("centre", "excepted"), ("second", "new"), ("other", "new")])
def test_an_exception_reaches_what_stands_under_its_unit(
    where: str, state: str, cast: Cast, campaign: Any
) -> None:
    case = opened(cast, campaign)
    exemption(case, cast, approved_on=day(-1), unit=getattr(cast, where))
    recompute([case])
    assert case.state == state


def test_a_false_alarm_is_not_the_end_for_other_malware(cast: Cast, campaign: Any) -> None:
    case = opened(cast, campaign)
    backdate(case, CaseState.FALSE_ALARM, 2)
    Step.objects.filter(case=case, after="new").update(at=timezone.now() - timedelta(days=5), day=day(-5))
    found(cast, campaign, Contact(days={day(-1): 4}))
    case.refresh_from_db()
    assert case.state == "false_alarm"
    found(cast, campaign, Contact(days={day(-1): 1}, indicator="other.xyz"))
    case.refresh_from_db()
    assert case.state == "new"
