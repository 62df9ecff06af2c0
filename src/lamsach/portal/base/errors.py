"""The pages for what went wrong. They say what happened and what to do, and never what is behind."""

from __future__ import annotations

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

logger = logging.getLogger("lamsach.portal")


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    return render(request, "base/error.html", {"title": title, "text": text, "status": status}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _page(
        request, 400, _("This request is not understood"), _("Go back to the page and send the form again.")
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: may be read, not changed."""
    return _page(
        request,
        403,
        _("You may read this, but not change it"),
        _("Ask the coordinator of your unit for the right role. Nothing was changed."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without a valid token."""
    return _page(
        request,
        403,
        _("The form is no longer valid"),
        _("Open the page again and send the form once more. Nothing was changed."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: does not exist, or not for this person."""
    return _page(
        request,
        404,
        _("There is no such page"),
        _("The address is wrong, or what it leads to does not belong to your units."),
    )


def conflict(request: HttpRequest) -> HttpResponse:
    """409: somebody else changed it meanwhile."""
    return _page(
        request,
        409,
        _("Somebody else has changed this meanwhile"),
        _("Your change was not saved. Go back, load the page again and compare."),
    )


def too_large(request: HttpRequest) -> HttpResponse:
    """413."""
    text = _("At most {size} MB can be sent at once. Nothing was kept.")
    return _page(
        request,
        413,
        _("The upload is too large"),
        text.format(size=settings.UPLOAD_LIMIT_BYTES // 1_000_000),
    )


def too_many(request: HttpRequest) -> HttpResponse:
    """429."""
    response = _page(
        request,
        429,
        _("Too many requests from your address"),
        _("Wait a few minutes and try again."),
    )
    response.headers["Retry-After"] = "300"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500: a defect; the trace is in the server's log."""
    return _page(
        request,
        500,
        _("The portal made an error"),
        _("It is in the server's log. What was saved before is safe. Try again later."),
    )
