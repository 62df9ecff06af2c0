"""Pages of webhooks and MISP servers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.portal.base.doors import member
from lamsach.portal.base.lists import paged
from lamsach.portal.base.once import made_once, shows_once, taken_once
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.exchange import access, hooks, misp
from lamsach.portal.exchange.forms import AddressForm, MispForm
from lamsach.portal.jobs.queue import enqueue


@rate_limited("exchange.hooks", 30, 300)
@member(COORDINATORS, COORDINATORS)
@shows_once
def webhooks(request: HttpRequest) -> HttpResponse:
    """The webhooks; POST adds one, whose secret is shown once."""
    form = AddressForm(request.POST or None, user=request.user)
    secret = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        secret = made_once(request, lambda: hooks.make(data["unit"], data["url"], request)[1])
        form = AddressForm(user=request.user)
    context = {"form": form, "secret": secret, "page": paged(request, access.webhooks(request.user))}
    return render(request, "exchange/webhooks.html", context)


@rate_limited("exchange.hooks", 60, 300)
@member(COORDINATORS, COORDINATORS)
@shows_once
def webhook(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """One webhook and its deliveries. POST tries it, sends again what failed, replaces its secret, which is shown once, or ends it."""
    found = access.get_webhook(request.user, webhook_id)
    what, secret = request.POST.get("what"), ""
    if request.method == "POST" and what == "renew" and found.ended is None:
        secret = made_once(request, lambda: hooks.renew(found, request))
        found.refresh_from_db()
    elif request.method == "POST":
        if what == "ping":
            made_once(request, lambda: hooks.ping(found).pk)
            messages.success(request, _("A test goes out within seconds."))
        elif what == "again":
            count = hooks.again(found)
            messages.success(request, _("{count} deliveries are tried again.").format(count=count))
        elif what == "end":
            hooks.end(found, request)
            messages.success(request, _("The address is told nothing any more."))
            return redirect("exchange:webhooks")
        return redirect("exchange:webhook", webhook_id=webhook_id)
    context = {
        "hook": found,
        "secret": secret,
        "now": timezone.now(),
        "page": paged(request, found.deliveries.all()),
    }
    return render(request, "exchange/webhook.html", context)


@rate_limited("exchange.hooks", 30, 300)
@member(COORDINATORS, COORDINATORS)
@taken_once
def misp_list(request: HttpRequest) -> HttpResponse:
    """The MISP servers; POST adds one."""
    form = MispForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        misp.make(data["unit"], data["url"], data["api_key"], request)
        messages.success(request, _("The server is told within the hour what was seen."))
        return redirect("exchange:misp")
    context = {"form": form, "page": paged(request, access.misp_servers(request.user))}
    return render(request, "exchange/misp.html", context)


@rate_limited("exchange.hooks", 60, 300)
@member(COORDINATORS, COORDINATORS, ("POST",))
@taken_once
def misp_server(request: HttpRequest, misp_id: int) -> HttpResponse:
    """Tell a server now, or end it."""
    found = access.get_misp(request.user, misp_id)
    if request.POST.get("what") == "push" and found.ended is None:
        enqueue("exchange.misp", request.user, server_id=found.pk)
        messages.success(request, _("The server is being told."))
    elif request.POST.get("what") == "end":
        misp.end(found, request)
        messages.success(request, _("The server is told nothing any more. Its key is forgotten."))
    return redirect("exchange:misp")
