"""Long lists with hostile texts in their facts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache

from lamsach.indicators.writers.base import HASHES
from lamsach.model import Indicator, IndicatorType

from .sample import SAMPLE, T

HOSTILE = "x\"; } $(id) `id` \\ \n \r\t # // /* */ ]]> <a> |41| ' % {0} -- \u202e é ; drop"


def many(count: int) -> Iterator[Indicator]:
    """Yield names and addresses, and a tenth of URLs and hashes of each type, with hostile threats."""
    for number in range(count):
        yield Indicator(T.DOMAIN, f"c{number:06d}.bot{number % 977}.xyz", HOSTILE)
        address = (
            f"{20 + (number * 7 >> 16) % 100}.{number * 7 >> 8 & 255}.{number * 7 & 255}.{number * 37 & 255}"
        )
        yield Indicator(T.IP, address, HOSTILE)
        if number % 10 == 0:
            yield ipv6_address(number)
            yield Indicator(T.URL, f"http://c{number}.drop.top/p;'$&()*+/{number}", HOSTILE)
            yield from (digest(kind, number) for kind in HASHES)


def ipv6_address(number: int) -> Indicator:
    """Return an IPv6 address."""
    high, low = divmod(number, 60_000)
    return Indicator(T.IP, f"2001:db{8 + high}:{low + 1:x}::1", HOSTILE)


def digest(kind: IndicatorType, number: int) -> Indicator:
    """Return a hash."""
    found = hashlib.new(kind.value, b"%d" % number, usedforsecurity=False)
    return Indicator(kind, found.hexdigest(), HOSTILE)


@cache
def listed(count: int) -> list[Indicator]:
    """Return the sample and a number of further values."""
    return [*SAMPLE, *many(count)]
