"""A search in a store gives the same as a hunt over the same lines as files.

ClickHouse is the engine itself (chdb), where installed; OpenSearch and VictoriaLogs are stand-ins after their
documentation.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamsach.investigate import Request, investigate
from lamsach.logs.base import DEFAULT_TIMEZONE
from lamsach.model import Doubt, Findings
from lamsach.stores import passes
from lamsach.stores.base import Span
from lamsach.stores.questions import BORDER, Question
from lamsach.stores.retro import open_store, retro
from lamsach.stores.stored_logs import StorePlan
from tests.archive.builders import BEGIN, firewall_line, firewall_log, write_list
from tests.stores.lines import Record, comparable, records
from tests.stores.loopback_server import Served, served
from tests.stores.opensearch_server import OpenSearchStandIn
from tests.stores.test_questions import matches
from tests.stores.victorialogs_server import VictoriaLogsStandIn

GOLDEN = Path(__file__).parents[1] / "logs" / "formats" / "data"
GOLDEN_LISTED = (
    "evil.example",
    "203.0.113.66",
    "203.0.113.0/24",
    "198.51.100.0/24",
    "example.com",
    "example.net",
    "bad.example",
    "2001:db8::/32",
)
READS = re.compile(
    r"POST (/logs-\*/_search(\?scroll=2m)? |/_search/scroll |/[^/]+/_analyze |/select/logsql/query "
    r"query=_time|/ (SELECT|DESCRIBE) )|DELETE /_search/scroll "
)
"""Requests that a search may send to a store: none that writes."""
Opened = Callable[[list[Record]], Any]


def stamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def opensearch(lines: list[Record], **how: Any) -> Iterator[tuple[str, Served]]:
    server = OpenSearchStandIn(**how)
    server.documents = [
        (f"logs-{file.lower()}-{time:%Y.%m}", {"@timestamp": stamp(time), "message": line})
        for file, time, line in lines
    ]
    with served(server) as web:
        yield f"opensearch+{web.url}/logs-*", web


@contextmanager
def victorialogs(lines: list[Record]) -> Iterator[tuple[str, Served]]:
    rows = [
        {"_time": stamp(time), "_stream": f'{{file="{file}"}}', "_msg": line} for file, time, line in lines
    ]
    with served(VictoriaLogsStandIn(rows)) as web:
        yield f"victorialogs+{web.url}", web


@contextmanager
def clickhouse(lines: list[Record], folder: Path) -> Iterator[tuple[str, Served]]:
    pytest.importorskip("chdb")
    from tests.stores.clickhouse_server import ClickHouseServer

    server = ClickHouseServer(folder / "clickhouse")
    server.fill(
        [
            (f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03d}", line)
            for _, time, line in lines
        ]
    )
    try:
        with served(server) as web:
            yield f"clickhouse+{web.url}/logs", web
    finally:
        server.close()


def written(folder: Path, lines: list[Record]) -> Path:
    """Write the lines as files."""
    folder.mkdir(parents=True, exist_ok=True)
    by_file: dict[str, list[str]] = {}
    for file, _, line in lines:
        by_file.setdefault(file, []).append(line)
    for file, texts in by_file.items():
        (folder / file).write_text("\n".join(texts) + "\n")
    return folder


def searched(address: str, request: Request, **how: Any) -> tuple[Findings, StorePlan]:
    findings, _, plan = retro(open_store(address), request, **how)
    return findings, plan


def same(whole: Findings, found: Findings) -> None:
    first, second = comparable(whole), comparable(found)
    for name, value in first.items():
        assert value == second[name], name


def firewall(lines: int = 400, hits: int = 9, seed: int = 1) -> list[Record]:
    texts = firewall_log(random.Random(seed), lines, hits)
    return [("fw.log", BEGIN + timedelta(seconds=30 * number), text) for number, text in enumerate(texts)]


@pytest.mark.parametrize(
    "kind", ["standard", "keyword", "whitespace", "cutting", "victorialogs", "clickhouse"]
)
def test_a_firewalls_day_gives_what_a_hunt_gives(kind: str, tmp_path: Path) -> None:
    lines = firewall()
    request = Request([str(written(tmp_path / "logs", lines))], [str(write_list(tmp_path))])
    whole, _ = investigate(request)
    stores: dict[str, Any] = {
        "victorialogs": lambda: victorialogs(lines),
        "clickhouse": lambda: clickhouse(lines, tmp_path),
    }
    with stores.get(kind, lambda: opensearch(lines, analysers={"message": kind}))() as (address, web):
        found, plan = searched(address, request)
    sent = (" ".join((method, path, body.decode())) for method, path, body in web.requests)
    assert all(map(READS.match, sent))
    assert whole.devices
    assert plan.documents == len(lines)
    if kind == "standard":  # values behind escapes cannot be queried: reported, and the rest is the same
        assert any("escapes" in problem.what for problem in found.unread)
        found = dataclasses.replace(found, problems=())
    same(whole, found)
    assert plan.whole == (kind == "cutting")
    assert plan.given == len(lines) if kind == "cutting" else plan.given < 30


def test_golden_lines_of_many_formats(tmp_path: Path) -> None:
    """The lines of each format are a source; those of multi-line records are read in full."""
    start = datetime(2022, 9, 1, tzinfo=UTC)
    products = (
        "squid",
        "fortigate",
        "unbound",
        "iptables",
        "windows_dns_debug",
        "zeek_dns",
        "paloalto",
        "cef",
        "suricata",
        "sophos",
        "json_lines",
    )
    lines: list[Record] = []
    for product in products:
        for path in sorted((GOLDEN / product).glob("*.log")):
            lines += [
                (f"{product}_{path.stem}.log", time, line)
                for _, time, line in records(path, start=start)
                if line
            ]
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join(GOLDEN_LISTED))
    request = Request([str(written(tmp_path / "logs", lines))], [str(listed)])
    whole, _ = investigate(request)
    assert len(whole.sightings) > 20
    for store in (victorialogs, opensearch):
        with store(lines) as (address, _):  # type: ignore[operator]
            found, _ = searched(address, request, whole=store is opensearch)
        first, second = comparable(whole), comparable(found)
        assert first["sightings"] == second["sightings"]
        assert first["devices"] == second["devices"]
        assert first["aside"] == second["aside"]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 30), hits=st.integers(0, 9), most=st.integers(3, 80))
def test_any_firewalls_log_in_parts(seed: int, hits: int, most: int, tmp_path: Path) -> None:
    """Also when few lines are held at a time, so that time ranges are halved repeatedly."""
    lines = firewall(120, hits, seed)
    folder = tmp_path / str(seed)
    folder.mkdir(exist_ok=True)
    window = {"since": BEGIN + timedelta(minutes=10), "until": BEGIN + timedelta(minutes=50)}
    request = Request([str(written(folder / "logs", lines))], [str(write_list(folder))], **window)
    whole, _ = investigate(request)
    with pytest.MonkeyPatch.context() as patch, victorialogs(lines) as (address, _):
        patch.setattr(passes, "MAX_LINES", most)
        for whole_too in (False, True):
            same(whole, searched(address, request, whole=whole_too)[0])


def test_a_document_without_a_complete_field_is_searched_as_json(tmp_path: Path) -> None:
    lines = [
        {
            "@timestamp": stamp(BEGIN + timedelta(minutes=number)),
            "message": "connection",
            "source": {"ip": "10.1.1.5"},
            "destination": {"ip": ip, "port": 443},
        }
        for number, ip in enumerate(["192.0.2.7", "203.0.113.66", "192.0.2.8"])
    ]
    server = OpenSearchStandIn([("flows", line) for line in lines])
    with served(server) as web:
        found, plan = searched(f"elasticsearch+{web.url}/flows", Request([], [str(write_list(tmp_path))]))
    assert [device.ip for device in found.devices] == ["10.1.1.5"]
    assert plan.whole == 1


def test_documents_in_no_index_are_read(tmp_path: Path) -> None:
    """Texts longer than `ignore_above`, and fields that are not indexed."""
    lines = firewall()
    request = Request([str(written(tmp_path / "logs", lines))], [str(write_list(tmp_path))])
    whole, _ = investigate(request)
    for how in (
        {"analysers": {"message": "keyword"}, "ignore_above": 300},
        {"unindexed": frozenset({"message"})},
    ):
        with opensearch(lines, **how) as (address, _):
            found, _ = searched(address, request)
        same(whole, dataclasses.replace(found, problems=()))


def test_leases_in_the_store_name_the_machines(tmp_path: Path) -> None:
    dhcp = [
        (
            f"Sep  1 0{hour}:00:00 gw dhcpd: DHCPACK on 10.1.0.{hour} to 52:54:00:00:00:0{hour} (pc-{hour}) "
            "via eth0"
        )
        for hour in range(1, 9)
    ]
    lines: list[Record] = [
        ("dhcp.log", BEGIN + timedelta(hours=number - 6), line) for number, line in enumerate(dhcp)
    ]
    lines.append(
        (
            "fw.log",
            BEGIN + timedelta(hours=3),
            firewall_line(BEGIN + timedelta(hours=3), "10.1.0.4", "203.0.113.66"),
        )
    )
    request = Request([str(written(tmp_path / "logs", lines))], [str(write_list(tmp_path))])
    whole, _ = investigate(request)
    with victorialogs(lines) as (address, _):
        found, _ = searched(address, request)
    assert [device.name for device in whole.devices] == [device.name for device in found.devices]


def test_a_quiet_store_is_clean_only_when_every_day_was_there(tmp_path: Path) -> None:
    lines = [
        (
            "fw.log",
            BEGIN + timedelta(hours=hour),
            firewall_line(BEGIN + timedelta(hours=hour), "10.1.1.1", "192.0.2.1"),
        )
        for hour in range(72)
    ]
    listed = str(write_list(tmp_path))
    with victorialogs(lines) as (address, _):
        found, _ = searched(address, Request([], [listed]))
        assert found.verdict.doubts == ()
        later, _ = searched(address, Request([], [listed], since=BEGIN, until=BEGIN + timedelta(days=9)))
        assert Doubt.BLIND_DAYS in later.verdict.doubts
    with victorialogs(lines[:12] + lines[60:]) as (address, _):
        found, _ = searched(address, Request([], [listed]))
        assert Doubt.BLIND_DAYS in found.verdict.doubts


def test_clickhouse_returns_the_lines_of_a_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of one text and of several, in any case, over many expressions; exactly those.

    Queries longer than one statement are not sent.
    """
    pytest.importorskip("chdb")
    rng = random.Random(7)
    pieces = ["evil", "Bad-er", "203.0.113.9", "a(b", "it's", "x\\y", "ffff", "db8", "9.9", "q^$"]
    alternatives = [
        tuple(rng.sample([piece.lower() for piece in pieces], rng.choice((1, 1, 2, 3)))) for _ in range(12)
    ]
    query = Question(tuple(alternatives), (BORDER + r"0[0-9]{1,2}\.[0-9]", r"\\[.:_\-]"))
    texts = {
        " ".join(rng.choices([*pieces, "k", "012.3", "7012.3", r"a\.b", "VN-é"], k=4)) for _ in range(300)
    }
    lines = [("fw", BEGIN + timedelta(seconds=number), text) for number, text in enumerate(sorted(texts))]
    for name, value in (("_EXPRESSION", 12), ("_SEVERAL", 3)):
        monkeypatch.setattr(f"lamsach.stores.clickhouse.{name}", value)
    with clickhouse(lines, tmp_path) as (address, _):
        store = open_store(address)
        store.counts(None, DEFAULT_TIMEZONE)
        prepared = store.prepare(query, "message")
        span = Span(BEGIN, BEGIN + timedelta(days=1))
        returned = [
            row.fields["message"] for part in prepared for row in store.documents(span, part, "message", None)
        ]
    assert set(returned) == {text for text in texts if matches(query, text)}
    monkeypatch.setattr("lamsach.stores.clickhouse._STATEMENT", 30)
    assert store.prepare(query, "message") == ()
    assert 30 < len(set(returned)) < len(texts)
