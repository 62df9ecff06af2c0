"""A form that could not be taken (session over, form old, somebody faster): its input is shown again."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

from django.conf import settings
from django.forms import BaseForm, Field
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

_NEVER = ("csrfmiddlewaretoken",)
_SECRET = ("password", "secret", "token")


def typed(request: HttpRequest) -> list[tuple[str, str]]:
    """List the fields that were sent, without secrets; none of the log-in's pages."""
    if request.path.startswith("/accounts/"):
        return []
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name not in _NEVER and not any(word in name.lower() for word in _SECRET)
        for value in values
    ]


def came_from(request: HttpRequest) -> str:
    """Path of the page that held the form, as far as the browser says; else the first page of work."""
    parts = urlsplit(request.headers.get("Referer", ""))
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    own = parts.netloc == request.get_host() and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if own and path.startswith("/") else reverse("web:home")


def is_own_form(request: HttpRequest) -> bool:
    """Return whether the browser says that the form was on a page of ours: then it is old, not forged."""
    origin = request.headers.get("Origin", "")
    ours = f"{'https' if request.is_secure() else 'http'}://{request.get_host()}"
    return origin == ours or origin in settings.CSRF_TRUSTED_ORIGINS


def _labels(request: HttpRequest) -> dict[str, str]:
    """Labels of the fields in the forms of the page's app, by name; none where two differ."""
    match = request.resolver_match
    app = match.func.__module__.rpartition(".")[0] if match is not None else ""
    module = sys.modules.get(f"{app}.forms")
    said: dict[str, set[str]] = {}
    for form in vars(module).values() if module is not None else ():
        if isinstance(form, type) and issubclass(form, BaseForm):
            fields: dict[str, Field] = getattr(form, "base_fields", {})
            for name, field in fields.items():
                said.setdefault(name, set()).add(str(field.label or ""))
    return {name: ways.pop() for name, ways in said.items() if len(ways) == 1}


def _rows(value: str) -> int:
    """Return how many lines the box shows, one for a name, six for an essay."""
    return min(6, sum(1 + len(line) // 60 for line in value.splitlines()))


def page(request: HttpRequest, status: int, title: str, text: str, *, again: bool) -> HttpResponse:
    """Show what happened and the input; `again`: offer to send it once more, never with files."""
    fields = typed(request)
    labels = _labels(request)
    files = [file.name for _, found in request.FILES.lists() for file in found]
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
