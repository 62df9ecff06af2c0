"""The digest that names a version of a list: the same for the same values, whatever file or order they came in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from lamsach.model import Indicator

SIZE = 16
"""The length of a value's digest in bytes."""
SORTED_HERE = 100_000


def list_digest(items: Iterable[Indicator]) -> str:
    """SHA-256 (hex) of the sorted, distinct BLAKE2b-128 digests of `type value`: what a hunt with this list states as its digest."""
    found = bytearray()
    for item in items:
        found += hashlib.blake2b(f"{item.type.value} {item.value}".encode(), digest_size=SIZE).digest()
    digest = hashlib.sha256()
    if len(found) > SORTED_HERE * SIZE:
        digest.update(_sorted(found))
    else:
        for part in sorted({bytes(found[start : start + SIZE]) for start in range(0, len(found), SIZE)}):
            digest.update(part)
    return digest.hexdigest()


def _sorted(found: bytearray) -> bytes:
    """As above for many: numpy needs no object for each."""
    import numpy as np

    pairs = np.frombuffer(found, dtype=">u8").reshape(-1, 2)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    first = np.ones(len(pairs), dtype=bool)
    first[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    return pairs[first].tobytes()
