"""What of campaigns waits: dispatches to acknowledge, to pass on, to deploy; units that no letter reached."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import COORDINATORS, WRITERS
from lamsach.portal.base.waiting import MOST, Row, waits
from lamsach.portal.campaigns.board import filtered
from lamsach.portal.campaigns.deadlines import dates
from lamsach.portal.campaigns.models import Campaign, CampaignState, Dispatch, Recipient
from lamsach.portal.units.access import home_units, memberships
from lamsach.portal.units.models import FOREVER, Unit


def own_units(user: Any) -> list[int]:
    """Where the person writes by their own membership: not what stands below."""
    return [m.unit_id for m in memberships(user) if m.role in WRITERS]


def _copies(user: Any) -> Any:
    """The person's own units' copies of dispatches in running campaigns."""
    rows = Recipient.objects.filter(
        unit__in=own_units(user),
        dispatch__sent__isnull=False,
        dispatch__campaign__state=CampaignState.RUNNING,
    )
    return rows.select_related("dispatch__campaign", "dispatch__issuer", "unit").order_by("pk")


@waits(gettext_lazy("Dispatches to answer"), WRITERS, 10)
def to_answer(user: Any) -> list[Row]:
    """Dispatches to acknowledge, at once by the button, and those acknowledged to deploy."""
    rows = list(_copies(user).filter(deployed=None)[:MOST])
    dues = dates((one.dispatch.campaign, one.unit_id) for one in rows)
    found = []
    for one in rows:
        due = dues[one.dispatch.campaign_id, one.unit_id].answer(one.acknowledged)
        address = reverse("campaigns:recipient", args=(one.pk,))
        words = f"{one.unit.name}: {one.dispatch.subject}"
        if one.acknowledged:
            found.append(Row(words, address, _("State deployment"), due.day, due.late))
        else:
            post = {"kind": "acknowledged"}
            found.append(Row(words, address, _("Acknowledge"), due.day, due.late, post=post))
    return sorted(found, key=lambda row: (row.day is None, row.day))


@waits(gettext_lazy("Dispatches to pass on to our units"), WRITERS, 20)
def to_forward(user: Any) -> list[Row]:
    """Dispatches to units that have subordinates which were not sent it."""
    passed = Dispatch.objects.filter(parent=OuterRef("dispatch"), issuer=OuterRef("unit"), sent__isnull=False)
    below = Unit.objects.filter(parent=OuterRef("unit"), valid_until=FOREVER)
    reached = Recipient.objects.filter(dispatch=OuterRef("dispatch"), unit__parent=OuterRef("unit"))
    rows = list(_copies(user).filter(Exists(below), ~Exists(passed), ~Exists(reached))[:MOST])
    dues = dates((one.dispatch.campaign, one.unit_id) for one in rows)
    return [
        Row(
            f"{one.unit.name}: {one.dispatch.subject}",
            reverse("campaigns:dispatch_forward", args=(one.dispatch_id,)),
            _("Pass it on"),
            (due := dues[one.dispatch.campaign_id, one.unit_id].acknowledge).day,
            due.late,
        )
        for one in rows
    ]


@waits(gettext_lazy("Units that no letter reached"), COORDINATORS, 90)
def unreached(user: Any) -> list[Row]:
    """Units without an answer whose letters come back, or that have no address; for each running campaign of the first own unit."""
    homes = [m.unit for m in memberships(user) if m.role in COORDINATORS]
    homes = [unit for unit in home_units(user) if unit in homes][:1]
    if not homes:
        return []
    running = Campaign.objects.filter(
        Q(owner__in=homes) | Q(participations__unit__in=homes), state=CampaignState.RUNNING
    ).distinct()
    found = []
    for campaign in running.order_by("-pk")[:3]:
        rows: Any = filtered(campaign, homes[0], "unreachable")
        count = rows.exclude(sent_on=None).count()
        if count:
            words = _("{campaign}: {count} units to be called").format(campaign=campaign.name, count=count)
            address = (
                reverse("campaigns:board", args=(campaign.pk,)) + f"?unit={homes[0].pk}&state=unreachable"
            )
            found.append(Row(words, address, _("See whom to call"), count=count))
    return found
