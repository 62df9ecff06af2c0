"""Sources over a network: TLS on loopback with its own CA, a proxy, bad servers, misleading names."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lamsach.portal.exchange import outbound
from lamsach.portal.lists import documents, origins
from lamsach.portal.lists.models import Document, Origin

from . import list_samples
from .conftest import Cast
from .lists_server import HOST, LIST, Answer, Server, serving, trusted


@pytest.fixture
def secure(tmp_path: Path, settings: Any) -> Iterator[Server]:
    """A TLS server with a trusted CA; loopback is allowed."""
    with trusted(tmp_path, settings) as made:
        yield made


def source(cast: Cast, server: Server, path: str = "/list.txt", host: str = "127.0.0.1") -> Origin:
    return list_samples.origin(cast, f"https://{host}:{server.server_port}{path}")


def fetched(origin: Origin) -> str:
    """Fetch a source; return the problem, or nothing."""
    text = origins.fetch(origin.pk)
    origin.refresh_from_db()
    assert origin.problem == "" or text["problem"] in origin.problem
    return str(text.get("problem", ""))


def test_a_list_is_fetched_from_a_server_with_an_own_ca(cast: Cast, secure: Server) -> None:
    origin = source(cast, secure)
    assert fetched(origin) == ""
    found = Document.objects.get(origin=origin)
    documents.read(found.pk)
    found.refresh_from_db()
    assert (found.count, found.problem, found.name) == (2, "", "list.txt")
    assert secure.requests[0][1]["host"] == f"127.0.0.1:{secure.server_port}"


def test_a_server_with_an_untrusted_ca_is_refused(cast: Cast, secure: Server, settings: Any) -> None:
    settings.LISTS_CA = ""
    assert fetched(source(cast, secure)) == "The address could not be reached."
    assert secure.requests == []
    settings.LISTS_CA = __file__
    assert fetched(source(cast, secure)) == "The file of certificates cannot be read."


def test_a_certificate_for_another_name_is_refused(
    cast: Cast, secure: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lead(monkeypatch, ["127.0.0.1"])
    assert fetched(source(cast, secure, host="other.lists.example")) == "The address could not be reached."
    assert secure.requests == []


@pytest.mark.parametrize(
    ("tag", "asks", "says"),
    [
        ({"ETag": '"v1"'}, "if-none-match", '"v1"'),
        ({"ETag": 'W/"v1"', "Last-Modified": "Mon, 02 Mar 2026 00:00:00 GMT"}, "if-none-match", 'W/"v1"'),
        ({"Last-Modified": "Mon, 02 Mar 2026 00:00:00 GMT"}, "if-modified-since",
         "Mon, 02 Mar 2026 00:00:00 GMT"),
    ],
)  # fmt: skip
def test_an_unchanged_list_is_not_sent_again(
    cast: Cast, secure: Server, tag: dict[str, str], asks: str, says: str
) -> None:
    secure.answer = lambda path, headers: (304, tag, b"") if headers.get(asks) == says else (200, tag, LIST)
    origin = source(cast, secure)
    assert fetched(origin) == ""
    assert fetched(origin) == ""
    first, second = (headers for _, headers in secure.requests)
    assert ("if-none-match" in first, "if-modified-since" in first) == (False, False)
    assert second[asks] == says
    assert Document.objects.filter(origin=origin).count() == 1


def test_the_proxy_is_used_and_sees_nothing_of_the_list(cast: Cast, secure: Server, settings: Any) -> None:
    with serving() as proxy:
        settings.LISTS_PROXY = f"http://127.0.0.1:{proxy.server_port}"
        goal = f"{HOST}:{secure.server_port}"
        proxy.goals[goal] = ("127.0.0.1", secure.server_port)
        assert fetched(source(cast, secure, host=HOST)) == ""
        assert proxy.requests == [(f"CONNECT {goal}", {})]
    assert [path for path, _ in secure.requests] == ["/list.txt"]


def _lies(secure: Server) -> dict[str, Callable[[str, dict[str, str]], Answer]]:
    url = f"https://127.0.0.1:{secure.server_port}/list.txt"
    return {
        "longer than sent": lambda path, headers: (200, {"Content-Length": "100000"}, LIST),
        "no length": lambda path, headers: (200, {"Content-Length": "many"}, LIST),
        "loops": lambda path, headers: (302, {"Location": url}, b""),
        "leads inside": lambda path, headers: (302, {"Location": "https://10.0.0.1/x"}, b""),
        "leads to plain": lambda path, headers: (302, {"Location": "http://lists.example/x"}, b""),
        "leads to a file": lambda path, headers: (302, {"Location": "file:///etc/passwd"}, b""),
        "ails": lambda path, headers: (503, {}, b"later"),
    }


@pytest.mark.parametrize(
    "lie", ["longer than sent", "loops", "leads inside", "leads to plain", "leads to a file", "ails"]
)
def test_a_bad_server_leaves_the_last_document(cast: Cast, secure: Server, lie: str) -> None:
    origin = source(cast, secure)
    assert fetched(origin) == ""
    secure.answer = _lies(secure)[lie]
    assert fetched(origin) != ""
    assert origin.fetched is not None
    kept_list = Document.objects.get(origin=origin)
    assert (kept_list.withdrawn, kept_list.size) == (None, len(LIST))


def test_an_answer_larger_than_allowed_is_not_stored(cast: Cast, secure: Server, settings: Any) -> None:
    settings.UPLOAD_LIMIT_BYTES = 10
    assert fetched(source(cast, secure)) == "The file is larger than allowed."
    assert not Document.objects.exists()


def test_a_slow_server_is_given_up(cast: Cast, secure: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "WHOLE_S", -1.0)
    assert fetched(source(cast, secure)) == "The address could not be reached."


def _lead(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Resolve names to these addresses in turn, then always the last; return the resolved names."""
    waiting, lookups = list(answers), []
    real = socket.getaddrinfo

    def answer(host: str, port: Any, *rest: Any, **named: Any) -> Any:
        if not host.endswith(".example"):
            return real(host, port, *rest, **named)
        lookups.append(host)
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return lookups


def test_the_checked_address_is_connected_to(
    cast: Cast, secure: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookups = _lead(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    assert fetched(source(cast, secure, host=HOST)) == ""
    assert lookups == [HOST], "one look-up: what was checked is what was connected to"
    assert [path for path, _ in secure.requests] == ["/list.txt"]


@pytest.mark.parametrize("kind", ["", "taxii+"])
def test_a_name_resolving_inside_is_not_connected_to(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    _lead(monkeypatch, ["10.0.0.1"])
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it connected"))
    origin = list_samples.origin(cast, f"{kind}https://{HOST}/api/collections/7/")
    assert fetched(origin) == "The portal may not write to this address: it is private, or not https."


def test_the_target_of_a_redirection_is_checked(
    cast: Cast, secure: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lead(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    where = f"https://inside.lists.example:{secure.server_port}/x"
    secure.answer = lambda path, headers: (302, {"Location": where}, b"")
    assert "may not" in fetched(source(cast, secure, host=HOST))
    assert len(secure.requests) == 1


def page(number: int, following: str | None) -> bytes:
    body: dict[str, Any] = {
        "objects": [
            {
                "type": "indicator",
                "id": f"indicator--{number}",
                "pattern_type": "stix",
                "pattern": f"[ipv4-addr:value = '45.155.37.{number}']",
            }
        ]
    }
    return json.dumps(body | ({"more": True, "next": following} if following else {})).encode()


def test_a_taxii_collection_is_fetched_page_by_page(
    cast: Cast, secure: Server, settings: Any, tmp_path: Path
) -> None:
    settings.DATA = tmp_path
    content = {"X-TAXII-Date-Added-Last": "2026-01-01T00:00:00.000001Z"}
    broken = True

    def answer(path: str, headers: dict[str, str]) -> Answer:
        if "added_after" in path:
            return 200, content, b'{"objects": []}'
        if "next=b" not in path:
            return 200, content, page(1, "b")
        return (200, {"Content-Length": "99999"}, b"{") if broken else (200, content, page(2, None))

    secure.answer = answer
    origin = list_samples.origin(cast, f"taxii+https://127.0.0.1:{secure.server_port}/api/collections/7/")
    assert fetched(origin) != ""
    broken = False
    assert fetched(origin) == ""
    found = Document.objects.get(origin=origin)
    documents.read(found.pk)
    found.refresh_from_db()
    assert found.count == 2
    assert ["next=b" in path for path, _ in secure.requests] == [False, True, True], (
        "it went on where it broke off"
    )
    assert fetched(origin) == ""
    assert "added_after" in secure.requests[-1][0]


def test_a_circular_taxii_server_ends_with_one_sentence(
    cast: Cast, secure: Server, settings: Any, tmp_path: Path
) -> None:
    settings.DATA = tmp_path
    secure.answer = lambda path, headers: (200, {}, page(1, "a"))
    origin = list_samples.origin(cast, f"taxii+https://127.0.0.1:{secure.server_port}/api/collections/7/")
    assert fetched(origin) == "The server gives the same page again and again."
    assert not Document.objects.filter(origin=origin).exists()


def test_only_the_proxy_is_connected_to_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = []
    monkeypatch.setattr(outbound.socket, "create_connection", lambda place, limit: connected.append(place))
    monkeypatch.setattr(outbound, "_resolve", lambda host, port, scheme: "192.0.2.7")
    for goal in (("Proxy.example", 3128), ("proxy.example", 443)):
        outbound._connect(("proxy.example", 3128), "https", goal, 1.0)
    assert connected == [("Proxy.example", 3128), ("192.0.2.7", 443)]
