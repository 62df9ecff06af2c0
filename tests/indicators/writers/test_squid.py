"""Real Squid with our lists, queried over loopback, with a web server of the test's own."""

from __future__ import annotations

import http.server
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lamsach.indicators.writers import BY_NAME
from lamsach.model import Indicator
from tests.poll import came
from tests.ports import accepts, free_port

from .programs import program
from .sample import T, exported, text_of

pytestmark = pytest.mark.programs

LISTED = [
    Indicator(T.DOMAIN, "bot-c2.xyz"),
    Indicator(T.DOMAIN, "deep.bot-c2.xyz"),
    Indicator(T.IP, "203.0.113.5"),
    Indicator(T.URL, "http://shared.example/drop(1)/a.b"),
    Indicator(T.URL, "http://shared.example/a%20b/%C4%91%2fc?q=%25%41"),
    Indicator(T.URL, "http://shared.example/x%0Ay"),
    Indicator(T.URL, "http://shared.example/y%00z"),
]
REQUESTS = {
    "http://bot-c2.xyz/": 403,
    "http://www.bot-c2.xyz/x": 403,
    "http://robot-c2.xyz/": 200,
    "http://203.0.113.5/": 403,
    "http://203.0.113.6/": 200,
    "http://resolves-there.example/": 403,
    "http://shared.example/": 200,
    "http://shared.example/drop(1)/a.b": 403,
    "http://shared.example/drop(1)/a.b/c": 403,
    "http://shared.example/drop(1)/axb": 200,
    "http://shared.example/a%20b/%C4%91%2fc?q=%25%41": 403,
    "http://shared.example/a%20b/%c4%91%2Fc?q=%25A": 403,
    "http://shared.example/a%20b/%C4%92%2fc": 200,
    "http://shared.example/acb/%C4%91%2fc?q=%25%41": 200,
    "http://shared.example/x%0Ay": 403,
    "http://shared.example/y%00z": 403,
    "http://shared.example/y%00": 200,
}
HOSTS = """203.0.113.9 bot-c2.xyz www.bot-c2.xyz robot-c2.xyz shared.example
203.0.113.5 resolves-there.example
"""


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a folder that Squid may use after dropping its privileges."""
    with tempfile.TemporaryDirectory(prefix="lamsach-squid-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture
def proxy(folder: Path) -> Iterator[int]:
    squid = program("squid")
    port = free_port()
    (folder / "lamsach.conf").write_text(text_of(exported(BY_NAME["squid"], LISTED)))
    (folder / "hosts").write_text(HOSTS)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "squid.conf").write_text(
        f"""include {folder}/lamsach.conf
http_access allow all
http_port 127.0.0.1:{port}
cache_peer 127.0.0.1 parent {server.server_port} 0 no-query originserver
never_direct allow all
hosts_file {folder}/hosts
dns_nameservers 127.0.0.1
pid_filename none
cache deny all
cache_log {folder}/cache.log
access_log none
pinger_enable off
netdb_filename none
coredump_dir {folder}
shutdown_lifetime 0 seconds
visible_hostname test.example
"""
    )
    process = subprocess.Popen([squid, "-N", "-f", folder / "squid.conf"], stderr=subprocess.PIPE)
    try:
        came(lambda: accepts(port), still=lambda: process.poll() is None)
        if process.poll() is not None:
            assert process.stderr is not None
            pytest.fail(process.stderr.read().decode()[-2000:])
        yield port
    finally:
        process.terminate()
        process.wait(30)
        server.shutdown()
        server.server_close()


def status(port: int, url: str) -> int:
    host = url.split("/")[2]
    with socket.create_connection(("127.0.0.1", port), 20) as asking:
        asking.sendall(f"GET {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return int(asking.recv(64).split()[1])


def test_listed_requests_alone_are_denied(proxy: int) -> None:
    assert {url: status(proxy, url) for url in REQUESTS} == REQUESTS
