"""Requests for an archive while a collector writes to it are performed by the collector."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lamsach.archive import collector_requests
from lamsach.archive.archive import Archive, writing
from lamsach.archive.collector_requests import do
from lamsach.archive.export import export
from lamsach.archive.retention import holds
from lamsach.archive.verification import verify
from lamsach.collect.spool import Header, Spool
from lamsach.errors import LamsachError, OutputError, UsageError
from tests.poll import until

from .test_service import collecting


def test_acts_while_lines_come_in(tmp_path: Path) -> None:
    old = datetime.now(UTC) - timedelta(days=200)
    with collecting(tmp_path, tcp=0, seal_seconds=0.2) as running:
        with socket.create_connection(("127.0.0.1", running.ports["tcp"])) as connection:
            connection.sendall(f"<13>1 {old.isoformat()} gw app - - - nguyenvana logged on\n".encode())
        archive = Archive(str(tmp_path / "archive"))
        until(archive.segments)
        values = {"reason": "why", "source": "*", "since": "", "until": ""}
        do(archive, "hold", name="case-7", **values)
        assert [item.name for item in holds(archive)] == ["case-7"]
        assert do(archive, "erase", values=["nguyenvana"], reason="request").held == 1
        do(archive, "release", name="case-7")
        with pytest.raises(LamsachError):
            do(archive, "release", name="case-7")
        assert do(archive, "erase", values=["nguyenvana"], reason="request").segments == 1
        with socket.create_connection(("127.0.0.1", running.ports["tcp"])) as connection:
            connection.sendall(f"<13>1 {old.isoformat()} gw app - - - another line\n".encode())
    assert verify(archive).problems == []
    text = next(iter(export(archive, tmp_path / "out"))).path.read_text()
    assert "nguyenvana" not in text
    assert "another line" in text
    assert not list((tmp_path / "archive" / "requests").iterdir())


def test_lines_in_the_spool_are_erased_too(tmp_path: Path) -> None:
    with collecting(tmp_path, tcp=0) as running:
        with socket.create_connection(("127.0.0.1", running.ports["tcp"])) as connection:
            connection.sendall(b"<13>Oct 11 22:14:15 gw app: nguyenvana logged on\n")
        until(lambda: any(b"nguyenvana" in path.read_bytes() for path in (tmp_path / "spool").glob("*.wal")))
        archive = Archive(str(tmp_path / "archive"))
        assert do(archive, "erase", values=["nguyenvana"], reason="request").segments == 1
    assert "nguyenvana" not in next(iter(export(archive, tmp_path / "out"))).path.read_text()


def test_nothing_is_erased_while_a_killed_collector_left_lines(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path / "archive"), create=True)
    (tmp_path / "archive" / collector_requests.SPOOL).mkdir()
    spool = Spool(tmp_path / "archive" / collector_requests.SPOOL, Header("k", "x", "tcp", "default", 1))
    spool.append(b"nguyenvana logged on\n", {})
    spool.close()
    with pytest.raises(UsageError):
        do(archive, "erase", values=["nguyenvana"], reason="request")
    assert do(archive, "expire", days={"default": 90}).segments == 0
    spool.path.unlink()
    assert do(archive, "erase", values=["nguyenvana"], reason="request").segments == 0


def test_a_writer_that_does_not_listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector_requests, "NOBODY_S", 0.3)
    archive = Archive(str(tmp_path / "archive"), create=True)
    with writing(archive), pytest.raises(OutputError):
        do(archive, "expire", days={"default": 90})
    with pytest.raises(UsageError):
        do(archive, "expire", days={"default": 1})
    assert not list((tmp_path / "archive" / "requests").iterdir())


def test_nonsense_is_not_done(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path / "archive"), create=True)
    for number, text in enumerate(
        (b"{", b"[]", b'{"act": "format disk", "values": {}}', b'{"act": "expire"}')
    ):
        archive.store.write(f"requests/{number}.json", text)
    with writing(archive) as writer:
        assert collector_requests.serve(writer) == 0
    assert not list((tmp_path / "archive" / "requests").iterdir())


def test_an_archive_elsewhere_is_not_listed_every_second(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive("memory://asked-for-nothing", create=True)
    monkeypatch.setattr(type(archive.store), "names", lambda *_arguments: pytest.fail("it was listed"))
    assert collector_requests.waiting(archive) == []
