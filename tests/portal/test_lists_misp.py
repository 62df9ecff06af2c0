"""MISP servers and feeds as sources: keys for their own server only, news only, no trust in bad answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lamsach.portal.audit.models import Entry
from lamsach.portal.lists import documents, origins, releases, versions
from lamsach.portal.lists.models import Document, Origin

from . import list_samples
from .conftest import Cast
from .lists_server import HOST, LIST, Answer, Server, serving, trusted

KEY = "d41d8cd98f00b204e9800998ecf8427eKEY"


@pytest.fixture
def secure(tmp_path: Path, settings: Any) -> Iterator[Server]:
    """A TLS server with a trusted CA; loopback is allowed."""
    settings.DATA = tmp_path / "data"
    with trusted(tmp_path, settings) as made:
        yield made


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def event(number: int, value: str, **more: Any) -> dict[str, Any]:
    attribute = {"uuid": uuid(number + 500), "type": "domain", "value": value, "to_ids": True, **more}
    return {"uuid": uuid(number), "info": f"Botnet {number}", "Attribute": [attribute]}


def instance(*events: dict[str, Any]) -> Any:
    """Answer as a MISP instance with a page of events, for requests with the key."""

    def answer(path: str, headers: dict[str, str]) -> Answer:
        if headers.get("authorization") != KEY:
            return 403, {}, b""
        page = json.loads(answer.server.bodies[-1])["page"]  # type: ignore[attr-defined]
        found = [{"Event": item} for item in events] if page == 1 else []
        return 200, {}, json.dumps({"response": found}).encode()

    return answer


def use(server: Server, answer: Any) -> None:
    answer.server = server
    server.answer = answer


def source(cast: Cast, server: Server, path: str = "", scheme: str = "misp+", key: str = KEY) -> Origin:
    url = f"{scheme}https://127.0.0.1:{server.server_port}{path}"
    made = list_samples.origin(cast, url)
    made.locked_key = origins.locked(url, key) if key else ""
    made.save()
    return made


def fetched(origin: Origin) -> str:
    text = origins.fetch(origin.pk)
    origin.refresh_from_db()
    return str(text.get("problem", ""))


def values(origin: Origin) -> list[str]:
    """Read the values of a source's document."""
    found = Document.objects.filter(origin=origin, withdrawn=None).latest("pk")
    documents.read(found.pk)
    found.refresh_from_db()
    assert found.problem == ""
    with documents.copies([found]) as [(_, place)]:
        from lamsach.indicators.lists import read_lists

        return sorted(item.value for item in read_lists([str(place)], print).indicators)


def vietnamese(cast: Cast) -> Any:
    """Return a client of the coordinator in Vietnamese."""
    client = cast.client("coordinator")
    client.cookies["django_language"] = "vi"
    return client


def test_an_instances_key_is_sent_only_to_it(cast: Cast, secure: Server) -> None:
    use(secure, instance(event(1, "bot1.xyz"), event(2, "bot2.xyz", to_ids=False)))
    origin = source(cast, secure, "/misp")
    assert fetched(origin) == ""
    assert secure.requests[0][0] == "/misp/events/restSearch"
    assert values(origin) == ["bot1.xyz"]
    use(secure, instance(event(1, "bot3.xyz")))
    assert fetched(origin) == ""
    assert values(origin) == ["bot3.xyz"]
    question = json.loads(secure.bodies[-2])
    assert int(question["publish_timestamp"]) > 0, "only what was published since is asked for"
    assert Document.objects.filter(origin=origin, withdrawn=None).count() == 1


def test_a_wrong_key_is_reported_and_never_shown(cast: Cast, secure: Server) -> None:
    use(secure, instance())
    origin = source(cast, secure, key="wrong-" + KEY)
    assert fetched(origin) == "The server wants another name or password."
    client = vietnamese(cast)
    pages = [
        client.get(f"/office/blocklists/sources/{origin.pk}/"),
        client.get(f"/office/blocklists/{origin.list_id}/"),
    ]
    assert "Máy chủ yêu cầu tên hoặc mật khẩu khác." in pages[0].content.decode()
    assert "Máy chủ yêu cầu tên hoặc mật khẩu khác." in pages[1].content.decode()
    kept_list = [page.content.decode() for page in pages]
    kept_list += [json.dumps(entry) for entry in Entry.objects.values_list("details", flat=True)]
    kept_list += [origin.problem, origin.locked_key]
    assert not any(KEY in text for text in kept_list)


def test_the_form_stores_a_key_for_its_server_only(
    cast: Cast, secure: Server, caplog: pytest.LogCaptureFixture
) -> None:
    kept_list = list_samples.kept_list(cast)
    client = vietnamese(cast)
    data = {
        "name": "MISP",
        "url": f"misp+https://127.0.0.1:{secure.server_port}/events",
        "hours": "6",
        "active": "on",
    }
    answer = client.post(f"/office/blocklists/{kept_list.pk}/sources/", data)
    assert "hãy nhập khóa" in answer.content.decode(), "a MISP server gives nothing without a key"
    answer = client.post(f"/office/blocklists/{kept_list.pk}/sources/", {**data, "key": "a\u00e9"})
    assert "chữ cái không dấu" in answer.content.decode()
    client.post(f"/office/blocklists/{kept_list.pk}/sources/", {**data, "key": f" {KEY} "})
    origin = Origin.objects.get(name="MISP")
    assert origins.key_of(origin) == KEY
    assert KEY not in origin.locked_key
    address = f"/office/blocklists/sources/{origin.pk}/"
    page = client.get(address).content.decode()
    assert "đang lưu khóa" in page
    assert KEY not in page
    client.post(address, {**data, "hours": "12"})
    origin.refresh_from_db()
    assert (origin.hours, origins.key_of(origin)) == (12, KEY), "an empty field keeps the key"
    client.post(address, {**data, "url": f"misp+https://127.0.0.1:{secure.server_port}/attributes"})
    origin.refresh_from_db()
    assert origins.key_of(origin) == KEY, "it is the same server"
    answer = client.post(address, {**data, "url": "misp+https://other.example/events"})
    assert "hãy nhập khóa" in answer.content.decode()
    answer = client.post(address, {**data, "url": "https://other.example/list.txt"}, follow=True)
    assert "khóa đang lưu đã bị xóa" in answer.content.decode()
    origin.refresh_from_db()
    assert origin.locked_key == ""
    assert KEY not in caplog.text
    assert not any(KEY in json.dumps(details) for details in Entry.objects.values_list("details", flat=True))


def test_a_key_is_deleted_on_request(cast: Cast, secure: Server) -> None:
    origin = source(cast, secure, "/list.txt", scheme="")
    data = {"name": origin.name, "url": origin.url, "hours": "6", "active": "on", "forget": "on"}
    assert (
        cast.client("coordinator").post(f"/office/blocklists/sources/{origin.pk}/", data).status_code == 302
    )
    origin.refresh_from_db()
    assert origin.locked_key == ""


def test_a_key_of_another_server_is_not_sent(cast: Cast, secure: Server) -> None:
    """As if the database was edited, or a copied row given another address."""
    origin = source(cast, secure)
    Origin.objects.filter(pk=origin.pk).update(url=f"misp+https://localhost:{secure.server_port}/events")
    assert "another server" in fetched(origin)
    assert secure.requests == []


@pytest.mark.parametrize("scheme", ["misp+", "taxii+", ""])
def test_a_redirection_to_another_server_gets_no_key(
    cast: Cast, secure: Server, tmp_path: Path, scheme: str
) -> None:
    with serving(tmp_path / "server.pem") as other:
        where = f"https://127.0.0.1:{other.server_port}/list.txt"
        secure.answer = lambda path, headers: (302, {"Location": where}, b"")
        origin = source(cast, secure, "/api/collections/7/", scheme)
        problem = fetched(origin)
        assert secure.requests[0][1]["authorization"] == KEY
        assert all("authorization" not in headers for _, headers in other.requests)
        assert (problem, len(other.requests)) == (
            ("", 1) if not scheme else ("The server refuses to answer.", 0)
        )


def test_a_redirection_within_the_server_keeps_the_key(cast: Cast, secure: Server) -> None:
    secure.answer = lambda path, headers: (
        (302, {"Location": "/b.txt"}, b"") if path == "/a.txt" else (200, {}, LIST)
    )
    assert fetched(source(cast, secure, "/a.txt", scheme="")) == ""
    assert [headers["authorization"] for _, headers in secure.requests] == [KEY, KEY]


@pytest.mark.parametrize(
    "where",
    ["https://169.254.169.254/latest/", "https://127.0.0.2/", "https://10.0.0.1/", "file:///etc/passwd"],
)
@pytest.mark.parametrize("path", ["", "/feed/manifest.json"])
def test_a_redirection_inside_is_refused(cast: Cast, secure: Server, where: str, path: str) -> None:
    secure.answer = lambda asked, headers: (302, {"Location": where}, b"")
    assert fetched(source(cast, secure, path)) == "The server refuses to answer."
    assert len(secure.requests) == 1


LIES: dict[str, Answer] = {
    "length": (200, {"Content-Length": "99999"}, b'{"response": []}'),
    "page": (200, {}, json.dumps({"response": [{"Event": event(7, "bot7.xyz")}]}).encode()),
    "text": (200, {}, b"<html>"),
    "deep": (200, {}, b"[" * 100_000),
    "ails": (503, {}, b""),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_bad_answer_leaves_the_last_document(cast: Cast, secure: Server, lie: str) -> None:
    use(secure, instance(event(1, "bot1.xyz")))
    origin = source(cast, secure)
    assert fetched(origin) == ""
    before = Document.objects.get(origin=origin)
    secure.answer = lambda path, headers: LIES[lie]
    assert fetched(origin) != ""
    after = Document.objects.get(origin=origin)
    assert (after.pk, after.withdrawn, after.sha256) == (before.pk, None, before.sha256)
    assert values(origin) == ["bot1.xyz"]


def test_an_instance_inside_is_not_requested(cast: Cast, settings: Any) -> None:
    url = "misp+https://10.0.0.1/events"
    origin = list_samples.origin(cast, url)
    origin.locked_key = origins.locked(url, KEY)
    origin.save()
    assert "private" in fetched(origin)


class Feed:
    """A feed with two events, changed by tests."""

    def __init__(self) -> None:
        self.events = {1: (10, event(1, "bot1.xyz")), 2: (20, event(2, "bot2.xyz"))}
        self.broken: set[int] = set()

    def __call__(self, path: str, headers: dict[str, str]) -> Answer:
        name = path.rpartition("/")[2]
        if name == "manifest.json":
            content = {uuid(number): {"timestamp": stamp} for number, (stamp, _) in self.events.items()}
            return 200, {}, json.dumps(content).encode()
        number = int(name.removesuffix(".json").rpartition("-")[2])
        if number in self.broken:
            return 500, {}, b""
        return 200, {}, json.dumps({"Event": self.events[number][1]}).encode()


def test_only_news_of_a_feed_is_requested(cast: Cast, secure: Server) -> None:
    feed = Feed()
    secure.answer = feed
    origin = source(cast, secure, "/osint/manifest.json", scheme="", key="")
    assert fetched(origin) == ""
    assert values(origin) == ["bot1.xyz", "bot2.xyz"]
    secure.requests.clear()
    assert fetched(origin) == ""
    assert [path for path, _ in secure.requests] == ["/osint/manifest.json"]
    assert Document.objects.filter(origin=origin).count() == 1, "nothing is new"
    feed.events[2] = (21, event(2, "bot9.xyz"))
    feed.events[3] = (30, event(3, "bot3.xyz"))
    feed.broken = {3}
    assert fetched(origin) == ""
    assert origin.problem.startswith("Some events of the feed could not be fetched")
    assert values(origin) == ["bot1.xyz", "bot9.xyz"], "the others are taken all the same"
    feed.broken = set()
    fetched(origin)
    assert (origin.problem, values(origin)) == ("", ["bot1.xyz", "bot3.xyz", "bot9.xyz"])


def test_a_mirrored_feed_is_a_source_offline(cast: Cast, settings: Any, tmp_path: Path) -> None:
    settings.LISTS_MIRROR = str(tmp_path)
    folder = tmp_path / HOST / "osint"
    folder.mkdir(parents=True)
    feed = Feed()
    for name in ("manifest.json", f"{uuid(1)}.json", f"{uuid(2)}.json"):
        (folder / name).write_bytes(feed(f"/osint/{name}", {})[2])
    origin = list_samples.origin(cast, f"https://{HOST}/osint/manifest.json")
    assert fetched(origin) == ""
    assert values(origin) == ["bot1.xyz", "bot2.xyz"]


def test_a_changed_or_removed_source_leaves_no_mirror(cast: Cast, secure: Server, tmp_path: Path) -> None:
    secure.answer = Feed()
    origin = source(cast, secure, "/osint/manifest.json", scheme="", key="")
    assert fetched(origin) == ""
    Origin.objects.filter(pk=origin.pk).update(url=origin.url.replace("osint", "other"))
    assert fetched(origin) == ""
    assert len(list((tmp_path / "data" / "mirrors").iterdir())) == 1
    cast.client("coordinator").post(f"/office/blocklists/sources/{origin.pk}/", {"remove": "1"})
    assert list((tmp_path / "data" / "mirrors").iterdir()) == []


def test_many_events_are_merged_into_few_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An archive has at most two thousand files; an instance has more events."""
    monkeypatch.setattr(origins, "MEMBER_BYTES", 100_000)
    for number in range(2500):
        content = json.dumps({"Event": event(number, f"bot{number}.xyz")})
        (tmp_path / f"event-{number:05}.json").write_text(content)
    with (
        origins.archive(tmp_path, of_events=True) as first,
        origins.archive(tmp_path, of_events=True) as second,
    ):
        assert first.read() == second.read()
        (tmp_path / "all.zip").write_bytes(b"")
        first.seek(0)
        (tmp_path / "all.zip").write_bytes(first.read())
    from lamsach.indicators.lists import read_lists

    found = read_lists([str(tmp_path / "all.zip")], lambda problem: pytest.fail(str(problem)))
    assert len(found.indicators) == 2500


def test_values_of_an_instance_are_in_the_next_version(cast: Cast, secure: Server) -> None:
    use(secure, instance(event(1, "bot1.xyz")))
    origin = source(cast, secure)
    fetched(origin)
    values(origin)
    releases.release(origin.list_id, "x", cast.people["coordinator"])
    version = versions.latest(origin.list)
    assert version is not None
    assert [(item.value, item.threat) for item in versions.values(version)] == [("bot1.xyz", "Botnet 1")]
