"""The letters of reports: a step to those whom it concerns, reminders, who is late."""

from __future__ import annotations

from lamsach.portal.base.links import absolute
from lamsach.portal.mail.letters import Draft, queue
from lamsach.portal.reports.chain import Action
from lamsach.portal.reports.models import Report
from lamsach.portal.units.models import Unit


def told_of_step(report: Report, action: Action, reason: str = "") -> None:
    """Queue the letter that a step calls for: to the parent when it is sent, to the unit when the parent answers. Once for each step."""
    unit, parent = report.unit, report.unit.parent
    if action == Action.SEND and parent is not None:
        _letter("report_sent", parent, report, action, reason)
    elif action in (Action.ACCEPT, Action.REFUSE):
        _letter(
            "report_accepted" if action == Action.ACCEPT else "report_returned", unit, report, action, reason
        )


def _letter(kind: str, to: Unit, report: Report, action: Action, reason: str) -> None:
    if not to.email:
        return
    context = {
        "unit": to.name,
        "sender": report.unit.name,
        "campaign": report.campaign.name,
        "edition": report.edition,
        "reason": reason,
        "digest": report.digest,
        "address": absolute("reports:report", report_id=report.pk),
    }
    queue([Draft(kind, to.email, f"report:{report.pk}:{action}:{report.version}", context, unit_id=to.pk)])
