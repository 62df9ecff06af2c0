"""Demo cases: a machine in every state, and figures of past days."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.models import Case, CaseState
from lamsach.portal.cases.tally import case_counts, end_of
from lamsach.portal.demo.cases import OWN_STATES, fill_cases
from lamsach.portal.demo.ministry import fill
from lamsach.portal.units.models import Membership
from lamsach.portal.units.tree import today

pytestmark = pytest.mark.django_db


def test_every_state_can_be_seen() -> None:
    filled = fill()
    fill_cases(filled)
    unit = Membership.objects.get(user__email=filled.people["officer"]).unit
    assert sorted(Case.objects.filter(unit=unit).values_list("state", flat=True)) == sorted(OWN_STATES)
    assert set(Case.objects.values_list("state", flat=True)) == set(CaseState)
    campaign = Campaign.objects.get()
    past = today() - timedelta(days=15)
    assert campaign.owner_id is not None
    assert case_counts(campaign, campaign.owner_id, past).found > 5
    assert case_counts(campaign, campaign.owner_id, past, end_of(past)).found > 3
