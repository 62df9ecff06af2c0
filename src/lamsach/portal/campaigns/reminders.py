"""Who was reminded, and when: from the letters themselves, of dispatches and of reports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max, Q

from lamsach.portal.campaigns.models import Campaign, Recipient
from lamsach.portal.mail.models import Letter


def last_reminded(campaign: Campaign, units: Iterable[int]) -> dict[int, datetime]:
    """When each of these units (of one page) was last reminded of anything in the campaign. Two queries."""
    wanted = list(units)
    copies = Recipient.objects.filter(dispatch__campaign=campaign, unit__in=wanted)
    abouts = [f"recipient:{number}" for number in copies.values_list("pk", flat=True)]
    reminders = Q(kind="reminder", about__in=abouts) | Q(kind="report_due", about=f"report:{campaign.pk}")
    rows = Letter.objects.filter(reminders, unit__in=wanted).order_by().values("unit")
    return dict(rows.annotate(last=Max("created")).values_list("unit", "last"))


def reminders_of(recipient: Recipient) -> list[Letter]:
    """The reminders that a unit was sent of a dispatch, and of its report in the campaign."""
    of_report = Q(kind="report_due", about=f"report:{recipient.dispatch.campaign_id}", unit=recipient.unit_id)
    rows = Letter.objects.filter(Q(kind="reminder", about=f"recipient:{recipient.pk}") | of_report)
    return list(rows.order_by("created")[:100])
