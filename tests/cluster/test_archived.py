"""A retro-hunt on a cluster finds the same as one process, byte for byte.

Also when a worker dies during it.
"""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from lamsach.archive.archive import Archive
from lamsach.archive.retro import retro
from lamsach.cluster import archived
from lamsach.cluster.archived import ArchiveCluster
from lamsach.collect.service import Collector
from lamsach.collect.settings import Settings
from lamsach.errors import UsageError
from lamsach.investigate import Request
from lamsach.model import Findings
from tests.archive.builders import filled, firewall_log, write_list
from tests.cluster.test_cluster import as_written
from tests.months import Demo
from tests.poll import came

pytest.importorskip("distributed")
CHUNK = 8 << 10


@pytest.fixture(autouse=True)
def small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archived, "TASK_SEGMENTS", 2)
    monkeypatch.setattr(archived, "_WINDOW", 2)


def same(tmp_path: Path, archive: Archive, request: Request, address: str) -> Findings:
    alone, result, plan = retro(archive, request)
    cluster = ArchiveCluster(address, request.lists)
    together, remote_result, planned = retro(archive, request, remote=cluster)
    assert as_written(together, tmp_path, "b") == as_written(alone, tmp_path, "a")
    for name in ("coverage", "files", "problems", "devices"):
        assert getattr(together, name) == getattr(alone, name), name
    assert sorted(together.presence.values()) == sorted(alone.presence.values())
    assert planned == plan
    assert plan.opened > 2
    assert remote_result.searched_bytes == result.searched_bytes
    return together


def test_segments_of_many_logs(cluster: Any, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for number in range(6):
        rng = random.Random(number)
        (logs / f"fw-{number}.log").write_text("\n".join(firewall_log(rng, 400, hits=30)) + "\n")
    archive, _ = filled(tmp_path / "archive", logs, chunk_bytes=CHUNK)
    request = Request([str(logs)], [str(write_list(tmp_path))])
    assert same(tmp_path, archive, request, cluster.scheduler_address).sightings


def test_a_units_month(cluster: Any, small: Demo, tmp_path: Path) -> None:
    files = small.files
    archive, _ = filled(tmp_path / "archive", files.logs, chunk_bytes=64 << 10)
    request = Request([str(files.logs)], [str(files.annex)], inventory=str(files.inventory))
    assert same(tmp_path, archive, request, cluster.scheduler_address).devices


def test_what_a_collector_took_in_and_what_is_damaged(cluster: Any, tmp_path: Path) -> None:
    from lamsach.archive.archive import writing

    log = tmp_path / "fw.log"
    archive = Archive(str(tmp_path / "archive"), create=True)
    for run in range(6):
        with log.open("a") as file:
            file.write("\n".join(firewall_log(random.Random(run), 60, hits=6)) + "\n")
        with writing(archive) as writer:
            settings = Settings(host="127.0.0.1", follow=(str(log),))
            collector = Collector(
                *(archive, writer, tmp_path / "spool", settings, None),
                *(lambda _error: None, lambda *_: None),
            )
            collector.run(lambda _ports, it=collector: _when_read(it, 60 * (run + 1)))  # type: ignore[misc] # noqa: B023
    entries = archive.segments()
    assert len(entries) == 6
    path = tmp_path / "archive" / entries[3].name
    path.write_bytes(path.read_bytes()[:-20])
    request = Request([""], [str(write_list(tmp_path))])
    assert same(tmp_path, archive, request, cluster.scheduler_address).problems


def _when_read(collector: Collector, lines: int) -> None:
    """End the collector when it has read this many lines."""
    import threading

    def watch() -> None:
        came(lambda: sum(item["lines"] for item in collector.status()["sources"]) >= lines)
        collector.stop()

    threading.Thread(target=watch, daemon=True).start()


def test_a_worker_dies_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    logs = tmp_path / "logs"
    logs.mkdir()
    for number in range(4):
        rng = random.Random(number)
        (logs / f"fw-{number}.log").write_text("\n".join(firewall_log(rng, 1200, hits=60)) + "\n")
    archive, _ = filled(tmp_path / "archive", logs, chunk_bytes=CHUNK)
    killed: list[int] = []
    replay = archived.replay_all
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0
    ) as started:
        pids = [nanny.pid for nanny in started.workers.values()]

        def kill(*arguments: Any) -> None:
            """End one of the two workers when the first task is done."""
            if not killed:
                killed.append(pids[0])
                os.kill(pids[0], signal.SIGKILL)
            replay(*arguments)

        monkeypatch.setattr(archived, "replay_all", kill)
        request = Request([str(logs)], [str(write_list(tmp_path))])
        same(tmp_path, archive, request, started.scheduler_address)
    assert killed


def test_nothing_to_open_needs_no_cluster(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("\n".join(firewall_log(random.Random(5), 300, hits=3)) + "\n")
    archive, _ = filled(tmp_path / "archive", log)
    listed = tmp_path / "nothing.txt"
    listed.write_text("nothing-there.example.net\n")
    found, _, plan = retro(
        archive, Request([""], [str(listed)]), remote=ArchiveCluster("tcp://127.0.0.1:9", [str(listed)])
    )
    assert (plan.opened, found.sightings) == (0, ())


def test_a_cluster_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lamsach.cluster.connection.CONNECT_S", 1)
    log = tmp_path / "a.log"
    log.write_text("\n".join(firewall_log(random.Random(5), 300, hits=3)) + "\n")
    archive, _ = filled(tmp_path / "archive", log)
    listed = [str(write_list(tmp_path))]
    with pytest.raises(UsageError):
        retro(archive, Request([""], listed), remote=ArchiveCluster("tcp://127.0.0.1:9", listed))
