"""The collector from its sockets to its archive, its sightings and its status."""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lamsach.archive.archive import Archive, writing
from lamsach.archive.export import export
from lamsach.archive.verification import verify
from lamsach.collect import drop_folder, receivers, service
from lamsach.collect.service import Collector
from lamsach.collect.settings import Settings
from lamsach.errors import LamsachError, UnreadableError
from lamsach.hunt.sets.lists import load_lists
from tests.clock import CERTIFIED
from tests.poll import until

PATIENCE_S = 120.0
EVIL = "<13>Oct 11 22:14:15 gw app: 10.0.0.9 to 203.0.113.66"


class Running:
    def __init__(
        self, collector: Collector, ports: dict[str, int], notices: list[str], problems: list[LamsachError]
    ) -> None:
        self.collector, self.ports, self.notices, self.problems = collector, ports, notices, problems


@contextmanager
def collecting(folder: Path, listed: bool = False, **more: Any) -> Iterator[Running]:
    settings = replace(Settings(host="127.0.0.1", seal_seconds=3600), **more)
    archive = Archive(str(folder / "archive"), create=True)
    loaded = None
    if listed:
        (folder / "list.txt").write_text("evil.example\n203.0.113.66\n")
        loaded = load_lists([str(folder / "list.txt")])
    notices: list[str] = []
    problems: list[LamsachError] = []
    ready: dict[str, int] = {}
    begun = threading.Event()

    def on_ready(ports: dict[str, int]) -> None:
        ready.update(ports)
        begun.set()

    with writing(archive) as writer:
        collector = Collector(
            archive,
            writer,
            folder / "spool",
            settings,
            loaded,
            problems.append,
            lambda text, values: notices.append(text.format(**values)),
        )
        thread = threading.Thread(target=collector.run, args=(on_ready,))
        thread.start()
        assert begun.wait(PATIENCE_S)
        try:
            yield Running(collector, ready, notices, problems)
        finally:
            collector.stop()
            thread.join(PATIENCE_S)
    assert not thread.is_alive()


def lines(folder: Path, pattern: str = "*") -> list[str]:
    archive = Archive(str(folder / "archive"))
    assert verify(archive).problems == []
    out = folder / f"out-{time.monotonic_ns()}"
    return [
        line for item in export(archive, out, pattern=pattern) for line in item.path.read_text().splitlines()
    ]


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(CERTIFIED[0])
        .not_valid_after(CERTIFIED[1])
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths


def test_syslog_over_all_transports(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    with collecting(tmp_path, udp=0, tcp=0, tls=0, certificate=cert, key=key) as running:
        with socket.create_connection(("127.0.0.1", running.ports["tcp"])) as plain:
            plain.sendall(b"<13>one\n<13>two\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", running.ports["tls"])) as raw,
            context.wrap_socket(raw) as secured,
        ):
            secured.sendall(b"9 <13>three8 <13>four")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            for number in range(50):
                datagrams.sendto(f"<13>five {number}\n".encode(), ("127.0.0.1", running.ports["udp"]))
        until(lambda: _has(running, 54))
        with socket.create_connection(("127.0.0.1", running.ports["tls"])) as wrong:
            wrong.sendall(b"this is no TLS\n")
        until(lambda: running.problems)
    assert lines(tmp_path, "*tcp*") == ["<13>one", "<13>two"]
    assert lines(tmp_path, "*tls*") == ["<13>three", "<13>four"]
    assert lines(tmp_path, "*udp*") == [f"<13>five {number}" for number in range(50)]
    status = json.loads((tmp_path / "spool" / "status.json").read_text())
    assert status["ended"]
    assert status["udp_drops"] == 0


def test_a_listed_value_is_reported_to_a_file_and_an_address(tmp_path: Path) -> None:
    received: list[dict[str, Any]] = []
    refusals = [True]

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if refusals:  # the first time it does not work; it has to be sent again
                refusals.clear()
                self.send_response(503)
            else:
                received.extend(body)
                self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        record_file = tmp_path / "sightings.jsonl"
        url = f"http://127.0.0.1:{server.server_port}/sightings"
        log = tmp_path / "dns.log"
        with collecting(
            tmp_path, listed=True, tcp=0, sightings=record_file, send=url, follow=(str(log),)
        ) as running:
            with socket.create_connection(("127.0.0.1", running.ports["tcp"])) as sender:
                sender.sendall(b"<13>nothing here\n" + EVIL.encode() + b"\n")
                until(record_file.exists)
            log.write_text("10.0.0.7 asked for www.evil.example\n")
            until(lambda: len(record_file.read_text().splitlines()) == 2)
            until(lambda: len(received) == 2)
        server.shutdown()
    first, second = (json.loads(line) for line in record_file.read_text().splitlines())
    assert (first["indicator"], first["ip"], first["evidence"][0]["line"]) == ("203.0.113.66", "10.0.0.9", 2)
    assert (second["indicator"], second["match"]) == ("evil.example", "subdomain")
    assert sorted(item["indicator"] for item in received) == ["203.0.113.66", "evil.example"]


def test_dropped_files_are_archived_once_and_matched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drop_folder, "SETTLED_SECONDS", 0.3)
    files, looks = drop_folder._files, [0.0]

    def looked(folder: Path) -> Iterator[Path]:
        looks.append(time.monotonic())
        return files(folder)

    monkeypatch.setattr(drop_folder, "_files", looked)
    drop, record_file = tmp_path / "drop", tmp_path / "sightings.jsonl"
    drop.mkdir()
    (drop / "a.log").write_text("10.0.0.7 asked for evil.example\n")
    (drop / "b.log.part").write_text("not yet whole\n")
    for _ in range(2):
        with collecting(tmp_path, listed=True, drop=drop, sightings=record_file):
            until(lambda: len(Archive(str(tmp_path / "archive")).segments()) == 1)
            until(record_file.exists)
            since = time.monotonic()
            until(lambda since=since: looks[-1] - since > 2 * drop_folder.SETTLED_SECONDS)  # type: ignore[misc]
    assert lines(tmp_path) == ["10.0.0.7 asked for evil.example"]


def test_a_silent_source_is_reported(tmp_path: Path) -> None:
    with collecting(tmp_path, tcp=0, silence_seconds=0.5) as running:
        with socket.create_connection(("127.0.0.1", running.ports["tcp"])) as sender:
            sender.sendall(b"<13>one\n")
        until(lambda: running.notices)
        assert running.collector.status()["sources"][0]["silent"]
        assert "syslog-tcp/127.0.0.1" in running.notices[0]


@pytest.mark.skipif(sys.platform != "linux", reason="sends from many addresses of loopback")
def test_more_senders_than_open_files_share_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "open_files", lambda: 40)
    with collecting(tmp_path, udp=0) as running:
        for number in range(1, 61):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.bind((f"127.0.1.{number}", 0))
                sender.sendto(
                    b"<13>Oct 11 22:14:15 gw app: message %d" % number, ("127.0.0.1", running.ports["udp"])
                )
        until(lambda: sum(item["lines"] for item in running.collector.status()["sources"]) == 60)
        names = [item["name"] for item in running.collector.status()["sources"]]
        assert len(names) == 21
        assert "syslog-udp/others" in names
        assert running.problems == []


def test_as_many_files_as_the_system_allows_may_be_open() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(before[0], 200), before[1]))
        assert receivers.open_files() == min(before[1], receivers.MOST_FILES)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= receivers.open_files()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_line_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    for run in range(3):
        with collecting(tmp_path, tcp=0) as running:
            with socket.create_connection(("127.0.0.1", running.ports["tcp"])) as sender:
                sender.sendall(b"".join(b"<13>run %d line %d\n" % (run, number) for number in range(10)))
            until(lambda: _lines(running, "lines_this_run") == 10)
    archive = Archive(str(tmp_path / "archive"))
    rows = [archive.head(entry).description for entry in archive.segments()]
    assert [(row.first_line, row.lines) for row in rows] == [(1, 10), (11, 10), (21, 10)]
    assert [row.begin for row in rows] == [0, rows[0].end, rows[1].end]
    assert len(lines(tmp_path)) == 30


def test_a_full_spool_file_becomes_a_segment_immediately(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lamsach.collect.streams.Stream.__init__.__defaults__", (None, 20_000))
    with collecting(tmp_path, tcp=0) as running:
        with socket.create_connection(("127.0.0.1", running.ports["tcp"])) as sender:
            for number in range(3000):
                sender.sendall(b"<13>Oct 11 22:14:15 gw app: message %d\n" % number)
                if number % 500 == 499:
                    until(partial(_has, running, number + 1))
        until(lambda: len(Archive(str(tmp_path / "archive")).segments()) > 3)
    assert [int(line.rpartition(" ")[2]) for line in lines(tmp_path)] == list(range(3000))


def _lines(running: Running, name: str = "lines") -> int:
    return sum(item[name] for item in running.collector.status()["sources"])


def _has(running: Running, count: int) -> bool:
    return _lines(running) == count


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        archive = Archive(str(tmp_path / "archive"), create=True)
        with writing(archive) as writer:
            settings = Settings(host="127.0.0.1", tcp=listener.getsockname()[1])
            collector = Collector(archive, writer, tmp_path / "spool", settings, None, print, lambda *_: None)
            with pytest.raises(UnreadableError):
                collector.run()
