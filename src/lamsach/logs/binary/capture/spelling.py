"""Times and addresses of packets as events spell them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import IPv6Address
from socket import inet_ntoa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def time_of(nanoseconds: int | None) -> datetime | None:
    """The time so long after 1970, to the microsecond; None for one that no calendar has."""
    if nanoseconds is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return None


@lru_cache(maxsize=65536)
def address_text(raw: bytes) -> str:
    """An address of 4 or 16 bytes in canonical spelling; a mapped one (`::ffff:192.0.2.1`) as IPv4."""
    if len(raw) == 4:
        return inet_ntoa(raw)
    address = IPv6Address(raw)
    return str(address.ipv4_mapped or address)
