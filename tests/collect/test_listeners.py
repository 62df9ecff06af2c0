"""Arrived data are read before a receiver ends; it ends even if its senders do not."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from lamsach.collect.listeners import TcpServer, UdpServer
from lamsach.collect.spool import Header, Spool, read_spool
from lamsach.collect.streams import Stream
from lamsach.errors import LamsachError
from tests.poll import until

SENDERS = 40
PATIENCE_S = 120.0


@pytest.fixture
def stream(tmp_path: Path) -> Stream:
    return Stream(Header("k", "syslog-tcp/127.0.0.1", "tcp", "", 1, 0, 0), tmp_path, lambda _spool: None)


def test_connections_that_still_wait_are_read(stream: Stream) -> None:
    problems: list[LamsachError] = []
    server = TcpServer("127.0.0.1", 0, lambda _kind, _name: stream, problems.append)
    for number in range(SENDERS):
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as sender:
            sender.sendall(f"<13>message {number}\n".encode())
    server.start()
    server.stop()
    stream.close()
    assert problems == []
    assert stream.lines == SENDERS


def test_a_slow_reader_reads_all_that_has_arrived(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes: the end is not bounded by time."""
    take = stream.take

    def slowly(lines: bytes) -> None:
        time.sleep(0.3)  # is slow
        take(lines)

    monkeypatch.setattr(stream, "take", slowly)
    monkeypatch.setattr("lamsach.collect.connections.RECEIVE_BYTES", 4096)
    monkeypatch.setattr("lamsach.collect.connections._LAST_WAITS_S", 0.5)
    server = TcpServer("127.0.0.1", 0, lambda _kind, _name: stream, lambda _error: None)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as sender:
        sender.sendall(b"<13>a message of some length\n" * 1000)
    until(lambda: stream.lines >= 1)
    server.stop()
    assert stream.lines == 1000


def test_senders_that_never_end_do_not_keep_a_receiver(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lamsach.collect.connections._LAST_WAITS_S", 0.3)
    monkeypatch.setattr("lamsach.collect.listeners._LAST_BYTES", 1 << 16)
    tcp = TcpServer("127.0.0.1", 0, lambda _kind, _name: stream, lambda _error: None)
    udp = UdpServer("127.0.0.1", 0, lambda _kind, _name: stream, lambda _error: None)
    ended = threading.Event()

    def talk() -> None:
        with (
            socket.create_connection(("127.0.0.1", tcp.port), PATIENCE_S) as connection,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        ):
            while not ended.wait(0.01):
                try:
                    connection.sendall(b"<13>again\n")
                except OSError:
                    return
                datagrams.sendto(b"<13>and again", ("127.0.0.1", udp.port))

    for server in (tcp, udp):
        server.start()
    sender = threading.Thread(target=talk, daemon=True)
    sender.start()
    until(lambda: stream.lines >= 20)
    ending = [threading.Thread(target=server.stop, daemon=True) for server in (tcp, udp)]
    for thread in ending:
        thread.start()
    for thread in ending:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    ended.set()
    sender.join(PATIENCE_S)


def test_lines_that_come_after_the_spool_was_closed_stand_behind_the_others(tmp_path: Path) -> None:
    spool = Spool(tmp_path, Header("k", "n", "tcp", "", 1))
    spool.append(b"one\n", {})
    spool.close()
    spool.append(b"two\n", {"offset": 8})
    spool.close()
    spooled = read_spool(spool.path)
    assert spooled is not None
    assert (spooled.raw, spooled.place) == (b"one\ntwo\n", {"offset": 8})
