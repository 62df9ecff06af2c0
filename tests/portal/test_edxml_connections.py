"""Connections for edXML: a watched folder, a service by its settings, keys, required signatures."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from lamsach.channels.edxml.reader import read
from lamsach.channels.xml_signature import sign
from lamsach.errors import InputError
from lamsach.portal.campaigns.models import Dispatch
from lamsach.portal.edxml import carrier, folders, outbox, secrets
from lamsach.portal.edxml.models import Connection, Message
from tests.channels.edxml_samples import signer

from .conftest import Cast
from .edxml_exchange import accepted, copy_of, key_file, status


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
