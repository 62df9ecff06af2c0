"""Background tasks and waiting work of reports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import COORDINATORS, WRITERS
from lamsach.portal.base.tasks import MOST, Counted, Row, Tally, register_count, register_rows
from lamsach.portal.campaigns.models import CampaignState, Participation
from lamsach.portal.campaigns.tasks import own_dates, own_participations, own_parts
from lamsach.portal.jobs.queue import Progress, job, regular
from lamsach.portal.reports import access
from lamsach.portal.reports.letters import deliver, remind_by_schedule
from lamsach.portal.reports.models import Extension, Received, ReceivedState, Report, ReportState, Step
from lamsach.portal.units.access import own_units, writable_units
from lamsach.portal.units.tree import today

EARLIEST_HOUR, LATEST_HOUR = 7, 18


@regular("reports.remind", timedelta(minutes=30))
def remind() -> int:
    """Remind units of due reports; in office hours, once an occasion."""
    if not EARLIEST_HOUR <= timezone.localtime().hour < LATEST_HOUR:
        return 0
    return remind_by_schedule(today())


@job("reports.deliver")
def deliver_report(progress: Progress, report_id: int, version: int) -> bool:
    """Create the documents of a sent report and queue the letter with them."""
    return deliver(report_id, version)


SOON = timedelta(days=14)
"""Time before the deadline from which an unsent report is shown."""


def _own_reports(user: Any) -> list[Report]:
    """Own units' reports in running campaigns, and other waiting ones; newest first, cached per request."""
    reports: list[Report] | None = getattr(user, "_own_reports", None)
    if reports is None:
        waits_here = Q(state__in=(ReportState.RETURNED, ReportState.SUBMITTED))
        rows = Report.objects.filter(
            waits_here | Q(campaign__state=CampaignState.RUNNING), unit__in=own_units(user)
        )
        reports = list(rows.select_related("campaign", "unit").defer("content", "measured", "texts"))
        user._own_reports = reports
    return reports


def _in_state(state: ReportState) -> Callable[[Any], list[QuerySet[Report]]]:
    return lambda user: [Report.objects.filter(unit__in=own_units(user), state=state)]


@register_rows(gettext_lazy("Reports that were returned"), WRITERS, 30, _in_state(ReportState.RETURNED))
def returned(user: Any) -> list[Row]:
    """The own units' returned reports, each with the reason first."""
    reports = [report for report in _own_reports(user) if report.state == ReportState.RETURNED][:MOST]
    dues = own_dates(user, [(report.campaign, report.unit_id) for report in reports])
    steps = Step.objects.filter(report__in=reports, after=ReportState.RETURNED).order_by("pk")
    reasons = dict(steps.values_list("report", "reason"))
    return [
        Row(
            reasons.get(report.pk) or _("No reason was given."),
            reverse("reports:edit", args=(report.pk,)),
            _("Correct"),
            (due := dues[report.campaign_id, report.unit_id].report).day,
            due.late,
            note=f"{report.unit.name}, {report.campaign.name}",
        )
        for report in reports
    ]


_AWAY = (ReportState.SENT, ReportState.FROZEN, ReportState.RETURNED)


def _due(user: Any) -> list[QuerySet[Participation]]:
    newest = Report.objects.filter(campaign=OuterRef("campaign"), unit=OuterRef("unit")).order_by("-edition")
    rows = own_participations(user).filter(report_due__lte=today() + SOON)
    rows = rows.annotate(newest=Subquery(newest.values("state")[:1]))
    return [rows.filter(Q(newest=None) | ~Q(newest__in=_AWAY))]


@register_rows(gettext_lazy("Reports that are due"), WRITERS, 40, _due)
def due(user: Any) -> list[Row]:
    """The own units' reports due within two weeks and not sent, the most urgent first."""
    parts = own_parts(user)
    newest = sorted(_own_reports(user), key=lambda report: report.edition)
    states = {(report.campaign_id, report.unit_id): report.state for report in newest}
    dues = own_dates(user, [(part.campaign, part.unit_id) for part in parts])
    listed = []
    for part in parts:
        deadline = dues[part.campaign_id, part.unit_id].report
        if states.get((part.campaign_id, part.unit_id)) not in _AWAY and deadline.day <= today() + SOON:
            address = reverse("reports:of_unit", args=(part.campaign_id, part.unit_id))
            words = f"{part.unit.name}: {part.campaign.name}"
            listed.append(Row(words, address, _("Write the report"), deadline.day, deadline.late))
    return sorted(listed, key=lambda row: str(row.day))[:MOST]


@register_rows(gettext_lazy("Reports to approve"), COORDINATORS, 50, _in_state(ReportState.SUBMITTED))
def to_approve(user: Any) -> list[Row]:
    """Reports of the own units that wait for the head's approval."""
    rows = [report for report in _own_reports(user) if report.state == ReportState.SUBMITTED]
    return [
        Row(
            f"{report.unit.name}: {report.campaign.name}",
            reverse("reports:report", args=(report.pk,)),
            _("Read and approve"),
            timezone.localdate(report.submitted) if report.submitted else None,
            since=True,
        )
        for report in rows[:MOST]
    ]


def to_accept(user: Any) -> QuerySet[Report]:
    """Sent reports that the person accepts or returns."""
    heads = writable_units(user, COORDINATORS).values("pk")
    own = Q(unit__in=heads) & (Q(unit__parent=None) | Q(campaign__owner=F("unit")))
    return access.readable_reports(user).filter(Q(unit__parent__in=heads) | own, state=ReportState.SENT)


@register_count(
    gettext_lazy("Reports to accept"), COORDINATORS, 60, lambda user: Counted(to_accept(user), "sent")
)
def accepting(tally: Tally) -> Row:
    """One row for all waiting reports: their figures are shown before they are accepted together."""
    text = _("Reports to accept: {count}").format(count=tally.count)
    return Row(
        text, reverse("reports:accept"), _("See the figures"), tally.day, since=True, count=tally.count
    )


def _asked(user: Any) -> QuerySet[Extension]:
    heads = writable_units(user, COORDINATORS).values("pk")
    return Extension.objects.filter(granted=None, unit__parent__in=heads)


@register_rows(gettext_lazy("Later deadlines asked for"), COORDINATORS, 70, lambda user: [_asked(user)])
def extensions(user: Any) -> list[Row]:
    """Requests from the units below the person's."""
    return [
        Row(
            _("{unit} asks for {day}: {reason}").format(
                unit=request.unit.name, day=f"{request.until:%d/%m/%Y}", reason=request.reason
            ),
            access.overview_of(request.campaign_id, request.unit.parent_id or request.unit_id),
            _("Decide"),
            timezone.localdate(request.asked),
            since=True,
            note=request.campaign.name,
        )
        for request in _asked(user).select_related("unit", "campaign").order_by("pk")[:MOST]
    ]


def _came(user: Any) -> QuerySet[Received]:
    return access.readable_received(user).filter(state=ReceivedState.WAITING)


@register_rows(
    gettext_lazy("Reports that came by e-mail or as a file"), COORDINATORS, 75, lambda user: [_came(user)]
)
def came(user: Any) -> list[Row]:
    """Received forms that wait for confirmation."""
    return [
        Row(
            f"{form.unit.name if form.unit else form.sender}: {form.name}",
            reverse("reports:received", args=(form.pk,)),
            _("Confirm"),
            timezone.localdate(form.received),
            since=True,
        )
        for form in _came(user).order_by("pk")[:MOST]
    ]
