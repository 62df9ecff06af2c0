"""The client of MISP feeds against well-behaved and misbehaving servers on the loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lamsach.errors import ExitStatus, LimitError, OutputError, UnreadableError, UsageError
from lamsach.indicators.lists import read_list, read_lists
from lamsach.indicators.servers import misp_feed
from lamsach.indicators.servers.client import Fetched, Settings
from lamsach.indicators.servers.misp_feed import Feed, is_feed, mirror
from lamsach.model import Indicator, Problem
from tests.cli.command_runner import called
from tests.indicators.loopback_server import Answer, server


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def attribute(number: int, **more: Any) -> dict[str, Any]:
    return {
        "uuid": uuid(number),
        "type": "domain",
        "value": f"bot{number}.xyz",
        "to_ids": True,
        "timestamp": "1767225600",
        **more,
    }


class Web:
    """A feed on a server: `events` by number with their time and attributes; records the requested files."""

    def __init__(self) -> None:
        self.events: dict[int, tuple[int, list[dict[str, Any]]]] = {}
        self.asked: list[str] = []
        self.answers: dict[str, Answer] = {}
        """Replacement for a file."""

    def manifest(self) -> bytes:
        listing = {
            uuid(number): {
                "Orgc": {"name": "Example CERT"},
                "info": f"Botnet {number}",
                "date": "2026-01-01",
                "timestamp": str(stamp),
            }
            for number, (stamp, _) in self.events.items()
        }
        return json.dumps(listing).encode()

    def event(self, number: int) -> bytes:
        return json.dumps(
            {
                "Event": {
                    "uuid": uuid(number),
                    "info": f"Botnet {number}",
                    "Attribute": self.events[number][1],
                }
            }
        ).encode()

    def __call__(self, query: dict[str, str], _: Any) -> Answer:
        assert query["path"].startswith("/feed/")
        name = query["path"].removeprefix("/feed/")
        self.asked.append(name)
        if name in self.answers:
            return self.answers[name]
        if name == "manifest.json":
            return 200, {}, self.manifest()
        number = int(name.removesuffix(".json").rpartition("-")[2])
        return (200, {}, self.event(number)) if number in self.events else (404, {}, b"")


@pytest.fixture
def web() -> Web:
    feed = Web()
    feed.events = {
        1: (1_767_225_600, [attribute(1), attribute(2, to_ids=False)]),
        2: (1_767_225_700, [attribute(3)]),
    }
    return feed


def serving(web: Web) -> Any:
    return server(web, "/feed/manifest.json")


def listed(path: Path) -> list[str]:
    contents = read_lists([str(path)], lambda problem: pytest.fail(str(problem)))
    return sorted(item.value for item in contents.indicators)


def test_only_new_or_changed_events_are_requested_and_gone_ones_deleted(web: Web, tmp_path: Path) -> None:
    with serving(web) as url:
        assert mirror(url, tmp_path) == Fetched(2, 2)
        assert listed(tmp_path) == ["bot1.xyz", "bot3.xyz"], "what is not for detection is left out"
        web.asked.clear()
        assert mirror(f"misp+{url}", tmp_path) == Fetched(0, 0)
        assert web.asked == ["manifest.json"]
        web.events[1] = (1_767_225_601, [attribute(1, value="bot9.xyz")])
        web.events[4] = (1, [attribute(4, to_ids=False)])
        del web.events[2]
        web.asked.clear()
        assert mirror(url, tmp_path) == Fetched(2, 1)
        assert web.asked == ["manifest.json", f"{uuid(1)}.json", f"{uuid(4)}.json"]
    assert listed(tmp_path) == ["bot9.xyz"]


def test_since_excludes_earlier_changes(web: Web, tmp_path: Path) -> None:
    with serving(web) as url:
        assert mirror(url, tmp_path, Settings(added_after="2026-01-01T00:01:00Z")) == Fetched(1, 1)
    assert listed(tmp_path) == ["bot3.xyz"]


def test_a_feed_is_read_as_a_list(web: Web) -> None:
    with serving(web) as url:
        problems: list[Problem] = []
        items = list(read_list(f"misp+{url}", problems.append))
    assert problems == []
    found = [(item.value, item.threat) for item in items if isinstance(item, Indicator)]
    assert found == [("bot1.xyz", "Botnet 1"), ("bot3.xyz", "Botnet 2")]


BROKEN: list[Answer] = [
    (404, {}, b""),
    (500, {}, b""),
    (200, {}, b"<html>"),
    (200, {}, b'{"Event": [1]}'),
    (200, {}, b"[" * 100_000),
    (200, {"Content-Length": "99999"}, b'{"Event": {}}'),
    (302, {"Location": "http://127.0.0.1:9/"}, b""),
]


@pytest.mark.parametrize("answer", BROKEN)
def test_an_event_that_fails_is_counted_and_requested_again(web: Web, tmp_path: Path, answer: Answer) -> None:
    web.answers[f"{uuid(1)}.json"] = answer
    with serving(web) as url:
        assert mirror(url, tmp_path) == Fetched(1, 1, 1)
        assert listed(tmp_path) == ["bot3.xyz"]
        web.answers.clear()
        assert mirror(url, tmp_path) == Fetched(1, 1)
    assert listed(tmp_path) == ["bot1.xyz", "bot3.xyz"]


def test_a_changed_event_that_fails_leaves_the_old_one(web: Web, tmp_path: Path) -> None:
    with serving(web) as url:
        mirror(url, tmp_path)
        web.events[2] = (1_767_300_000, [attribute(8)])
        web.answers[f"{uuid(2)}.json"] = (503, {}, b"")
        assert mirror(url, tmp_path).failed == 1
    assert listed(tmp_path) == ["bot1.xyz", "bot3.xyz"]


def test_several_failures_in_a_row_end_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(misp_feed, "FAILURES", 3)
    web = Web()
    web.events = {number: (number, [attribute(number)]) for number in range(1, 10)}
    web.answers = {f"{uuid(number)}.json": (503, {}, b"") for number in range(2, 10)}
    with serving(web) as url:
        with pytest.raises(UnreadableError, match="refuses to answer"):
            mirror(url, tmp_path)
        assert len(web.asked) == 1 + 1 + 3
        assert listed(tmp_path) == ["bot1.xyz"], "earlier values are retained"
        web.answers.clear()
        assert mirror(url, tmp_path) == Fetched(8, 8)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ((200, {}, b"{}"), "The manifest of the feed names no event."),
        ((200, {}, b'{"../../x": {"timestamp": "1"}, "y": 1}'), "The manifest of the feed names no event."),
        ((200, {}, b"[]"), "The answer of the server is no manifest of a MISP feed."),
        ((200, {}, b"<html>"), "The answer of the server is no JSON."),
        ((200, {"Content-Length": "9999"}, b"{}"), "half-way"),
        ((403, {}, b""), "The server wants another name or password."),
        ((404, {}, b""), "The server does not know this address."),
        ((302, {"Location": "http://169.254.169.254/"}, b""), "The server refuses to answer."),
    ],
)
def test_an_invalid_manifest_leaves_the_folder_unchanged(
    web: Web, tmp_path: Path, answer: Answer, what: str
) -> None:
    with serving(web) as url:
        mirror(url, tmp_path)
        web.answers["manifest.json"] = answer
        with pytest.raises(UnreadableError, match=what):
            mirror(url, tmp_path)
    assert listed(tmp_path) == ["bot1.xyz", "bot3.xyz"]


def test_redirections_within_the_server_are_limited(web: Web, tmp_path: Path) -> None:
    web.answers["manifest.json"] = (302, {"Location": "/feed/manifest.json"}, b"")
    with serving(web) as url, pytest.raises(UnreadableError):
        mirror(url, tmp_path)
    assert len(web.asked) < 20


@pytest.mark.parametrize(("name", "limit"), [("MAX_MANIFEST_BYTES", 10), ("MAX_EVENTS", 1)])
def test_limits_of_the_manifest(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    monkeypatch.setattr(misp_feed, name, limit)
    with serving(web) as url, pytest.raises(LimitError):
        mirror(url, tmp_path)


def test_a_feeds_size_is_limited(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lamsach.indicators.servers.client.MAX_TOTAL_BYTES", len(web.manifest()) + 1)
    with serving(web) as url:
        assert mirror(url, tmp_path).failed == 2


def test_an_events_own_name_is_ignored(web: Web, tmp_path: Path) -> None:
    listing = json.dumps({"Event": {"uuid": "../../x", "info": "x", "Attribute": [attribute(1)]}}).encode()
    web.answers[f"{uuid(1)}.json"] = (200, {}, listing)
    with serving(web) as url:
        mirror(url, tmp_path / "in")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert sorted(path.name for path in (tmp_path / "in").glob("event-*")) == [
        f"event-{uuid(1)}.json",
        f"event-{uuid(2)}.json",
    ]


def test_a_folder_of_another_feed_is_refused(web: Web, tmp_path: Path) -> None:
    with serving(web) as url:
        mirror(url, tmp_path)
        with pytest.raises(OutputError, match="another collection"):
            mirror(f"{url}?x=1", tmp_path)


@pytest.mark.parametrize(
    ("url", "feed"),
    [
        ("https://a.example/manifest.json", True),
        ("misp+https://a.example/x/manifest.json?key=1", True),
        ("misp+https://a.example/events", False),
        ("https://a.example/xmanifest.json", False),
        ("lists/manifest.json", False),
        ("https://[a/manifest.json", False),
        ("file:///x/manifest.json", False),
    ],
)
def test_which_addresses_are_feeds(url: str, feed: bool) -> None:
    assert is_feed(url) is feed
    if not feed:
        with pytest.raises(UsageError):
            Feed(url)


def test_a_feed_does_not_get_the_instances_key(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instance's key from the environment is not sent to a feed."""
    keys: list[str | None] = []
    monkeypatch.setenv("LAMSACH_MISP_KEY", "of-the-instance")

    def answer(query: dict[str, str], headers: Any) -> Answer:
        keys.append(headers.get("Authorization"))
        return web(query, headers)

    with server(answer, "/feed/manifest.json") as url:
        done = called("indicators", "fetch", url, "-d", str(tmp_path / "m"))
        assert (done.exit_code, done.stderr) == (0, "2 giá trị trong 2 sự kiện mới hoặc đã thay đổi.\n")
        assert set(keys) == {None}
        web.events[1] = (5, [attribute(1)])
        web.answers[f"{uuid(1)}.json"] = (404, {}, b"")
        monkeypatch.setenv("FEED_KEY", "abc")
        done = called("indicators", "fetch", url, "-d", str(tmp_path / "m"), "--token-env", "FEED_KEY")
    assert done.exit_code == ExitStatus.PARTIAL
    assert "Không tải được 1 sự kiện của nguồn" in done.stderr
    assert keys[-1] == "abc"
