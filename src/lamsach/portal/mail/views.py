"""The log of what went out, and deciding about letters that perhaps did."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.paging import paged
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.base.uploads import download
from lamsach.portal.mail import access
from lamsach.portal.mail import letters as letters_of
from lamsach.portal.mail.models import IncomingKind, Letter, LetterState

_DECIDABLE = (LetterState.UNCERTAIN, LetterState.FAILED, LetterState.CANCELLED, LetterState.BOUNCED)


@member(COORDINATORS, COORDINATORS, ("GET",))
def log(request: HttpRequest) -> HttpResponse:
    """Letters to one's units, by state."""
    rows = access.readable_letters(request.user)
    state = request.GET.get("state", "")
    if state in LetterState.values:
        rows = rows.filter(state=state)
    search = request.GET.get("q", "").strip()
    if search:
        rows = rows.filter(to__icontains=search)
    page = paged(request, rows)
    letters = [(letter, letters_of.subject(letter)) for letter in page]
    record(request, "mail.viewed", count=len(page.object_list))
    context = {
        "page": page,
        "letters": letters,
        "states": LetterState.choices,
        "state": state,
        "search": search,
    }
    return render(request, "mail/log.html", context)


@member(COORDINATORS, COORDINATORS, ("POST",))
@taken_once
def decide(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Send a refused or uncertain letter again, or say that it arrived."""
    letter = access.get_letter(request.user, letter_id)
    again = request.POST.get("decision") == "again"
    now = timezone.now()
    values = (
        {"state": LetterState.QUEUED, "next_attempt": now, "created": now}
        if again
        else {"state": LetterState.SENT, "sent": now}
    )
    changed = Letter.objects.filter(pk=letter.pk, state__in=_DECIDABLE).update(**values)
    if changed:
        record(request, "mail.again" if again else "mail.arrived", letter, letter.unit)
        messages.success(request, _("The letter waits to be sent.") if again else _("Noted as sent."))
    return redirect("mail:log")


@member(COORDINATORS, COORDINATORS, ("GET",))
def incoming(request: HttpRequest) -> HttpResponse:
    """E-mails that came in for one's units, by kind."""
    rows = access.readable_incoming(request.user)
    kind = request.GET.get("kind", "")
    if kind in IncomingKind.values:
        rows = rows.filter(kind=kind)
    page = paged(request, rows)
    record(request, "incoming.viewed", count=len(page.object_list))
    return render(request, "mail/incoming.html", {"page": page, "kinds": IncomingKind.choices, "kind": kind})


@member(COORDINATORS, COORDINATORS, ("GET",))
def incoming_one(request: HttpRequest, incoming_id: int) -> HttpResponse:
    """One e-mail as text, and where it landed."""
    found = access.get_incoming(request.user, incoming_id)
    record(request, "incoming.read", found, found.unit)
    what, _colon, number = found.target.partition(":")
    return render(
        request, "mail/incoming_one.html", {"mail": found, "what": what, "number": int(number or 0)}
    )


@member(COORDINATORS, COORDINATORS, ("GET",))
def incoming_file(request: HttpRequest, incoming_id: int) -> HttpResponse:
    """The whole e-mail as it came, as a download."""
    found = access.get_incoming(request.user, incoming_id)
    record(request, "incoming.downloaded", found, found.unit)
    return download(f"mail-{found.pk}.eml", found.path or "none")
