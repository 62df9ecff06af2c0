"""Squid's native access log (https://wiki.squid-cache.org/Features/LogFormat), gzipped."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path
from random import Random

from lamsach.demo.clock import EPOCH_S


class Squid:
    """Writer of access log lines."""

    def __init__(self, rng: Random) -> None:
        self._random = rng.random

    def request(self, time: float, client: str, url: str, server: str, size_bytes: int) -> str:
        """Return the line of a plain HTTP request fetched from the server."""
        elapsed_ms = 20 + int(self._random() * 900)
        return (
            f"{EPOCH_S + int(time)}.{int(time * 1000) % 1000:03} {elapsed_ms:6} {client} "
            f"TCP_MISS/200 {size_bytes} GET {url} "
            f"- HIER_DIRECT/{server} text/html"
        )

    def tunnel(self, time: float, client: str, host: str, server: str, size_bytes: int) -> str:
        """Return the line of an HTTPS tunnel, with only the host's name."""
        elapsed_ms = 200 + int(self._random() * 60000)
        return (
            f"{EPOCH_S + int(time)}.{int(time * 1000) % 1000:03} {elapsed_ms:6} {client} "
            f"TCP_TUNNEL/200 {size_bytes} "
            f"CONNECT {host}:443 - HIER_DIRECT/{server} -"
        )

    def denied(self, time: float, client: str, host: str) -> str:
        """Return the line of a tunnel that the proxy refused."""
        return (
            f"{EPOCH_S + int(time)}.{int(time * 1000) % 1000:03} {int(self._random() * 4):6} "
            f"{client} TCP_DENIED/403 3891 "
            f"CONNECT {host}:443 - HIER_NONE/- text/html"
        )


def write(path: Path, lines: Iterable[str]) -> None:
    """Write the lines gzipped, with the same bytes for the same lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0) as packed,
    ):
        for line in lines:
            packed.write(f"{line}\n".encode())
