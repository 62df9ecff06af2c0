"""Reports of collectors, live sightings, silent sources, health endpoints, and searches in archives."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from lamsach.archive.archive import Archive, writing
from lamsach.archive.intake import fill
from lamsach.archive.records import GAP
from lamsach.logs.opening.inputs import find_logs
from lamsach.portal.api.access import issue
from lamsach.portal.campaigns.models import Campaign, CampaignState, IndicatorList
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.findings.models import CoverageDay
from lamsach.portal.jobs.models import Job, JobState
from lamsach.portal.jobs.queue import run_next
from lamsach.portal.mail.models import Letter
from lamsach.portal.sources import archives, collectors
from lamsach.portal.sources.models import ArchiveRun, Collector, LiveSighting, LogSource
from lamsach.portal.worker import load_tasks
from tests.archive.builders import firewall_line

from .conftest import Browser, Cast

pytestmark = pytest.mark.django_db
load_tasks()


def put(cast: Cast, path: str, body: Any, method: str = "put", unit: Any = None) -> Any:
    token = issue(unit or cast.first, "collector", cast.people["coordinator"])
    call = getattr(Client(), method)
    data = body if isinstance(body, bytes) else json.dumps(body)
    headers = {"Authorization": f"Bearer {token}"}
    return call(f"/api/collectors/{path}", data, content_type="application/json", headers=headers)


def status(name: str = "syslog-tcp/10.0.0.1", **more: Any) -> dict[str, Any]:
    seen = (timezone.now() - timedelta(seconds=3)).isoformat()
    source = {"name": name, "kind": "tcp", "lines": 1200, "lines_per_second": 20.5, "last_seen": seen}
    source |= {"silent": False, "formats": {"fortigate": 0.9, "dnsmasq": 0.1}}
    return {"started": seen, "ended": False, "udp_drops": 0, "sources": [source | more], "extra": [1]}


def live(number: int = 1, **more: Any) -> dict[str, Any]:
    now = timezone.now().isoformat()
    return {
        "id": f"run-{number}",
        "seen": now,
        "indicator": "bot-c2.xyz",
        "type": "domain",
        "ip": "10.1.2.3",
        "name": "may-ke-toan",
        "role": "outbound",
        "observer": "FG-A",
        "count": 2,
        "first": now,
        "last": now,
        "actions": {"blocked": 1},
        "evidence": [{"file": "syslog-tcp/10.0.0.1", "line": 7, "text": "dstname=bot-c2.xyz"}],
        **more,
    }


def test_a_collector_reports_and_the_page_shows_it(cast: Cast, browser: Browser) -> None:
    assert put(cast, "fw01/status", status()).json() == {"taken": 1}
    assert put(cast, "fw01/status", status(lines=1300)).status_code == 200
    source = LogSource.objects.get()
    assert (source.lines, source.rate, source.shares) == (1300, 20.5, [("fortigate", 90), ("dnsmasq", 10)])
    for name in ("officer", "coordinator"):
        page = browser(name).get("/office/sources/").content.decode()
        assert "syslog-tcp/10.0.0.1" in page
        assert "fortigate 90" in page
    assert "10.0.0.1" not in browser("stranger").get("/office/sources/").content.decode()


def test_a_live_sighting_is_stored_once_for_its_unit_only(cast: Cast, browser: Browser) -> None:
    for _ in range(2):
        assert put(cast, "fw01/sightings", [live(1), live(2)], "post").status_code == 200
    assert LiveSighting.objects.count() == 2
    page = browser("officer").get("/office/sources/live/").content.decode()
    assert "bot-c2.xyz" in page
    assert "may-ke-toan" in page
    for name in ("coordinator", "stranger"):
        assert "may-ke-toan" not in browser(name).get("/office/sources/live/").content.decode()
    partial = browser("officer").get("/office/sources/live/", headers={"HX-Request": "true"}).content.decode()
    assert partial.startswith('<div id="live"')
    found = browser("officer").get("/office/sources/live/?q=nothing").content.decode()
    assert "bot-c2.xyz" not in found


@pytest.mark.parametrize(
    ("path", "method", "body", "answer"),
    [
        ("fw01/sightings", "post", lambda: [live(seen="yesterday")], 422),
        ("fw01/sightings", "post", lambda: [live(seen="2022-09-01T00:00:00")], 422),
        ("fw01/sightings", "post", lambda: [live(count=-1)], 422),
        ("fw01/sightings", "post", lambda: [live(indicator="x" * 600)], 422),
        ("fw01/sightings", "post", lambda: [live(name="a\x00b")], 200),
        ("fw01/sightings", "post", lambda: {"no": "list"}, 422),
        ("fw01/sightings", "post", lambda: b"\xff\xfe", 400),
        ("fw01/status", "put", lambda: status(lines_per_second="NaN"), 422),
        ("fw01/status", "put", lambda: status(formats={"a": 7}), 422),
        ("fw01/status", "put", lambda: status(last_seen="2190-01-01T00:00:00+00:00"), 200),
        ("x" * 101 + "/status", "put", lambda: status(), 404),
    ],
)
def test_invalid_reports_are_refused(
    cast: Cast, path: str, method: str, body: Callable[[], Any], answer: int
) -> None:
    assert put(cast, path, body(), method).status_code == answer
    now = timezone.now()
    assert not LogSource.objects.filter(last_seen__gt=now).exists()


def test_reports_need_a_token(cast: Cast) -> None:
    answer = Client().put("/api/collectors/a/status", json.dumps(status()), content_type="application/json")
    assert answer.status_code == 401
    assert not Collector.objects.exists()


def test_silence_is_reported_once_and_ends(cast: Cast) -> None:
    put(cast, "fw01/status", status(silent=True))
    assert LogSource.objects.get().silent_since is not None
    assert (collectors.watch(), collectors.watch()) == (1, 0)
    assert Letter.objects.filter(kind="source_silent").count() == 1
    put(cast, "fw01/status", status())
    assert LogSource.objects.get().silent_since is None
    put(cast, "fw01/status", status(silent=True, last_seen=timezone.now().isoformat()))
    collectors.watch()
    assert Letter.objects.filter(kind="source_silent").count() == 2


def test_an_absent_collector_makes_its_sources_blind(cast: Cast, browser: Browser) -> None:
    put(cast, "fw01/status", status())
    assert collectors.watch() == 0
    Collector.objects.update(reported=timezone.now() - timedelta(minutes=6))
    assert collectors.watch() == 1
    page = browser("officer").get("/office/sources/?show=silent").content.decode()
    assert "state-none" in page
    assert "syslog-tcp/10.0.0.1" in page


def test_old_live_sightings_are_deleted(cast: Cast) -> None:
    put(cast, "fw01/sightings", [live(1), live(2)], "post")
    LiveSighting.objects.filter(key="run-1").update(received=timezone.now() - timedelta(days=91))
    assert collectors.erase(90) == 1
    assert LiveSighting.objects.get().key == "run-2"


# Health


def test_health_and_readiness(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (Client().get("/health").status_code, Client().get("/ready").status_code) == (200, 200)
    monkeypatch.setattr(
        "django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *_: ["one is missing"]
    )
    assert Client().get("/ready").status_code == 503

    def away(*_words: Any) -> Any:
        raise OperationalError

    monkeypatch.setattr("django.db.migrations.executor.MigrationExecutor.migration_plan", away)
    assert Client().get("/ready").status_code == 503
    assert Client().get("/health").status_code == 200


def test_who_may_read_the_metrics(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """By token if configured; otherwise locally without a proxy."""
    put(cast, "fw01/status", status(silent=True))
    local: dict[str, Any] = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8000"}
    public = "https://lamsach.example"
    for token, proxies, url, request, answer in (
        ("", 0, "", local, 200),
        ("", 0, "", {**local, "REMOTE_ADDR": "::1", "HTTP_HOST": "localhost"}, 200),
        ("", 0, "http://127.0.0.1:8000", {**local, "REMOTE_ADDR": "::ffff:127.0.0.1"}, 200),
        ("", 0, "", {**local, "REMOTE_ADDR": "192.0.2.7"}, 404),
        ("", 0, "", {**local, "REMOTE_ADDR": "::ffff:192.0.2.7"}, 404),
        ("", 0, "", {**local, "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 404),
        ("", 0, "", {**local, "HTTP_X_FORWARDED_PROTO": "https"}, 404),
        ("", 0, "", {**local, "HTTP_X_REAL_IP": "192.0.2.7"}, 404),
        ("", 0, "", {**local, "HTTP_HOST": "testserver"}, 404),
        ("", 0, public, local, 404),
        ("", 1, "", local, 404),
        ("word", 0, "", local, 404),
        ("word", 1, public, {**local, "HTTP_AUTHORIZATION": "Bearer word"}, 200),
        ("word", 0, "", {"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer word"}, 200),
        ("word", 0, "", {"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer wörd"}, 404),
    ):
        for name, value in (("METRICS_TOKEN", token), ("PROXIES", proxies), ("PUBLIC_URL", url)):
            monkeypatch.setattr(settings, name, value)
        got = Client().get("/metrics", **request)
        assert got.status_code == answer, (token, proxies, url, request)
        if answer == 200:
            text = got.content.decode()
            assert "\nlamsach_sources_silent 1\n" in text
            assert all(line.startswith(("# ", "lamsach_")) for line in text.splitlines())


def test_the_log_as_json() -> None:
    import logging
    import sys

    from lamsach.portal.logs import JsonFormatter

    try:
        raise ValueError("a\nb")
    except ValueError:
        made = logging.LogRecord("x", logging.ERROR, "f", 1, "said %s", ("so",), sys.exc_info())
    line = JsonFormatter().format(made)
    assert "\n" not in line
    assert json.loads(line)["message"] == "said so"
    assert "ValueError" in json.loads(line)["traceback"]


# Searches of lists in archives


def _campaign(cast: Cast) -> Campaign:
    today = timezone.localdate()
    return Campaign.objects.create(
        name="Chiến dịch",
        owner=cast.first,
        state=CampaignState.RUNNING,
        starts=today,
        ends=today + timedelta(days=30),
        report_due=today + timedelta(days=30),
        form=default_form(),
    )


def listed(campaign: Campaign, text: str, name: str = "list.txt") -> IndicatorList:
    path = default_storage.save(f"lists/{name}", ContentFile(text.encode()))
    return IndicatorList.objects.create(
        campaign=campaign, name=name, path=path, size=len(text), sha256="0", count=1, read=timezone.now()
    )


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """Fill an archive with a firewall's year: contacts 10, 60 and 300 days ago, quiet lines on all days."""
    rng, logs = random.Random(1), []
    now = datetime.now(UTC).replace(hour=3, minute=0, second=0, microsecond=0)
    for begin in range(340, 0, -20):
        lines = []
        for back in range(begin, begin - 20, -1):
            for minute in range(3):
                time = now - timedelta(days=back) + timedelta(minutes=minute)
                hit = back in (10, 60, 300) and minute == 1
                source = f"10.1.0.{back % 7 if hit else rng.randrange(20, 90)}"
                host = "bot-c2.xyz" if hit else "www.example.org"
                lines.append(firewall_line(time, source, "192.0.2.7", host))
        logs.append(tmp_path / f"fw-{begin}.log")
        logs[-1].write_text("\n".join(lines) + "\n")
    made = Archive(str(tmp_path / "archive"), create=True)
    with writing(made) as writer:
        list(fill(writer, find_logs(map(str, logs))))
        since = now - timedelta(days=20)
        until = since + timedelta(hours=5)
        names = [str(log) for log in logs]
        writer.record(GAP, sources=names, since=since.isoformat(), until=until.isoformat(), clean=True)
    monkeypatch.setattr(settings, "ARCHIVES", f" G06.12.01={tmp_path / 'archive'} ; nonsense; G99={tmp_path}")
    return made


def work() -> None:
    while run_next():
        pass
    assert not Job.objects.filter(state=JobState.FAILED).exists()


def test_an_accepted_list_is_searched_in_the_archive(cast: Cast, archive: Archive, browser: Browser) -> None:
    campaign = _campaign(cast)
    listed(campaign, "bot-c2.xyz\n")
    assert (archives.plan(), archives.plan()) == (1, 0)
    work()
    run = ArchiveRun.objects.get()
    assert run.problem == ""
    assert {days: found["machines"] for days, found in run.windows.items()} == {"30": 1, "90": 2, "365": 3}
    assert run.bundle is not None
    assert run.bundle.state == "imported"
    page = browser("officer").get("/office/sources/archive/").content.decode()
    assert "list.txt" in page
    assert "3 machines, 1 addresses" in page
    covered = CoverageDay.objects.filter(campaign=campaign, unit=cast.first)
    missing = (datetime.now(UTC) - timedelta(days=20)).date()
    assert covered.filter(day=missing - timedelta(days=1)).exists()
    assert not covered.filter(day=missing).exists()


def test_unaccepted_and_withdrawn_lists_are_not_searched(cast: Cast, archive: Archive) -> None:
    campaign = _campaign(cast)
    unread = listed(campaign, "bot-c2.xyz\n", "a.txt")
    IndicatorList.objects.filter(pk=unread.pk).update(read=None)
    withdrawn = listed(campaign, "bot-c2.xyz\n", "b.txt")
    IndicatorList.objects.filter(pk=withdrawn.pk).update(withdrawn=timezone.now())
    assert archives.plan() == 0
    Campaign.objects.update(state=CampaignState.CLOSED)
    listed(campaign, "bot-c2.xyz\n", "c.txt")
    assert archives.plan() == 0


def test_all_lists_are_searched_nightly_in_the_last_days(cast: Cast, archive: Archive) -> None:
    campaign = _campaign(cast)
    listed(campaign, "bot-c2.xyz\n")
    assert (archives.plan_nightly(), archives.plan_nightly()) == (1, 0)
    work()
    run = ArchiveRun.objects.get()
    assert run.list is None
    assert run.problem == ""
    assert run.windows["365"]["machines"] == 0


def test_a_missing_archive_is_reported(cast: Cast, archive: Archive, tmp_path: Path) -> None:
    settings.ARCHIVES = f"G06.12.01={tmp_path / 'nowhere'}"
    listed(_campaign(cast), "bot-c2.xyz\n")
    archives.plan()
    work()
    assert ArchiveRun.objects.get().problem == "There is no archive."
