"""The TAXII client against well-behaved and misbehaving servers on the loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lamsach.errors import LamsachError, LimitError, OutputError, UnreadableError, UsageError
from lamsach.indicators.lists import read_list, read_lists
from lamsach.indicators.servers import taxii
from lamsach.indicators.servers.taxii import Collection, Fetched, Settings, mirror
from lamsach.model import Indicator, Problem
from tests.indicators.loopback_server import Answer, Answering, server


def indicator(number: int) -> dict[str, str]:
    return {
        "type": "indicator",
        "id": f"indicator--{number}",
        "name": "Mirai",
        "pattern_type": "stix",
        "pattern": f"[ipv4-addr:value = '203.0.113.{number}']",
    }


def page(*numbers: int, following: str | None = None, last: str = "2026-01-01T00:00:00.000001Z") -> Answer:
    body: dict[str, object] = {"objects": [indicator(number) for number in numbers]}
    if following is not None:
        body |= {"more": True, "next": following}
    return 200, {"X-TAXII-Date-Added-Last": last}, json.dumps(body).encode()


def three_pages(query: dict[str, str], _: Any) -> Answer:
    assert query["path"] == "/api/collections/7/objects/"
    if "added_after" in query:
        return page(4, last="2026-02-01T00:00:00.000001Z") if query["added_after"] < "2026-02" else page()
    return {None: page(1, following="b"), "b": page(2, following="c"), "c": page(3)}[query.get("next")]


def values(path: str) -> tuple[list[str], list[Problem]]:
    problems: list[Problem] = []
    items = list(read_list(path, problems.append))
    return [item.value for item in items if isinstance(item, Indicator)], problems


def test_a_collection_is_a_list() -> None:
    with server(three_pages) as url:
        problems: list[Problem] = []
        contents = read_lists([f"taxii+{url}"], problems.append)
    assert problems == []
    assert [(item.value, item.threat) for item in contents.indicators] == [
        ("203.0.113.1", "Mirai"),
        ("203.0.113.2", "Mirai"),
        ("203.0.113.3", "Mirai"),
    ]
    assert contents.indicators[1].reference is not None
    assert contents.indicators[1].reference.document == f"taxii+{url}#2"


def test_a_mirror_is_a_list_and_requests_only_new_objects(tmp_path: Path) -> None:
    folder = tmp_path / "mirror"
    with server(three_pages) as url:
        assert mirror(url, folder) == Fetched(3, 3)
        assert mirror(url, folder) == Fetched(1, 1)
        assert mirror(url, folder) == Fetched(0, 0)
        with pytest.raises(OutputError, match="another collection"):
            mirror(url.replace("/7/", "/8/"), folder)
    contents = read_lists([str(folder)], lambda problem: pytest.fail(str(problem)))
    assert [item.value for item in contents.indicators] == [f"203.0.113.{n}" for n in (1, 2, 3, 4)]


def test_an_interrupted_run_continues(tmp_path: Path) -> None:
    requests: list[str | None] = []
    works = False

    def answer(query: dict[str, str], headers: Any) -> Answer:
        requests.append(query.get("next"))
        if query.get("next") == "c" and not works:
            return 500, {}, b""
        return three_pages(query, headers)

    with server(answer) as url:
        with pytest.raises(UnreadableError):
            mirror(url, tmp_path)
        assert len(list(tmp_path.glob("page-*.json"))) == 2
        works = True
        assert mirror(url, tmp_path) == Fetched(1, 1)
    assert requests == [None, "b", "c", "c"]


def test_the_token_is_sent_to_no_other_server() -> None:
    seen: list[str | None] = []

    def other(_: dict[str, str], headers: Any) -> Answer:
        seen.append(headers.get("Authorization"))
        return page(9)

    with server(other) as elsewhere:

        def redirecting(_: dict[str, str], headers: Any) -> Answer:
            seen.append(headers.get("Authorization"))
            return 302, {"Location": elsewhere}, b""

        with server(redirecting) as url, pytest.raises(UnreadableError):
            list(Collection(url, Settings(token="Bearer abc")).pages())
    assert seen == ["Bearer abc"]


def test_a_proxy_is_used() -> None:
    with server(lambda query, _: page(5)) as url:
        proxy = url.partition("/api")[0]
        found = list(Collection("http://taxii.example/api/collections/7/", Settings(proxy=proxy)).pages())
    assert [len(item.records) for item in found] == [1]


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (lambda query, _: page(1, following="a"), "The server gives the same page again and again."),
        (
            lambda query, _: page(1, following=str(int(query.get("next", "0")) + 1)),
            "The server gives the same page again and again.",
        ),
        (
            lambda query, _: (200, {"Content-Length": "9999"}, b'{"objects": []}'),
            "The server cannot be reached, or stopped half-way.",
        ),
        (
            lambda query, _: (200, {"Content-Length": "10"}, b'{"objects": [{"type": "indicator"}]}'),
            "The answer of the server is no TAXII page.",
        ),
        (lambda query, _: (200, {}, b"<html>"), "The answer of the server is no TAXII page."),
        (lambda query, _: (200, {}, b"[" * 100_000), "The answer of the server is no TAXII page."),
        (lambda query, _: (200, {}, b'{"more": true}'), "The server says that there is more, but not where."),
        (lambda query, _: (401, {}, b""), "The server wants another name or password."),
        (lambda query, _: (404, {}, b""), "The server does not know this collection."),
        (lambda query, _: (503, {}, b""), "The server refuses to answer."),
        (lambda query, _: (302, {"Location": "/api/collections/7/"}, b""), "The server refuses to answer."),
    ],
)
def test_a_server_that_misbehaves(answer: Answering, what: str) -> None:
    with server(answer) as url:
        _, problems = values(f"taxii+{url}")
    assert [problem.what for problem in problems] in (
        [what],
        ["The server stopped half-way: the page is shorter than it says."],
    )


def test_a_server_with_endless_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taxii, "MAX_PAGES", 3)

    def endless(query: dict[str, str], _: Any) -> Answer:
        number = int(query.get("next", "0")) + 1
        return page(number, following=str(number))

    with server(endless) as url:
        found, problems = values(f"taxii+{url}")
    assert found == ["203.0.113.1", "203.0.113.2", "203.0.113.3"]
    assert problems[0].what == "The server gives pages without end."


def test_a_page_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taxii, "MAX_PAGE_BYTES", 100)
    with server(lambda query, _: page(1, 2, 3)) as url, pytest.raises(LimitError):
        list(Collection(url).pages())


def test_a_server_that_does_not_answer_is_an_error() -> None:
    with pytest.raises(UnreadableError, match="cannot be reached"):
        list(Collection("http://127.0.0.1:9/x/", Settings(timeout_s=2)).pages())


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "taxii+file:///etc/passwd",
        "https:///x",
        "x",
        "https://[a/x",
        "https://a.example:x/",
    ],
)
def test_an_address_of_no_collection_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        Collection(url)


def test_a_wrong_certificate_file(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("no certificate")
    with pytest.raises(LamsachError, match="certificates"):
        Collection("https://a.example/", Settings(ca_file=str(tmp_path / "a.pem")))
