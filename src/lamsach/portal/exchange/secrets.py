"""Keys and tokens of other systems, locked so that a copy of the database alone opens none."""

from __future__ import annotations

from lamsach.portal.base import locks

_PURPOSE = "lamsach.exchange.locked/1"


def lock(word: str) -> str:
    """The word, locked."""
    return locks.lock(_PURPOSE, word)


def unlock(locked: str) -> str:
    """The word again. InputError when the portal's secret key is another than when it was locked."""
    return locks.unlock(_PURPOSE, locked)
