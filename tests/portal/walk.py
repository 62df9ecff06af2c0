"""Many addresses in one test.

The people and what they work on are made once, and what a walk does at one address is undone before the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from . import list_samples, samples
from .conftest import Cast, remembered

PARTS = 4
in_parts = pytest.mark.parametrize("part", [slice(number, None, PARTS) for number in range(PARTS)], ids=str)
"""A walk as so many tests, so that processes can share it: `part` is which of the addresses it looks at."""


def settled(cast: Cast) -> None:
    """Make what many addresses need, for the samples to find.

    The machine's case and the list's first version.
    """
    remembered("settled", lambda: (samples.case(cast).pk, list_samples.released(cast).pk))


def visitors(cast: Cast, names: Iterable[str]) -> Callable[[str], Client]:
    """Log people in before a walk.

    What this gives is a new browser of somebody each time, in the session that they had then.
    """
    cookies = {}
    for name in names:
        client = cast.client(name)
        client.get("/office/none/")  # the session is known from its first page on, and this is the cheapest
        cookies[name] = client.cookies[settings.SESSION_COOKIE_NAME].value

    def visitor(name: str) -> Client:
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = cookies[name]
        return client

    return visitor


class _Undone(Exception):
    """Thrown behind each stop."""


@contextmanager
def stop(place: object) -> Iterator[None]:
    """Database, files and rate limits are afterwards as they were before.

    What goes wrong here names the place.
    """
    held = set(_files())
    cache.clear()
    try:
        with transaction.atomic():
            yield
            raise _Undone
    except _Undone:
        pass
    except Exception as problem:
        problem.add_note(f"at {place}")
        raise
    for path in set(_files()) - held:
        path.unlink()


def _files() -> Iterator[Path]:
    return (path for path in settings.DATA.rglob("*") if path.is_file())
