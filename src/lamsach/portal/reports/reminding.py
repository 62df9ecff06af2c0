"""Reminders of reports: by schedule and by hand, once for each occasion; and the letter to the parent that names who is late."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from lamsach.portal.base.links import absolute
from lamsach.portal.campaigns.deadlines import escalation_day, of_units, reminder_days
from lamsach.portal.campaigns.models import Campaign, CampaignState, Participation
from lamsach.portal.mail.letters import Draft, queue
from lamsach.portal.mail.models import Letter
from lamsach.portal.reports.access import with_parent
from lamsach.portal.units.models import FOREVER, Unit
from lamsach.portal.units.tree import today


def remind_units(campaign: Campaign, units: Iterable[tuple[Unit, date]], occasion: str) -> int:
    """Queue a reminder for each unit with an address; how many. The same occasion reminds a unit once."""
    address = absolute("reports:mine")
    reminded = set(
        Letter.objects.filter(
            kind="report_due", key__startswith=f"report-due:{campaign.pk}:", key__endswith=f":{occasion}"
        ).values_list("unit_id", flat=True)
    )
    letters = [
        Draft(
            "report_due",
            unit.email,
            f"report-due:{campaign.pk}:{unit.pk}:{occasion}",
            {
                "unit": unit.name,
                "campaign": campaign.name,
                "deadline": f"{due:%d/%m/%Y}",
                "late": due < today(),
                "address": address,
            },
            unit_id=unit.pk,
            about=f"report:{campaign.pk}",
        )
        for unit, due in units
        if unit.email and unit.pk not in reminded
    ]
    queue(letters)
    return len(letters)


def remind_by_schedule(day: date) -> int:
    """Remind every unit whose report is not sent and whose deadline calls for it on this day; tell parents who is late. How many letters."""
    count = 0
    for campaign in Campaign.objects.filter(state=CampaignState.RUNNING):
        waiting = _waiting(campaign)
        found = of_units(campaign, [unit.pk for unit in waiting])
        dues = {unit: one.report.day for unit, one in found.items()}
        called = {due for due in set(dues.values()) if day in reminder_days(due)}
        chosen = [(unit, dues[unit.pk]) for unit in waiting if dues[unit.pk] in called]
        count += remind_units(campaign, chosen, f"{day:%Y%m%d}")
        late = [unit for unit in waiting if escalation_day(dues[unit.pk]) == day]
        count += _escalate(campaign, late, day)
    return count


def _waiting(campaign: Campaign) -> list[Unit]:
    """The units that take part and have not sent a report. Two queries."""
    done = with_parent(campaign).values("unit")
    taking_part = Participation.objects.filter(campaign=campaign, sent_on__isnull=False, stated=False).values(
        "unit"
    )
    rows = Unit.objects.filter(pk__in=taking_part, valid_until=FOREVER).exclude(pk__in=done)
    return list(rows.order_by("pk").only("pk", "name", "email", "parent_id"))


def _escalate(campaign: Campaign, late: list[Unit], day: date) -> int:
    """One letter to each parent with the names of those who are late."""
    by_parent: dict[int, list[str]] = {}
    for unit in late:
        if unit.parent_id:
            by_parent.setdefault(unit.parent_id, []).append(unit.name)
    parents = Unit.objects.filter(pk__in=list(by_parent)).exclude(email="")
    letters = [
        Draft(
            "report_late",
            parent.email,
            f"report-late:{campaign.pk}:{parent.pk}:{day:%Y%m%d}",
            {
                "unit": parent.name,
                "campaign": campaign.name,
                "names": by_parent[parent.pk][:200],
                "count": len(by_parent[parent.pk]),
                "address": f"{absolute('reports:overview', campaign_id=campaign.pk)}?unit={parent.pk}",
            },
            unit_id=parent.pk,
        )
        for parent in parents
    ]
    queue(letters)
    return len(letters)
