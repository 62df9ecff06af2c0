"""The pages for what went wrong. They say what happened and what to do, and never what is behind."""

from __future__ import annotations

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from lamsach.portal.base import unsent

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
    """Answer 403 to a form without a valid token; one of our own pages only got old and can be sent again."""
    if unsent.is_own_form(request) and unsent.typed(request):
        text = _(
            "The page had got old, most likely by a log-in in another tab. Nothing was saved "
            "yet, nothing is lost."
        )
        return unsent.page(request, 403, _("Please send the form once more"), text, again=True)
    return _page(
        request,
        403,
        _("The form is no longer valid"),
        _("Open the page again and send the form once more. Nothing was changed."),
    )


def session_over(request: HttpRequest) -> HttpResponse:
    """403 for a form of somebody whose session has ended meanwhile."""
    text = _(
        "Nothing was saved yet, but what you typed is still here. Leave this page open, log in "
        "in a new tab, come back and send it again."
    )
    return unsent.page(request, 403, _("You are no longer logged in"), text, again=True)


def not_a_page(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """405 in words, for a person who opens the address of a form."""
    page = _page(
        request,
        405,
        _("There is nothing to see at this address"),
        _("It only takes a form. Go back, or begin at the first page."),
    )
    page.headers["Allow"] = response.headers["Allow"]
    return page


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: does not exist, or not for this person."""
    return _page(
        request,
        404,
        _("There is no such page"),
        _("The address is wrong, or what it leads to does not belong to your units."),
    )


def conflict(request: HttpRequest) -> HttpResponse:
    """409: somebody else changed it meanwhile. What was typed is shown, to be taken over by hand."""
    return unsent.page(
        request,
        409,
        _("Somebody else has changed this meanwhile"),
        _("Your change was not saved. Go back, load the page again and compare."),
        again=False,
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
