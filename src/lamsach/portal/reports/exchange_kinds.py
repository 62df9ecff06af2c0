"""Reports in exchange files: sent ones go up as signed, answers come down; by USB stick or e-mail."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.base.errors import Stale
from lamsach.portal.base.parameters import parse_number
from lamsach.portal.base.storage import copy_of
from lamsach.portal.base.uploads import StoredFile, store
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.exchange import returned_files, units_below
from lamsach.portal.exchange.kinds import (
    Arrival,
    BackKind,
    Kind,
    Payload,
    PayloadFile,
    Route,
    number,
    register,
    rows,
    text,
)
from lamsach.portal.reports.arrivals import comparable_name
from lamsach.portal.reports.chain import Action, take
from lamsach.portal.reports.files import file_signed, validate
from lamsach.portal.reports.letters import queue_step_letter
from lamsach.portal.reports.models import DONE, Report, ReportState, scan_columns
from lamsach.portal.units.models import Unit

MOST = 50
SCANS = ("pdf", "png", "jpg", "jpeg", "docx", "xlsx", "json")
_NO_CAMPAIGN = mark("The report is about a campaign that is not here.")
_AT_WORK = mark("The unit's report is being written or approved in the portal. Nothing was filed.")


def _newest(unit: Unit, *more: ReportState) -> list[Report]:
    """Newest sent report of each campaign, including campaigns closed while it was in transit."""
    newest: dict[int, Report] = {}
    sent = Report.objects.filter(unit=unit, state__in=(*DONE, *more))
    for report in sent.select_related("campaign", "unit").order_by("edition"):
        newest[report.campaign_id] = report
    return sorted(newest.values(), key=lambda report: -report.pk)[:MOST]


def _written(report: Report, theirs: str) -> dict[str, Any]:
    """A report as signed, with the time of sending by the clock of its unit's portal."""
    return {
        "campaign": theirs,
        "name": report.campaign.name,
        "content": report.content,
        "digest": report.digest,
        "sent": report.sent.isoformat() if report.sent else "",
        "file": 0,
    }


@dataclass(frozen=True, slots=True)
class Carried:
    """A report in a file: time of sending, and the scan's position among the files (from 1; 0: none)."""

    campaign: Campaign
    content: dict[str, Any]
    sent: datetime | None
    place: int = 0

    def file(self, arrival: Arrival, unit: Unit, who: str) -> tuple[Report, bool]:
        """File the report at its unit, see `file_signed`."""
        return file_signed(self.campaign, unit, self.content, by=arrival.user, who=who, sent=self.sent)


class Reports(Kind):
    """Sent reports on their way up."""

    name = "reports"
    title = gettext_lazy("Reports")
    upward = True

    def offer(self, route: Route) -> Payload | None:
        """The unit's newest sent reports, each with its scan or signed PDF."""
        listed, files = [], []
        theirs = units_below.all_theirs(route.partner, "campaign")
        for report in _newest(route.unit):
            row = _written(report, theirs.get(report.campaign_id) or "")
            if report.scan_path and default_storage.exists(report.scan_path):
                files.append(PayloadFile(report.scan_name, copy_of(report.scan_path)))
                row["file"] = len(files)
            listed.append(row)
        return Payload(self.name, {"reports": listed}, tuple(files)) if listed else None

    @staticmethod
    def unit_of(arrival: Arrival) -> Unit:
        """The unit whose reports the file has."""
        return arrival.unit

    def read(self, arrival: Arrival, payload: Payload) -> list[Carried]:
        """Validated reports of the payload; ValueError or InputError for others."""
        carried = []
        for row in rows(payload.data["reports"], MOST):
            place = number(row["file"], len(payload.files))
            content, sent = validate(row["content"], arrival.unit), _moment(row)
            if sent is not None and sent > arrival.made + timedelta(seconds=1):  # a file states seconds
                raise ValueError("sent after the file was made")
            carried.append(Carried(_campaign(row, arrival.partner.unit), content, sent, place))
        return carried

    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """One sentence per report."""
        sentence, unit = _("Report of {unit} on {campaign}, figures as of {day}"), self.unit_of(arrival)
        return [
            sentence.format(unit=unit.name, campaign=report.campaign.name, day=report.content["as_of"])
            for report in self.read(arrival, payload)
        ]

    def store(self, arrival: Arrival, payload: Payload) -> list[StoredFile]:
        """Store the scans and signed PDFs."""
        stored = []
        for file in payload.files:
            with file.path.open("rb") as stream:
                stored.append(store(File(stream, name=text(file.name, 200)), SCANS))
        return stored

    def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """File the reports; existing ones are left unchanged."""
        filed, unit = 0, arrival.unit
        for entry in self.read(arrival, payload):
            try:
                made, fresh = entry.file(arrival, unit, unit.name)
            except Stale as error:
                raise InputError(_AT_WORK, unit.name) from error
            if fresh and entry.place:
                scan = payload.stored[entry.place - 1]
                Report.objects.filter(pk=made.pk).update(**scan_columns(scan))
            if fresh:
                queue_step_letter(made, Action.SEND, attach=False)
            filed += fresh
        return {"reports": filed}


def _moment(row: Mapping[str, Any]) -> datetime | None:
    """Time of sending by the unit's own portal's clock; None in files of older versions."""
    stated = text(row.get("sent", ""), 40)
    moment = datetime.fromisoformat(stated) if stated else None
    if moment is not None and moment.tzinfo is None:
        raise ValueError("no moment")
    return moment


def _campaign(row: Mapping[str, Any], unit: Unit) -> Campaign:
    """Our campaign: by the number that we assigned, otherwise the only running one with its name."""
    stated, name = text(row["campaign"], 20), comparable_name(text(row["name"], 200))
    if (wanted := parse_number(stated)) is not None:
        campaign = Campaign.objects.filter(pk=wanted).select_related("form").first()
        if campaign is not None:
            return campaign
    named = [
        campaign
        for campaign in Campaign.objects.filter(state=CampaignState.RUNNING).select_related("form")[:200]
        if comparable_name(campaign.name) == name
    ]
    if len(named) != 1:
        raise InputError(_NO_CAMPAIGN, name[:100], mark("Ask the unit which campaign it means."))
    return named[0]


class Answers(Kind):
    """Decisions on reports, on their way down."""

    name = "report-answers"
    title = gettext_lazy("Answers to reports")
    downward = True
    kept = True
    order = 3

    def offer(self, route: Route) -> Payload | None:
        """Decisions on the unit's reports, accepted or returned with reason; identified by digest."""
        unit = Unit.objects.filter(code=route.partner.code).first()
        reports = Report.objects.filter(unit=unit, state__in=(ReportState.FROZEN, ReportState.RETURNED))
        reports = reports.exclude(digest="")
        listed = []
        for report in reports.order_by("-pk")[:MOST]:
            step = report.steps.filter(action__in=(Action.ACCEPT, Action.REFUSE)).last()
            if step is not None and step.digest == report.digest:
                answer = {"digest": report.digest, "action": step.action, "reason": step.reason}
                listed.append({**answer, "sent": report.sent.isoformat() if report.sent else ""})
        return Payload(self.name, {"answers": listed}) if listed else None

    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """One sentence per answer."""
        return [
            _("Report of {day}: accepted").format(day=report.as_of)
            if action == Action.ACCEPT
            else _("Report of {day}: returned. {reason}").format(day=report.as_of, reason=reason)
            for report, action, reason in self._decisions(arrival, payload)
        ]

    def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Freeze accepted reports, reopen returned ones."""
        done = 0
        for report, action, reason in self._decisions(arrival, payload):
            take(report, action, arrival.user, reason=reason, who=arrival.partner.name)
            done += 1
        return {"answers": done}

    @staticmethod
    def _decisions(arrival: Arrival, payload: Payload) -> list[tuple[Report, Action, str]]:
        """Answers to reports of ours that are still waiting for one."""
        decisions: list[tuple[Report, Action, str]] = []
        for row in rows(payload.data["answers"], MOST):
            action = Action(text(row["action"], 10))
            if action not in (Action.ACCEPT, Action.REFUSE):
                raise ValueError("no answer")
            waiting = Report.objects.filter(
                unit=arrival.partner.unit, digest=text(row["digest"], 64), state=ReportState.SENT
            )
            reason, sent = text(row["reason"], 4000), _moment(row)
            if sent is not None:  # ignore an answer to an identical report sent earlier
                waiting = waiting.filter(sent=sent)
            decisions += [(report, action, reason or "-") for report in waiting]
        return decisions


class Back(Reports):
    """Reports that the partner's portal had sent, for its restoration from a backup."""

    name = "reports-back"
    title = gettext_lazy("Reports, returned")
    upward, downward, back = False, True, True
    order = 2

    def offer(self, route: Route) -> Payload | None:
        """The newest report of the partner's unit in each campaign, as its portal signed it."""
        unit = Unit.objects.filter(code=route.partner.code).first()
        newest = _newest(unit, ReportState.RETURNED) if unit else []
        listed = [_written(report, str(report.campaign_id)) for report in newest]
        return Payload(self.name, {"reports": listed}) if listed else None

    @staticmethod
    def unit_of(arrival: Arrival) -> Unit:
        """The partner's unit."""
        return arrival.partner.unit

    def read(self, arrival: Arrival, payload: Payload) -> list[Carried]:
        """Reports of the payload whose campaigns exist here."""
        partner, carried = arrival.partner, []
        for row in rows(payload.data["reports"], MOST):
            ours = units_below.counterpart(
                partner, "campaign", number(parse_number(text(row["campaign"], 20)))
            )
            content, sent = validate(row["content"], partner.unit), _moment(row)
            campaign = Campaign.objects.filter(pk=ours or 0).select_related("form").first()
            if campaign is not None:
                carried.append(Carried(campaign, content, sent))
        return carried

    def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """File the missing reports."""
        filed = 0
        for carried in self.read(arrival, payload):
            with contextlib.suppress(Stale):  # being rewritten here: leave it
                filed += carried.file(arrival, arrival.partner.unit, arrival.partner.name)[1]
        return {"reports": filed}


class AnswersBack(BackKind):
    """Decisions on the partner unit's reports, for the restoration of a portal above from a backup."""

    name = "report-answers-back"
    title = gettext_lazy("Answers to reports, returned")
    upward = True
    order = 0

    def offer(self, route: Route) -> Payload | None:
        """All editions sent, and the newest file with answers."""
        theirs = units_below.all_theirs(route.partner, "campaign")
        editions = Report.objects.filter(unit=route.unit, state__in=(*DONE, ReportState.RETURNED))
        editions = editions.exclude(digest="").filter(campaign__in=theirs).select_related("campaign", "unit")
        listed = [_written(report, theirs[report.campaign_id]) for report in editions.order_by("-pk")[:MOST]]
        files = returned_files.newest_file(route, Answers.name)
        return Payload(self.name, {"reports": listed[::-1]}, files) if listed else None

    def store(self, arrival: Arrival, payload: Payload) -> dict[tuple[str, str], Mapping[str, Any]]:
        """Verify the signature; returns answers by the digest and time of their report."""
        with tempfile.TemporaryDirectory(prefix="lamsach-exchange-") as folder:
            found = (
                returned_files.read_lost(arrival, payload, Answers.name, Path(folder))
                if payload.files
                else None
            )
            listed = rows(found[1].data["answers"], MOST) if found else []
            return {(answer["digest"], answer["sent"]): answer for answer in listed}

    def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """File the reports in order and repeat the answer to each."""
        done = 0
        for row in rows(payload.data["reports"], MOST):
            content, sent = validate(row["content"], arrival.unit), _moment(row)
            campaign = Campaign.objects.filter(pk=parse_number(text(row["campaign"], 20)) or 0).first()
            if campaign is None:
                continue
            with contextlib.suppress(Stale):  # being rewritten here: leave it
                carried = Carried(campaign, content, sent)
                report, _created = carried.file(arrival, arrival.unit, arrival.unit.name)
                answer = payload.stored.get((report.digest, row.get("sent", "")))
                if answer is not None and report.state == ReportState.SENT:
                    action, reason = Action(answer["action"]), answer["reason"] or "-"
                    take(report, action, arrival.user, reason=reason, who=arrival.partner.unit.name)
                    done += 1
        return {"answers": done}


for kind in (Reports(), Answers(), Back(), AnswersBack()):
    register(kind)
