"""Duplicate submissions of a form, by double click or reload, count once; no scripts needed.

Each display of a page gives its forms a different masked CSRF token, so identical fields mean the same
submission, which gets the first answer again. The same text from a page opened anew is another submission.
Answers are in the cache, as are the counts of `ratelimit`: shared by all processes on PostgreSQL; with
SQLite, a duplicate counts again after a restart. A submission in progress is a lock, so one whose process was
killed may be sent again immediately.

A browser shows the answer to the last click. So what a page shows only once, such as a new secret, is cached
too (`make_once`), and both answers show the same.
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
"""How long an answer is cached, and how long a duplicate waits for it."""
Queued = tuple[int, str, str]
View = Callable[..., HttpResponse]
Made = TypeVar("Made")


class Storage(FallbackStorage):
    """Message storage that records in `queued` what this request added: level, text, tags."""

    def __init__(self, request: HttpRequest, *args: Any, **options: Any) -> None:
        super().__init__(request, *args, **options)
        self.queued: list[Queued] = []

    def add(self, level: int, message: str, extra_tags: str | None = "") -> None:
        """Queue a message."""
        self.queued.append((level, str(message), extra_tags or ""))
        super().add(level, message, extra_tags)


def accepts_once(view: View) -> View:
    """Wrap a view, as `doors` does: a duplicate submission gets the redirect of the first."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST" or not request.POST.get(_WORD):
            return view(request, *args, **kwargs)
        key = _key(request)
        with exclusive(key, _WAIT_S) as locked:
            if not locked:
                messages.error(
                    request,
                    _(
                        "The same form is still being worked on. Look whether it is done before "
                        "you send it again."
                    ),
                )
                return redirect(came_from(request))
            if cached := cache.get(key):
                return _again(request, *cached)
            response = view(request, *args, **kwargs)
            queued = _queued(request)
            if response.status_code == 302 and all(level < messages.ERROR for level, *_rest in queued):
                cache.set(key, (response["Location"], queued), timeout=_KEPT_S)
            return response

    return wrapped


def _again(request: HttpRequest, address: str, queued: list[Queued]) -> HttpResponse:
    """Repeat the answer to the first submission."""
    for level, text, tags in queued:
        messages.add_message(request, level, text, tags)
    return redirect(address)


def make_once(request: HttpRequest, make: Callable[[], Made]) -> Made:
    """Create something (picklable) that a page shows once; a duplicate submission gets the same.

    After a failure it may be submitted again. The view's door lets duplicates in one after another.
    """
    if not request.POST.get(_WORD):
        return make()
    key = f"{_key(request)}:made"
    cached: tuple[Made] | None = cache.get(key)
    if cached is None:
        cached = (make(),)
        cache.set(key, cached, timeout=_KEPT_S)
    return cached[0]


def _queued(request: HttpRequest) -> list[Queued]:
    storage: Any = messages.get_messages(request)
    return list(getattr(storage, "queued", ()))


def _key(request: HttpRequest) -> str:
    """Digest of a submission: person, address, each field, each file's content."""
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
def exclusive(name: str, wait_s: float = math.inf) -> Iterator[bool]:
    """Run the block while nobody else holds `name`; yield False if that takes longer than `wait_s`."""
    end = time.monotonic() + wait_s
    while not (locked := _take(name)) and time.monotonic() < end:
        time.sleep(_AGAIN_S)
    try:
        yield locked
    finally:
        if locked:
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
