"""The first page of the work area: what is waiting for the person, each figure a link to what it counts."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.i18n import set_language

from lamsach.portal.base.doors import anyone, member
from lamsach.portal.base.roles import ALL, COORDINATORS
from lamsach.portal.base.waiting import waiting
from lamsach.portal.campaigns.access import readable_campaigns
from lamsach.portal.campaigns.models import CampaignState
from lamsach.portal.units.access import memberships
from lamsach.portal.web.bars import standings


@member(ALL, ALL, ("GET",))
def home(request: HttpRequest) -> HttpResponse:
    """What is waiting for the person, and how the running campaigns stand."""
    user: Any = request.user
    context = {
        "memberships": memberships(user),
        "waiting": waiting(user),
        "standings": standings(user),
        "may_lead": bool(user.roles & COORDINATORS),
        "running": readable_campaigns(user).filter(state=CampaignState.RUNNING).exists(),
    }
    return render(request, "web/home.html", context)


@anyone("GET")
def alive(request: HttpRequest) -> HttpResponse:
    """`ok` while web and database answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


language = anyone("POST")(set_language)
