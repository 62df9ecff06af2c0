"""The digest that names a version of a list: the same for the same values, whatever file or order they came in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from lamsach.model import Indicator

SIZE = 16
"""The length of a value's digest in bytes."""
SORTED_HERE = 100_000


_PARTS = 16
"""In how many parts, by their first bits, many digests are put into order: so much less is held twice."""


class ListDigest:
    """The digest of a list whose values come one after the other: 16 bytes of memory a value."""

    def __init__(self) -> None:
        self._found = bytearray()

    def add(self, item: Indicator) -> None:
        """One more value, in any order; the same again changes nothing."""
        text = f"{item.type.value} {item.value}".encode()
        self._found += hashlib.blake2b(text, digest_size=SIZE).digest()

    def hexdigest(self) -> str:
        """The digest of what was added."""
        digest, found = hashlib.sha256(), self._found
        if len(found) > SORTED_HERE * SIZE:
            for piece in _sorted(found):
                digest.update(piece)
        else:
            for part in sorted({bytes(found[start : start + SIZE]) for start in range(0, len(found), SIZE)}):
                digest.update(part)
        return digest.hexdigest()


def list_digest(items: Iterable[Indicator]) -> str:
    """SHA-256 (hex) of the sorted, distinct BLAKE2b-128 digests of `type value`: what a hunt with this list states as its digest."""
    digest = ListDigest()
    for item in items:
        digest.add(item)
    return digest.hexdigest()


def _sorted(found: bytearray) -> Iterator[bytes]:
    """As above for many: numpy needs no object for each."""
    import numpy as np

    pairs = np.frombuffer(found, dtype=">u8").reshape(-1, 2)
    kinds = (pairs[:, 0] >> 60).astype(np.uint8)
    for kind in range(_PARTS):
        part = pairs[kinds == kind]
        if not len(part):
            continue
        part = part[np.lexsort((part[:, 1], part[:, 0]))]
        first = np.ones(len(part), dtype=bool)
        first[1:] = (part[1:] != part[:-1]).any(axis=1)
        yield part[first].tobytes()
