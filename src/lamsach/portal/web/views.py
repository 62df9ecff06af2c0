"""The first page of the work area."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.i18n import set_language

from lamsach.portal.base.doors import anyone, member
from lamsach.portal.base.roles import ALL
from lamsach.portal.units.access import memberships


@member(ALL, ALL, ("GET",))
def home(request: HttpRequest) -> HttpResponse:
    """What is waiting for the person."""
    return render(request, "web/home.html", {"memberships": memberships(request.user)})


@anyone("GET")
def alive(request: HttpRequest) -> HttpResponse:
    """`ok` while web and database answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


language = anyone("POST")(set_language)
