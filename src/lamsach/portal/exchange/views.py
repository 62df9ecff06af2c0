"""Pages of exchange with other portals: keys, partners, files."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files import File
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from lamsach.errors import LamsachError
from lamsach.portal.audit.trail import end
from lamsach.portal.base import links
from lamsach.portal.base.charts import qr_address
from lamsach.portal.base.doors import anyone, member
from lamsach.portal.base.forms import ProblemsShown, done, form_page, show_problem
from lamsach.portal.base.links import absolute
from lamsach.portal.base.lists import Cell, Link, Listing, Quiet
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.base.storage import copy_of
from lamsach.portal.base.uploads import attachment, spool
from lamsach.portal.exchange import access, online, transfer, unit_keys
from lamsach.portal.exchange.forms import FileForm, PartnerForm, RenewForm
from lamsach.portal.exchange.models import (
    OwnKey,
    Partner,
    PartnerKey,
    SealingKey,
    StatedCounts,
    Taken,
    Waiting,
    shown_counter,
)
from lamsach.portal.units.access import get_unit, home_units
from lamsach.runtime.file_names import safe_name

PARTNERS = Listing(
    title="Exchange with other portals and programs",
    lead="A unit that no network reaches gets campaigns and reports its figures as a signed file, by "
    "e-mail or on a USB stick. A file is accepted once, and only from a unit whose key you have "
    "compared.",
    cells=(
        Cell("Partner", lambda row: (row.name, Quiet(row.code)), "name", view="exchange:partner"),
        Cell("Our unit", "unit__name"),
        Cell("Where it is", lambda row: _("above our unit") if row.above else _("below our unit"), "above"),
        Cell("Files made", "sent", css="number"),
    ),
    empty="No partner yet. Make the unit's key, give its public half to the other unit, and add that "
    "unit with its key.",
    template="exchange/overview.html",
)
TAKEN = Listing(
    title="Files accepted from it",
    cells=(
        Cell("File number", "number", "counter", css="number"),
        Cell("What it carried", lambda row: ", ".join(map(str, row.titles)) or "–"),
        Cell("Made", "made"),
        Cell("Accepted", lambda row: (row.at, Quiet(row.user or "")), "at"),
    ),
    empty="No file was accepted yet.",
    export="exchange.exported",
    template="exchange/partner.html",
)
_PARTNER = Cell(
    "Partner", lambda row: Link(row.partner.name, reverse("exchange:partner", args=(row.partner_id,)))
)
LAST_TAKEN = replace(TAKEN, cells=(_PARTNER, *TAKEN.cells), export="")


@rate_limited("exchange.file", 30, 300)
@member(COORDINATORS, COORDINATORS)
def overview(request: HttpRequest) -> HttpResponse:
    """List partners, the units' keys and accepted files. POST uploads a file, previewed before acceptance."""
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        with ProblemsShown(form, "file"):
            waiting = _upload(request, form.cleaned_data["file"])
            return redirect("exchange:waiting", waiting_id=waiting.pk)
    partners = access.partners(request.user)
    context = {
        "form": form,
        "units": _units(request),
        "taken": Taken.objects.filter(partner__in=partners).select_related("partner", "user")[:10],
        "last_taken": LAST_TAKEN,
        "stated": StatedCounts.objects.filter(partner__in=partners).select_related("unit", "campaign")[:20],
    }
    return PARTNERS.page(request, partners.filter(ended=None), context)


def _units(request: HttpRequest) -> list[tuple[Any, str]]:
    """The user's own units and those with a key, each with the key's fingerprint."""
    reach = access.exchanging_units(request.user)
    keys = dict(OwnKey.objects.filter(unit__in=reach, retired=None).values_list("unit_id", "fingerprint"))
    wanted = {unit.pk for unit in home_units(request.user)} | set(keys)
    return [(unit, keys.get(unit.pk, "")) for unit in reach.filter(pk__in=list(wanted)[:200])]


def _upload(request: HttpRequest, file: Any) -> Waiting:
    user: Any = request.user
    with tempfile.TemporaryDirectory() as folder:
        path = spool(file, Path(folder) / safe_name(file.name))
        reach = list(access.exchanging_units(user).values_list("pk", flat=True))
        partner = transfer.find_partner(path, reach)
        with transfer.checked(partner, path, user) as found:
            transfer.preview(found)
        with path.open("rb") as stream:
            stored = default_storage.save(f"exchange/{links.nonce()}", File(stream))
    return Waiting.objects.create(user=user, partner=partner, name=safe_name(file.name), path=stored)


@member(COORDINATORS, COORDINATORS)
def waiting(request: HttpRequest, waiting_id: int) -> HttpResponse:
    """Preview an uploaded file. POST accepts or discards it."""
    found = access.get_waiting(request.user, waiting_id)
    path = copy_of(found.path)
    try:
        if request.method == "POST":
            if request.POST.get("what") == "take":
                transfer.accept(found.partner, path, request)
                messages.success(request, _("The file was accepted."))
            _discard(found)
            return redirect("exchange:partner", partner_id=found.partner_id)
        with transfer.checked(found.partner, path, request.user) as checked:
            context = {
                "waiting": found,
                "head": checked.opened.head,
                "number": shown_counter(checked.opened.head.counter),
                "signer": checked.opened.signer,
                "new_key": checked.opened.signer in checked.followers,
                "payloads": transfer.preview(checked),
            }
            return render(request, "exchange/waiting.html", context)
    except LamsachError as problem:
        show_problem(request, problem)
        _discard(found)
        return redirect("exchange:overview")


def _discard(found: Waiting) -> None:
    Waiting.objects.filter(pk=found.pk).update(done=timezone.now(), path="")
    default_storage.delete(found.path)


@member(COORDINATORS, COORDINATORS)
def key(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Show the unit's signing and sealing keys. POST makes or replaces one."""
    unit = get_unit(request.user, unit_id, write=True, roles=COORDINATORS)
    form = RenewForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and request.POST.get("what") == "sealing":
        unit_keys.renew_sealing(unit, request)
        messages.success(
            request, _("The unit has a new sealing key. Its next exchange files tell the partners.")
        )
        return redirect("exchange:key", unit_id=unit_id)
    if request.method == "POST" and form.is_valid():
        with ProblemsShown(request):
            unit_keys.renew(unit, request, lost=form.cleaned_data["lost"])
            unit_keys.sealing_key(unit) or unit_keys.renew_sealing(unit, request)
            messages.success(request, _("The unit has a new key. Give its partners the public key."))
        return redirect("exchange:key", unit_id=unit_id)
    rows = OwnKey.objects.filter(unit=unit).select_related("made_by")
    sealed_to = unit_keys.sealing_key(unit)
    context = {
        "unit": unit,
        "form": form,
        "key": unit_keys.current(unit),
        "keys": rows[:50],
        "sealing": sealed_to,
        "drawing": qr_address(sealed_to.public) if sealed_to else "",
        "sealing_keys": SealingKey.objects.filter(unit=unit).exclude(retired=None)[:50],
    }
    return render(request, "exchange/key.html", context)


@member(COORDINATORS, COORDINATORS, ("GET",))
def key_file(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Download the public signing and sealing keys, for partners."""
    unit = get_unit(request.user, unit_id, write=True, roles=COORDINATORS)
    found = unit_keys.current(unit)
    if found is None:
        return redirect("exchange:key", unit_id=unit_id)
    sealed_to = unit_keys.sealing_key(unit)
    text = found.public + (f"{sealed_to.public}\n" if sealed_to else "")
    return attachment(text, f"lamsach-{unit.pk}.pub", "application/x-pem-file")


@member(COORDINATORS, COORDINATORS)
def partner_new(request: HttpRequest) -> HttpResponse:
    """Add a partner, or another key of one, after its fingerprint was shown and compared."""
    form = PartnerForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid() and form.cleaned_data["compared"]:
        names = ("unit", "code", "name", "above", "public")
        data = {name: form.cleaned_data[name] for name in names}
        with ProblemsShown(form, "code"):
            made = unit_keys.add_partner(**data, by=request, recipient=form.recipient)
            return done(request, _("The partner's key is accepted."), "exchange:partner", partner_id=made.pk)
    shown = {name: getattr(form, name, "") for name in ("fingerprint", "recipient")}
    button = _("Accept the key") if shown["fingerprint"] else _("Show the fingerprint")
    lead = _(
        "The other unit sends the file of its public keys. A partner that is there already gets the new "
        "key in place of the old one."
    )
    where = {"template": "exchange/partner_new.html", "crumbs": "exchange/crumbs.html"}
    return form_page(request, form, _("Add a partner"), button, lead=lead, **where, **shown)


@rate_limited("exchange.make", 60, 300)
@member(COORDINATORS, COORDINATORS)
def partner(request: HttpRequest, partner_id: int) -> HttpResponse:
    """Show a partner: keys, offers, files. POST makes a file, connects, or ends a key or the partner."""
    found = access.get(request.user, Partner, partner_id)
    if request.method == "POST":
        answer = None
        with ProblemsShown(request):
            answer = _act(request, found)
        return answer or redirect("exchange:partner", partner_id=partner_id)
    offers: list[Any] = []
    with ProblemsShown(request):
        offers = transfer.offers(found, request.user)
    context = {
        "partner": found,
        "key": unit_keys.current(found.unit),
        "keys": PartnerKey.objects.filter(partner=found),
        "offers": offers,
        "sent": found.files_sent.select_related("user")[:20],
        "missing": [shown_counter(counter) for counter in transfer.missing(found)],
        "clock_off": abs(found.clock_off_s or 0) > online.CLOCKS_AGREE_S,
        "address": absolute("exchange:deliver"),
    }
    rows = found.files_taken.select_related("user")
    return TAKEN.page(request, rows, context, target=found, unit=found.unit)


def _act(request: HttpRequest, found: Partner) -> HttpResponse | None:
    action = request.POST.get("what")
    if action == "make":
        return _made(request, found)
    if action == "end_key":
        held = access.get_partner_key(request.user, found, request.POST.get("key", ""))
        if held is not None:
            unit_keys.end_key(held, request)
            messages.success(request, _("Files signed by this key are refused from now on."))
    elif action == "online":
        url = request.POST.get("url", "").strip()
        online.connect(found, url, request)
        messages.success(request, _("Files of this partner are accepted as they come by HTTPS."))
    elif action == "offline":
        online.disconnect(found, request)
        messages.success(request, _("Files of this partner are accepted only by hand."))
    elif action == "end":
        end(found, request, "exchange.partner_ended")
        return done(request, _("The partner is ended. Its files are refused."), "exchange:overview")
    return None


def _made(request: HttpRequest, found: Partner) -> HttpResponse:
    file: Any = tempfile.NamedTemporaryFile(suffix=".zip")  # noqa: SIM115 - it lives as long as the answer
    sent = transfer.make(found, Path(file.name), request, request.POST.getlist("kind"))
    response = FileResponse(file, as_attachment=True, filename=transfer.file_name(sent))
    response["Content-Type"] = "application/octet-stream" if sent.recipient else "application/zip"
    return response  # type: ignore[return-value]


@csrf_exempt
@rate_limited("exchange.deliver", 120, 300)
@anyone("POST")
def deliver(request: HttpRequest) -> HttpResponse:
    """Accept the signed file of a partner's portal; answer with the next file for it."""
    answer: Any = tempfile.NamedTemporaryFile(suffix=".zip")  # noqa: SIM115 - it lives as long as the answer
    try:
        with tempfile.NamedTemporaryFile(suffix=".zip") as target:
            size = 0
            while block := request.read(1 << 20):
                size += len(block)
                if size > settings.UPLOAD_LIMIT_BYTES:
                    return JsonResponse({"problem": _("The file is larger than allowed.")}, status=413)
                target.write(block)
            target.flush()
            online.receive(Path(target.name), Path(answer.name))
    except LamsachError as problem:
        answer.close()
        return JsonResponse({"problem": _(problem.what)}, status=422)
    return FileResponse(answer, content_type="application/octet-stream")  # type: ignore[return-value]
