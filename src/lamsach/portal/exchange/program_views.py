"""Pages of notices to other programs: webhooks and MISP servers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.i18n import mark
from lamsach.portal.audit.trail import end
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import done
from lamsach.portal.base.lists import Cell, Listing, Mono, Quiet, State
from lamsach.portal.base.once import make_once
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.exchange import access, hooks, misp
from lamsach.portal.exchange.forms import AddressForm, MispForm
from lamsach.portal.exchange.models import DeliveryState, MispServer, Webhook
from lamsach.portal.jobs.queue import enqueue

WEBHOOKS = Listing(
    title="Webhooks",
    lead="An address that is notified when a case is opened or changes. It gets numbers and states, "
    "never names or addresses of machines.",
    cells=(
        Cell("Address", lambda row: Mono(row.url), "url", view="exchange:webhook"),
        Cell("Unit", "unit__name"),
        Cell("Made", "created"),
    ),
    empty="No webhook yet.",
    crumbs="exchange/crumbs.html",
    add=(mark("Add an address"), mark("Add the address")),
    template="exchange/webhooks.html",
)
DELIVERIES = Listing(
    title="Webhook",
    cells=(
        Cell("Event", lambda row: Mono(row.key), "key"),
        Cell("State", lambda row: (row.shown_state, Quiet(row.problem and _(row.problem))), "state"),
        Cell("Attempts", "attempts", css="number"),
        Cell("Made", "created"),
        Cell("Next attempt", lambda row: row.next_attempt if row.state == DeliveryState.WAITING else None),
    ),
    empty="Nothing has happened yet.",
    template="exchange/webhook.html",
)
MISP = Listing(
    title="MISP servers",
    lead="Every hour a MISP server gets the listed addresses that were seen and the day, never the machine.",
    cells=(
        Cell("Address", lambda row: Mono(row.url), "url"),
        Cell("Unit", "unit__name"),
        Cell(
            "Last notified",
            lambda row: (row.last or "–", row.problem and State("bad", _(row.problem))),
            "last",
        ),
        Cell("", template="exchange/misp_actions.html"),
    ),
    empty="No MISP server yet.",
    crumbs="exchange/crumbs.html",
    add=(mark("Add a MISP server"), mark("Add the server")),
)


@rate_limited("exchange.hooks", 30, 300)
@member(COORDINATORS, COORDINATORS)
def webhooks(request: HttpRequest) -> HttpResponse:
    """List the webhooks; POST adds one and shows its secret once."""
    form = AddressForm(request.POST or None, user=request.user)
    secret = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        secret = make_once(request, lambda: hooks.make(data["unit"], data["url"], request)[1])
        form = AddressForm(user=request.user)
    return WEBHOOKS.page(request, access.webhooks(request.user), {"form": form, "secret": secret})


@rate_limited("exchange.hooks", 60, 300)
@member(COORDINATORS, COORDINATORS)
def webhook(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Show a webhook and its deliveries. POST tests it, resends, renews the secret, or ends it."""
    found = access.get(request.user, Webhook, webhook_id)
    action, secret = request.POST.get("what"), ""
    if request.method == "POST" and action == "renew" and found.ended is None:
        secret = make_once(request, lambda: hooks.renew(found, request))
        found.refresh_from_db()
    elif request.method == "POST":
        if action == "ping":
            make_once(request, lambda: hooks.ping(found).pk)
            messages.success(request, _("A test goes out within seconds."))
        elif action == "again":
            count = hooks.retry(found)
            messages.success(request, _("{count} deliveries are tried again.").format(count=count))
        elif action == "end":
            end(found, request, "webhook.ended")
            return done(request, _("Nothing more is sent to the address."), "exchange:webhooks")
        return redirect("exchange:webhook", webhook_id=webhook_id)
    context = {"hook": found, "secret": secret, "now": timezone.now()}
    return DELIVERIES.page(request, found.deliveries.all(), context)


@rate_limited("exchange.hooks", 30, 300)
@member(COORDINATORS, COORDINATORS)
def misp_list(request: HttpRequest) -> HttpResponse:
    """List the MISP servers; POST adds one."""
    form = MispForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        misp.make(data["unit"], data["url"], data["api_key"], request)
        return done(request, _("The sightings reach the server within the hour."), "exchange:misp")
    return MISP.page(request, access.misp_servers(request.user), {"form": form})


@rate_limited("exchange.hooks", 60, 300)
@member(COORDINATORS, COORDINATORS, ("POST",))
def misp_server(request: HttpRequest, misp_id: int) -> HttpResponse:
    """Push to a server now, or end it."""
    found = access.get(request.user, MispServer, misp_id)
    if request.POST.get("what") == "push" and found.ended is None:
        enqueue("exchange.misp", request.user, server_id=found.pk)
        messages.success(request, _("Sending to the server."))
    elif request.POST.get("what") == "end":
        end(found, request, "misp.ended", clear=("api_key",))
        messages.success(request, _("Nothing more is sent to the server. Its key is deleted."))
    return redirect("exchange:misp")
