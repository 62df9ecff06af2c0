"""Requests to a SOCKS proxy: versions 4, 4a and 5 (RFC 1928)."""

from __future__ import annotations

from ipaddress import ip_address

_CONNECT, _NAME, _IPV4, _IPV6 = 1, 3, 1, 4


def request(data: bytes) -> tuple[str | None, int] | None:
    """Return what a proxy is asked to connect to, and how many bytes ask it; None for what is no request.

    A greeting alone (version 5) names nothing yet. What the client says to the far end may follow in the same segment.
    """
    asked = _version_4(data) if data[:1] == b"\x04" else _greeting_or_request(data)
    if asked is None:
        return None
    after = data[asked[1] : asked[1] + 1]
    return asked if not after or after == b"\x16" or after.isupper() else None


def _greeting_or_request(data: bytes) -> tuple[str | None, int] | None:
    asked = _version_5(data, 0)
    size = 2 + data[1] if len(data) > 1 else 0
    if asked or not 2 < size <= len(data):
        return asked
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
