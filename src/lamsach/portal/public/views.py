"""The public campaign page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from lamsach.portal.base.doors import anyone


@anyone("GET")
def campaign(request: HttpRequest) -> HttpResponse:
    """The campaign for everybody."""
    return render(request, "public/campaign.html")
