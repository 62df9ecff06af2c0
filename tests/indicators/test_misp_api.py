"""The MISP client against well-behaved and misbehaving instances on the loopback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lamsach.cli.command_line import CommandLineError
from lamsach.errors import LamsachError, LimitError, OutputError, UnreadableError, UsageError
from lamsach.indicators.lists import read_list, read_lists
from lamsach.indicators.servers import misp_api
from lamsach.indicators.servers.client import Fetched, Settings
from lamsach.indicators.servers.misp_api import Instance, key_of_file, mirror
from lamsach.model import Indicator, Problem, Refusal
from tests.cli.command_runner import called
from tests.indicators.loopback_server import Answer, Answering, server

DAY_1 = {"Date": "Thu, 01 Jan 2026 00:00:00 GMT"}
DAY_2 = {"Date": "Fri, 02 Jan 2026 00:00:00 GMT"}
BEFORE_DAY_1 = "1767225300"
"""Five minutes before DAY_1."""


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def attribute(number: int, **more: Any) -> dict[str, Any]:
    return {
        "uuid": uuid(number),
        "type": "ip-dst",
        "value": f"203.0.113.{number}",
        "to_ids": True,
        "deleted": False,
        "timestamp": "1767225600",
        **more,
    }


def event(number: int, *attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"uuid": uuid(100 + number), "info": f"Botnet {number}", "Attribute": list(attributes), **more}


def of_events(*events: dict[str, Any], headers: dict[str, str] = DAY_1) -> Answer:
    return 200, headers, json.dumps({"response": [{"Event": item} for item in events]}).encode()


def of_attributes(*attributes: dict[str, Any], headers: dict[str, str] = DAY_1) -> Answer:
    return 200, headers, json.dumps({"response": {"Attribute": list(attributes)}}).encode()


def search_of(query: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(query["body"])
    return found


def paged(*pages: Answer) -> Answering:
    """Return an instance with these pages, and an empty one after them."""

    def answer(query: dict[str, str], _: Any) -> Answer:
        assert query["path"] == "/misp/events/restSearch"
        number = search_of(query)["page"]
        return pages[number - 1] if number <= len(pages) else of_events()

    return answer


def instance(answer: Answering) -> Any:
    return server(answer, "/misp")


def listed(path: str) -> list[str]:
    contents = read_lists([path], lambda problem: pytest.fail(str(problem)))
    return [item.value for item in contents.indicators]


def test_the_events_of_an_instance_are_a_list() -> None:
    member = {"name": "file", "Attribute": [attribute(4, type="md5", value="0f" * 16)]}
    pages = (
        of_events(event(1, attribute(1), attribute(2, to_ids=False)), event(2, attribute(3, deleted=True))),
        of_events(event(3, Object=[member, {"name": "gone", "deleted": True, "Attribute": [attribute(5)]}])),
    )
    with instance(paged(*pages)) as url:
        problems: list[Problem] = []
        items = list(read_list(f"misp+{url}", problems.append))
    assert problems == []
    assert [(item.value, item.threat) for item in items if isinstance(item, Indicator)] == [
        ("203.0.113.1", "Botnet 1"),
        ("0f" * 16, "Botnet 3"),
    ]
    assert not any(isinstance(item, Refusal) for item in items)
    assert items[1].reference is not None
    assert items[1].reference.document == f"misp+{url}#2"


def test_attributes_state_their_event() -> None:
    about = {"uuid": uuid(7), "info": "Botnet 7"}

    def answer(query: dict[str, str], _: Any) -> Answer:
        assert query["path"] == "/misp/attributes/restSearch"
        return of_attributes(attribute(1, Event=about)) if search_of(query)["page"] == 1 else of_attributes()

    with instance(answer) as url:
        contents = read_lists([f"misp+{url}/attributes"], lambda problem: pytest.fail(str(problem)))
    assert [(item.value, item.threat) for item in contents.indicators] == [("203.0.113.1", "Botnet 7")]


def test_the_search_request() -> None:
    questions: list[dict[str, Any]] = []

    def answer(query: dict[str, str], headers: Any) -> Answer:
        questions.append({**search_of(query), "key": headers["Authorization"], "accept": headers["Accept"]})
        return of_events()

    with instance(answer) as url:
        list(
            Instance(f"misp+{url}/events?tags=botnet&to_ids=0&to_ids=1&page=9", Settings(token="abc")).pages()
        )
        list(Instance(f"misp+{url}", Settings()).pages(3, "1700000000"))
        list(Instance(f"misp+{url}?published=0", Settings()).pages(1, "1700000000"))
    first, second, third = questions
    assert (first["tags"], first["to_ids"], first["page"], first["published"]) == ("botnet", ["0", "1"], 1, 1)
    assert (first["key"], first["accept"], first["returnFormat"]) == ("abc", "application/json", "json")
    assert (second["page"], second["publish_timestamp"], second["key"]) == (3, "1700000000", None)
    assert (third["timestamp"], third["published"]) == ("1700000000", "0")
    assert "publish_timestamp" not in third


def test_a_mirror_follows_changes_of_the_instance(tmp_path: Path) -> None:
    since: list[str | None] = []

    def answer(query: dict[str, str], _: Any) -> Answer:
        question = search_of(query)
        if question["page"] > 1:
            return of_events(headers=DAY_2)
        since.append(question.get("publish_timestamp"))
        if len(since) == 1:
            return of_events(event(1, attribute(1), attribute(2)), event(2, attribute(3)))
        if len(since) == 2:
            return of_events(event(1, attribute(1), attribute(4)), event(2, attribute(3, to_ids=False)))
        return of_events(event(1, attribute(1), attribute(4)))

    with instance(answer) as url:
        assert mirror(f"misp+{url}", tmp_path, Settings()) == Fetched(1, 2)
        assert sorted(listed(str(tmp_path))) == ["203.0.113.1", "203.0.113.2", "203.0.113.3"]
        assert mirror(f"misp+{url}", tmp_path, Settings()) == Fetched(1, 2)
        assert sorted(listed(str(tmp_path))) == ["203.0.113.1", "203.0.113.4"]
        assert mirror(f"misp+{url}", tmp_path, Settings()) == Fetched(1, 0)
        with pytest.raises(OutputError, match="another collection"):
            mirror(f"misp+{url}?tags=x", tmp_path, Settings())
    assert since[:2] == [None, BEFORE_DAY_1]


def test_a_mirror_of_attributes_withdraws_too(tmp_path: Path) -> None:
    about = {"Event": {"uuid": uuid(7), "info": "Botnet 7"}}
    runs = [
        [attribute(1, **about), attribute(2, **about), attribute(3, event_id="12")],
        [
            attribute(1, **about, deleted=True),
            attribute(2, **about, value="203.0.113.22"),
            attribute(3, event_id="12"),
        ],
    ]

    def answer(query: dict[str, str], _: Any) -> Answer:
        return of_attributes(*runs.pop(0)) if search_of(query)["page"] == 1 else of_attributes()

    with instance(answer) as url:
        assert mirror(f"misp+{url}/attributes", tmp_path, Settings()) == Fetched(1, 3)
        assert sorted(listed(str(tmp_path))) == ["203.0.113.1", "203.0.113.2", "203.0.113.3"]
        assert mirror(f"misp+{url}/attributes", tmp_path, Settings()) == Fetched(1, 2)
    assert sorted(listed(str(tmp_path))) == ["203.0.113.22", "203.0.113.3"]


def test_an_interrupted_run_continues(tmp_path: Path) -> None:
    questions: list[tuple[int, str | None]] = []
    works = False

    def answer(query: dict[str, str], _: Any) -> Answer:
        question = search_of(query)
        questions.append((question["page"], question.get("publish_timestamp")))
        if question["page"] == 2 and not works:
            return 500, {}, b""
        pages = {1: of_events(event(1, attribute(1))), 2: of_events(event(2, attribute(2)), headers=DAY_2)}
        return pages.get(question["page"], of_events(headers=DAY_2))

    with instance(answer) as url:
        with pytest.raises(UnreadableError):
            mirror(f"misp+{url}", tmp_path, Settings(added_after="2025-01-01T00:00:00Z"))
        assert listed(str(tmp_path)) == ["203.0.113.1"], "earlier values are retained"
        works = True
        assert mirror(f"misp+{url}", tmp_path, Settings(added_after="2025-01-01T00:00:00Z")) == Fetched(1, 1)
        mirror(f"misp+{url}", tmp_path, Settings())
    first = "1735689600"
    assert questions[:5] == [(1, first), (2, first), (2, first), (3, first), (1, BEFORE_DAY_1)]


def test_the_client_chooses_file_names(tmp_path: Path) -> None:
    hostile = [event(1, attribute(1), uuid="../../x"), event(2, attribute(2), uuid="a" * 300, id=["x"])]
    with instance(paged(of_events(*hostile))) as url:
        mirror(f"misp+{url}", tmp_path / "in", Settings())
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert sorted(listed(str(tmp_path / "in"))) == ["203.0.113.1", "203.0.113.2"]


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (
            lambda query, _: of_events(event(1, attribute(1))),
            "The server gives the same page again and again.",
        ),
        (
            lambda query, _: (200, {"Content-Length": "9999"}, b'{"response": []}'),
            "The server stopped half-way: the page is shorter than it says.",
        ),
        (
            lambda query, _: (200, {"Content-Length": "9"}, b'{"response": []}'),
            "The answer of the server is no list of MISP.",
        ),
        (lambda query, _: (200, {}, b"<html>"), "The answer of the server is no list of MISP."),
        (lambda query, _: (200, {}, b"[" * 100_000), "The answer of the server is no list of MISP."),
        (lambda query, _: (200, {}, b'{"response": "x"}'), "The answer of the server is no list of MISP."),
        (
            lambda query, _: (200, {}, b'{"response": [1, null]}'),
            "The answer of the server is no list of MISP.",
        ),
        (
            lambda query, _: (200, {}, b'{"response": [{"Event": [1]}]}'),
            "The answer of the server is no list of MISP.",
        ),
        (lambda query, _: (403, {}, b""), "The server wants another name or password."),
        (lambda query, _: (404, {}, b""), "The server does not know this address."),
        (lambda query, _: (503, {}, b""), "The server refuses to answer."),
        (lambda query, _: (302, {"Location": "http://127.0.0.1:9/"}, b""), "The server refuses to answer."),
    ],
)
def test_an_instance_that_misbehaves(answer: Callable[..., Answer], what: str) -> None:
    problems: list[Problem] = []
    with instance(answer) as url:
        list(read_list(f"misp+{url}", problems.append))
    half_way = "The server cannot be reached, or stopped half-way."
    assert [problem.what for problem in problems] in ([what], [half_way] if "half-way" in what else [what])


def test_an_instance_with_endless_pages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(misp_api, "MAX_PAGES", 3)

    def endless(query: dict[str, str], _: Any) -> Answer:
        number = search_of(query)["page"]
        return of_events(event(number, attribute(number)))

    with instance(endless) as url, pytest.raises(LimitError, match="without end"):
        mirror(f"misp+{url}", tmp_path, Settings())
    assert len(listed(str(tmp_path))) == 3


def test_a_page_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(misp_api, "MAX_PAGE_BYTES", 100)
    with instance(paged(of_events(event(1, attribute(1))))) as url, pytest.raises(LimitError):
        list(Instance(url, Settings()).pages())


@pytest.mark.parametrize(
    "url",
    [
        "misp+ftp://a.example/",
        "misp+https:///x",
        "misp+file:///etc/passwd",
        "misp+https://[a/x",
        "misp+https://a.example:port/",
    ],
)
def test_an_address_of_no_instance_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        Instance(url, Settings())


def test_the_key_comes_from_environment_file_or_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str | None] = []

    def answer(_: dict[str, str], headers: Any) -> Answer:
        keys.append(headers.get("Authorization"))
        return of_events()

    key_file = tmp_path / "key"
    key_file.write_text("from-file\nmore\n")
    with instance(answer) as url:
        fetching = ["fetch", f"misp+{url}", "-d", str(tmp_path / "m")]
        assert called("indicators", *fetching, "--token-file", str(key_file)).exit_code == 0
        monkeypatch.setenv("LAMSACH_MISP_KEY_FILE", str(key_file))
        list(Instance(url).pages())
        monkeypatch.setenv("LAMSACH_MISP_KEY", "from-environment")
        assert called("indicators", *fetching).exit_code == 0
        monkeypatch.setenv("OUR_KEY", "from-variable\n")
        assert called("indicators", *fetching, "--token-env", "OUR_KEY").exit_code == 0
        both = called("indicators", *fetching, "--token-env", "OUR_KEY", "--token-file", str(key_file))
        unset = called("indicators", *fetching, "--token-env", "NOBODYS_KEY")
        by_option = called("indicators", *fetching, "--token", "on-the-command-line")
    assert isinstance(both.exception, UsageError)
    assert isinstance(unset.exception, UsageError)
    assert isinstance(by_option.exception, CommandLineError)
    assert keys == ["from-file", "from-file", "from-environment", "from-variable"]


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"a\x1b[0mb"])
def test_a_file_without_a_key(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(LamsachError, match="no key"):
        key_of_file(tmp_path / "key")


def test_a_proxy_is_used() -> None:
    seen: list[str] = []

    def answer(query: dict[str, str], headers: Any) -> Answer:
        seen.append(headers["Host"])
        return of_events()

    with server(answer, "") as proxy:
        list(Instance("misp+http://misp.example", Settings(proxy=proxy)).pages())
    assert seen == ["misp.example"]
