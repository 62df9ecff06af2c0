"""Error pages: what happened and what to do, without internals."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.forms import BaseForm, Field
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Stale(Exception):  # noqa: N818 - not an error of the program
    """Somebody else changed it meanwhile; a view for members that raises it answers with `conflict`."""


def _page(request: HttpRequest, status: int, title: Any, text: Any) -> HttpResponse:
    return render(request, "base/error.html", {"title": title, "text": text, "status": status}, status=status)


def _handler(status: int, title: Any, text: Any) -> Callable[..., HttpResponse]:
    """Error handler of Django with a fixed text."""

    def page(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
        return _page(request, status, title, text)

    return page


bad_request = _handler(
    400,
    gettext_lazy("This request is not understood"),
    gettext_lazy("Go back to the page and send the form again."),
)
forbidden = _handler(
    403,
    gettext_lazy("You may read this, but not change it"),
    gettext_lazy("Ask the coordinator of your unit for the right role. Nothing was changed."),
)
not_found = _handler(
    404,
    gettext_lazy("There is no such page"),
    gettext_lazy("The address is wrong, or what it leads to does not belong to your units."),
)
"""404: does not exist, or not for this person."""
server_error = _handler(
    500,
    gettext_lazy("The portal made an error"),
    gettext_lazy("It is in the server's log. What was saved before is safe. Try again later."),
)
"""500: a defect; the traceback is in the server's log."""


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without a valid token; a stale page of ours may be submitted again."""
    if is_own_form(request) and typed(request):
        text = _(
            "The page had got old, most likely by a log-in in another tab. Nothing was saved "
            "yet, nothing is lost."
        )
        return unsent_page(request, 403, _("Please send the form once more"), text, again=True)
    return _page(
        request,
        403,
        _("The form is no longer valid"),
        _("Open the page again and send the form once more. Nothing was changed."),
    )


def session_over(request: HttpRequest) -> HttpResponse:
    """403 for a form sent after the end of the person's session."""
    text = _(
        "Nothing was saved yet, but what you typed is still here. Leave this page open, log in "
        "in a new tab, come back and send it again."
    )
    return unsent_page(request, 403, _("You are no longer logged in"), text, again=True)


def not_a_page(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """405 in plain language, for a person who opens the address of a form."""
    page = _page(
        request,
        405,
        _("There is nothing to see at this address"),
        _("It only takes a form. Go back, or begin at the first page."),
    )
    page.headers["Allow"] = response.headers["Allow"]
    return page


def conflict(request: HttpRequest) -> HttpResponse:
    """409: changed by somebody else meanwhile. Shows the input, to be copied by hand."""
    return unsent_page(
        request,
        409,
        _("Another person has changed this in the meantime"),
        _("Your change was not saved. Go back, load the page again and compare."),
        again=False,
    )


def too_large(request: HttpRequest) -> HttpResponse:
    """413: upload over the limit."""
    text = _("At most {size} MB can be sent at a time. Nothing was saved.")
    return _page(
        request,
        413,
        _("The upload is too large"),
        text.format(size=settings.UPLOAD_LIMIT_BYTES // 1_000_000),
    )


def too_many(request: HttpRequest) -> HttpResponse:
    """429: rate limit exceeded."""
    response = _page(
        request,
        429,
        _("Too many requests from your address"),
        _("Wait a few minutes and try again."),
    )
    response.headers["Retry-After"] = "300"
    return response


_NEVER = ("csrfmiddlewaretoken",)
_SECRET = ("password", "secret", "token")


def typed(request: HttpRequest) -> list[tuple[str, str]]:
    """Submitted fields without secrets; none from the log-in pages."""
    if request.path.startswith("/accounts/"):
        return []
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name not in _NEVER and not any(word in name.lower() for word in _SECRET)
        for value in values
    ]


def came_from(request: HttpRequest) -> str:
    """Path of the page that held the form, if the browser sent it; otherwise the first page of work."""
    parts = urlsplit(request.headers.get("Referer", ""))
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    own = parts.netloc == request.get_host() and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if own and path.startswith("/") else reverse("web:home")


def is_own_form(request: HttpRequest) -> bool:
    """Return whether the form came from a page of ours by `Origin`: then it is stale, not forged."""
    origin = request.headers.get("Origin", "")
    ours = f"{'https' if request.is_secure() else 'http'}://{request.get_host()}"
    return origin == ours or origin in settings.CSRF_TRUSTED_ORIGINS


def _labels(request: HttpRequest) -> dict[str, str]:
    """Labels of the fields in the forms of the page's app, by name; none where two differ."""
    match = request.resolver_match
    app = match.func.__module__.rpartition(".")[0] if match is not None else ""
    module = sys.modules.get(f"{app}.forms")
    labels: dict[str, set[str]] = {}
    for form in vars(module).values() if module is not None else ():
        if isinstance(form, type) and issubclass(form, BaseForm):
            fields: dict[str, Field] = getattr(form, "base_fields", {})
            for name, field in fields.items():
                labels.setdefault(name, set()).add(str(field.label or ""))
    return {name: texts.pop() for name, texts in labels.items() if len(texts) == 1}


def _rows(value: str) -> int:
    """Lines of the text box: one for a name, six at most."""
    return min(6, sum(1 + len(line) // 60 for line in value.splitlines()))


def unsent_page(request: HttpRequest, status: int, title: str, text: str, *, again: bool) -> HttpResponse:
    """Show what happened and the input; `again`: offer to send it again, unless it has files."""
    fields = typed(request)
    labels = _labels(request)
    files = [file.name for _, uploads in request.FILES.lists() for file in uploads]
    context = {
        "title": title,
        "text": text,
        "status": status,
        "fields": fields,
        "prose": [
            (labels.get(name, ""), value, _rows(value)) for name, value in fields if len(value.split()) > 1
        ],
        "files": files,
        "again": again and bool(fields) and not files,
        "back": came_from(request),
    }
    response = render(request, "base/unsent.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
