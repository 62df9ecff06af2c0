"""A form that is sent twice - a second click, an impatient reload - counts once, without scripts.

Each showing of a page gives its forms a word of their own (the masked token against forgery), so the very
same words again are the same sending: it is answered as the first one was. The same text from a page that was
opened anew is another sending. What was taken is in the cache, like the counts of `ratelimit`: common to all
processes on PostgreSQL; with SQLite, after a restart a second sending counts again. A sending that is under
way is a lock, so that one whose process is killed may be sent again at once.

A browser shows the answer to the last press. So what a page shows only once, a new secret, is kept there too
(`made_once`) and both answers show the same one.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from lamsach.portal.base.errors import came_from

_WORD = "csrfmiddlewaretoken"
_KEPT_S, _WAIT_S = 600, 15.0
"""How long an answer is kept, and how long a second sending waits for it."""
Said = tuple[int, str, str]
View = Callable[..., HttpResponse]
Made = TypeVar("Made")


class Storage(FallbackStorage):
    """The messages to a person, of which `said` remembers what this request added: level, text, tags."""

    def __init__(self, request: HttpRequest, *args: Any, **options: Any) -> None:
        super().__init__(request, *args, **options)
        self.said: list[Said] = []

    def add(self, level: int, message: str, extra_tags: str | None = "") -> None:
        """Queue a message."""
        self.said.append((level, str(message), extra_tags or ""))
        super().add(level, message, extra_tags)


def taken_once(view: View) -> View:
    """Wrap a view that creates something: the same form again is led to where the first was."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST" or not request.POST.get(_WORD):
            return view(request, *args, **kwargs)
        key = _key(request)
        with alone(key, _WAIT_S) as mine:
            if not mine:
                return redirect(came_from(request))
            if kept := cache.get(key):
                return _again(request, *kept)
            response = view(request, *args, **kwargs)
            said = _said(request)
            if response.status_code == 302 and all(level < messages.ERROR for level, _, _ in said):
                cache.set(key, (response["Location"], said), timeout=_KEPT_S)
            return response

    return wrapped


def _again(request: HttpRequest, place: str, said: list[Said]) -> HttpResponse:
    """The answer that the first sending got."""
    for level, text, tags in said:
        messages.add_message(request, level, text, tags)
    return redirect(place)


def made_once(request: HttpRequest, make: Callable[[], Made]) -> Made:
    """Make something (picklable) that a page shows once: the same sending again gets the same.

    One that fails may be sent again. Only in a view that wears `shows_once`.
    """
    if not request.POST.get(_WORD):
        return make()
    key = f"{_key(request)}:made"
    with alone(key, _WAIT_S) as mine:
        if not mine:
            raise _StillMakingError
        if kept := cache.get(key):
            return kept[0]  # type: ignore[no-any-return]
        made = make()
        cache.set(key, (made,), timeout=_KEPT_S)
        return made


class _StillMakingError(Exception):
    """The first of two sendings takes too long."""


def shows_once(view: View) -> View:
    """Wrap a view that uses `made_once`; too long a wait for the first answer is explained on the form."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except _StillMakingError:
            messages.error(
                request,
                _(
                    "The same form is still being worked on. Look whether it is done before "
                    "you send it again."
                ),
            )
            return redirect(came_from(request))

    return wrapped


def _said(request: HttpRequest) -> list[Said]:
    storage: Any = messages.get_messages(request)
    return list(getattr(storage, "said", ()))


def _key(request: HttpRequest) -> str:
    """Digest that tells one sending from every other: person, address, each field, each file's content."""
    digest = hashlib.sha256(f"{request.user.pk} {request.get_full_path()}".encode("utf-8", "replace"))
    for name, values in sorted(request.POST.lists()):
        digest.update(repr((name, values)).encode("utf-8", "replace"))
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            digest.update(repr((name, file.name, file.size)).encode("utf-8", "replace"))
            for piece in file.chunks():
                digest.update(piece)
            file.seek(0)
    return f"once:{digest.hexdigest()}"


_AGAIN_S = 0.05
_HELD: set[str] = set()
_LOCK = threading.Lock()


@contextmanager
def alone(name: str, wait_s: float = math.inf) -> Iterator[bool]:
    """Run the block while nobody else is at `name`; give False when that takes longer than `wait_s`."""
    end = time.monotonic() + wait_s
    while not (mine := _take(name)) and time.monotonic() < end:
        time.sleep(_AGAIN_S)
    try:
        yield mine
    finally:
        if mine:
            _give_back(name)


def _take(name: str) -> bool:
    if connection.vendor == "postgresql":
        return _asked("SELECT pg_try_advisory_lock(%s)", name)
    with _LOCK:
        if name in _HELD:
            return False
        _HELD.add(name)
        return True


def _give_back(name: str) -> None:
    if connection.vendor == "postgresql":
        with contextlib.suppress(Error):  # a connection that is lost holds nothing
            _asked("SELECT pg_advisory_unlock(%s)", name)
        return
    with _LOCK:
        _HELD.discard(name)


def _asked(question: str, name: str) -> bool:
    key = int.from_bytes(hashlib.sha256(name.encode("utf-8", "replace")).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute(question, [key])
        return bool(cursor.fetchone() == (True,))
