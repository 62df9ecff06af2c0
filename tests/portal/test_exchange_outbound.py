"""Webhooks and MISP with servers on loopback, and every way an address could lead elsewhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_network
from typing import Any

import pytest
from django.utils import timezone

from lamsach.errors import InputError, OutputError
from lamsach.portal.audit.models import Entry
from lamsach.portal.audit.trail import end
from lamsach.portal.cases.models import Case, CaseState
from lamsach.portal.cases.upkeep import move
from lamsach.portal.exchange import hooks, misp, outbound
from lamsach.portal.exchange.models import Delivery, Happening, MispServer, MispSighting, Webhook
from lamsach.portal.exchange.tasks import webhooks as run_webhooks
from tests.ports import free_port

from . import samples
from .bundles import EVIL, Contact, day, device, findings, hand_in
from .conftest import Cast


class Server(HTTPServer):
    """A server that stores posted requests and returns configured answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, bytes]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(
            (self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        )
        status, text = self.server.answers.pop(0) if self.server.answers else (200, b"{}")
        self.send_response(status)
        if status == 302:
            self.send_header("Location", self.server.url + "/elsewhere")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    settings.OUTGOING_NETWORKS = (ip_network("127.0.0.1/32"),)
    started = Server()
    thread = threading.Thread(target=started.serve_forever, daemon=True)
    thread.start()
    yield started
    started.shutdown()
    started.server_close()


# --- allowed addresses --------------------------------------------------------------------------------------

FORBIDDEN = [
    "http://127.0.0.1/",
    "https://127.0.0.1/",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "https://172.16.5.5/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://[::1]/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/",
    "https://[::10.0.0.1]/",
    "https://[ff02::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[2002:0a00:0001::]/",
    "https://[64:ff9b::a00:1]/",
    "https://[64:ff9b:1::a00:1]/",
    "http://93.184.215.14/",
    "http://public.example/",
    "ftp://public.example/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "https://user:word@public.example/",
    "https://public.example@127.0.0.1/",
    "https:///path",
    "https://public.example:0/",
    "https://public.example:99999/",
    "https://public.example/a b",
    "https://public.example/\r\nX: y",
    "https://public.example/#part",
    "javascript:alert(1)",
    "",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_private_and_odd_addresses_are_refused(url: str) -> None:
    with pytest.raises(InputError):
        outbound.check(url)


@pytest.mark.parametrize(
    "url", ["https://public.example/x?y=1", "https://93.184.215.14:8443/", "https://[2606:2800::1]/"]
)
def test_public_https_addresses_are_accepted(url: str) -> None:
    assert outbound.check(url).scheme == "https"


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.7"],
        ["93.184.215.14", "127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["fe80::1%1"],
    ],
)
def test_a_name_resolving_inside_is_refused(addresses: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_: Any, **__: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]

    def connect(*_: Any, **__: Any) -> Any:
        raise AssertionError("it connected")

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(InputError):
        outbound.post("https://rebinding.example/", b"{}", {})


def test_the_connection_goes_to_the_checked_address(monkeypatch: pytest.MonkeyPatch) -> None:
    lookups: list[str] = []
    went: list[Any] = []

    def answer(host: str, *_: Any, **__: Any) -> Any:
        lookups.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443))]

    def connect(address: Any, *_: Any, **__: Any) -> Any:
        went.append(address)
        raise OSError("no network here")

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(OutputError):
        outbound.post("https://public.example/", b"{}", {})
    assert (lookups, went) == (["public.example"], [("93.184.215.14", 443)])


def test_redirects_and_long_answers(server: Server) -> None:
    server.answers = [(302, b"")]
    assert outbound.post(server.url, b"{}", {}).status == 302
    assert len(server.got) == 1
    server.answers = [(200, b"x" * 300_000)]
    assert len(outbound.post(server.url, b"{}", {}).body) == outbound.ANSWER_BYTES


def test_headers_cannot_be_smuggled(server: Server) -> None:
    with pytest.raises(OutputError):
        outbound.post(server.url, b"{}", {"X": "a\r\nY: b"})


def test_tls_checks_the_certificate(server: Server) -> None:
    with pytest.raises(OutputError):
        outbound.post(server.url.replace("http:", "https:"), b"{}", {})


# --- webhooks -----------------------------------------------------------------------------------------------


def hooked(cast: Cast, url: str, unit: Any = None) -> tuple[Webhook, str]:
    return hooks.make(unit or cast.centre, url, cast.people["coordinator"])


def test_a_step_of_a_case_is_posted_with_a_signature(cast: Cast, server: Server) -> None:
    _, secret = hooked(cast, server.url + "/hook")
    hooked(cast, server.url + "/other", cast.second)
    case = samples.case(cast)
    move(case, CaseState.WORKING, cast.people["officer"])
    run_webhooks()
    assert [json.loads(body)["type"] for _, _, body in server.got] == ["case.opened", "case.changed"]
    path, headers, body = server.got[1]
    assert path == "/hook"
    data = json.loads(body)["data"]
    assert (data["number"], data["before"], data["after"]) == (case.number, "new", "working")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    for secret_ in ("PC-01", "10.1.2.3", "02:00:00:00:00:01", "thu"):
        assert secret_ not in body.decode(), secret_
    run_webhooks()
    assert len(server.got) == 2
    assert not Happening.objects.exists()
    assert secret not in str(list(Webhook.objects.values_list("secret", flat=True)))


def test_a_replaced_secret_also_signs_for_a_day(cast: Cast, server: Server) -> None:
    hook, old = hooked(cast, server.url)
    client, address = cast.client("coordinator"), f"/office/exchange/webhooks/{hook.pk}/"
    page = client.post(address, {"what": "renew"}).content.decode()
    (new,) = re.findall(r"whsec_[\w+/=]+", page)
    assert "whsec_" not in client.get(address).content.decode()
    assert new != old
    assert Entry.objects.filter(action="webhook.renewed", object_id=hook.pk).exists()
    Webhook.objects.filter(pk=hook.pk).update(former_until=timezone.now() + timedelta(hours=23))
    hooks.ping(hook)
    hooks.deliver()
    Webhook.objects.filter(pk=hook.pk).update(former_until=timezone.now() - timedelta(seconds=1))
    hooks.ping(hook)
    hooks.deliver()
    for (_, headers, body), secrets in zip(server.got, ([new, old], [new]), strict=True):
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
        digests = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
        assert headers["webhook-signature"].split(" ") == [f"v1,{digest}" for digest in digests]


def test_failed_deliveries_are_retried_then_given_up(cast: Cast, server: Server) -> None:
    hook, _ = hooked(cast, server.url)
    hooks.ping(hook)
    server.answers = [(500, b"")] * 20
    pauses = []
    for _ in range(len(hooks.PAUSES) + 3):
        hooks.deliver()
        found = Delivery.objects.get()
        pauses.append(round((found.next_attempt - timezone.now()).total_seconds()))
        Delivery.objects.update(next_attempt=timezone.now())
    assert pauses[:4] == pytest.approx([5, 300, 1800, 7200], abs=4), "but for a slow machine"
    assert (found.state, found.attempts, found.problem) == ("given_up", len(hooks.PAUSES) + 1, "500")
    assert len(server.got) == len(hooks.PAUSES) + 1
    assert len({headers["webhook-id"] for _, headers, _ in server.got}) == 1
    server.answers = []
    assert hooks.retry(hook) == 1
    assert hooks.deliver() == 1
    assert Delivery.objects.get().state == "done"


def test_a_failing_address_is_tried_once_per_run(cast: Cast, server: Server) -> None:
    bad, _ = hooked(cast, server.url + "/bad")
    for _ in range(3):
        hooks.ping(bad)
    server.answers = [(503, b"")]
    assert hooks.deliver() == 0
    assert len(server.got) == 1


def test_an_ended_webhook_receives_nothing(cast: Cast, server: Server) -> None:
    hook, _ = hooked(cast, server.url)
    hooks.ping(hook)
    end(hook, cast.people["coordinator"], "webhook.ended")
    samples.case(cast)
    run_webhooks()
    assert server.got == []


def test_an_address_forbidden_since_is_not_posted_to(cast: Cast, server: Server, settings: Any) -> None:
    hook, _ = hooked(cast, server.url)
    hooks.ping(hook)
    settings.OUTGOING_NETWORKS = ()
    assert hooks.deliver() == 0
    assert server.got == []
    assert "private" in Delivery.objects.get().problem


def test_without_webhooks_nothing_is_queued(cast: Cast) -> None:
    hooks._known["until"] = 0.0
    samples.case(cast)
    assert not Happening.objects.exists()


def test_the_pages_of_webhooks(cast: Cast, server: Server) -> None:
    client = cast.client("coordinator")
    page = client.post(
        "/office/exchange/webhooks/", {"unit": cast.first.pk, "url": server.url}
    ).content.decode()
    assert "whsec_" in page
    assert "whsec_" not in client.get("/office/exchange/webhooks/").content.decode()
    hook = Webhook.objects.get()
    client.post(f"/office/exchange/webhooks/{hook.pk}/", {"what": "ping"})
    assert hooks.deliver() == 1
    assert "Delivered" in client.get(f"/office/exchange/webhooks/{hook.pk}/").content.decode()
    client.post(f"/office/exchange/webhooks/{hook.pk}/", {"what": "end"})
    assert Webhook.objects.get().ended is not None
    bad = client.post("/office/exchange/webhooks/", {"unit": cast.first.pk, "url": "https://10.0.0.1/"})
    assert "may not write to this address" in bad.content.decode()


# --- MISP ---------------------------------------------------------------------------------------------------

UNKNOWN = json.dumps(
    {
        "saved": False,
        "name": "Could not add Sighting",
        "errors": "No valid attributes found that match the criteria.",
    }
).encode()


@pytest.fixture
def seen(cast: Cast) -> Any:
    campaign = samples.dispatch(cast).campaign
    pc = device("mac:02:00:00:00:00:01", name="PC-01")
    contacts = [Contact(days={day(-3): 4, day(-2): 1}), Contact(days={day(-2): 1}, indicator="198.51.100.7")]
    hand_in(cast, campaign, findings([pc], contacts))
    return campaign


def test_a_misp_server_receives_each_day_once(cast: Cast, server: Server, seen: Any) -> None:
    made = misp.make(cast.centre, server.url + "/", "geheim", cast.people["coordinator"])
    server.answers = [(200, b"{}"), (403, UNKNOWN), (200, b"{}")]
    assert misp.push(made) == misp.PushResult(2, 1, "")
    paths = {path for path, _, _ in server.got}
    assert paths == {"/sightings/add"}
    assert {headers["authorization"] for _, headers, _ in server.got} == {"geheim"}
    sightings = [json.loads(body) for _, _, body in server.got]
    assert [(sighting["values"], sighting["type"], sighting["source"]) for sighting in sightings] == [
        ([EVIL], "0", "Lamsach G06.12"),
        (["198.51.100.7"], "0", "Lamsach G06.12"),
        ([EVIL], "0", "Lamsach G06.12"),
    ]
    assert all(abs(sighting["timestamp"] - timezone.now().timestamp()) < 5 * 86_400 for sighting in sightings)
    text = b"".join(body for _, _, body in server.got).decode()
    for name in ("PC-01", "10.1.2.3", "02:00"):
        assert name not in text, name
    assert misp.push(made) == misp.PushResult()
    assert sorted(MispSighting.objects.values_list("known", flat=True)) == [False, True, True]
    assert "geheim" not in MispServer.objects.get().api_key


def test_a_wrong_key_stops_with_a_message(cast: Cast, server: Server, seen: Any) -> None:
    made = misp.make(cast.centre, server.url, "x", cast.people["coordinator"])
    server.answers = [(403, b'{"name": "Authentication failed."}')]
    assert misp.push(made).problem == misp.REFUSED
    assert len(server.got) == 1
    server.answers = [(200, b"{}"), (502, b"")]
    assert misp.push(made) == misp.PushResult(1, 0, misp.FAILED)
    assert misp.push(made).added == 2


def test_false_alarms_are_not_sent(cast: Cast, server: Server, seen: Any) -> None:
    move(Case.objects.get(), CaseState.FALSE_ALARM, cast.people["officer"], "Máy thử")
    made = misp.make(cast.centre, server.url, "x", cast.people["coordinator"])
    assert misp.push(made) == misp.PushResult()
    assert server.got == []


def test_the_pages_of_misp_servers(cast: Cast, server: Server, seen: Any) -> None:
    from .bundles import work

    client = cast.client("coordinator")
    form = {"unit": cast.centre.pk, "url": server.url, "api_key": "geheim"}
    assert client.post("/office/exchange/misp/", form).status_code == 302
    made = MispServer.objects.get()
    client.post(f"/office/exchange/misp/{made.pk}/", {"what": "push"})
    work()
    assert len(server.got) == 3
    assert "geheim" not in client.get("/office/exchange/misp/").content.decode()
    client.post(f"/office/exchange/misp/{made.pk}/", {"what": "end"})
    assert MispServer.objects.get().api_key == ""


def test_an_unreachable_server(cast: Cast, seen: Any, settings: Any) -> None:
    settings.OUTGOING_NETWORKS = (ip_network("127.0.0.1/32"),)
    port = free_port()
    made = misp.make(cast.centre, f"http://127.0.0.1:{port}", "x", cast.people["coordinator"])
    assert "could not be reached" in misp.push(made).problem
