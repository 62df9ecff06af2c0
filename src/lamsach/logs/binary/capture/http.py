"""The head of HTTP/1 requests (RFC 9112 sections 2 and 3), and SOCKS 4, 4a and 5 requests (RFC 1928)."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import NamedTuple

LONGEST_HEAD = 1 << 16
# GET /index.html   (HTTP/0.9, or a client that left the version out)
_OLDEST = re.compile(
    rb"(GET|HEAD|POST|PUT|OPTIONS|DELETE|PROPFIND) +((?:/|[a-z]{3,8}://)[^\s]{0,2000})[ \t]*\r?\n"
)
_HEADER_FOLLOWS = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,60}:[ \t]?[^\r\n]")
# PROXY TCP4 192.0.2.1 198.51.100.1 56324 443   (HAProxy's PROXY protocol, version 1; version 2 begins with
# the bytes below)
_FORWARDED = re.compile(rb"PROXY (?:TCP[46]|UNKNOWN)[^\r\n]{0,90}\r\n")
_FORWARDED_2 = b"\r\n\r\n\0\r\nQUIT\n"
# GET /index.html   VERSION-CONTROL /   POST (cut off)
_BEGINNING = re.compile(rb"[A-Z][A-Z_-]{0,19}(?: |$)")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_HEADER = re.compile(
    rb"\n(host|content-length|transfer-encoding|upgrade)[ \t]*:[ \t]*([^\r\n]{0,4096})", re.I
)


_REQUEST = re.compile(rb"[A-Z_-]{3,16} [^\s]{1,4000} HTTP/1\.")


class Request(NamedTuple):
    """The head of a request; `body_bytes`: -1 when not stated, 0 for none."""

    method: str
    target: str
    host: str
    body_bytes: int
    upgrade: bool
    head_bytes: int


def may_begin(data: bytes) -> bool:
    """Return whether the data may begin a request; more bytes may refute it."""
    return _BEGINNING.match(data) is not None


def is_request(data: bytes) -> bool:
    """Return whether a complete first line is certainly a request's."""
    return _REQUEST.match(data) is not None


def before_request(data: bytes) -> int:
    """Return the number of bytes before a request: empty lines (RFC 9112 section 2.2) or a PROXY header."""
    if data.startswith(_FORWARDED_2):
        return 16 + int.from_bytes(data[14:16], "big")
    forwarded = _FORWARDED.match(data)
    return forwarded.end() if forwarded else len(data) - len(data.lstrip(b"\r\n"))


def request(data: bytes, *, complete: bool = False) -> Request | bool | None:
    """Parse the request at the start of the data; None when more bytes are needed, False when it is none.

    `complete`: no more bytes will come, so a head without its end is accepted."""
    if not may_begin(data):
        return False
    line_end = data.find(b"\n") + 1
    line = _request_line(data[:line_end]) if line_end else None
    if line is None:
        oldest = _OLDEST.match(data)
        if oldest is None:
            return False if line_end or complete or len(data) > LONGEST_HEAD else None
        if not _HEADER_FOLLOWS.match(data, line_end):  # HTTP/0.9 has no headers
            return Request(oldest[1].decode("ascii"), _text(oldest[2]), "", 0, False, oldest.end())
        line = oldest[1], oldest[2]
    method, target = line
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


def _request_line(line: bytes) -> tuple[bytes, bytes] | None:
    """Split `GET /gate.php?id=1 HTTP/1.1` or `CONNECT c2.example:443 HTTP/1.1` into method and target."""
    method, _, rest = line.rstrip(b" \t\r\n").partition(b" ")
    target, _, version = rest.rpartition(b" ")
    if not version.startswith(b"HTTP/") or len(version) > 8 or not 3 <= len(method) <= 20:
        return None
    return method, target.strip(b" ")


def _body_bytes(headers: dict[bytes, bytes]) -> int:
    if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
        return -1
    stated = headers.get(b"content-length", b"0")
    return int(stated) if stated.isdigit() and len(stated) < 16 else 0


def _text(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    return text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text)


_CONNECT, _NAME, _IPV4, _IPV6 = 1, 3, 1, 4


def socks_request(data: bytes) -> tuple[str | None, int] | None:
    """Return the host that a SOCKS request names, and its size in bytes; None when it is no request.

    A greeting alone (version 5) names no host yet. Application data may follow in the same segment."""
    found = _version_4(data) if data[:1] == b"\x04" else _greeting_or_request(data)
    if found is None:
        return None
    after = data[found[1] : found[1] + 1]
    return found if not after or after == b"\x16" or after.isupper() else None


def _greeting_or_request(data: bytes) -> tuple[str | None, int] | None:
    found = _version_5(data, 0)
    size = 2 + data[1] if len(data) > 1 else 0
    if found or not 2 < size <= len(data):
        return found
    return (None, size) if size == len(data) else _version_5(data, size)


def _version_5(data: bytes, at: int) -> tuple[str, int] | None:
    if data[at : at + 3] != b"\x05\x01\0" or len(data) < at + 5:
        return None
    kind, start = data[at + 3], at + 4
    if kind == _NAME:
        start, size = at + 5, data[at + 4]
    else:
        size = {_IPV4: 4, _IPV6: 16}.get(kind, 0)
    value = data[start : start + size]
    if not size or len(data) < start + size + 2:
        return None
    text = value.decode("utf-8", "replace") if kind == _NAME else str(ip_address(value))
    return text, start + size + 2


def _version_4(data: bytes) -> tuple[str, int] | None:
    if data[:2] != b"\x04\x01" or len(data) < 9:
        return None
    end = data.find(b"\0", 8)
    if end < 0:
        return None
    if data[4:7] != b"\0\0\0" or not data[7]:
        return str(ip_address(data[4:8])), end + 1
    last = data.find(b"\0", end + 1)
    return (data[end + 1 : last].decode("utf-8", "replace"), last + 1) if last > 0 else None
