"""A local ClamAV daemon as a second opinion: INSTREAM of clamd(8), on loopback or a Unix socket."""

from __future__ import annotations

import ipaddress
import socket
import struct
from contextlib import suppress
from typing import IO

from lamsach.errors import UsageError

CHUNK_BYTES = 1 << 20
SECONDS = 120.0
_REPLY_BYTES = 4096


class Clamd:
    """Client of the daemon. A daemon that does not answer is a reason to skip, never a clean file."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._place = parse_address(address)

    def scan(self, stream: IO[bytes], size: int) -> tuple[str, str]:
        """Return the signature found, or empty, and the reason for no answer, or empty."""
        try:
            with self._connected() as link:
                # a daemon with a full buffer answers and closes the connection while we are sending
                with suppress(BrokenPipeError, ConnectionResetError):
                    _send(link, stream, size)
                reply = _reply(link)
        except OSError:
            return "", "clamd_failed"
        if reply == "stream: OK":
            return "", ""
        if reply.startswith("stream: ") and reply.endswith(" FOUND"):
            return reply.removeprefix("stream: ").removesuffix(" FOUND"), ""
        return "", "clamd_limit" if "size limit" in reply else "clamd_failed"

    def version(self) -> str:
        """Return the daemon's version; empty when it does not answer."""
        try:
            with self._connected() as link:
                link.sendall(b"zVERSION\0")
                return _reply(link)
        except OSError:
            return ""

    def _connected(self) -> socket.socket:
        if isinstance(self._place, tuple):
            return socket.create_connection(self._place, SECONDS)
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            link.settimeout(SECONDS)
            link.connect(self._place)
        except OSError:
            link.close()
            raise
        return link


def parse_address(address: str) -> tuple[str, int] | str:
    """Parse `HOST:PORT` with a loopback host, or the path of a socket.

    Raises UsageError for any other host: files never leave the machine.
    """
    if "/" in address:
        return address
    host, _, port = address.rpartition(":")
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
        number = int(port)
    except ValueError:
        loopback, number = False, 0
    if not loopback or not 0 < number < 65536:
        raise UsageError(
            "The daemon has to run on this machine.",
            address,
            "Give 127.0.0.1:3310 or the path of its socket.",
        )
    return host.strip("[]"), number


def _send(link: socket.socket, stream: IO[bytes], size: int) -> None:
    link.sendall(b"zINSTREAM\0")
    left = size
    while left > 0 and (piece := stream.read(min(left, CHUNK_BYTES))):
        link.sendall(struct.pack("!L", len(piece)))
        link.sendall(piece)
        left -= len(piece)
    link.sendall(b"\0\0\0\0")


def _reply(link: socket.socket) -> str:
    parts = b""
    while len(parts) < _REPLY_BYTES and (piece := link.recv(_REPLY_BYTES)):
        parts += piece
        if parts.endswith(b"\0"):
            break
    return parts.rstrip(b"\0\n").decode("utf-8", "replace")
