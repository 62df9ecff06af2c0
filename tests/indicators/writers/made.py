"""Long lists with hostile words beside their values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache

from lamsach.model import Indicator

from .sample import SAMPLE, T

HOSTILE = "x\"; } $(id) `id` \\ \n \r\t # // /* */ ]]> <a> |41| ' % {0} -- \u202e é ; drop"


def made(count: int) -> Iterator[Indicator]:
    """That many names and addresses, and a tenth of URLs and hashes of each kind, with hostile words beside them."""
    for number in range(count):
        yield Indicator(T.DOMAIN, f"c{number:06d}.bot{number % 977}.xyz", HOSTILE)
        address = (
            f"{20 + (number * 7 >> 16) % 100}.{number * 7 >> 8 & 255}.{number * 7 & 255}.{number * 37 & 255}"
        )
        yield Indicator(T.IP, address, HOSTILE)
        if number % 10 == 0:
            high, low = divmod(number + 1, 65536)
            yield Indicator(T.IP, f"2001:db{8 + high}:{low:x}::1", HOSTILE)
            yield Indicator(T.URL, f"http://c{number}.drop.top/p;'$&()*+/{number}", HOSTILE)
            for kind in (T.MD5, T.SHA1, T.SHA256):
                digest = hashlib.new(kind.value, b"%d" % number, usedforsecurity=False).hexdigest()
                yield Indicator(kind, digest, HOSTILE)


@cache
def listed(count: int) -> list[Indicator]:
    """The sample and that many more."""
    return [*SAMPLE, *made(count)]
