"""edXML in the portal by upload, e-mail, folder and service: immediate effects and waiting decisions."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.utils import timezone

from lamsach.channels.edxml.reader import read
from lamsach.channels.edxml.tables import tables
from lamsach.channels.xml_signature import sign
from lamsach.errors import InputError
from lamsach.portal.base.uploads import store
from lamsach.portal.campaigns.models import Attachment, Campaign, Dispatch, Recipient, Step
from lamsach.portal.edxml import actions, carrier, folders, outbox, secrets
from lamsach.portal.edxml.identifiers import document_key
from lamsach.portal.edxml.inbox import Source, accept
from lamsach.portal.edxml.models import Connection, Message, State, Way
from lamsach.portal.jobs.queue import run_next
from lamsach.portal.mail.inbox import receive as take_mail
from lamsach.portal.reports import chain, drafts
from lamsach.portal.reports.models import Report
from lamsach.portal.units.models import Unit
from lamsach.portal.worker import load_tasks
from tests.channels.edxml_samples import HEADER, STATUS, attachment, b64, dispatch, signer

from .conftest import Cast
from .samples import dispatch as sent_dispatch
from .samples import edxml_connection, edxml_message
from .test_edxml_two_portals import key_file


@pytest.fixture
def ours(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dispatch:
    """Send a dispatch of the centre by a connection, with folders of the test's own."""
    load_tasks()
    monkeypatch.setattr(settings, "EDXML_FOLDERS", tmp_path / "edxml")
    monkeypatch.setattr(folders, "UNFINISHED_S", 0)
    found = sent_dispatch(cast)
    Dispatch.objects.filter(pk=found.pk).update(number="12/TTCNTT-KTHT")
    found.refresh_from_db()
    outbox.queue_dispatch(found, edxml_connection(cast), cast.people["coordinator"])
    return found


def status(found: Dispatch, code: str, unit: str = "G06.12.01", note: str = "", day: str = "") -> bytes:
    """Write a unit's status about a dispatch, as another system does."""
    document = f"000.00.12.G06,{found.day:%Y/%m/%d},{found.number}"
    text = STATUS.replace("000.00.00.G22,2026/08/23,1298/CATTT-NCSC", document).replace("H37.DN.001", unit)
    text = text.replace(">3<", f">{code}<").replace("Đã vào sổ", note).replace("24/08/2026 09:10:11", day)
    return text.encode()


def accepted(found: Dispatch, data: bytes, way: Way = Way.FOLDER) -> Message:
    connection = Connection.objects.get() if way == Way.FOLDER else None
    return accept(data, "a.edxml", Source(found.issuer, way, connection))[0]


def copy_of(found: Dispatch, unit: Unit) -> Recipient:
    return found.recipients.get(unit=unit)


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
    def mailed(data: bytes, number: int) -> Any:
        letter = EmailMessage()
        letter["From"], letter["Subject"], letter["Message-ID"] = (
            "mot@unit.example",
            "Trạng thái",
            f"<{number}@unit.example>",
        )
        letter.set_content("Kèm theo")
        letter.add_attachment(data, maintype="application", subtype="xml", filename="tt.edxml")
        return take_mail(bytes(letter))

    found = mailed(status(ours, "06"), 1)
    made = Message.objects.get(outgoing=False)
    assert found.target == f"edxml:{made.pk}"
    assert (made.way, made.state, made.unit_id) == ("mail", "waiting", cast.centre.pk)
    assert copy_of(ours, cast.first).deployed is None
    certificate = signer("Don vi A").certificates[0].public_bytes(Encoding.PEM).decode()
    Connection.objects.update(certificates=certificate)
    signed = sign(status(ours, "06"), signer("Don vi A"))
    mailed(signed, 2)
    assert copy_of(ours, cast.first).deployed is not None
    refused = mailed(signed.replace(b">06<", b">02<"), 3)
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
    from lamsach.portal.lists.models import Document

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


def test_a_watched_folder_accepts_only_complete_files(
    cast: Cast, ours: Dispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Connection.objects.get()
    door = folders.folder(found, "in")
    (door / "a.edxml").write_bytes(status(ours, "03"))
    (door / "b.edxml").write_text("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")
    (door / "c.txt").write_bytes(status(ours, "06"))
    (door / "d.edxml").symlink_to("/etc/passwd")
    (door / "e.edxml").mkdir()
    assert carrier.carry(found) == {"taken": 1, "sent": 1, "problems": 1}
    assert sorted(path.name for path in door.iterdir()) == ["c.txt", "d.edxml", "e.edxml", "refused", "taken"]
    assert {path.name for path in (door / "refused").iterdir()} == {"b.edxml", "b.txt"}
    found.refresh_from_db()
    assert "entities" in found.problem
    (out,) = (door.parent / "out").iterdir()
    message = read(out.read_bytes(), "out")
    assert [item.name for item in message.attachments] == [
        f"cong-van-{ours.pk}.pdf",
        f"cong-van-{ours.pk}.docx",
    ]
    assert message.document_id == f"G06.12,{ours.day:%Y/%m/%d},12/TTCNTT-KTHT"
    assert [item.organ_id for item in message.trace] == ["G06.12"]
    (door / "f.edxml").write_text("<edXML>")
    os.utime(door / "f.edxml", (timezone.now().timestamp(),) * 2)
    monkeypatch.setattr(folders, "UNFINISHED_S", 1e9)
    assert carrier.carry(found)["problems"] == 0
    assert (door / "f.edxml").exists()


class _System(BaseHTTPRequestHandler):
    """The service of a document-management system."""

    waiting: dict[str, bytes]
    sent: list[bytes]
    requests: list[tuple[str, str, str | None]]
    status = 200

    def _answer(self, body: bytes) -> None:
        self.requests.append((self.command, self.path, self.headers.get("X-Api-Key")))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if self.path == "/api/list":
            rows = [{"id": key} for key in self.waiting]
            return self._answer(json.dumps({"data": rows}).encode())
        data = self.waiting[self.path.rpartition("/")[2]]
        return self._answer(json.dumps({"file": base64.b64encode(data).decode()}).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/api/send":
            self.sent.append(base64.b64decode(json.loads(body)["file"]))
        else:
            self.waiting.pop(self.path.split("/")[-2], None)
        self._answer(b"{}")

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@contextmanager
def system(waiting: dict[str, bytes]) -> Iterator[tuple[str, Any]]:
    kind = type("System", (_System,), {"waiting": waiting, "sent": [], "requests": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api", kind
    finally:
        server.shutdown()
        server.server_close()


def test_a_service_is_connected_by_settings_only(
    cast: Cast, ours: Dispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "OUTGOING_NETWORKS", (ip_network("127.0.0.0/8"),))
    paths = {"list": "list", "list_key": "data", "id_key": "id", "fetch": "get/{id}", "content_key": "file",
        "done": "get/{id}/done", "send": "send"}  # fmt: skip
    client, found = cast.client("coordinator"), Connection.objects.get()
    with system({"7": status(ours, "03"), "8": b"<a/>"}) as (url, service):
        form = {**paths, "url": url, "headers": "X-Api-Key: bi-mat-123", "certificates": ""}
        assert client.post(f"/office/edxml/connections/{found.pk}/edit/", form).status_code == 302
        found.refresh_from_db()
        assert carrier.carry(found) == {"taken": 1, "sent": 1, "problems": 1}
        assert service.waiting == {}
        assert {key for _method, _path, key in service.requests} == {"bi-mat-123"}
        assert [read(data, "").kind for data in service.sent] == ["new"]
        service.status = 503
        repeated = outbox.queue_revocation(Message.objects.get(kind="new", outgoing=True), None, "Nhầm")
        carrier.carry(found)
        repeated.refresh_from_db()
        assert (repeated.state, repeated.attempts) == ("queued", 1)
        assert repeated.next_attempt is not None
        assert repeated.shown_problem.endswith("127.0.0.1: 503")
    page = client.get(f"/office/edxml/connections/{found.pk}/edit/").content.decode()
    assert "bi-mat-123" not in page + str(Connection.objects.values()) + str(Message.objects.values())
    assert copy_of(ours, cast.first).acknowledged is not None


def test_a_service_may_not_be_inside(cast: Cast, ours: Dispatch) -> None:
    client = cast.client("coordinator")
    for url, headers in (("http://127.0.0.1/api", ""), ("https://dms.unit.example", "no colon")):
        form = {"unit": cast.centre.pk, "name": "moi", "url": url, "send": "send", "headers": headers}
        assert client.post("/office/edxml/connections/new/", form).status_code == 200
    assert Connection.objects.count() == 1


def test_a_key_is_stored_locked_and_signs_messages(cast: Cast, ours: Dispatch) -> None:
    client, found = cast.client("coordinator"), Connection.objects.get()
    address = f"/office/edxml/connections/{found.pk}/"
    for password, signed in (("sai", ""), ("mat khau", "CN=Don vi A")):
        file = SimpleUploadedFile("a.p12", key_file("Don vi A"))
        client.post(address, {"what": "key", "key": file, "password": password})
        found.refresh_from_db()
        assert found.signer == signed
    assert "mat khau" not in found.locked_key
    message = Message.objects.select_related("unit", "connection").get()
    data = outbox.file_of(message)
    assert data == outbox.file_of(message)
    assert read(data, "", signer("Don vi A").certificates).signature.verdict == "valid"
    assert secrets.signer_of(found) is not None
    client.post(address, {"what": "end"})
    found.refresh_from_db()
    assert (found.locked_key, found.ended is None) == ("", False)


def test_a_connection_may_require_signatures(cast: Cast, ours: Dispatch) -> None:
    Connection.objects.update(must_be_signed=True)
    for data in (status(ours, "06"), sign(status(ours, "06"), signer("Don vi A"))):
        with pytest.raises(InputError):
            accepted(ours, data)
    assert not Message.objects.filter(outgoing=False).exists()


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
    stored = store(SimpleUploadedFile("goc.txt", b"goc"))
    Attachment.objects.create(
        dispatch=ours, name=stored.name, path=stored.path, size=stored.size, sha256=stored.sha256
    )
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
    from django.test.utils import CaptureQueriesContext

    made = edxml_message(cast)
    made.recipients = [{"id": f"G06.12.{number}"} for number in range(900)]
    with CaptureQueriesContext(database) as requests:
        assert actions.addressed(made) == [cast.centre]
    assert len(requests) <= 4
    assert Campaign.objects.count() == 1
