"""Access decorators: the roles that may open a page. A test over all URLs requires one on each view.

`anyone`: no log-in. `member(...)`: people with one of the roles; others get 404, readers 403 when they write.
The app's `access.py`, which knows the person's units, narrows further what a page shows.
A form sent twice counts once (`once`), except on public pages, whose copies in the cache share a token.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from lamsach.portal.base.errors import Stale, conflict, not_a_page
from lamsach.portal.base.once import accepts_once
from lamsach.portal.base.roles import ALL, WRITERS, Role
from lamsach.portal.base.tasks import forget

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Door:
    """The roles that may open a view, readable by the test that walks all views."""

    kind: Literal["anyone", "link", "member"]
    read: frozenset[Role] = frozenset()
    write: frozenset[Role] = frozenset()
    methods: tuple[str, ...] = ("GET", "POST")


def anyone(*methods: str) -> Callable[[View], View]:
    """Allow access without a log-in. `methods`: by default GET and POST."""
    return _open("anyone", methods or ("GET", "POST"))


class ClosedLink(Http404):
    """The link of an e-mail was used, has expired or is unknown."""


def closed_link() -> NoReturn:
    """Raise ClosedLink: `find(token) or closed_link()`."""
    raise ClosedLink


def link(*methods: str) -> Callable[[View], View]:
    """Allow access without a log-in; the view verifies the signed token in the address (`closed_link`)."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                return view(request, *args, **kwargs)
            except ClosedLink:
                return render(request, "accounts/link_used.html", status=404)

        return _open("link", methods or ("GET", "POST"))(accepts_once(opened))

    return decorate


def _open(kind: Literal["anyone", "link"], methods: tuple[str, ...]) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        wrapped: Any = login_not_required(_only(methods, view))
        wrapped.door = Door(kind, methods=methods)
        return wrapped  # type: ignore[no-any-return]

    return decorate


def _only(methods: tuple[str, ...], view: View) -> View:
    """Allow only these methods; explain a 405 to a person who opens the address of a form."""
    checked: View = require_http_methods([*methods, "HEAD"])(view)

    @functools.wraps(view)
    def explained(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = checked(request, *args, **kwargs)
        if response.status_code == 405 and request.method == "GET":
            return not_a_page(request, response)
        return response

    return explained


def member(
    read: frozenset[Role] = ALL, write: frozenset[Role] = WRITERS, methods: tuple[str, ...] = ("GET", "POST")
) -> Callable[[View], View]:
    """Allow people who hold a `read` role somewhere; methods other than GET and HEAD need a `write` role."""

    def decorate(view: View) -> View:
        checked = _only(methods, accepts_once(view))

        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            roles = request.user.roles  # type: ignore[union-attr]
            if not roles & read:
                raise Http404
            if request.method in ("GET", "HEAD"):
                return checked(request, *args, **kwargs)
            if not roles & write:
                raise PermissionDenied
            try:
                return checked(request, *args, **kwargs)
            except Stale:
                return conflict(request)
            finally:
                forget(request.user)

        wrapped: Any = guarded
        wrapped.door = Door("member", read, write, methods)
        return wrapped  # type: ignore[no-any-return]

    return decorate
