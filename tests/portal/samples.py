"""For each parameter of an address, an object inside the coordinator's subtree.

A new parameter without an entry fails the walk.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from lamsach.letters.filled_form import FormValue
from lamsach.portal.accounts.models import Invitation
from lamsach.portal.avreports.models import AvReport
from lamsach.portal.awareness.models import Notice, Person
from lamsach.portal.base import links
from lamsach.portal.base.uploads import store
from lamsach.portal.campaigns import deadline_moves, dispatches
from lamsach.portal.campaigns.models import (
    Attachment,
    Campaign,
    DeadlineKind,
    DeadlineMove,
    Dispatch,
    How,
    IndicatorList,
    Material,
    MoveScope,
    Recipient,
    Step,
    StepKind,
)
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.cases.models import Case, Clarification, Exemption, Grant, Note, SavedView
from lamsach.portal.edxml import inbox
from lamsach.portal.edxml.inbox import Source
from lamsach.portal.edxml.models import Connection, Message, Way
from lamsach.portal.exchange import hooks, misp
from lamsach.portal.exchange.models import Partner, Waiting
from lamsach.portal.exchange.unit_keys import lock
from lamsach.portal.findings.models import Bundle, Device, Hunt, HuntFile, Merge
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.privacy import holds
from lamsach.portal.privacy.models import GrantedView
from lamsach.portal.public.models import Tool
from lamsach.portal.reports import drafts
from lamsach.portal.reports.arrivals import store_received
from lamsach.portal.reports.models import Extension, Received, Report
from lamsach.portal.reports.models import Way as ReportWay
from lamsach.portal.support import desk
from lamsach.portal.support.models import Article, CannedAnswer, Question, QuestionFile
from lamsach.portal.traces.models import Trace, TraceFile, TraceRow
from lamsach.portal.units import tree
from lamsach.portal.units.models import UnitImport
from tests.channels.edxml_samples import HEADER
from tests.channels.edxml_samples import dispatch as written

from . import bundles, exchange_pair, list_samples


def edxml_connection(cast: Any) -> Connection:
    """A connection of the centre, by folders."""
    name = f"truc-{Connection.objects.count() + 1}"
    return Connection.objects.create(unit=cast.centre, name=name, created_by=cast.people["coordinator"])


def edxml_message(cast: Any) -> Message:
    """A waiting dispatch with a list, received through it."""
    connection = edxml_connection(cast)
    data = written(HEADER.replace("000.00.00.G22", "G06").replace("1298", f"{connection.pk}"))
    return inbox.accept(data.encode(), "a.edxml", Source(cast.centre, Way.FOLDER, connection))[0]


def _invitation(cast: Any) -> Invitation:
    return Invitation.objects.create(
        email="moi@person.example",
        unit=cast.first,
        role="officer",
        nonce=links.nonce(),
        created_by=cast.people["coordinator"],
        expires=timezone.now() + timedelta(days=1),
    )


def _letter(cast: Any) -> Letter:
    now = timezone.now()
    return Letter.objects.create(
        key=links.nonce(),
        kind="plain",
        to="mot@unit.example",
        unit=cast.first,
        created=now,
        next_attempt=now,
    )


def _incoming(cast: Any) -> Incoming:
    return Incoming.objects.create(
        key=links.nonce(),
        kind="question",
        received=timezone.now(),
        sender="a@b.example",
        unit=cast.first,
        path=store(_file("thu.pdf")).path,
    )


def _question_file(cast: Any) -> QuestionFile:
    """A file of the newest question, named earlier in the address."""
    newest = Question.objects.order_by("pk").last() or question(cast)
    desk.attach(newest, [store(_file("anh.pdf"))])
    return QuestionFile.objects.filter(question=newest).latest("pk")


def _material(cast: Any) -> Material:
    stored = store(_file("huong-dan.pdf"))
    return Material.objects.create(
        campaign=dispatch(cast).campaign,
        title="Hướng dẫn",
        name=stored.name,
        path=stored.path,
        size=stored.size,
        sha256=stored.sha256,
    )


def _import(cast: Any) -> UnitImport:
    return UnitImport.objects.create(
        user=cast.people["coordinator"], file_name="a.csv", day=tree.today(), basis="x"
    )


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


def _file(name: str) -> Any:
    return SimpleUploadedFile(name, b"%PDF-1.7 made up")


def _attachment(cast: Any) -> Attachment:
    stored = store(_file("cong-van.pdf"))
    return Attachment.objects.create(
        dispatch=dispatch(cast), name=stored.name, path=stored.path, size=stored.size, sha256=stored.sha256
    )


def _list(cast: Any) -> IndicatorList:
    stored = store(_file("danh-sach.pdf"))
    return IndicatorList.objects.create(
        campaign=dispatch(cast).campaign,
        name=stored.name,
        path=stored.path,
        size=stored.size,
        sha256=stored.sha256,
    )


def _recipient(cast: Any) -> Recipient:
    found = Recipient.objects.filter(unit=cast.first).first()
    if found is None:
        dispatch(cast)
        return Recipient.objects.get(unit=cast.first)
    return found


def _step(cast: Any) -> Step:
    recipient = _recipient(cast)
    dispatches.take(recipient, StepKind.DEPLOYED, how=How.PAPER, evidence=store(_file("bien-ban.pdf")))
    return Step.objects.filter(recipient=recipient).latest("pk")


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


def _bundle(cast: Any) -> Any:
    case(cast)
    return Bundle.objects.get()


def _merge(cast: Any) -> Any:
    kept = case(cast).device
    gone = Device.objects.create(unit=cast.first, key="name:pc-01", name="PC-01", into=kept)
    return Merge.objects.create(kept=kept, gone=gone, kind="name", value="pc-01")


def hunt(cast: Any) -> Any:
    """A hunt of the first room, with one log file in transfer."""
    made = Hunt.objects.create(unit=cast.first, campaign=dispatch(cast).campaign, user=cast.people["officer"])
    HuntFile.objects.create(hunt=made, name="fw.log", size=10)
    default_storage.save("hunts/page.html", ContentFile(b"<html></html>"))
    Hunt.objects.filter(pk=made.pk).update(page="hunts/page.html")
    return made


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


def _note(cast: Any) -> Any:
    stored = store(_file("bien-ban.pdf"))
    return Note.objects.create(case=case(cast), file_name=stored.name, file_path=stored.path)


def exemption(cast: Any) -> Any:
    """An exemption requested by the officer."""
    found = case(cast)
    return Exemption.objects.create(
        campaign=found.campaign,
        unit=found.unit,
        indicator=bundles.EVIL,
        reason="Máy thử nghiệm",
        expires=tree.today() + timedelta(days=30),
        asked_by=cast.people["officer"],
    )


def _clarification(cast: Any) -> Any:
    found = case(cast)
    return Clarification.objects.get_or_create(
        campaign=found.campaign, device=found.device, defaults={"unit": found.unit, "kind": "inbound"}
    )[0]


def report(cast: Any) -> Report:
    """The first room's report."""
    return drafts.begin(dispatch(cast).campaign, cast.first, cast.people["officer"])


def received(cast: Any) -> Received:
    """A filled form from the first room, waiting for confirmation."""
    content = f'{{"schema": "lamsach-report-1", "n": "{links.nonce()}"}}'.encode()
    stored = store(SimpleUploadedFile("bao-cao.json", content))
    values = [FormValue("informed", "05 đơn vị", 5, 0.9), FormValue("deployed", "không có", 0, 0.8)]
    return store_received(
        dispatch(cast).campaign, cast.first, stored, values, ReportWay.MAIL, sender="mot@unit.example"
    )


def _extension(cast: Any) -> Extension:
    return Extension.objects.create(
        campaign=dispatch(cast).campaign,
        unit=cast.first,
        until=tree.today() + timedelta(days=40),
        reason="Chờ nhật ký",
        asked_by=cast.people["officer"],
    )


def _move(cast: Any) -> DeadlineMove:
    days = {DeadlineKind.REPORT: tree.today() + timedelta(days=25)}
    plan = deadline_moves.Plan(dispatch(cast).campaign, MoveScope.ONE, days, cast.first, "Chờ nhật ký")
    deadline_moves.make(plan, cast.people["coordinator"], letters=False)
    return DeadlineMove.objects.filter(unit=cast.first).latest("pk")


def _grant(cast: Any) -> Grant:
    return Grant.objects.create(
        case=case(cast),
        to=cast.centre,
        until=timezone.now() + timedelta(days=3),
        user=cast.people["officer"],
    )


def _granted(cast: Any) -> GrantedView:
    """A machine visible to the centre by the room's grant, as imported from a file."""
    data = {
        "state": "working",
        "since": tree.today().isoformat(),
        "severity": 1,
        "machine": {"name": "PC-99", "ip": "10.9.9.9", "mac": "", "user": "", "department": ""},
        "sightings": [],
        "lines": [["", "srcip=10.9.9.9"]],
    }
    return GrantedView.objects.get_or_create(
        partner=exchange_pair.partners(cast)[0],
        number="M000099",
        defaults={
            "unit": cast.first,
            "campaign": campaign(cast),
            "until": timezone.now() + timedelta(days=3),
            "counter": 1,
            "data": lock(json.dumps(data)),
        },
    )[0]


def _partner(cast: Any) -> Partner:
    return exchange_pair.partners(cast)[1]


def _waiting(cast: Any) -> Waiting:
    down, up = exchange_pair.partners(cast)
    with exchange_pair.made(down, cast.people["coordinator"]).open("rb") as stream:
        path = default_storage.save(f"exchange/{links.nonce()}", ContentFile(stream.read()))
    return Waiting.objects.create(user=cast.people["coordinator"], partner=up, name="a.zip", path=path)


def avreport(cast: Any, unit: Any = None) -> AvReport:
    """A preview of a unit's malware report."""
    document = b"<a/>"
    sha256 = hashlib.sha256(document).hexdigest()
    now = timezone.now()
    facts = {"since": now, "until": now, "naming": "counts", "size": len(document)}
    known = AvReport.objects.filter(unit=unit or cast.first, sha256=sha256).first()
    if known is not None:
        return known
    path = default_storage.save(f"avreports/{sha256}", ContentFile(document))
    return AvReport.objects.create(unit=unit or cast.first, sha256=sha256, path=path, **facts)


SAMPLES: dict[str, Callable[[Any], Any]] = {
    "page": lambda cast: "how-to/officer/hunt",
    "picture": lambda cast: "board",
    "avreport_id": lambda cast: avreport(cast).pk,
    "own_case_id": lambda cast: case(cast).pk,
    "granted_id": lambda cast: _granted(cast).pk,
    "own_unit_id": lambda cast: cast.first.pk,
    "grant_id": lambda cast: _grant(cast).pk,
    "hold_id": lambda cast: holds.put(cast.first, "Thanh tra", cast.people["officer"]).pk,
    "webhook_id": lambda cast: (
        hooks.make(cast.first, "https://siem.unit.example/x", cast.people["coordinator"])[0].pk
    ),
    "misp_id": lambda cast: (
        misp.make(cast.first, "https://misp.unit.example", "key", cast.people["coordinator"]).pk
    ),
    "partner_id": lambda cast: _partner(cast).pk,
    "waiting_id": lambda cast: _waiting(cast).pk,
    "connection_id": lambda cast: edxml_connection(cast).pk,
    "message_id": lambda cast: edxml_message(cast).pk,
    "place": lambda cast: 1,
    "unit_id": lambda cast: cast.first.pk,
    "fleet_unit_id": lambda cast: cast.first.pk,
    "user_id": lambda cast: cast.people["officer"].pk,
    "membership_id": lambda cast: (
        cast.people["officer"].memberships.get_or_create(unit=cast.first, role="officer")[0].pk
    ),
    "invitation_id": lambda cast: _invitation(cast).pk,
    "letter_id": lambda cast: _letter(cast).pk,
    "campaign_id": lambda cast: dispatch(cast).campaign_id,
    "dispatch_id": lambda cast: dispatch(cast).pk,
    "move_id": lambda cast: _move(cast).pk,
    "attachment_id": lambda cast: _attachment(cast).pk,
    "list_id": lambda cast: _list(cast).pk,
    "recipient_id": lambda cast: _recipient(cast).pk,
    "step_id": lambda cast: _step(cast).pk,
    "question_id": lambda cast: question(cast).pk,
    "notice_id": lambda cast: notice(cast).pk,
    "person_id": lambda cast: notice(cast).person_id,
    "tool_id": lambda cast: (
        Tool.objects.create(name="A", publisher="B", licence="C", systems="D", link="https://a.example").pk
    ),
    "tool_number": lambda cast: Tool.objects.create(name="A", publisher="B", licence="C", systems="D").pk,
    "kind": lambda cast: "poster",
    "material_id": lambda cast: _material(cast).pk,
    "material_number": lambda cast: _material(cast).pk,
    "file_id": lambda cast: _question_file(cast).pk,
    "canned_id": lambda cast: CannedAnswer.objects.create(unit=cast.first, title="A", text="B").pk,
    "article_id": lambda cast: Article.objects.create(unit=cast.first, title="A", text="B").pk,
    "article_number": lambda cast: Article.objects.create(unit=cast.first, title="A", text="B").pk,
    "incoming_id": lambda cast: _incoming(cast).pk,
    "import_id": lambda cast: _import(cast).pk,
    "report_id": lambda cast: report(cast).pk,
    "extension_id": lambda cast: _extension(cast).pk,
    "received_id": lambda cast: received(cast).pk,
    "figure": lambda cast: "informed",
    "document": lambda cast: "pdf",
    "case_id": lambda cast: case(cast).pk,
    "bundle_id": lambda cast: _bundle(cast).pk,
    "own_bundle_id": lambda cast: _bundle(cast).pk,
    "device_id": lambda cast: case(cast).device_id,
    "merge_id": lambda cast: _merge(cast).pk,
    "hunt_id": lambda cast: hunt(cast).pk,
    "hunt_file_id": lambda cast: HuntFile.objects.latest("pk").pk,
    "trace_id": lambda cast: trace(cast).pk,
    "trace_file_id": lambda cast: TraceFile.objects.latest("pk").pk,
    "note_id": lambda cast: _note(cast).pk,
    "exemption_id": lambda cast: exemption(cast).pk,
    "part": lambda cast: 1,
    "kept_list_id": lambda cast: list_samples.released(cast).list_id,
    "version_id": lambda cast: list_samples.released(cast).pk,
    "document_id": lambda cast: list_samples.document(cast).pk,
    "origin_id": lambda cast: list_samples.origin(cast).pk,
    "outlet_id": lambda cast: list_samples.outlet(cast)[0].pk,
    "question_of_machine": lambda cast: _clarification(cast).pk,
    "named_case_id": lambda cast: case(cast).pk,
    "threat": lambda cast: "stealer",
    "view_id": lambda cast: (
        SavedView.objects.get_or_create(user=cast.people["coordinator"], name="A", defaults={"query": ""})[
            0
        ].pk
    ),
}
OWN_ONLY = {"waiting_id", "import_id", "granted_id"}
"""Objects of one person, or of the coordinator's unit only: invisible to others in any role."""
SEEN_BY_ALL = {"tool_number"}
"""Objects of the whole portal, without a unit."""
OF_THE_UNIT_ITSELF = {
    "avreport_id",
    "own_unit_id",
    "own_case_id",
    "fleet_unit_id",
    "grant_id",
    "notice_id",
    "person_id",
    "own_bundle_id",
    "device_id",
    "merge_id",
    "hunt_id",
    "trace_id",
    "note_id",
    "question_of_machine",
    "named_case_id",
}
"""Names of people and machines: invisible to units above, in any role."""
