"""Days that a store does not answer in full are reported as not searched, and no status is clean."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lamsach.errors import InputError
from lamsach.investigate import Request
from lamsach.model import Findings, Outcome
from lamsach.runtime.web_client import Answer, Follow, Headers, WebClient, WebError
from lamsach.stores import client as clients
from lamsach.stores.address import parse_address
from lamsach.stores.clickhouse import ClickHouse
from lamsach.stores.client import Failure, StoreClient, StoreError
from lamsach.stores.retro import open_store, retro
from tests.archive.builders import BEGIN, firewall_line, write_list
from tests.rows import each_row
from tests.stores.lines import Record
from tests.stores.loopback_server import Answered, served
from tests.stores.test_stores import opensearch, stamp, victorialogs

LINES: list[Record] = [
    (
        "fw.log",
        BEGIN + timedelta(hours=hour),
        firewall_line(BEGIN + timedelta(hours=hour), "10.1.1.1", "192.0.2.1"),
    )
    for hour in range(0, 96, 3)
]
BUSY: Answered = (429, {"Retry-After": "7"}, b'{"error":{"reason":"rejected execution"}}')


def search(address: str, listed: Path, pauses: list[float] | None = None, **how: Any) -> Findings:
    store = open_store(address)
    store.client.wait = (pauses if pauses is not None else []).append
    return retro(store, Request([], [str(listed)]), **how)[0]


def is_candidates(path: str, body: bytes) -> bool:
    return b"regexp" in body or b"%3A~" in body


def of_day(body: bytes, day: str) -> bool:
    """Report whether a query's time range contains the day's noon."""
    text = body.decode().replace("%3A", ":").replace("%5B", "[").replace("%2C+", " ")
    times = [
        part[:19]
        for part in text.replace('"', " ").replace("[", " ").replace(",", " ").split()
        if part.startswith("202")
    ]
    return len(times) >= 2 and times[0] <= f"{day}T05" and times[1] > f"{day}T12"


def test_a_busy_store_is_queried_again_and_nothing_is_missing(tmp_path: Path) -> None:
    refused = {"left": 3}

    def change(_method: str, path: str, body: bytes) -> Answered | None:
        if is_candidates(path, body) and refused["left"]:
            refused["left"] -= 1
            return BUSY
        return None

    pauses: list[float] = []
    with victorialogs(LINES) as (address, web):
        web.change = change
        found = search(address, write_list(tmp_path), pauses)
    assert found.verdict.outcome is Outcome.NOTHING_FOUND
    assert pauses == [7, 7, 7]


def partial(body: bytes) -> Answered:
    shards = {
        "total": 5,
        "successful": 4,
        "failed": 1,
        "failures": [{"reason": {"type": "node_disconnected_exception"}}],
    }
    return (
        200,
        {},
        json.dumps(
            {"timed_out": False, "_shards": shards, "hits": {"total": {"value": 0}, "hits": []}}
        ).encode(),
    )


EXPIRED: Answered = (
    404,
    {},
    b'{"error":{"root_cause":[{"type":"search_context_missing_exception"}]},"status":404}',
)
CASES: tuple[tuple[str, Callable[[bytes], Answered], str], ...] = (
    ("throttled", lambda _body: BUSY, "no time"),
    (
        "refused",
        lambda _body: (403, {}, b'{"error":{"reason":"no permissions for [indices:data/read/search]"}}'),
        "refuses",
    ),
    ("partial", partial, "part of the store"),
    ("expired", lambda _body: EXPIRED, "half-way"),
    ("cut", lambda _body: (200, {}, b'{"hits": {"hits": [{"_sou'), "too early"),
    ("deep", lambda _body: (200, {}, b"[" * 200_000), "too early"),
    (
        "nonsense",
        lambda _body: (200, {}, b'{"hits": {"total": {"value": 1}, "hits": [7]}, "_shards": {}}'),
        "too early",
    ),
    (
        "fewer",
        lambda _body: (200, {}, b'{"hits": {"total": {"value": 9}, "hits": []}, "_shards": {}}'),
        "fewer",
    ),
)


@each_row("case", CASES, lambda case: case[0])
def test_what_fails_is_not_clean(case: tuple[str, Callable[[bytes], Answered], str], tmp_path: Path) -> None:
    _, answer, text = case
    with opensearch(LINES, analysers={"message": "keyword"}) as (address, web):
        web.change = lambda _method, path, body: answer(body) if is_candidates(path, body) else None
        found = search(address, write_list(tmp_path))
    assert found.verdict.outcome in (Outcome.PARTIAL, Outcome.UNUSABLE)
    assert [problem for problem in found.unread if text in problem.what and "2022-09-01" in problem.where]
    assert {day for _, day in found.blind_days} == {date(2022, 9, day) for day in range(1, 6)}
    assert not found.coverage


def test_a_day_that_fails_leaves_the_others_searched(tmp_path: Path) -> None:
    def change(_method: str, path: str, body: bytes) -> Answered | None:
        return partial(body) if is_candidates(path, body) and of_day(body, "2022-09-02") else None

    with opensearch(LINES, analysers={"message": "keyword"}) as (address, web):
        web.change = change
        found = search(address, write_list(tmp_path))
    assert {day for _, day in found.blind_days} == {date(2022, 9, 2)}
    assert {row.day for row in found.coverage} == {date(2022, 9, day) for day in (1, 3, 4, 5)}
    assert found.verdict.outcome is Outcome.PARTIAL


def test_a_cursor_that_expires_once_is_opened_again(tmp_path: Path) -> None:
    lines = [
        ("fw.log", BEGIN + timedelta(seconds=number), firewall_line(BEGIN, "10.1.1.1", "203.0.113.66"))
        for number in range(1200)
    ]
    expired = {"left": 1}

    def change(_method: str, path: str, _body: bytes) -> Answered | None:
        if path == "/_search/scroll" and expired["left"]:
            expired["left"] -= 1
            return EXPIRED
        return None

    with opensearch(lines, analysers={"message": "keyword"}) as (address, web):
        web.change = change
        found = search(address, write_list(tmp_path))
    assert sum(sighting.count for sighting in found.sightings) == 1200
    assert not found.unread


def test_a_connection_that_breaks_off_among_lines(tmp_path: Path) -> None:
    row = json.dumps({"_time": stamp(BEGIN), "_stream": '{file="fw.log"}', "_msg": LINES[0][2]})
    chunked: Answered = (
        200,
        {"Transfer-Encoding": "chunked"},
        f"{len(row) + 1:x}\r\n{row}\n\r\nff\r\nbroken".encode(),
    )
    with victorialogs(LINES) as (address, web):
        web.change = lambda _method, path, body: chunked if is_candidates(path, body) else None
        found = search(address, write_list(tmp_path))
    assert found.verdict.outcome in (Outcome.PARTIAL, Outcome.UNUSABLE)


def test_a_slow_query_is_split(tmp_path: Path) -> None:
    """The web client replaces a server that exceeds the time limit for more than two days."""

    class Slow(WebClient):
        def ask(
            self,
            method: str,
            url: str,
            headers: Headers,
            body: bytes | None = None,
            follow: Follow | None = None,
        ) -> Answer:
            text = (body or b"").decode()
            if "regexp" in text and '"gte": "2022-08-31' in text and '"lt": "2022-09-05' in text:
                raise WebError("timed out", "ReadTimeoutError")
            return super().ask(method, url, headers, body, follow)

    with opensearch(LINES, analysers={"message": "keyword"}) as (address, _):
        store = open_store(address)
        store.client.web = Slow(10)
        found = retro(store, Request([], [str(write_list(tmp_path))]))[0]
    assert found.verdict.outcome is Outcome.NOTHING_FOUND


def test_counted_documents_that_are_missing(tmp_path: Path) -> None:
    def change(_method: str, _path: str, body: bytes) -> Answered | None:
        return (200, {}, b"") if b"limit" not in body and b"stats" not in body else None

    with victorialogs(LINES) as (address, web):
        web.change = change
        found = search(address, write_list(tmp_path), whole=True)
    assert found.verdict.outcome in (Outcome.PARTIAL, Outcome.UNUSABLE)
    assert not found.coverage


def test_an_answer_without_end_takes_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "ANSWER_BYTES", 1 << 20)
    monkeypatch.setattr(clients, "LINE_BYTES", 1 << 20)
    long: Answered = (200, {}, b" " * (5 << 20))
    for store in (opensearch, victorialogs):
        with store(LINES) as (address, web):  # type: ignore[operator]
            web.change = lambda _method, path, body: long if is_candidates(path, body) else None
            found = search(address, write_list(tmp_path))
        assert any("too large" in problem.what for problem in found.unread)


def test_a_store_without_an_answer(tmp_path: Path) -> None:
    with opensearch(LINES) as (address, web):
        web.change = lambda _method, _path, _body: (401, {}, b"Unauthorized")
        with pytest.raises(InputError, match="refuses"):
            search(address, write_list(tmp_path))
    with opensearch([]) as (address, _), pytest.raises(InputError, match="no documents"):
        search(address, write_list(tmp_path))


def test_clocks_that_differ_are_stated(tmp_path: Path) -> None:
    with opensearch(LINES, analysers={"message": "keyword"}) as (address, _):
        for off, outcome in (
            (timedelta(hours=2), Outcome.NOTHING_FOUND),
            (timedelta(days=3), Outcome.PARTIAL),
        ):
            store = open_store(address)
            store.client.now = lambda off=off: datetime.now(UTC) + off  # type: ignore[misc]
            found = retro(store, Request([], [str(write_list(tmp_path))]))[0]
            assert any("clock" in problem.what for problem in found.problems)
            assert found.verdict.outcome is outcome


def test_lines_of_other_times_than_the_stores_prove_no_day(tmp_path: Path) -> None:
    late = [(file, time + timedelta(days=40), line) for file, time, line in LINES]
    with victorialogs(late) as (address, _):
        found = search(address, write_list(tmp_path))
    assert any("more than a day away" in problem.what for problem in found.unread)
    assert not found.coverage


ROWS = b'{\n\t"data":\n\t[\n\t\t["a", "1"],\n\t\t["b", "2"]\n\t],\n\n\t"rows": 2\n}\n'
ANSWERS: tuple[tuple[int, bytes, Failure | None], ...] = (
    (200, ROWS, None),
    (200, ROWS[:28], Failure.BROKEN),
    (200, ROWS[:28] + b"\nCode: 241. DB::Exception: Memory limit (total) exceeded", Failure.THROTTLED),
    (200, ROWS.replace(b'rows": 2', b'rows": 3'), Failure.FEWER),
    (500, b"Code: 497. DB::Exception: default: Not enough privileges.", Failure.REFUSED),
    (404, b"Code: 60. DB::Exception: Table default.logs does not exist.", Failure.WRONG),
)


@each_row("answer", ANSWERS)
def test_clickhouse_exceptions_behind_status_200(answer: tuple[int, bytes, Failure | None]) -> None:
    status, body, failure = answer
    with served(lambda *_asked: (status, {}, body)) as web:
        store = ClickHouse(StoreClient(parse_address(f"clickhouse+{web.url}/logs"), {}), None)
        if failure is None:
            assert list(store._rows("SELECT 1")) == [["a", "1"], ["b", "2"]]
            return
        with pytest.raises(StoreError) as raised:
            list(store._rows("SELECT 1"))
        assert raised.value.failure is failure
