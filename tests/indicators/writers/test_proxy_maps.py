"""Real HAProxy and nginx with our maps, queried over loopback."""

from __future__ import annotations

import socket
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from lamsach.indicators.writers import BY_NAME
from lamsach.model import Indicator
from tests.poll import came
from tests.ports import accepts, free_port
from tests.programs import in_ci

from .long_lists import listed
from .programs import program
from .sample import T, exported

pytestmark = pytest.mark.programs

MANY = 100_000 if in_ci() else 5_000
LONG = ".".join(["x" * 60] * 4)
LISTED = [
    Indicator(T.DOMAIN, "bot-c2.xyz", 'Mozi "x" # y'),
    Indicator(T.DOMAIN, "deep.bot-c2.xyz"),
    Indicator(T.DOMAIN, f"{LONG}.xyz"),
    Indicator(T.IP, "127.0.0.2", "Mirai"),
    Indicator(T.NETWORK, "127.0.4.0/24"),
    Indicator(T.IP, "2001:db8::1"),
    Indicator(T.NETWORK, "2001:db8:7::/48"),
]
REQUESTS = {
    ("bot-c2.xyz", "127.0.0.1"): 403,
    ("BOT-C2.xyz", "127.0.0.1"): 403,
    ("www.bot-c2.xyz", "127.0.0.1"): 403,
    ("robot-c2.xyz", "127.0.0.1"): 200,
    ("bot-c2.xyz.unit.example", "127.0.0.1"): 200,
    (f"a.{LONG}.xyz", "127.0.0.1"): 403,
    ("unit.example", "127.0.0.1"): 200,
    ("unit.example", "127.0.0.2"): 403,
    ("unit.example", "127.0.0.3"): 200,
    ("unit.example", "127.0.4.200"): 403,
    ("unit.example", "127.0.5.1"): 200,
}
"""Response to a host requested from an address."""
HAPROXY = """global
    log stdout format raw local0
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 10s
frontend test
    bind 127.0.0.1:{port}
    http-request set-var(txn.host) req.hdr(host),field(1,:),lower
    http-request deny if {{ src,map_ip({folder}/lamsach-addresses.map) -m found }}
    http-request deny if {{ str(.),concat(,txn.host),map_end({folder}/lamsach-names.map) -m found }}
    http-request return status 200
"""
NGINX = """daemon off; master_process off; pid {folder}/pid; error_log {folder}/log;
events {{}}
http {{
    access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
    fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    include {folder}/lamsach.conf;
    server {{
        listen 127.0.0.1:{port};
        if ($lamsach_address) {{ return 403; }}
        if ($lamsach_name) {{ return 403; }}
        location / {{ return 200; }}
    }}
}}
"""


def configured(name: str, text: str, folder: Path, items: Sequence[Indicator]) -> tuple[list[str], int]:
    """Return the command that starts the program with a list, and its port."""
    port = free_port()
    if name == "haproxy":
        with (folder / "maps.zip").open("w+b") as stream:
            exported(BY_NAME[name], list(items)).save(stream)
            zipfile.ZipFile(stream).extractall(folder)
    else:
        with (folder / "lamsach.conf").open("wb") as stream:
            exported(BY_NAME[name], list(items)).save(stream)
    settings = folder / "test.cfg"
    settings.write_text(text.format(folder=folder, port=port))
    arguments = ["-db", "-f"] if name == "haproxy" else ["-p", str(folder), "-c"]
    return [program(name), *arguments, str(settings)], port


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        came(lambda: accepts(port), 60, still=lambda: process.poll() is None)
        if process.poll() is not None:
            assert process.stdout is not None
            pytest.fail(process.stdout.read().decode()[-2000:])
        yield
    finally:
        process.terminate()
        process.wait(20)


def status(port: int, host: str, client: str) -> int:
    with socket.create_connection(("127.0.0.1", port), 20, source_address=(client, 0)) as asking:
        asking.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return int(asking.recv(64).split()[1])


@pytest.mark.parametrize(("name", "text"), [("haproxy", HAPROXY), ("nginx", NGINX)])
def test_listed_requests_alone_are_denied(name: str, text: str, tmp_path: Path) -> None:
    command, port = configured(name, text, tmp_path, [*LISTED, *listed(MANY)])
    with running(command, port):
        assert {request: status(port, *request) for request in REQUESTS} == REQUESTS


@pytest.mark.parametrize(("name", "text"), [("haproxy", HAPROXY), ("nginx", NGINX)])
def test_a_list_without_values_loads(name: str, text: str, tmp_path: Path) -> None:
    command, port = configured(name, text, tmp_path, [Indicator(T.MD5, "0" * 32)])
    with running(command, port):
        assert status(port, "unit.example", "127.0.0.1") == 200
