"""Third-party programs: paths and runs."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.poll import came
from tests.programs import require_program

PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def program(name: str) -> str:
    """Return the path of a program, which may be in a folder of root's search path."""
    return require_program(name, PATH)


def run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program(name), *map(str, arguments)], capture_output=True, text=True, check=False, timeout=1200
    )


@contextmanager
def running(arguments: Sequence[str | Path], port: int) -> Iterator[None]:
    """Run a DNS server for the test, wait until it answers, and stop its process."""
    process = subprocess.Popen(list(map(str, arguments)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        came(
            lambda: ask(port, "ready.test", timeout_s=0.2) is not None,
            60,
            still=lambda: process.poll() is None,
        )
        if process.poll() is not None:
            assert process.stdout is not None
            pytest.fail(process.stdout.read().decode()[-2000:])
        yield
    finally:
        process.terminate()
        process.wait(20)


def ask(port: int, name: str, timeout_s: float = 3.0) -> tuple[str, list[str]] | None:
    """Query a name (RFC 1035 section 4); return code (`NOERROR`, ...) and IPv4 addresses, or None."""
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    packet = b"\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0" + question + b"\0\x01\0\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(timeout_s)
        try:
            asking.sendto(packet, ("127.0.0.1", port))
            answer = asking.recv(4096)
        except OSError:
            return None
    codes = {0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}
    count = int.from_bytes(answer[6:8], "big")
    return codes.get(answer[3] & 15, str(answer[3] & 15)), _addresses(answer, 12 + len(question) + 4, count)


def _addresses(answer: bytes, place: int, count: int) -> list[str]:
    found = []
    for _ in range(count):
        while answer[place]:
            if answer[place] >= 0xC0:
                place += 1
                break
            place += answer[place] + 1
        place += 1
        kind, size = answer[place : place + 2], int.from_bytes(answer[place + 8 : place + 10], "big")
        data = answer[place + 10 : place + 10 + size]
        if kind == b"\0\x01":
            found.append(".".join(map(str, data)))
        place += 10 + size
    return found
