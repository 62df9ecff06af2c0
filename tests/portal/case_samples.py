"""Cases of the first room's machine: found, decided on or cleaned days ago, covered by logs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from lamsach.model import DeviceState
from lamsach.portal.cases.models import Case, CaseState, Step
from lamsach.portal.cases.upkeep import recompute
from lamsach.portal.findings.models import AliveDay, CoverageDay

from .bundles import FIREWALL, Contact, day, device, findings, hand_in
from .conftest import Cast


def found(
    cast: Cast, campaign: Any, *contacts: Contact, state: DeviceState = DeviceState.INFECTED
) -> Case | None:
    """The case opened by these contacts."""
    devices = [device(key, name="PC-01", state=state) for key in {contact.device for contact in contacts}]
    hand_in(cast, campaign, findings(devices, contacts))
    return Case.objects.filter(superseded=None).first()


def opened(cast: Cast, campaign: Any, contact: Contact | None = None) -> Case:
    """The case opened by a contact, by default of three days ago."""
    case = found(cast, campaign, contact or Contact(days={day(-3): 4}))
    assert case is not None
    return case


def backdate(case: Case, after: CaseState, days: int) -> Case:
    """A decision made so many days ago, as if recorded then."""
    at = timezone.now() - timedelta(days=days)
    Step.objects.bulk_create([Step(case=case, at=at, day=day(-days), before=case.state, after=after)])
    recompute([case])
    case.refresh_from_db()
    return case


def cover(case: Case, days: range, observer: str = FIREWALL) -> None:
    """Logs of these days (days ago), on which the machine was seen."""
    place = {"campaign": case.campaign, "unit": case.unit, "observer": observer}
    CoverageDay.objects.bulk_create(
        [CoverageDay(day=day(-number), lines=5, digest="a" * 64, **place) for number in days],
        ignore_conflicts=True,
    )
    AliveDay.objects.bulk_create(
        [AliveDay(device=case.device, day=day(-number)) for number in days], ignore_conflicts=True
    )
    recompute([case])
    case.refresh_from_db()


def cleaned(cast: Cast, campaign: Any, days_ago: int = 10) -> Case:
    """A machine seen long ago and cleaned so many days ago."""
    case = opened(cast, campaign, Contact(days={day(-20): 5}))
    Step.objects.filter(case=case).update(at=timezone.now() - timedelta(days=19), day=day(-19))
    return backdate(case, CaseState.CLEANED, days_ago)
