"""edXML in the portal by upload, e-mail and folder: immediate effects and waiting decisions."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from lamsach.channels.edxml.tables import tables
from lamsach.channels.xml_signature import sign
from lamsach.errors import InputError
from lamsach.portal.campaigns.models import Attachment, Campaign, Dispatch, Recipient, Step
from lamsach.portal.edxml import actions, outbox
from lamsach.portal.edxml.identifiers import document_key
from lamsach.portal.edxml.inbox import Source, accept
from lamsach.portal.edxml.models import Connection, Message, State, Way
from lamsach.portal.jobs.queue import run_next
from lamsach.portal.lists.models import Document
from lamsach.portal.mail.inbox import receive as take_mail
from lamsach.portal.reports import chain, drafts
from lamsach.portal.reports.models import Report
from tests.channels.edxml_samples import HEADER, attachment, b64, dispatch, signer

from .conftest import Cast
from .edxml_exchange import accepted, copy_of, pem, status
from .mail_samples import mail
from .samples import edxml_connection, edxml_message, file_fields


def test_each_status_moves_the_board(cast: Cast, ours: Dispatch) -> None:
    copy = copy_of(ours, cast.first)
    row = Recipient.objects.filter(pk=copy.pk)
    steps = [("01", "opened"), ("03", "acknowledged"), ("04", None), ("02", "wrote"), ("06", "deployed"),
        ("05", "withdrawn"), ("15", "wrote")]  # fmt: skip
    for code, kind in steps:
        before = Step.objects.filter(recipient=copy).count()
        made = accepted(ours, status(ours, code, note=f"lý do {code}"))
        assert (made.state, made.dispatch_id) == (State.TAKEN, ours.pk)
        new = list(Step.objects.filter(recipient=copy)[before:])
        assert [step.kind for step in new] == ([kind] if kind else []), code
        assert all(
            step.how == "api" and step.who == "Trung tâm" and f"lý do {code}" in step.note for step in new
        )
    row_now = row.get()
    assert row_now.acknowledged is not None
    assert row_now.deployed is None
    assert set(tables().board_in) <= set(tables().statuses.values())


def test_the_day_of_a_status_is_limited_to_the_dispatchs_period(cast: Cast, ours: Dispatch) -> None:
    accepted(ours, status(ours, "06", day="01/01/2001 00:00:00"))
    accepted(ours, status(ours, "06", unit="G06.12.02", day="01/01/2090 00:00:00"))
    days = {step.recipient.unit_id: step.day for step in Step.objects.filter(kind="deployed")}
    assert days[cast.first.pk] == ours.day
    assert days[cast.second.pk] >= ours.day
    assert days[cast.second.pk].year < 2090


def test_a_status_of_an_unaddressed_unit_waits(cast: Cast, ours: Dispatch) -> None:
    for unit in ("G06.13", "H99.1"):
        assert accepted(ours, status(ours, "06", unit=unit)).state == State.WAITING
    assert not Recipient.objects.filter(deployed__isnull=False).exists()
    strange = Source(cast.other, Way.UPLOAD, user=cast.people["stranger"])
    assert accept(status(ours, "06"), "a.edxml", strange)[0].state == State.WAITING
    assert not Recipient.objects.filter(deployed__isnull=False).exists()


def test_only_a_signed_e_mail_moves_the_board(cast: Cast, ours: Dispatch) -> None:
    def mailed(data: bytes) -> Any:
        return take_mail(mail(files={"tt.edxml": data}))

    found = mailed(status(ours, "06"))
    made = Message.objects.get(outgoing=False)
    assert found.target == f"edxml:{made.pk}"
    assert (made.way, made.state, made.unit_id) == ("mail", "waiting", cast.centre.pk)
    assert copy_of(ours, cast.first).deployed is None
    Connection.objects.update(certificates=pem("Don vi A"))
    signed = sign(status(ours, "06"), signer("Don vi A"))
    mailed(signed)
    assert copy_of(ours, cast.first).deployed is not None
    refused = mailed(signed.replace(b">06<", b">02<"))
    assert "signature" in refused.problem
    assert Message.objects.filter(outgoing=False).count() == 2


def test_waiting_messages_are_noted_or_set_aside(cast: Cast, ours: Dispatch) -> None:
    made = accepted(ours, status(ours, "06"), Way.MAIL)
    other = accepted(ours, status(ours, "06", unit="G06.12.02"), Way.MAIL)
    client = cast.client("coordinator")
    for message, action in ((made, "file"), (other, "aside")):
        assert client.post(f"/office/edxml/messages/{message.pk}/", {"what": action}).status_code == 302
    assert copy_of(ours, cast.first).deployed is not None
    assert copy_of(ours, cast.second).deployed is None
    other.refresh_from_db()
    assert other.state == State.ASIDE


def test_a_dispatch_from_outside_the_tree_opens_a_campaign(cast: Cast, ours: Dispatch) -> None:
    client = cast.client("coordinator")
    file = SimpleUploadedFile("den.edxml", dispatch().encode())
    answer = client.post("/office/edxml/", {"unit": cast.centre.pk, "edxml": file}, follow=True)
    made = Message.objects.get(outgoing=False)
    page = answer.content.decode()
    assert all(
        text in page
        for text in ("1298/CATTT-NCSC", "26/09/2026", "Cục An toàn thông tin", "danh-sach.txt", "not signed")
    )
    client.post(
        f"/office/edxml/messages/{made.pk}/", {"what": "file", "campaign": "", "name": "Chiến dịch 2026"}
    )
    made.refresh_from_db()
    assert made.campaign is not None
    assert (made.campaign.name, made.campaign.owner_id, made.campaign.state, made.dispatch) == (
        "Chiến dịch 2026",
        cast.centre.pk,
        "draft",
        None,
    )
    assert made.campaign.report_due.isoformat() == "2026-09-26"
    assert (
        client.get(f"/office/edxml/messages/{made.pk}/files/1/").getvalue() == b"evil.example\n198.51.100.9\n"
    )
    assert client.get(f"/office/edxml/messages/{made.pk}/files/2/").status_code == 404


def test_attached_lists_join_the_units_list(cast: Cast, ours: Dispatch) -> None:
    files = attachment(b64(b"evil.example\n8.8.8.8\n"), "ds.csv") + attachment(
        b64(b"khong co gi"), "thu.txt", "b"
    )
    for name in ("Cục A", "Cục B"):
        accepted(ours, dispatch(HEADER.replace("Cục An toàn thông tin", name), files).encode())
    while run_next():
        pass
    unit_list = Document.objects.get()
    assert (unit_list.name, unit_list.list.unit_id, unit_list.count) == ("ds.csv", cast.centre.pk, 2)
    assert unit_list.list.doubts.count() == 1


def test_a_dispatch_without_a_number_is_not_sent(cast: Cast, ours: Dispatch) -> None:
    Dispatch.objects.update(number="")
    with pytest.raises(InputError):
        outbox.queue_dispatch(Dispatch.objects.get(), edxml_connection(cast), cast.people["coordinator"])
    client, made = cast.client("coordinator"), Message.objects.get()
    page = client.get(f"/office/dispatches/{ours.pk}/edxml/").content.decode()
    assert str(made.pk) in page


def test_a_report_is_sent_once_it_has_a_number(cast: Cast, ours: Dispatch) -> None:
    """A unit reports on a dispatch received by the connection; an unsent report is sent from its page."""
    found = Connection.objects.get()
    sender = HEADER.replace("000.00.00.G22", "G06").replace("H37.DN.001", "G06.12")
    made = accept(dispatch(sender).encode(), "a", Source(cast.centre, Way.FOLDER, found))[0]
    assert actions.file(made, None, cast.people["coordinator"], "Chiến dịch trên") is not None
    report = drafts.begin(
        Campaign.objects.get(name="Chiến dịch trên"), cast.centre, cast.people["coordinator"]
    )
    for action in ("submit", "approve", "send"):
        chain.take(report, chain.Action(action), None, freeze=drafts.freeze if action == "submit" else None)
    while run_next():
        pass
    reports = Message.objects.filter(outgoing=True, kind="new", key__startswith="report:")
    assert not reports.exists()
    client, address = cast.client("coordinator"), f"/office/edxml/messages/{made.pk}/"
    assert b"Reports that have not gone out" in client.get(address).content
    client.post(address, {"what": "report", "report": report.pk})
    assert not reports.exists()
    Report.objects.update(number=7, symbol="BC-TTA")
    client.post(address, {"what": "report", "report": report.pk})
    sent = reports.get()
    assert (sent.number, sent.type, [document["id"] for document in sent.answers]) == (
        "7/BC-TTA",
        "Báo cáo",
        ["G06"],
    )
    assert [row["name"].rpartition(".")[2] for row in sent.files] == ["pdf", "docx", "json"]
    assert b"Reports that have not gone out" not in client.get(address).content


def test_a_forwarded_dispatch_includes_its_files(cast: Cast, ours: Dispatch) -> None:
    Attachment.objects.create(dispatch=ours, **file_fields("goc.txt", b"goc"))
    below = Dispatch.objects.create(
        campaign=ours.campaign, issuer=cast.centre, parent=ours, number="3/P1", day=ours.day,
        subject="Chuyển tiếp", deadline=ours.deadline, created_by=cast.people["coordinator"], once="x",
    )  # fmt: skip
    sent = outbox.queue_dispatch(below, Connection.objects.get(), cast.people["coordinator"])
    assert [row["name"] for row in sent.files][2:] == ["goc.txt"]


def test_a_message_is_accepted_once_and_answers_either_identifier(cast: Cast, ours: Dispatch) -> None:
    first, second = edxml_message(cast), edxml_message(cast)
    assert first.pk != second.pk
    repeated, fresh = accept(
        status(ours, "03"), "a", Source(cast.centre, Way.FOLDER, Connection.objects.first())
    )
    assert fresh
    assert not accept(status(ours, "03"), "b", Source(cast.centre, Way.FOLDER, Connection.objects.first()))[1]
    assert repeated.dispatch_id == ours.pk
    same = {document_key(text)
        for text in ("G06.12,2026/08/23,12/A-B", "000.00.12.G06, 23/08/2026,12/a-b",
            "g06.12,2026-08-23,12/ A-B")}  # fmt: skip
    assert len(same) == 1


def test_a_large_tree_needs_few_queries(cast: Cast, ours: Dispatch) -> None:
    made = edxml_message(cast)
    made.recipients = [{"id": f"G06.12.{number}"} for number in range(900)]
    with CaptureQueriesContext(database) as requests:
        assert actions.addressed(made) == [cast.centre]
    assert len(requests) <= 4
    assert Campaign.objects.count() == 1
