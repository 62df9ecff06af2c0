"""What a cluster reads is what one process reads, byte for byte, also when a worker dies in the middle."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lamsach.cli import main
from lamsach.cluster import reading
from lamsach.cluster.reading import ReadingCluster
from lamsach.errors import InputError
from lamsach.logs.events.records import event_line
from lamsach.logs.opening.inputs import find_logs
from lamsach.logs.opening.limits import LINE_BYTES
from lamsach.logs.reading.events import ReadCounts, read_events
from lamsach.model import Refusal
from tests.cluster.test_cluster import frames, members, text_of

pytest.importorskip("distributed")
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
PART = 50_000


def alone(path: Path) -> list[tuple[str, str, list[Refusal], ReadCounts, str]]:
    found = []
    for log in find_logs([str(path)]):
        counts, lines, refusals, error = ReadCounts(), [], [], ""
        try:
            for item in read_events(log, timezone=ZONE, counts=counts):
                if isinstance(item, Refusal):
                    refusals.append(item)
                else:
                    lines.append(event_line(item) + "\n")
        except InputError as failure:
            error = failure.what
        found.append((log.name, "".join(lines), refusals, counts, error))
    return found


def together(path: Path, address: str) -> list[tuple[str, str, list[Refusal], ReadCounts, str]]:
    found = []
    maker = ReadingCluster(address, ZONE, part_bytes=PART)
    for log, pieces in maker.read(find_logs([str(path)])):
        text, refusals, counts, error = "", [], ReadCounts(), ""
        for piece in pieces:
            text += piece.text
            refusals += piece.refusals
            counts, error = replace(piece.counts), piece.error.what if piece.error else ""
        found.append((log.name, text, refusals, counts, error))
    return found


MULTILINE = (
    "".join(
        f"03/10/2026 1{n % 10}:22:02 PM 0E6C PACKET  000001 UDP Rcv 10.0.0.{n % 200 + 1}   {n:04x}   Q [0001   D   NOERROR] A      "
        f"(2)h{n}(7)example(3)org(0)\nUDP question info\n  Socket = 1\n"
        for n in range(700)
    )
).encode()


def test_logs_of_every_kind(cluster: Any, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    text = text_of(random.Random(1), 500)
    (logs / "plain.log").write_bytes(b"\xef\xbb\xbf" + text)
    (logs / "noend.log").write_bytes(text[:-1])
    (logs / "frames.zst").write_bytes(frames(text, sizes=True))
    (logs / "members.gz").write_bytes(members(text))
    (logs / "one.gz").write_bytes(gzip.compress(text))
    (logs / "records.log").write_bytes(MULTILINE)
    (logs / "long.log").write_bytes(text[:90_000] + b"x" * (LINE_BYTES + 50_000) + b"\n" + text[:90_000])
    (logs / "unknown.log").write_bytes(
        b"".join(b"10.0.0.7 asked for h%d.example.org\n" % n for n in range(3000))
    )
    (logs / "empty.log").write_bytes(b"")
    found = together(logs, cluster.scheduler_address)
    assert found == alone(logs)
    assert all(item[1] for item in found if "empty" not in item[0])


def test_damage_is_told_behind_what_was_read(cluster: Any, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    whole = members(text_of(random.Random(6), 700))
    (logs / "cut.gz").write_bytes(whole[: len(whole) * 2 // 3])
    packed = bytearray(frames(text_of(random.Random(7), 700), sizes=True))
    middle = len(packed) // 2
    packed[middle : middle + 400] = bytes(400)
    (logs / "bent.zst").write_bytes(packed)
    for found, wanted in zip(together(logs, cluster.scheduler_address), alone(logs), strict=True):
        assert found[4] == wanted[4] != ""
        whole = wanted[1].splitlines()[:-1]  # the last may be cut off
        assert (
            found[1].splitlines()[: len(whole)] == whole
        )  # pieces before the damage may be more than a stream gives
        assert found[1]


def test_what_cannot_be_cut_and_is_large_is_read_here(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "WHOLE_BYTES", 1000)
    monkeypatch.setattr(reading, "_BLOCK_ITEMS", 100)
    (tmp_path / "one.gz").write_bytes(gzip.compress(text_of(random.Random(1), 500)))
    assert together(tmp_path, cluster.scheduler_address) == alone(tmp_path)


def test_the_command(cluster: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.log").write_bytes(text_of(random.Random(1), 50))
    written = []
    for more in ([], ["--scheduler", cluster.scheduler_address]):
        with pytest.raises(SystemExit) as ended:
            main(["logs", "read", str(tmp_path / "a.log"), *more])
        assert not ended.value.code
        written.append(capsys.readouterr())
    assert written[0].out == written[1].out
    assert len([json.loads(line) for line in written[1].out.splitlines()]) == 50
    words = ["--scheduler", cluster.scheduler_address, "-o", str(tmp_path / "a.parquet")]
    with pytest.raises(SystemExit) as ended:
        main(["logs", "read", str(tmp_path / "a.log"), *words])
    assert ended.value.code


def test_a_worker_dies_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    (tmp_path / "a.log").write_bytes(text_of(random.Random(9), 1500))
    killed: list[int] = []
    pieces = ReadingCluster._pieces
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0
    ) as made:
        pids = [nanny.pid for nanny in made.workers.values()]

        def kill(cluster: ReadingCluster, items: Any) -> Any:
            for piece in pieces(cluster, items):
                if not killed:
                    killed.append(pids[0])
                    os.kill(pids[0], signal.SIGKILL)
                yield piece

        monkeypatch.setattr(ReadingCluster, "_pieces", kill)
        assert together(tmp_path, made.scheduler_address) == alone(tmp_path)
    assert killed
