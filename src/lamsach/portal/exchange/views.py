"""Pages of the signed exchange file: keys, partners, files made and taken."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files import File
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from lamsach.errors import LamsachError
from lamsach.portal.audit.trail import record
from lamsach.portal.base import links
from lamsach.portal.base.charts import qr_address
from lamsach.portal.base.doors import anyone, member
from lamsach.portal.base.links import absolute
from lamsach.portal.base.lists import paged
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.base.storage import copy_of
from lamsach.portal.exchange import access, epochs, keyring, moving, online, sealing
from lamsach.portal.exchange.forms import FileForm, PartnerForm, RenewForm
from lamsach.portal.exchange.models import (
    OwnKey,
    Partner,
    PartnerKey,
    SealingKey,
    StatedCounts,
    Taken,
    Waiting,
)
from lamsach.portal.units.access import get_unit, home_units
from lamsach.runtime.file_names import safe_name


def _say(request: HttpRequest, problem: LamsachError) -> None:
    parts = [_(problem.what), problem.where, _(problem.todo) if problem.todo else ""]
    messages.error(request, " ".join(part for part in parts if part))


@rate_limited("exchange.file", 30, 300)
@member(COORDINATORS, COORDINATORS)
def overview(request: HttpRequest) -> HttpResponse:
    """Partners, the units' keys, files taken last. POST hands a file in; it is shown before it is taken."""
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            waiting = _hand_in(request, form.cleaned_data["file"])
        except LamsachError as problem:
            form.add_error(
                "file",
                " ".join(
                    filter(None, (_(problem.what), problem.where, _(problem.todo) if problem.todo else ""))
                ),
            )
        else:
            return redirect("exchange:waiting", waiting_id=waiting.pk)
    mine = access.partners(request.user)
    context = {
        "form": form,
        "page": paged(request, mine.filter(ended=None)),
        "units": _units(request),
        "taken": Taken.objects.filter(partner__in=mine).select_related("partner")[:10],
        "stated": StatedCounts.objects.filter(partner__in=mine).select_related("unit", "campaign")[:20],
    }
    return render(request, "exchange/overview.html", context)


def _units(request: HttpRequest) -> list[tuple[Any, str]]:
    """The person's own units and those that have a key, with the key's fingerprint."""
    reach = access.exchanging_units(request.user)
    keys = dict(OwnKey.objects.filter(unit__in=reach, retired=None).values_list("unit_id", "fingerprint"))
    wanted = {unit.pk for unit in home_units(request.user)} | set(keys)
    return [(unit, keys.get(unit.pk, "")) for unit in reach.filter(pk__in=list(wanted)[:200])]


def _hand_in(request: HttpRequest, file: Any) -> Waiting:
    user: Any = request.user
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / safe_name(file.name)
        with path.open("wb") as target:
            for chunk in file.chunks():
                target.write(chunk)
        reach = list(access.exchanging_units(user).values_list("pk", flat=True))
        partner = moving.find_partner(path, reach)
        with moving.checked(partner, path, user) as found:
            moving.preview(found)
        with path.open("rb") as stream:
            kept = default_storage.save(f"exchange/{links.nonce()}", File(stream))
    return Waiting.objects.create(user=user, partner=partner, name=safe_name(file.name), path=kept)


@member(COORDINATORS, COORDINATORS)
@taken_once
def waiting(request: HttpRequest, waiting_id: int) -> HttpResponse:
    """A file that was handed in: what it would do. POST takes it or puts it aside."""
    found = access.get_waiting(request.user, waiting_id)
    path = copy_of(found.path)
    try:
        if request.method == "POST":
            if request.POST.get("what") == "take":
                moving.take(found.partner, path, request)
                messages.success(request, _("The file was taken."))
            _put_aside(found)
            return redirect("exchange:partner", partner_id=found.partner_id)
        with moving.checked(found.partner, path, request.user) as checked:
            context = {
                "waiting": found,
                "head": checked.opened.head,
                "number": epochs.shown(checked.opened.head.counter),
                "signer": checked.opened.signer,
                "new_key": checked.opened.signer in checked.followers,
                "payloads": moving.preview(checked),
            }
            return render(request, "exchange/waiting.html", context)
    except LamsachError as problem:
        _say(request, problem)
        _put_aside(found)
        return redirect("exchange:overview")


def _put_aside(found: Waiting) -> None:
    Waiting.objects.filter(pk=found.pk).update(done=timezone.now(), path="")
    default_storage.delete(found.path)


@member(COORDINATORS, COORDINATORS)
@taken_once
def key(request: HttpRequest, unit_id: int) -> HttpResponse:
    """A unit's keys, of signing and of sealing: fingerprint, public half, the keys before. POST makes one, or another in its place."""
    unit = get_unit(request.user, unit_id, write=True, roles=COORDINATORS)
    form = RenewForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and request.POST.get("what") == "sealing":
        sealing.renew(unit, request)
        messages.success(
            request, _("The unit has a new sealing key. Its next exchange files tell the partners.")
        )
        return redirect("exchange:key", unit_id=unit_id)
    if request.method == "POST" and form.is_valid():
        try:
            keyring.renew(unit, request, lost=form.cleaned_data["lost"])
            sealing.current(unit) or sealing.renew(unit, request)
        except LamsachError as problem:
            _say(request, problem)
        else:
            messages.success(request, _("The unit has a new key. Give its partners the public key."))
        return redirect("exchange:key", unit_id=unit_id)
    rows = OwnKey.objects.filter(unit=unit).select_related("made_by")
    sealed_to = sealing.current(unit)
    context = {
        "unit": unit,
        "form": form,
        "key": keyring.current(unit),
        "keys": rows[:50],
        "sealing": sealed_to,
        "drawing": qr_address(sealed_to.public) if sealed_to else "",
        "sealing_keys": SealingKey.objects.filter(unit=unit).exclude(retired=None)[:50],
    }
    return render(request, "exchange/key.html", context)


@member(COORDINATORS, COORDINATORS, ("GET",))
def key_file(request: HttpRequest, unit_id: int) -> HttpResponse:
    """The public keys, of signing and of sealing, as a file for partners."""
    unit = get_unit(request.user, unit_id, write=True, roles=COORDINATORS)
    found = keyring.current(unit)
    if found is None:
        return redirect("exchange:key", unit_id=unit_id)
    sealed_to = sealing.current(unit)
    text = found.public + (f"{sealed_to.public}\n" if sealed_to else "")
    response = HttpResponse(text, content_type="application/x-pem-file")
    response["Content-Disposition"] = f'attachment; filename="lamsach-{unit.pk}.pub"'
    return response


@member(COORDINATORS, COORDINATORS)
@taken_once
def partner_new(request: HttpRequest) -> HttpResponse:
    """Another partner, or another key of one: first the fingerprint is shown, then it is kept."""
    form = PartnerForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid() and form.cleaned_data["compared"]:
        data = form.cleaned_data
        try:
            made = keyring.add_partner(
                data["unit"],
                data["code"],
                data["name"],
                above=data["above"],
                public=data["public"],
                by=request,
                recipient=form.recipient,
            )
        except LamsachError as problem:
            form.add_error("code", _(problem.what))
        else:
            messages.success(request, _("The partner's key is accepted."))
            return redirect("exchange:partner", partner_id=made.pk)
    return render(
        request,
        "exchange/partner_new.html",
        {
            "form": form,
            "fingerprint": getattr(form, "fingerprint", ""),
            "recipient": getattr(form, "recipient", ""),
        },
    )


@rate_limited("exchange.make", 60, 300)
@member(COORDINATORS, COORDINATORS)
def partner(request: HttpRequest, partner_id: int) -> HttpResponse:
    """One partner: its keys, what would be sent, files made and taken. POST makes a file, or ends a key or the partner."""
    found = access.get_partner(request.user, partner_id)
    if request.method == "POST":
        try:
            answer = _act(request, found)
        except LamsachError as problem:
            _say(request, problem)
            answer = None
        return answer or redirect("exchange:partner", partner_id=partner_id)
    try:
        offers = moving.offers(found, request.user)
    except LamsachError as problem:
        _say(request, problem)
        offers = []
    context = {
        "partner": found,
        "key": keyring.current(found.unit),
        "keys": PartnerKey.objects.filter(partner=found),
        "offers": offers,
        "sent": found.files_sent.select_related("user")[:20],
        "page": paged(request, found.files_taken.select_related("user")),
        "missing": [epochs.shown(counter) for counter in moving.missing(found)],
        "clock_off": abs(found.clock_off_s or 0) > online.CLOCKS_AGREE_S,
        "address": absolute("exchange:deliver"),
    }
    return render(request, "exchange/partner.html", context)


def _act(request: HttpRequest, found: Partner) -> HttpResponse | None:
    what = request.POST.get("what")
    if what == "make":
        return _made(request, found)
    if what == "end_key":
        held = access.get_partner_key(request.user, found, request.POST.get("key", ""))
        if held is not None:
            keyring.end_key(held, request)
            messages.success(request, _("Files signed by this key are refused from now on."))
    elif what == "online":
        url = request.POST.get("url", "").strip()
        online.connect(found, url, request)
        messages.success(request, _("Files of this partner are taken as they come by HTTPS."))
    elif what == "offline":
        online.disconnect(found, request)
        messages.success(request, _("Files of this partner are taken by people alone."))
    elif what == "end":
        Partner.objects.filter(pk=found.pk).update(ended=timezone.now())
        record(request, "exchange.partner_ended", found, found.unit)
        messages.success(request, _("The partner is ended. Its files are refused."))
        return redirect("exchange:overview")
    return None


def _made(request: HttpRequest, found: Partner) -> HttpResponse:
    file: Any = tempfile.NamedTemporaryFile(suffix=".zip")  # noqa: SIM115 - it lives as long as the answer
    sent = moving.make(found, Path(file.name), request, request.POST.getlist("kind"))
    response = FileResponse(file, as_attachment=True, filename=moving.file_name(sent))
    response["Content-Type"] = "application/octet-stream" if sent.recipient else "application/zip"
    return response  # type: ignore[return-value]


@csrf_exempt
@rate_limited("exchange.deliver", 120, 300)
@anyone("POST")
def deliver(request: HttpRequest) -> HttpResponse:
    """A partner's portal hands in its file, whose signature says who it is; the answer is the next file for it, sealed to its key."""
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
