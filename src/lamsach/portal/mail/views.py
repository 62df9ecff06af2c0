"""Views of outgoing and incoming e-mails, and decisions on undelivered letters."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.lists import Cell, Filter, Listing, Wrong
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.base.uploads import download
from lamsach.portal.mail import access
from lamsach.portal.mail import letters as letters_of
from lamsach.portal.mail.models import IncomingKind, Letter, LetterState

_DECIDABLE = (LetterState.UNCERTAIN, LetterState.FAILED, LetterState.CANCELLED, LetterState.BOUNCED)


LETTERS = Listing(
    title="E-mails sent and waiting",
    cells=(
        Cell("Recipient", "to"),
        Cell("Unit", "unit__name"),
        Cell("Subject", lambda row: (letters_of.subject(row), Wrong(row.problem))),
        Cell("State", "shown_state", "state"),
        Cell("Written", "created"),
        Cell("", template="mail/letter_actions.html"),
    ),
    filters=(
        Filter("state", "State", "state", LetterState),
        Filter("q", "Recipient", "to__icontains"),
    ),
    links=((gettext_lazy("E-mails that came in"), "mail:incoming"),),
    empty="No e-mail here yet.",
    seen="mail.viewed",
    export="mail.exported",
)
log = LETTERS.view(access.readable_letters, COORDINATORS)
INCOMING = Listing(
    title="E-mails that came in",
    cells=(
        Cell("Subject", lambda row: (row.subject, Wrong(row.problem)), "subject", view="mail:incoming_one"),
        Cell("Sender", lambda row: row.sender or "–", "sender"),
        Cell("Unit", "unit__name"),
        Cell("Kind", "shown_state", "kind"),
        Cell("Received", "received"),
    ),
    filters=(Filter("kind", "Kind", "kind", IncomingKind),),
    links=((gettext_lazy("E-mails sent and waiting"), "mail:log"),),
    empty="No e-mail here yet.",
    seen="incoming.viewed",
    export="incoming.exported",
)
incoming = INCOMING.view(access.readable_incoming, COORDINATORS)


@member(COORDINATORS, COORDINATORS, ("POST",))
def decide(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Requeue a failed, uncertain, cancelled or bounced letter, or mark it as sent."""
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
def incoming_one(request: HttpRequest, incoming_id: int) -> HttpResponse:
    """Show an incoming e-mail as text, with its target."""
    mail = access.get_incoming(request.user, incoming_id)
    record(request, "incoming.read", mail, mail.unit)
    what, _colon, number = mail.target.partition(":")
    return render(request, "mail/incoming_one.html", {"mail": mail, "what": what, "number": int(number or 0)})


@member(COORDINATORS, COORDINATORS, ("GET",))
def incoming_file(request: HttpRequest, incoming_id: int) -> HttpResponse:
    """Download the complete e-mail."""
    mail = access.get_incoming(request.user, incoming_id)
    record(request, "incoming.downloaded", mail, mail.unit)
    return download(f"mail-{mail.pk}.eml", mail.path or "none")
