"""What has arrived when a receiver ends is read before it ends."""

from __future__ import annotations

import socket
from pathlib import Path

from lamsach.collect.listening import TcpServer
from lamsach.collect.spool import Header
from lamsach.collect.streams import Stream
from lamsach.errors import LamsachError

SENDERS = 40


def test_connections_that_still_wait_are_read(tmp_path: Path) -> None:
    stream = Stream(Header("k", "syslog-tcp/127.0.0.1", "tcp", "", 1, 0, 0), tmp_path, lambda _spool: None)
    problems: list[LamsachError] = []
    server = TcpServer("127.0.0.1", 0, lambda _kind, _name: stream, problems.append)
    for number in range(SENDERS):
        with socket.create_connection(("127.0.0.1", server.port), 5) as sender:
            sender.sendall(f"<13>message {number}\n".encode())
    server.start()
    server.stop()
    stream.close()
    assert problems == []
    assert stream.lines == SENDERS
