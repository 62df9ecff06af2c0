"""A cluster finds the same as one process, byte for byte, also when a worker dies during the hunt."""

from __future__ import annotations

import gzip
import os
import random
import signal
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import zstandard

from lamsach import investigate as investigating
from lamsach.cluster import connection
from lamsach.cluster import search as searching
from lamsach.cluster.search import Cluster
from lamsach.errors import UsageError
from lamsach.hunt.run import hunt
from lamsach.investigate import Request, investigate
from lamsach.model import Findings
from lamsach.results import write
from tests.archive.builders import firewall_log, write_list
from tests.months import Demo

pytest.importorskip("distributed")
CHUNK, PART = 16 << 10, 60_000


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(investigating, "hunt", partial(hunt, chunk_bytes=CHUNK, threads=1))
    monkeypatch.setattr(searching, "hunt", partial(hunt, chunk_bytes=CHUNK, threads=1))


def as_written(findings: Findings, folder: Path, name: str) -> bytes:
    """Write the findings to a file, without the times of the run."""
    import dataclasses
    from datetime import UTC, datetime

    moment = datetime(2022, 9, 26, tzinfo=UTC)
    still = dataclasses.replace(findings.parameters, started=moment, finished=moment)
    path = folder / f"{name}.jsonl"
    write(dataclasses.replace(findings, parameters=still), path, "en", {})
    return path.read_bytes()


def same(tmp_path: Path, request: Request, address: str, **more: Any) -> Findings:
    alone, _ = investigate(request)
    maker = Cluster(address, request.lists, request.format_name, chunk_bytes=CHUNK, part_bytes=PART, **more)
    together, result = investigate(request, searcher=maker)
    assert as_written(together, tmp_path, "b") == as_written(alone, tmp_path, "a")
    assert together.coverage == alone.coverage
    assert together.files == alone.files
    assert together.problems == alone.problems
    assert together.devices == alone.devices
    assert together.presence == alone.presence
    assert result.searched_bytes > 0
    return together


def text_of(rng: random.Random, lines: int = 4000, hits: int = 40) -> bytes:
    return ("\n".join(firewall_log(rng, lines, hits)) + "\n").encode()


def frames(text: bytes, *, sizes: bool) -> bytes:
    packer = zstandard.ZstdCompressor(level=1, write_content_size=sizes)
    pieces = [text[begin : begin + 30_011] for begin in range(0, len(text), 30_011)]
    return b"".join(packer.compress(piece) for piece in pieces)


def members(text: bytes) -> bytes:
    return b"".join(gzip.compress(text[begin : begin + 50_021], 6) for begin in range(0, len(text), 50_021))


def test_pieces_of_every_kind(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_pieces: set[str] = set()
    summarise = searching._Run._summarise

    def noting(run: Any, item: Any, examiner: Any, whole: Any) -> None:
        assert len(item.parts) > 3
        in_pieces.add(Path(item.log.name).name)
        summarise(run, item, examiner, whole)

    monkeypatch.setattr(searching._Run, "_summarise", noting)
    text = text_of(random.Random(1))
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "plain.log").write_bytes(b"\xef\xbb\xbf" + text)
    (logs / "noend.log").write_bytes(text_of(random.Random(2))[:-1])
    (logs / "frames.zst").write_bytes(frames(text_of(random.Random(3)), sizes=True))
    (logs / "blind.zst").write_bytes(frames(text_of(random.Random(4)), sizes=False))
    (logs / "members.gz").write_bytes(members(text_of(random.Random(5))))
    (logs / "long.log").write_bytes(
        b"x" * 70_000 + b" evil.example " + b"y" * 70_000 + b"\n" + text[:200_000]
    )
    (logs / "small.log").write_bytes(text[:5000])
    (logs / "empty.log").write_bytes(b"")
    found = same(tmp_path, Request([str(logs)], [str(write_list(tmp_path))]), cluster.scheduler_address)
    assert len(found.sightings) > 3
    assert in_pieces >= {"plain.log", "noend.log", "frames.zst", "blind.zst", "members.gz"}


def test_damage_is_reported_as_by_one_process(cluster: Any, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    data = members(text_of(random.Random(6)))
    (logs / "cut.gz").write_bytes(data[: len(data) // 2])
    packed = bytearray(frames(text_of(random.Random(7)), sizes=True))
    packed[len(packed) // 2] ^= 0xFF
    (logs / "bent.zst").write_bytes(packed)
    (logs / "garbage.gz").write_bytes(data + b"some garbage behind the last member")
    found = same(tmp_path, Request([str(logs)], [str(write_list(tmp_path))]), cluster.scheduler_address)
    assert found.problems


def test_a_units_month_with_leases_and_archives(cluster: Any, small: Demo, tmp_path: Path) -> None:
    files = small.files
    request = Request([str(files.logs)], [str(files.annex)], inventory=str(files.inventory))
    found = same(tmp_path, request, cluster.scheduler_address)
    assert found.devices


def test_logs_by_url_give_the_result_of_one_process(cluster: Any, tmp_path: Path) -> None:
    text = text_of(random.Random(8))
    path = tmp_path / "remote.log"
    path.write_bytes(text)
    same(tmp_path, Request([f"file://{path}"], [str(write_list(tmp_path))]), cluster.scheduler_address)


def test_a_worker_dies_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "a.log").write_bytes(text_of(random.Random(9), 30_000, 90))
    (logs / "b.zst").write_bytes(frames(text_of(random.Random(10), 12_000, 90), sizes=True))
    killed: list[int] = []
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0
    ) as started:
        pids = [nanny.pid for nanny in started.workers.values()]

        def kill(run: Any, *arguments: Any) -> Any:
            """End one of the two workers after the first window."""
            if not killed:
                killed.append(pids[0])
                threading.Timer(0.05, os.kill, (pids[0], signal.SIGKILL)).start()
            return gathered(run, *arguments)

        gathered = searching._Run._gathered
        monkeypatch.setattr(searching._Run, "_gathered", kill)
        same(tmp_path, Request([str(logs)], [str(write_list(tmp_path))]), started.scheduler_address)
    assert killed


def test_the_set_is_sent_where_no_folder_is_shared(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "cached_folder", lambda _paths: None)
    (tmp_path / "a.log").write_bytes(text_of(random.Random(11)))
    request = Request([str(tmp_path / "a.log")], [str(write_list(tmp_path))])
    same(tmp_path, request, cluster.scheduler_address)


def test_a_cluster_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_S", 1)
    (tmp_path / "a.log").write_text("a line\n")
    request = Request([str(tmp_path / "a.log")], [str(write_list(tmp_path))])
    with pytest.raises(UsageError):
        investigate(request, searcher=Cluster("tcp://127.0.0.1:9", request.lists))


def test_a_log_that_is_cut_off_meanwhile(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(text_of(random.Random(12)))
    request = Request([str(log)], [str(write_list(tmp_path))])
    window, beginning = searching._Run._window, log.read_bytes()[:300_000]

    def shorter(run: Any, *arguments: Any) -> Any:
        log.write_bytes(beginning)
        return window(run, *arguments)

    monkeypatch.setattr(searching._Run, "_window", shorter)
    maker = Cluster(cluster.scheduler_address, request.lists, None, chunk_bytes=CHUNK, part_bytes=PART)
    cut, result = investigate(request, searcher=maker)
    monkeypatch.undo()
    assert result.searched_bytes == len(beginning)
    alone, _ = investigate(request)
    assert cut.sightings
    assert cut.sightings == alone.sightings
