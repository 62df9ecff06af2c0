"""For each parameter of an address, an object inside the coordinator's subtree.

A new parameter without a row of SAMPLES fails the walk.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from lamsach.portal.accounts.models import Invitation
from lamsach.portal.avreports.models import AvReport
from lamsach.portal.base import links
from lamsach.portal.base.uploads import store
from lamsach.portal.campaigns import deadline_moves, dispatches
from lamsach.portal.campaigns.models import (
    Attachment,
    DeadlineKind,
    DeadlineMove,
    How,
    IndicatorList,
    Material,
    MoveScope,
    Recipient,
    Step,
    StepKind,
)
from lamsach.portal.cases.models import Clarification, Exemption, Grant, Note, SavedView
from lamsach.portal.exchange import hooks, misp
from lamsach.portal.exchange.models import Waiting
from lamsach.portal.exchange.unit_keys import lock
from lamsach.portal.findings.models import Bundle, Device, Hunt, HuntFile, Merge
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.privacy import holds
from lamsach.portal.privacy.models import GrantedView
from lamsach.portal.public.models import Tool
from lamsach.portal.reports.models import Extension
from lamsach.portal.support import desk
from lamsach.portal.support.models import Article, CannedAnswer, Question, QuestionFile
from lamsach.portal.traces.models import TraceFile
from lamsach.portal.units import tree
from lamsach.portal.units.models import UnitImport

from . import exchange_pair, list_samples
from .bundles import EVIL
from .samples import (
    campaign,
    case,
    dispatch,
    edxml_connection,
    edxml_message,
    file,
    file_fields,
    notice,
    question,
    received,
    report,
    trace,
)


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
        path=store(file("thu.pdf")).path,
    )


def _question_file(cast: Any) -> QuestionFile:
    """A file of the newest question, named earlier in the address."""
    newest = Question.objects.order_by("pk").last() or question(cast)
    desk.attach(newest, [store(file("anh.pdf"))])
    return QuestionFile.objects.filter(question=newest).latest("pk")


def _material(cast: Any) -> Material:
    return Material.objects.create(
        campaign=dispatch(cast).campaign, title="Hướng dẫn", **file_fields("huong-dan.pdf")
    )


def _import(cast: Any) -> UnitImport:
    return UnitImport.objects.create(
        user=cast.people["coordinator"], file_name="a.csv", day=tree.today(), basis="x"
    )


def _attachment(cast: Any) -> Attachment:
    return Attachment.objects.create(dispatch=dispatch(cast), **file_fields("cong-van.pdf"))


def _list(cast: Any) -> IndicatorList:
    return IndicatorList.objects.create(campaign=dispatch(cast).campaign, **file_fields("danh-sach.pdf"))


def _recipient(cast: Any) -> Recipient:
    found = Recipient.objects.filter(unit=cast.first).first()
    if found is None:
        dispatch(cast)
        return Recipient.objects.get(unit=cast.first)
    return found


def _step(cast: Any) -> Step:
    recipient = _recipient(cast)
    dispatches.take(recipient, StepKind.DEPLOYED, how=How.PAPER, evidence=store(file("bien-ban.pdf")))
    return Step.objects.filter(recipient=recipient).latest("pk")


def _bundle(cast: Any) -> Any:
    case(cast)
    return Bundle.objects.get()


def _merge(cast: Any) -> Any:
    kept = case(cast).device
    gone = Device.objects.create(unit=cast.first, key="name:pc-01", name="PC-01", into=kept)
    return Merge.objects.create(kept=kept, gone=gone, kind="name", value="pc-01")


def _note(cast: Any) -> Any:
    stored = store(file("bien-ban.pdf"))
    return Note.objects.create(case=case(cast), file_name=stored.name, file_path=stored.path)


def _clarification(cast: Any) -> Any:
    found = case(cast)
    return Clarification.objects.get_or_create(
        campaign=found.campaign, device=found.device, defaults={"unit": found.unit, "kind": "inbound"}
    )[0]


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


def _waiting(cast: Any) -> Waiting:
    down, up = exchange_pair.partners(cast)
    with exchange_pair.made(down, cast.people["coordinator"]).open("rb") as stream:
        path = default_storage.save(f"exchange/{links.nonce()}", ContentFile(stream.read()))
    return Waiting.objects.create(user=cast.people["coordinator"], partner=up, name="a.zip", path=path)


def _hunt(cast: Any) -> Any:
    """A hunt of the first room, with one log file in transfer."""
    made = Hunt.objects.create(unit=cast.first, campaign=dispatch(cast).campaign, user=cast.people["officer"])
    HuntFile.objects.create(hunt=made, name="fw.log", size=10)
    default_storage.save("hunts/page.html", ContentFile(b"<html></html>"))
    Hunt.objects.filter(pk=made.pk).update(page="hunts/page.html")
    return made


def _exemption(cast: Any) -> Any:
    """An exemption requested by the officer."""
    found = case(cast)
    return Exemption.objects.create(
        campaign=found.campaign,
        unit=found.unit,
        indicator=EVIL,
        reason="Máy thử nghiệm",
        expires=tree.today() + timedelta(days=30),
        asked_by=cast.people["officer"],
    )


def _avreport(cast: Any) -> AvReport:
    """A preview of the first room's malware report."""
    document = b"<a/>"
    sha256 = hashlib.sha256(document).hexdigest()
    now = timezone.now()
    facts = {"since": now, "until": now, "naming": "counts", "size": len(document)}
    known = AvReport.objects.filter(unit=cast.first, sha256=sha256).first()
    if known is not None:
        return known
    path = default_storage.save(f"avreports/{sha256}", ContentFile(document))
    return AvReport.objects.create(unit=cast.first, sha256=sha256, path=path, **facts)


def _tool(**fields: str) -> Tool:
    return Tool.objects.create(name="A", publisher="B", licence="C", systems="D", **fields)


def _article(cast: Any) -> Article:
    return Article.objects.create(unit=cast.first, title="A", text="B")


SAMPLES: dict[str, Callable[[Any], Any]] = {
    "page": lambda cast: "how-to/officer/hunt",
    "picture": lambda cast: "board",
    "avreport_id": _avreport,
    "own_case_id": case,
    "granted_id": _granted,
    "own_unit_id": lambda cast: cast.first,
    "grant_id": _grant,
    "hold_id": lambda cast: holds.put(cast.first, "Thanh tra", cast.people["officer"]),
    "webhook_id": lambda cast: hooks.make(
        cast.first, "https://siem.unit.example/x", cast.people["coordinator"]
    )[0],
    "misp_id": lambda cast: misp.make(
        cast.first, "https://misp.unit.example", "key", cast.people["coordinator"]
    ),
    "partner_id": lambda cast: exchange_pair.partners(cast)[1],
    "waiting_id": _waiting,
    "connection_id": edxml_connection,
    "message_id": edxml_message,
    "place": lambda cast: 1,
    "unit_id": lambda cast: cast.first,
    "fleet_unit_id": lambda cast: cast.first,
    "user_id": lambda cast: cast.people["officer"],
    "membership_id": lambda cast: cast.people["officer"].memberships.get_or_create(
        unit=cast.first, role="officer"
    )[0],
    "invitation_id": _invitation,
    "letter_id": _letter,
    "campaign_id": lambda cast: dispatch(cast).campaign,
    "dispatch_id": dispatch,
    "move_id": _move,
    "attachment_id": _attachment,
    "list_id": _list,
    "recipient_id": _recipient,
    "step_id": _step,
    "question_id": question,
    "notice_id": notice,
    "person_id": lambda cast: notice(cast).person,
    "tool_id": lambda cast: _tool(link="https://a.example"),
    "tool_number": lambda cast: _tool(),
    "kind": lambda cast: "poster",
    "material_id": _material,
    "material_number": _material,
    "file_id": _question_file,
    "canned_id": lambda cast: CannedAnswer.objects.create(unit=cast.first, title="A", text="B"),
    "article_id": _article,
    "article_number": _article,
    "incoming_id": _incoming,
    "import_id": _import,
    "report_id": report,
    "extension_id": _extension,
    "received_id": received,
    "figure": lambda cast: "informed",
    "document": lambda cast: "pdf",
    "case_id": case,
    "bundle_id": _bundle,
    "own_bundle_id": _bundle,
    "device_id": lambda cast: case(cast).device,
    "merge_id": _merge,
    "hunt_id": _hunt,
    "hunt_file_id": lambda cast: HuntFile.objects.latest("pk"),
    "trace_id": trace,
    "trace_file_id": lambda cast: TraceFile.objects.latest("pk"),
    "note_id": _note,
    "exemption_id": _exemption,
    "part": lambda cast: 1,
    "kept_list_id": lambda cast: list_samples.released(cast).list,
    "version_id": list_samples.released,
    "document_id": list_samples.document,
    "origin_id": list_samples.origin,
    "outlet_id": lambda cast: list_samples.outlet(cast)[0],
    "question_of_machine": _clarification,
    "named_case_id": case,
    "threat": lambda cast: "stealer",
    "view_id": lambda cast: SavedView.objects.get_or_create(
        user=cast.people["coordinator"], name="A", defaults={"query": ""}
    )[0],
}
"""Makers of the value by the name of the parameter; of an object the address names the number."""
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


def sample(name: str, cast: Any) -> str:
    """Return a value for the parameter of that name."""
    made = SAMPLES[name](cast)
    return str(getattr(made, "pk", made))
