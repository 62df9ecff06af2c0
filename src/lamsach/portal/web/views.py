"""Views of the home page, the test letter and the health check."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.i18n import set_language

from lamsach.portal.base.doors import anyone, member
from lamsach.portal.base.roles import ADMINISTRATORS, ALL, COORDINATORS
from lamsach.portal.base.tasks import waiting
from lamsach.portal.mail.letters import queue_letter
from lamsach.portal.units.access import memberships
from lamsach.portal.web.bars import campaign_progress
from lamsach.portal.web.tasks import TEST


@member(ALL, ALL, ("GET",))
def home(request: HttpRequest) -> HttpResponse:
    """Show the user's open tasks and the progress of running campaigns."""
    user: Any = request.user
    progress = campaign_progress(user)
    context = {
        "memberships": memberships(user),
        "waiting": waiting(user),
        "standings": progress,
        "may_lead": bool(user.roles & COORDINATORS),
        "running": bool(progress),
    }
    return render(request, "web/home.html", context)


@member(ADMINISTRATORS, ADMINISTRATORS)
def test_letter(request: HttpRequest) -> HttpResponse:
    """Queue a test letter to the user's own address, by POST."""
    user: Any = request.user
    if request.method == "POST":
        queue_letter(
            TEST,
            to=user.email,
            key=f"{TEST}:{user.pk}:{timezone.now():%Y%m%d%H%M%S}",
            language=user.language,
            context={"name": str(user), "address": settings.PUBLIC_URL or ""},
        )
        messages.success(request, _("The test letter goes to {email}.").format(email=user.email))
    return redirect("web:home")


@anyone("GET")
def alive(request: HttpRequest) -> HttpResponse:
    """Answer `ok` while web server and database work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


language = anyone("POST")(set_language)
