"""Samples of the cast: a campaign and its dispatch, a case, a report and others; invented."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from lamsach.letters.filled_form import FormValue
from lamsach.portal.awareness.models import Notice, Person
from lamsach.portal.base import links
from lamsach.portal.base.uploads import store
from lamsach.portal.campaigns import deadline_moves, dispatches
from lamsach.portal.campaigns.models import Campaign, DeadlineKind, Dispatch, IndicatorList, MoveScope
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.cases.models import Case
from lamsach.portal.edxml import inbox
from lamsach.portal.edxml.inbox import Source
from lamsach.portal.edxml.models import Connection, Message, Way
from lamsach.portal.reports import drafts
from lamsach.portal.reports.arrivals import store_received
from lamsach.portal.reports.models import Received, Report
from lamsach.portal.reports.models import Way as ReportWay
from lamsach.portal.support import desk
from lamsach.portal.support.models import Question
from lamsach.portal.traces.models import Trace, TraceFile, TraceRow
from lamsach.portal.units import tree
from tests.channels.edxml_samples import HEADER
from tests.channels.edxml_samples import dispatch as written

from . import bundles

_PDF = b"%PDF-1.7 made up"


def file(name: str, content: bytes = _PDF) -> SimpleUploadedFile:
    """A file as a browser uploads it."""
    return SimpleUploadedFile(name, content)


def file_fields(name: str, content: bytes = _PDF) -> dict[str, Any]:
    """Fields of a row that holds a file, which is stored."""
    stored = store(file(name, content))
    return {"name": stored.name, "path": stored.path, "size": stored.size, "sha256": stored.sha256}


def indicator_list(
    campaign: Campaign, content: bytes, name: str = "danh-sach.txt", **fields: Any
) -> IndicatorList:
    """A list of the campaign, not read yet."""
    return IndicatorList.objects.create(campaign=campaign, **file_fields(name, content), **fields)


def edxml_connection(cast: Any) -> Connection:
    """A connection of the centre, by folders."""
    name = f"truc-{Connection.objects.count() + 1}"
    return Connection.objects.create(unit=cast.centre, name=name, created_by=cast.people["coordinator"])


def edxml_message(cast: Any) -> Message:
    """A waiting dispatch with a list, received through it."""
    connection = edxml_connection(cast)
    data = written(HEADER.replace("000.00.00.G22", "G06").replace("1298", f"{connection.pk}"))
    return inbox.accept(data.encode(), "a.edxml", Source(cast.centre, Way.FOLDER, connection))[0]


def campaign(cast: Any) -> Campaign:
    """The centre's campaign."""
    found = Campaign.objects.filter(owner=cast.centre).first()
    return found or Campaign.objects.create(
        name="Chiến dịch thử",
        owner=cast.centre,
        starts=tree.today(),
        ends=tree.today() + timedelta(days=60),
        report_due=tree.today() + timedelta(days=30),
        form=default_form(),
    )


def dispatch(cast: Any, *, sent: bool = True, **fields: Any) -> Dispatch:
    """A dispatch of the centre to its two rooms."""
    made = Dispatch.objects.create(
        campaign=campaign(cast),
        issuer=cast.centre,
        day=tree.today(),
        subject="V/v triển khai chiến dịch",
        body="Đề nghị Quý đơn vị triển khai.",
        deadline=tree.today() + timedelta(days=20),
        created_by=cast.people["coordinator"],
        once=links.nonce(),
        **fields,
    )
    if sent:
        dispatches.send(made, cast.people["coordinator"])
        made.refresh_from_db()
    return made


def due(found: Campaign, day: date, *kinds: DeadlineKind) -> None:
    """Move the campaign's report deadline to a day, for all units."""
    days = dict.fromkeys(kinds or (DeadlineKind.REPORT,), day)
    deadline_moves.make(
        deadline_moves.Plan(found, MoveScope.ALL, days, reason="Thử", nearer=True), None, letters=False
    )


def question(cast: Any) -> Question:
    """A question to the first room's desk."""
    made = Question(
        unit=cast.first,
        name="Người hỏi",
        email="hoi@person.example",
        subject="Máy chậm",
        text="Tôi cần giúp.",
    )
    return desk.ask(made, links.nonce())


def notice(cast: Any) -> Notice:
    """A notice to a person of the first room."""
    person = Person.objects.create(
        unit=cast.first, name="Trần Văn Thử", email=f"{links.nonce()}@person.example".lower()
    )
    return Notice.objects.create(
        campaign=dispatch(cast).campaign,
        unit=cast.first,
        person=person,
        nonce=links.nonce(),
        sent=timezone.now(),
    )


def case(cast: Any) -> Any:
    """A case of the first room's machine."""
    found = Case.objects.filter(unit=cast.first).first()
    if found is None:
        campaign_of = dispatch(cast).campaign
        one = bundles.device("mac:02:00:00:00:00:01", name="PC-01", user="thu")
        bundles.hand_in(
            cast, campaign_of, bundles.findings([one], [bundles.Contact(days={bundles.day(-3): 4})])
        )
        found = Case.objects.get(unit=cast.first)
    return found


def trace(cast: Any) -> Trace:
    """A finished trace of the first room, with one log file and the row of the case's machine."""
    known = case(cast)
    made = Trace.objects.create(
        unit=cast.first, user=cast.people["officer"], campaign=known.campaign, listed=8, explained=6
    )
    named = [{"name": "PC-01", "ip": "10.1.2.3", "mac": "02:00:00:00:00:01", "certainty": "certain"}]
    row = {"digest": "a" * 64, "ip": "203.0.113.10", "certainty": "certain", "named": named}
    TraceRow.objects.create(trace=made, at=0, device=known.device, **row)
    TraceFile.objects.create(trace=made, kind="log", name="fw.log", size=10)
    for ending in ("html", "pdf"):
        default_storage.delete(f"traces/{made.pk}/result.{ending}")
        default_storage.save(f"traces/{made.pk}/result.{ending}", ContentFile(b"<html></html>"))
    return made


def report(cast: Any) -> Report:
    """The first room's report."""
    return drafts.begin(dispatch(cast).campaign, cast.first, cast.people["officer"])


def received(cast: Any) -> Received:
    """A filled form from the first room, waiting for confirmation."""
    content = f'{{"schema": "lamsach-report-1", "n": "{links.nonce()}"}}'.encode()
    stored = store(file("bao-cao.json", content))
    values = [FormValue("informed", "05 đơn vị", 5, 0.9), FormValue("deployed", "không có", 0, 0.8)]
    return store_received(
        dispatch(cast).campaign, cast.first, stored, values, ReportWay.MAIL, sender="mot@unit.example"
    )
