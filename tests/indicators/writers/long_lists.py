"""Long lists with hostile words beside their values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache

from lamsach.indicators.writers.base import HASHES
from lamsach.model import Indicator, IndicatorType

from .sample import SAMPLE, T

HOSTILE = "x\"; } $(id) `id` \\ \n \r\t # // /* */ ]]> <a> |41| ' % {0} -- \u202e é ; drop"


def made(count: int) -> Iterator[Indicator]:
    """Make so many names and addresses, and a tenth of URLs and hashes of each kind.

    With hostile texts beside them.
    """
    for number in range(count):
        yield Indicator(T.DOMAIN, f"c{number:06d}.bot{number % 977}.xyz", HOSTILE)
        address = (
            f"{20 + (number * 7 >> 16) % 100}.{number * 7 >> 8 & 255}.{number * 7 & 255}.{number * 37 & 255}"
        )
        yield Indicator(T.IP, address, HOSTILE)
        if number % 10 == 0:
            yield address_of_six(number)
            yield Indicator(T.URL, f"http://c{number}.drop.top/p;'$&()*+/{number}", HOSTILE)
            yield from (digest(kind, number) for kind in HASHES)


def address_of_six(number: int) -> Indicator:
    """An address of IPv6."""
    high, low = divmod(number, 60_000)
    return Indicator(T.IP, f"2001:db{8 + high}:{low + 1:x}::1", HOSTILE)


def digest(kind: IndicatorType, number: int) -> Indicator:
    """A hash."""
    found = hashlib.new(kind.value, b"%d" % number, usedforsecurity=False)
    return Indicator(kind, found.hexdigest(), HOSTILE)


@cache
def listed(count: int) -> list[Indicator]:
    """The sample and that many more."""
    return [*SAMPLE, *made(count)]
