"""Walks over many addresses in one test, on shared objects; the effects at each address are rolled back."""

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
"""Split a walk into several tests for parallel processes; `part` selects the addresses."""


def settled(cast: Cast) -> None:
    """Create what many addresses need, for the samples to find: a machine's case, a list's first version."""
    remembered("settled", lambda: (samples.case(cast).pk, list_samples.released(cast).pk))


def visitors(cast: Cast, names: Iterable[str]) -> Callable[[str], Client]:
    """Log people in before a walk; returns a function for a new browser of a person in that session."""
    cookies = {}
    for name in names:
        client = cast.client(name)
        client.get(
            "/office/none/"
        )  # the session is recorded from its first page on, and this is the cheapest
        cookies[name] = client.cookies[settings.SESSION_COOKIE_NAME].value

    def visitor(name: str) -> Client:
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = cookies[name]
        return client

    return visitor


class _Undone(Exception):
    """Raised after each stop to roll back."""


@contextmanager
def stop(place: object) -> Iterator[None]:
    """Restore database, files and rate limits afterwards; errors name the address."""
    files = set(_files())
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
    for path in set(_files()) - files:
        path.unlink()


def _files() -> Iterator[Path]:
    return (path for path in settings.DATA.rglob("*") if path.is_file())
