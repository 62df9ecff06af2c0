"""The digest that names a version of a list: the same for the same values, whatever file or order they came in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from lamsach.model import Indicator


def list_digest(items: Iterable[Indicator]) -> str:
    """SHA-256 (hex) of the sorted, distinct BLAKE2b-128 digests of `type value`: what a hunt with this list states as its digest."""
    found = {
        hashlib.blake2b(f"{item.type.value} {item.value}".encode(), digest_size=16).digest() for item in items
    }
    digest = hashlib.sha256()
    for part in sorted(found):
        digest.update(part)
    return digest.hexdigest()
