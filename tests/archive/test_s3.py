"""Archive in S3-compatible storage (moto on loopback): filled, queried, verified, collected into.

Logs are read from it too.
"""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("s3fs")
moto_server = pytest.importorskip("moto.server")

from lamsach.archive.archive import Archive, writing  # noqa: E402
from lamsach.archive.export import export  # noqa: E402
from lamsach.archive.intake import fill  # noqa: E402
from lamsach.archive.retention import Hold, erase, hold  # noqa: E402
from lamsach.archive.retro import retro  # noqa: E402
from lamsach.archive.verification import verify  # noqa: E402
from lamsach.collect.service import Collector  # noqa: E402
from lamsach.collect.settings import Settings  # noqa: E402
from lamsach.errors import LamsachError, UnreadableError  # noqa: E402
from lamsach.investigate import Request, investigate  # noqa: E402
from lamsach.logs.opening.inputs import find_logs  # noqa: E402
from tests.archive.builders import firewall_log, write_list  # noqa: E402


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    import s3fs

    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    name = "b" + str(abs(hash(request.node.nodeid)))[:12]
    s3fs.S3FileSystem().mkdir(name)
    return name


def a_log(folder: Path, seed: int = 1) -> Path:
    path = folder / "fw.log"
    path.write_text("\n".join(firewall_log(random.Random(seed), 900, 6)) + "\n")
    return path


def test_a_retro_hunt_in_s3_finds_the_same_as_a_hunt(bucket: str, tmp_path: Path) -> None:
    log, listed = a_log(tmp_path), write_list(tmp_path)
    archive = Archive(f"s3://{bucket}/archive", create=True)
    archive.settings["chunk_bytes"] = 8 << 10
    with writing(archive) as writer:
        list(fill(writer, find_logs([str(log)])))
    again = Archive(f"s3://{bucket}/archive")
    assert len(again.segments()) > 5
    assert verify(again).problems == []
    whole, _ = investigate(Request([str(log)], [str(listed)]))
    found, _, plan = retro(again, Request([], [str(listed)]))
    assert (found.devices, found.sightings) == (whole.devices, whole.sightings)
    assert 0 < plan.opened < plan.segments
    out = next(iter(export(again, tmp_path / "out")))
    assert out.path.read_bytes() == log.read_bytes()


def test_a_change_in_s3_is_seen_and_deletion_is_recorded(bucket: str, tmp_path: Path) -> None:
    import s3fs

    archive = Archive(f"s3://{bucket}/archive", create=True)
    with writing(archive) as writer:
        list(fill(writer, find_logs([str(a_log(tmp_path))])))
        hold(writer, Hold("case", "why", "*other*"))
        done = erase(writer, [f"n{number}.example.org" for number in range(40)], "request")
    assert done.segments == 1
    assert verify(archive).problems == []
    system, entry = s3fs.S3FileSystem(), archive.segments()[0]
    path = f"{bucket}/archive/{entry.name}"
    data = bytearray(system.cat_file(path))
    data[-20] ^= 1
    system.pipe_file(path, bytes(data))
    assert verify(archive).problems


def test_a_collector_writes_to_s3(bucket: str, tmp_path: Path) -> None:
    archive = Archive(f"s3://{bucket}/archive", create=True)
    problems: list[LamsachError] = []
    with writing(archive) as writer:
        settings = Settings(host="127.0.0.1", tcp=0)
        collector = Collector(
            archive, writer, tmp_path / "spool", settings, None, problems.append, lambda _text, _values: None
        )
        ready = threading.Event()
        ports: dict[str, int] = {}

        def begun(found: dict[str, int]) -> None:
            ports.update(found)
            ready.set()

        thread = threading.Thread(target=lambda: collector.run(begun))
        thread.start()
        assert ready.wait(20)
        with socket.create_connection(("127.0.0.1", ports["tcp"])) as connection:
            connection.sendall(b"".join(b"<13>Oct 11 22:14:15 gw app: line %d\n" % n for n in range(500)))
        collector.stop()
        thread.join(20)
    assert problems == []
    item = next(iter(export(archive, tmp_path / "out")))
    assert len(item.path.read_text().splitlines()) == 500


def test_logs_are_read_from_s3(bucket: str, tmp_path: Path) -> None:
    import s3fs

    log, listed = a_log(tmp_path), write_list(tmp_path)
    s3fs.S3FileSystem().put_file(str(log), f"{bucket}/logs/fw.log")
    whole, _ = investigate(Request([str(log)], [str(listed)]))
    found, _ = investigate(Request([f"s3://{bucket}/logs/"], [str(listed)]))
    assert [item.count for item in found.sightings] == [item.count for item in whole.sightings]


def test_a_bucket_that_is_not_there(bucket: str) -> None:
    with pytest.raises(UnreadableError):
        Archive("s3://no-such-bucket-here/archive")
