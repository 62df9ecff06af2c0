"""The head of an HTTP/1 request (RFC 9112 sections 2 and 3): whom it asks, and for what."""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST_HEAD = 1 << 16
_OLDEST = re.compile(rb"GET +(/[^\s]{0,2000})\r?\n")
_BEGINNING = re.compile(rb"[A-Z][A-Z-]{0,19}(?: |$)")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_HEADER = re.compile(
    rb"\n(host|content-length|transfer-encoding|upgrade)[ \t]*:[ \t]*([^\r\n]{0,4096})", re.I
)


class Request(NamedTuple):
    """A request's method, target as stated, Host header, size of the body (-1: not stated, 0: none), bytes of its head."""

    method: str
    target: str
    host: str
    body_bytes: int
    upgrade: bool
    head_bytes: int


def may_begin(data: bytes) -> bool:
    """Whether a request may begin so; more bytes may show that none does."""
    return _BEGINNING.match(data) is not None


def request(data: bytes, *, complete: bool = False) -> Request | bool | None:
    """The request at the start of the data; None when more bytes are needed, False when it is none.

    `complete`: no more bytes will come, so a head without its end is taken as it is.
    """
    if not may_begin(data):
        return False
    line_end = data.find(b"\n") + 1
    method, target = _request_line(data[:line_end])
    if not target:
        oldest = _OLDEST.match(data)
        if oldest:  # HTTP/0.9 has no headers
            return Request("GET", _text(oldest[1]), "", 0, False, oldest.end())
        return False if line_end or complete or len(data) > LONGEST_HEAD else None
    end = _HEAD_END.search(data, max(0, line_end - 2))
    if end is None and len(data) < LONGEST_HEAD and not complete:
        return None
    stop = end.end() if end else len(data)
    headers: dict[bytes, bytes] = {}
    for match in _HEADER.finditer(data, line_end - 1, stop):
        headers.setdefault(match[1].lower(), match[2].strip())
    return Request(
        method.decode("ascii"),
        _text(target),
        _text(headers.get(b"host", b"")),
        _body_bytes(headers),
        b"upgrade" in headers or method == b"CONNECT",
        stop,
    )


def _request_line(line: bytes) -> tuple[bytes, bytes]:
    """Method and target of `GET /gate.php?id=1 HTTP/1.1` or `CONNECT c2.example:443 HTTP/1.1`; no target when it is none."""
    method, _, rest = line.rstrip(b"\r\n").partition(b" ")
    target, _, version = rest.rpartition(b" ")
    if not version.startswith(b"HTTP/") or len(version) > 8 or not 3 <= len(method) <= 20:
        return method, b""
    return method, target.strip(b" ")


def _body_bytes(headers: dict[bytes, bytes]) -> int:
    if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
        return -1
    stated = headers.get(b"content-length", b"0")
    return int(stated) if stated.isdigit() and len(stated) < 16 else 0


def _text(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    return text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text)
