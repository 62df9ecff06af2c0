"""Addresses and ports of NAT records."""

from __future__ import annotations

from lamsach.logs.text.values import ip_of


def pair(address: str, port: str | None) -> tuple[str, int] | None:
    """Return address and port in canonical form; None if either is invalid. Port 0: not stated."""
    ip = ip_of(address)
    number = int(port) if port else 0
    return (ip, number) if ip is not None and number <= 65535 else None
