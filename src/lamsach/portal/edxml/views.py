"""Pages of the exchange by edXML: messages, filing, statuses, sending a dispatch, connections."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from lamsach.channels.xml_input import LARGEST_BYTES
from lamsach.portal.audit.trail import end, record
from lamsach.portal.base.check import revocation_page
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import ProblemsShown, done, form_page, show_errors
from lamsach.portal.base.links import nonce
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.base.templatetags.page_tags import number
from lamsach.portal.base.uploads import download
from lamsach.portal.campaigns.access import get_dispatch
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.edxml import access, actions, outbox, secrets, statuses
from lamsach.portal.edxml.forms import (
    ConnectionForm,
    FileForm,
    FilingForm,
    KeyForm,
    ReasonForm,
    SendForm,
    StatusForm,
)
from lamsach.portal.edxml.inbox import Source, accept
from lamsach.portal.edxml.listings import (
    CONNECTIONS,
    FILES,
    HISTORY,
    MESSAGES,
    SENT_FILES,
    SOME,
    UNSENT,
)
from lamsach.portal.edxml.models import Connection, Message, State, Way
from lamsach.portal.exchange.access import exchanging_units, get
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.reports.models import DONE, Report
from lamsach.runtime.file_names import safe_name

FILTERS = {
    "in": Q(outgoing=False) & ~Q(kind="status") & ~Q(state=State.REFUSED),
    "waiting": Q(state=State.WAITING),
    "out": Q(outgoing=True) & ~Q(kind="status"),
    "statuses": Q(kind="status"),
    "refused": Q(state__in=(State.REFUSED, State.FAILED)),
}


@rate_limited("edxml.take", 60, 300)
@member(COORDINATORS, COORDINATORS)
def overview(request: HttpRequest) -> HttpResponse:
    """List messages by filter, and the connections. POST uploads a file."""
    form = FileForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        with ProblemsShown(request):
            found, fresh = _upload(request, form)
            text = (
                _("The file was accepted.")
                if fresh
                else _("The file was accepted before. Nothing was changed.")
            )
            return done(request, text, "edxml:message", message_id=found.pk)
        return redirect("edxml:overview")
    readable = access.messages(request.user)
    chosen = request.GET.get("show", "in")
    context = {
        "form": form,
        "show": chosen if chosen in FILTERS else "in",
        "shelves": [
            ("in", _("Dispatches in")),
            ("waiting", _("To be decided")),
            ("out", _("Dispatches out")),
            ("statuses", _("Statuses")),
            ("refused", _("Refused or failed")),
        ],
        "waiting": readable.filter(state=State.WAITING).count(),
        "failed": readable.filter(FILTERS["refused"]).count(),
        "connections": CONNECTIONS,
        "connected": access.connections(request.user),
    }
    return MESSAGES.page(request, readable.filter(FILTERS.get(chosen, FILTERS["in"])), context)


def _upload(request: HttpRequest, form: FileForm) -> tuple[Message, bool]:
    file: Any = request.FILES["edxml"]
    data = b"".join(file.chunks()) if file.size <= LARGEST_BYTES else bytes(LARGEST_BYTES + 1)
    source = Source(form.cleaned_data["unit"], Way.UPLOAD, user=request.user)
    return accept(data, safe_name(file.name), source)


@member(COORDINATORS, COORDINATORS)
def message(request: HttpRequest, message_id: int) -> HttpResponse:
    """Show a message, its files and statuses. POST files, answers, sets aside, revokes or resends."""
    found = access.get_message(request.user, message_id)
    if request.method == "POST":
        page = None
        with ProblemsShown(request):
            page = _act(request, found)
        return page or redirect("edxml:message", message_id=message_id)
    context = {
        "message": found,
        "histories": HISTORY,
        "history": _history(request, found),
        "filing": FilingForm(campaigns=_campaigns(request), initial={"name": found.subject[:200]}),
        "status": StatusForm(initial={"status": "received"}),
        "reason": ReasonForm(),
        "attachments": SENT_FILES if found.outgoing else FILES,
        "files": [{**file, "message": found.pk, "place": place} for place, file in enumerate(found.files, 1)],
        "unsent": UNSENT,
        "reports": _reports(found),
        "is_incoming": not found.outgoing and found.kind != "status",
        "may_revoke": found.outgoing
        and found.kind in ("new", "update", "replace")
        and found.state == State.SENT,
    }
    return render(request, "edxml/message.html", context)


def _history(request: HttpRequest, found: Message) -> QuerySet[Message]:
    """Statuses and answers about a message's document, in and out, the oldest first."""
    if not found.document_key:
        return Message.objects.none()
    return access.messages(request.user).filter(answered_key=found.document_key).order_by("pk")[:500]


def _reports(found: Message) -> list[Report]:
    """Sent reports on a received dispatch that are not queued by edXML yet."""
    if found.outgoing or found.connection is None or found.dispatch is None:
        return []
    keys = [
        f"report:{pk}:{found.connection.pk}"
        for pk in found.dispatch.recipients.values_list("unit__reports", flat=True)
    ]
    queued = set(Message.objects.filter(key__in=keys).values_list("key", flat=True))
    sent = Report.objects.filter(
        campaign=found.campaign,
        unit__in=found.dispatch.recipients.values("unit"),
        state__in=DONE,
    )
    rows = sent.select_related("unit", "campaign").order_by("unit__code", "edition")[:200]
    return [report for report in rows if f"report:{report.pk}:{found.connection.pk}" not in queued]


def _campaigns(request: HttpRequest) -> QuerySet[Campaign]:
    return Campaign.objects.filter(owner__in=exchanging_units(request.user)).exclude(
        state=CampaignState.CLOSED
    )


def _act(request: HttpRequest, found: Message) -> HttpResponse | None:
    action = request.POST.get("what")
    if action == "file" and found.state == State.WAITING and not found.outgoing:
        _file(request, found)
    elif action == "status" and not found.outgoing and found.connection is not None:
        _status(request, found)
    elif action == "report":
        _report(request, found)
    elif action == "aside" and found.state == State.WAITING:
        Message.objects.filter(pk=found.pk, state=State.WAITING).update(state=State.ASIDE)
        record(request, "edxml.set_aside", found, found.unit)
        messages.success(request, _("The message was set aside."))
    elif action == "revoke":
        form = ReasonForm(request.POST)
        if form.is_valid():
            effect = _("{count} units get the revocation by edXML and answer whether they agree.")
            words = effect.format(count=len(found.recipients))
            if page := revocation_page(
                request, found.number or found.subject, words, request.get_full_path()
            ):
                return page
            outbox.queue_revocation(found, request, form.cleaned_data["reason"])
            messages.success(request, _("The revocation goes out."))
        else:
            show_errors(request, form)
    elif action == "again" and found.state == State.FAILED:
        Message.objects.filter(pk=found.pk).update(state=State.QUEUED, attempts=0, next_attempt=None)
        messages.success(request, _("The message is tried again."))
    return None


def _file(request: HttpRequest, found: Message) -> None:
    if found.kind == "status":
        moved = actions.move(found)
        messages.success(request, _("The status was noted.") if moved else _("The status changes nothing."))
        return
    form = FilingForm(request.POST, campaigns=_campaigns(request))
    if not form.is_valid():
        show_errors(request, form)
        return
    actions.file(found, form.cleaned_data["campaign"], request.user, form.cleaned_data["name"])
    record(request, "edxml.filed", found, found.unit, campaign=found.campaign_id)
    messages.success(request, _("The dispatch is filed under the campaign."))


def _report(request: HttpRequest, found: Message) -> None:
    wanted = next(
        (report for report in _reports(found) if str(report.pk) == request.POST.get("report")), None
    )
    if wanted is not None and outbox.queue_report(wanted, request) is not None:
        messages.success(request, _("The report goes out by edXML."))


def _status(request: HttpRequest, found: Message) -> None:
    form = StatusForm(request.POST)
    if not form.is_valid() or found.connection is None:
        show_errors(request, form)
        return
    name, reason = form.cleaned_data["status"], form.cleaned_data["reason"]
    key = f"said:{found.pk}:{nonce()}"
    statuses.status(found, found.unit, name, key=key, reason=reason, by=request.user)
    record(request, "edxml.answered", found, found.unit, kind=name)
    messages.success(request, _("The status goes out."))


@member(COORDINATORS, COORDINATORS, ("GET",))
def file(request: HttpRequest, message_id: int) -> HttpResponse:
    """Download the message's file."""
    found = access.get_message(request.user, message_id)
    if not found.path:
        raise Http404
    record(request, "edxml.downloaded", found, found.unit)
    return download(f"{found.number or found.pk}.edxml".replace("/", "-"), found.path)


@member(COORDINATORS, COORDINATORS, ("GET",))
def attached(request: HttpRequest, message_id: int, place: int) -> HttpResponse:
    """Download an attached file."""
    found = access.get_message(request.user, message_id)
    if not 0 < place <= len(found.files):
        raise Http404
    row: dict[str, Any] = found.files[place - 1]
    record(request, "edxml.downloaded", found, found.unit, name=row["name"])
    return download(row["name"], row["path"])


@rate_limited("edxml.send", 60, 300)
@member(COORDINATORS, COORDINATORS)
def send(request: HttpRequest, dispatch_id: int) -> HttpResponse:
    """Send a dispatch by a connection, as a new one or to update or replace an earlier one."""
    found = get_dispatch(request.user, dispatch_id, write=True)
    earlier = access.messages(request.user).filter(
        outgoing=True, unit=found.issuer_id, kind__in=("new", "update", "replace"), dispatch__isnull=False
    )
    form = SendForm(
        request.POST or None,
        connections=access.usable(request.user, found.issuer_id),
        earlier=earlier.exclude(dispatch=found),
    )
    if request.method == "POST" and found.sent is not None and form.is_valid():
        about = form.cleaned_data["about"]
        kind = (form.cleaned_data["kind"] or "update") if about else "new"
        with ProblemsShown(request):
            made = outbox.queue_dispatch(
                found, form.cleaned_data["connection"], request, kind=kind, about=about
            )
            return done(request, _("The dispatch goes out by edXML."), "edxml:message", message_id=made.pk)
        return redirect("edxml:send", dispatch_id=dispatch_id)
    count = number(found.recipients.count())
    context: dict[str, Any] = {
        "template": "edxml/send.html",
        "dispatch": found,
        "count": count,
        "sent": access.messages(request.user).filter(dispatch=found, outgoing=True).exclude(kind="status"),
        "listing": SOME,
    }
    button = _("Send the dispatch to %(count)s units") % {"count": count}
    return form_page(request, form, _("Send by edXML"), button, **context)


@member(COORDINATORS, COORDINATORS)
def new(request: HttpRequest) -> HttpResponse:
    """Add a connection."""
    form = ConnectionForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        made: Connection = form.save(commit=False)
        made.created_by = request.user  # type: ignore[assignment]
        made.save()
        record(request, "edxml.connection_made", made, made.unit, name=made.name)
        messages.success(request, _("The connection is set up. Its folders are watched from now on."))
        return redirect("edxml:connection", connection_id=made.pk)
    return _form_page(request, form, _("Add a connection"))


@member(COORDINATORS, COORDINATORS)
def edit(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Change a connection."""
    found = get(request.user, Connection, connection_id)
    form = ConnectionForm(request.POST or None, instance=found, user=request.user)
    if request.method == "POST" and form.is_valid():
        form.save(commit=False).save()
        record(request, "edxml.connection_changed", found, found.unit, fields=form.changed_data)
        return done(request, _("Saved."), "edxml:connection", connection_id=connection_id)
    return _form_page(request, form, found.name, connection=found)


def _form_page(request: HttpRequest, form: ConnectionForm, title: str, **context: Any) -> HttpResponse:
    lead = _(
        "A document-management system puts its edXML files into one folder and fetches ours "
        "from another. Fill in the lower fields only when it offers a service instead."
    )
    return form_page(
        request, form, title, _("Save the connection"), lead=lead, crumbs="edxml/crumbs.html", **context
    )


@member(COORDINATORS, COORDINATORS)
def connection(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Show a connection. POST runs it now, sets or deletes its key, or ends it."""
    found = get(request.user, Connection, connection_id)
    if request.method == "POST":
        return _change(request, found)
    context = {
        "connection": found,
        "key": KeyForm(),
        "queued": found.messages.filter(state="queued").count(),
        "listing": SOME,
        "recent": found.messages.select_related("unit")[:20],
    }
    return render(request, "edxml/connection.html", context)


def _change(request: HttpRequest, found: Connection) -> HttpResponse:
    action = request.POST.get("what")
    if action == "carry" and found.ended is None:
        enqueue("edxml.carry", request.user, connection_id=found.pk)
        messages.success(request, _("Messages are fetched and sent now."))
    elif action == "key":
        _key(request, found)
    elif action == "forget_key":
        Connection.objects.filter(pk=found.pk).update(locked_key="", signer="")
        record(request, "edxml.key_ended", found, found.unit)
        messages.success(request, _("The key is forgotten. What goes out is not signed any more."))
    elif action == "end":
        end(found, request, "edxml.connection_ended", clear=("locked_key", "locked_headers"))
        messages.success(request, _("The connection is ended. Its key and headers are forgotten."))
        return redirect("edxml:overview")
    return redirect("edxml:connection", connection_id=found.pk)


def _key(request: HttpRequest, found: Connection) -> None:
    form = KeyForm(request.POST, request.FILES)
    if not form.is_valid():
        show_errors(request, form)
        return
    with ProblemsShown(request):
        locked, signer = secrets.lock_key(form.cleaned_data["key"].read(), form.cleaned_data["password"])
        Connection.objects.filter(pk=found.pk).update(locked_key=locked, signer=signer[:300])
        record(request, "edxml.key_made", found, found.unit, name=signer[:200])
        messages.success(request, _("What goes out by the connection is signed from now on."))
