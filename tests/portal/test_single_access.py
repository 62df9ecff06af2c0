"""Access to one unit or campaign agrees with the list of all, for everybody.

Including moved and closed units, and drafts.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import Http404

from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.campaigns.access import get_campaign, readable_campaigns
from lamsach.portal.campaigns.models import Campaign, CampaignState, Participation
from lamsach.portal.units import tree
from lamsach.portal.units.access import may_act, reaches, readable_units, writable_units
from lamsach.portal.units.models import Unit, UnitLink

from .conftest import Cast
from .samples import campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def changed(cast: Cast) -> Cast:
    """The tree as changed ten days ago.

    A unit moved to another branch, one closed with a successor, one closed after its unit had moved.
    """
    early = tree.today() - timedelta(days=10)
    UnitLink.objects.update(valid_from=early)
    Unit.objects.update(valid_from=early)
    moved = tree.create("G06.12.07", "Phòng Bảy", cast.centre, early)
    tree.move(moved, cast.other, early + timedelta(days=3))
    tree.close(moved, None, early + timedelta(days=5))
    tree.move(cast.second, cast.other, early + timedelta(days=4))
    gone = tree.create("G06.12.08", "Phòng Tám", cast.centre, early)
    tree.close(gone, cast.first, early + timedelta(days=2))
    cast.people["both"] = cast.person("both", gone, "officer")  # type: ignore[arg-type]
    return cast


def test_one_unit_is_asked_as_all_are(changed: Cast) -> None:
    answers = set()
    for user in changed.people.values():
        for roles in (ALL, WRITERS, COORDINATORS):
            seen = set(readable_units(user, roles).values_list("pk", flat=True))
            acted = set(writable_units(user, roles).values_list("pk", flat=True))
            for unit in Unit.objects.all():
                assert reaches(user, unit.pk, roles) == (unit.pk in seen), (user, unit, roles)
                assert may_act(user, unit.pk, roles) == (unit.pk in acted), (user, unit, roles)
                answers.add(unit.pk in seen)
            assert not reaches(user, 10**9, roles)
    assert answers == {True, False}


@pytest.mark.parametrize("state", CampaignState.values)
def test_one_campaign_is_asked_as_all_are(state: str, changed: Cast) -> None:
    found = campaign(changed)
    Campaign.objects.filter(pk=found.pk).update(state=state, owner=changed.centre)
    Participation.objects.get_or_create(campaign=found, unit=changed.other_first)
    answers = set()
    for user in changed.people.values():
        seen = readable_campaigns(user).filter(pk=found.pk).exists()
        answers.add(seen)
        if seen:
            assert get_campaign(user, found.pk) == found
        else:
            with pytest.raises(Http404):
                get_campaign(user, found.pk)
    assert answers == {True, False} if state == CampaignState.DRAFT else True in answers
