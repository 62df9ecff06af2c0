"""Letters about reports: steps, reminders, late reports."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction

from lamsach.portal.base.links import absolute
from lamsach.portal.base.uploads import save_once
from lamsach.portal.campaigns.deadlines import escalation_day, of_units, reminder_days
from lamsach.portal.campaigns.models import Campaign, CampaignState, Participation
from lamsach.portal.exchange import transfer, unit_keys
from lamsach.portal.exchange.models import Partner
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.mail.letters import Draft, queue
from lamsach.portal.mail.models import Letter
from lamsach.portal.reports.access import with_parent
from lamsach.portal.reports.chain import Action
from lamsach.portal.reports.content import filled_form
from lamsach.portal.reports.documents import document_of, render, report_facts
from lamsach.portal.reports.models import Report
from lamsach.portal.units.models import FOREVER, Unit
from lamsach.portal.units.tree import today
from lamsach.runtime.file_names import safe_name


def queue_step_letter(report: Report, action: Action, reason: str = "", *, attach: bool = True) -> None:
    """Queue a step's letter, once: to the parent on sending, to the unit on the parent's answer.

    `attach`: with the documents, and the signed exchange file for a parent with its own portal; a job creates
    them, so that nobody waits.
    """
    unit, parent = report.unit, report.unit.parent
    if action == Action.SEND and parent is not None and parent.email:
        if attach:
            enqueue("reports.deliver", report_id=report.pk, version=report.version)
        else:
            _letter("report_sent", parent, report, action, reason, report.version)
    elif action in (Action.ACCEPT, Action.REFUSE):
        kind = "report_accepted" if action == Action.ACCEPT else "report_returned"
        _letter(kind, unit, report, action, reason, report.version)


def deliver(report_id: int, version: int) -> bool:
    """Queue the letter with a sent report's documents, once a version; False if there is none to queue."""
    while (queued := _deliver(report_id, version)) is None:
        pass
    return queued


def _deliver(report_id: int, version: int) -> bool | None:
    """Like `deliver`, with documents created before the transaction; None after a concurrent file."""
    reports = Report.objects.select_related("campaign", "unit__parent", "form", "previous")
    report = reports.get(pk=report_id)
    parent = report.unit.parent
    if parent is None or not _is_due(report, version):
        return False
    attached, signed = _attached(report)
    with transaction.atomic():
        if not _is_due(Report.objects.select_for_update(no_key=True).get(pk=report_id), version):
            return False
        if signed is not None and transfer.note(signed, None) is None:
            return None
        _letter("report_sent", parent, report, Action.SEND, "", version, attached)
    return True


def _is_due(report: Report, version: int) -> bool:
    return not report.is_open and not Letter.objects.filter(key=_key(report, Action.SEND, version)).exists()


def _attached(report: Report) -> tuple[list[dict[str, str]], transfer.Written | None]:
    """Store a sent report's documents as attachments, and the exchange file, not yet recorded."""
    document, filled = document_of(report), filled_form(report)
    stem = safe_name(f"bao-cao-{report.unit.code}-lan-{report.edition}")
    attachments = []
    for kind in ("pdf", "docx", "json"):
        content = render(document, filled, kind, report_facts(report))
        path = save_once(ContentFile(content), hashlib.sha256(content).hexdigest())
        attachments.append({"name": f"{stem}.{kind}", "path": path})
    if report.scan_path:
        attachments.append({"name": report.scan_name, "path": report.scan_path})
    signed, path = _signed(report)
    if signed is not None:
        attachments.append({"name": transfer.file_name(signed), "path": path})
    return attachments, signed


def _signed(report: Report) -> tuple[transfer.Written | None, str]:
    """Write the exchange file with the report for a partner portal above; returns the file and its path."""
    partner = Partner.objects.filter(unit=report.unit, above=True, ended=None).first()
    if partner is None or unit_keys.current(report.unit) is None:
        return None, ""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "exchange.zip"
        written = transfer.write(partner, target, None, ("reports",))
        with target.open("rb") as stream:
            return written, save_once(File(stream), written.sha256)


def _letter(
    kind: str,
    to: Unit,
    report: Report,
    action: Action,
    reason: str,
    version: int,
    attachments: list[dict[str, str]] | None = None,
) -> None:
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
    key = _key(report, action, version)
    queue([Draft(kind, to.email, key, context, unit_id=to.pk, attachments=attachments or [])])


def _key(report: Report, action: Action, version: int) -> str:
    return f"report:{report.pk}:{action}:{version}"


def remind_units(campaign: Campaign, units: Iterable[tuple[Unit, date]], occasion: str) -> int:
    """Queue reminders for units with an address, once an occasion; returns their number."""
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
    """Remind units whose deadline requires it today, write to parents of late ones; counts letters."""
    count = 0
    for campaign in Campaign.objects.filter(state=CampaignState.RUNNING):
        waiting = _waiting(campaign)
        deadlines = of_units(campaign, [unit.pk for unit in waiting])
        dues = {unit: dates.report.day for unit, dates in deadlines.items()}
        due_today = {due for due in set(dues.values()) if day in reminder_days(due)}
        chosen = [(unit, dues[unit.pk]) for unit in waiting if dues[unit.pk] in due_today]
        count += remind_units(campaign, chosen, f"{day:%Y%m%d}")
        late = [unit for unit in waiting if escalation_day(dues[unit.pk]) == day]
        count += _escalate(campaign, late, day)
    return count


def _waiting(campaign: Campaign) -> list[Unit]:
    """Participating units that have not sent a report. Two queries."""
    done = with_parent(campaign).values("unit")
    taking_part = Participation.objects.filter(campaign=campaign, sent_on__isnull=False, stated=False).values(
        "unit"
    )
    rows = Unit.objects.filter(pk__in=taking_part, valid_until=FOREVER).exclude(pk__in=done)
    return list(rows.order_by("pk").only("pk", "name", "email", "parent_id"))


def _escalate(campaign: Campaign, late: list[Unit], day: date) -> int:
    """Queue one letter to each parent with the names of its late units."""
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
