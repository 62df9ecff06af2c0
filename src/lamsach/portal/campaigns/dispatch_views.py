"""Pages of dispatches: write, attach, preview, send, forward, answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from lamsach.portal.audit.trail import record
from lamsach.portal.base.check import confirmation_page
from lamsach.portal.base.doors import closed_link, link, member
from lamsach.portal.base.errors import Stale
from lamsach.portal.base.forms import FileForm, done, form_page, store_field, store_upload
from lamsach.portal.base.links import nonce
from lamsach.portal.base.lists import Cell, Filter, Listing, Quiet
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.base.uploads import download
from lamsach.portal.campaigns import access, deadlines, dispatches
from lamsach.portal.campaigns.checks import reminders_of, sending_check
from lamsach.portal.campaigns.forms import DispatchForm, LinkAnswerForm, TakeBackForm, UnitAnswerForm
from lamsach.portal.campaigns.models import (
    AnswerLink,
    Attachment,
    Campaign,
    Dispatch,
    How,
    Recipient,
    Step,
    StepKind,
)
from lamsach.portal.units.access import may_act
from lamsach.portal.units.tree import today

ATTACHMENTS = ("pdf", "docx", "xlsx", "zip", "txt", "csv", "png", "jpg", "jpeg")
EVIDENCE = ("pdf", "docx", "png", "jpg", "jpeg")
MOST_ATTACHMENTS = 20


def _save(request: HttpRequest, form: DispatchForm, campaign: Campaign, parent: Dispatch | None) -> Dispatch:
    """Save a new draft; a duplicate submission returns the first, another person's key is replaced."""
    draft: Dispatch = form.save(commit=False)
    draft.campaign, draft.parent, draft.created_by = campaign, parent, request.user  # type: ignore[assignment]
    draft.once = form.cleaned_data["once"]
    if Dispatch.objects.filter(once=draft.once).exclude(created_by=request.user.pk).exists():
        draft.once = nonce()
    try:
        with transaction.atomic():
            draft.save()
            record(request, "dispatch.written", draft, draft.issuer)
    except IntegrityError:
        return Dispatch.objects.get(once=draft.once, created_by=request.user.pk)
    return draft


@member(ALL, WRITERS)
def dispatch_new(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Write a dispatch of the campaign."""
    campaign = access.get_campaign(request.user, campaign_id)
    return _write(request, _("Write a dispatch"), campaign, None, deadline=campaign.report_due)


@member(ALL, WRITERS)
def dispatch_forward(request: HttpRequest, dispatch_id: int) -> HttpResponse:
    """Forward a received dispatch to the own subordinates, with a cover text and an earlier deadline."""
    parent = access.get_dispatch(request.user, dispatch_id)
    return _write(request, _("Pass the dispatch on"), parent.campaign, parent, subject=parent.subject)


def _write(
    request: HttpRequest, title: str, campaign: Campaign, parent: Dispatch | None, **initial: Any
) -> HttpResponse:
    initial |= {"day": today(), "once": nonce()}
    form = DispatchForm(
        request.POST or None, user=request.user, campaign=campaign, parent=parent, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        draft = _save(request, form, campaign, parent)
        return redirect("campaigns:dispatch", dispatch_id=draft.pk)
    return _form_page(request, form, title, parent, campaign=campaign)


@member(ALL, WRITERS)
def dispatch_edit(request: HttpRequest, dispatch_id: int) -> HttpResponse:
    """Edit a draft, once for each version; a sent dispatch is final."""
    dispatch = access.get_dispatch(request.user, dispatch_id, write=request.method == "POST")
    form = DispatchForm(
        request.POST or None,
        instance=dispatch,
        user=request.user,
        campaign=dispatch.campaign,
        parent=dispatch.parent,
        initial={"once": dispatch.once},
    )
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            locked = Dispatch.objects.select_for_update(no_key=True).get(pk=dispatch.pk)
            if locked.sent:
                raise Stale
            form.save_next(locked)
            record(request, "dispatch.changed", dispatch, dispatch.issuer, fields=form.changed_data)
        return redirect("campaigns:dispatch", dispatch_id=dispatch.pk)
    title = _("Change the draft")
    return _form_page(request, form, title, dispatch.parent, campaign=dispatch.campaign, dispatch=dispatch)


def _form_page(
    request: HttpRequest, form: DispatchForm, title: str, parent: Dispatch | None = None, **context: Any
) -> HttpResponse:
    lead = _(
        "Write the text here, or attach the signed document as PDF or DOCX on the next page. "
        "Nothing is sent yet."
    )
    if parent is not None:
        words = _('The dispatch "{subject}" of {issuer} goes along, with its files.')
        lead = words.format(subject=parent.subject, issuer=parent.issuer.name)
    return form_page(request, form, title, _("Save the draft"), lead=lead, **context)


def _contact(row: Recipient) -> Any:
    unit = row.unit
    return ", ".join(filter(None, (unit.contact_name, unit.contact_phone))), Quiet(unit.email)


RECIPIENTS = Listing(
    title="Who has answered",
    cells=(
        Cell(
            "Unit",
            lambda row: (row.unit.name, Quiet(row.unit.code)),
            "unit__name",
            view="campaigns:recipient",
        ),
        Cell("Contact", _contact),
        Cell("State", lambda row: row.reached),
    ),
    filters=(Filter("q", "Unit", "unit__name__icontains"),),
    empty="No unit found.",
    export="dispatch.exported",
    template="campaigns/dispatch.html",
)


@member(ALL, WRITERS, ("GET",))
def dispatch(request: HttpRequest, dispatch_id: int) -> HttpResponse:
    """A dispatch: text and files, the person's own answer, and the units' answers."""
    dispatch = access.get_dispatch(request.user, dispatch_id)
    copies = list(access.own_copies(request.user, dispatch)) if dispatch.sent else []
    for copy in copies:
        if copy.opened is None:
            dispatches.take(copy, StepKind.OPENED, by=request.user, how=How.PORTAL)
    dues = deadlines.dates((dispatch.campaign, copy.unit_id) for copy in copies)
    may_write = may_act(request.user, dispatch.issuer_id)
    context: dict[str, Any] = {
        "dispatch": dispatch,
        "chain": dispatch.chain(),
        "copies": [
            (copy, deadlines.of_recipient(copy, dues[dispatch.campaign_id, copy.unit_id])) for copy in copies
        ],
        "answer": UnitAnswerForm(initial={"day": today()}),
        "may_write": may_write,
        "file": FileForm(),
        "may_exchange": may_write and bool(request.user.roles & COORDINATORS),  # type: ignore[union-attr]
    }
    if may_write and dispatch.sent is None:
        near, whole = dispatches.audience(dispatch), dispatches.audience(dispatch, whole=True)
        context["near"] = (near.count(), near.filter(email="").count())
        context["whole"] = (whole.count(), whole.filter(email="").count())
        context["missing"] = near.filter(email="")[:20]
    if dispatch.sent is None or not may_write:
        return render(request, RECIPIENTS.template, context)
    rows = dispatch.recipients.select_related("unit").order_by("unit__code")
    return RECIPIENTS.page(request, rows, context, target=dispatch, unit=dispatch.issuer)


@member(ALL, WRITERS, ("POST",))
def dispatch_send(request: HttpRequest, dispatch_id: int) -> HttpResponse:
    """Send the dispatch, once."""
    dispatch = access.get_dispatch(request.user, dispatch_id, write=True)
    whole = request.POST.get("to") == "whole"
    reached = dispatch.sent is None and dispatches.audience(dispatch, whole=whole).exists()
    if reached and (page := confirmation_page(request, sending_check(dispatch, whole=whole))):
        return page
    count = dispatches.send(dispatch, request.user, whole=whole)
    if count:
        text = _("The dispatch goes to {count} units.")
        messages.success(request, text.format(count=count))
    elif dispatch.sent is not None:
        messages.warning(request, _("The dispatch was sent already. It does not go out twice."))
    else:
        messages.error(request, _("There is no unit to send it to."))
    return redirect("campaigns:dispatch", dispatch_id=dispatch_id)


@member(ALL, WRITERS, ("POST",))
def attachment_add(request: HttpRequest, dispatch_id: int) -> HttpResponse:
    """Attach a file to a draft."""
    dispatch = access.get_dispatch(request.user, dispatch_id, write=True)
    if dispatch.sent is not None:
        messages.error(request, _("The dispatch was sent already. Its files are not changed any more."))
    elif dispatch.attachments.count() >= MOST_ATTACHMENTS:
        messages.error(request, _("A dispatch has at most 20 files."))
    elif (stored := store_upload(request, ATTACHMENTS)) and not dispatch.attachments.filter(
        sha256=stored.sha256
    ).exists():
        Attachment.objects.create(dispatch=dispatch, **asdict(stored))
        record(
            request, "dispatch.attached", dispatch, dispatch.issuer, name=stored.name, sha256=stored.sha256
        )
    return redirect("campaigns:dispatch", dispatch_id=dispatch_id)


@member(ALL, WRITERS, ("GET",))
def attachment(request: HttpRequest, attachment_id: int) -> HttpResponse:
    """File of a dispatch."""
    attachment = access.get_attachment(request.user, attachment_id)
    return download(attachment.name, attachment.path)


@member(ALL, WRITERS)
def recipient(request: HttpRequest, recipient_id: int) -> HttpResponse:
    """A unit's copy: history, and answer, by itself or recorded by a coordinator."""
    recipient = access.get_recipient(request.user, recipient_id, write=request.method == "POST")
    form = UnitAnswerForm(request.POST or None, request.FILES or None, initial={"day": today()})
    if request.method == "POST" and form.is_valid() and _answer(request, recipient, form):
        return done(request, _("Noted."), "campaigns:recipient", recipient_id=recipient_id)
    return render(
        request,
        "campaigns/recipient.html",
        {
            "recipient": recipient,
            "dispatch": recipient.dispatch,
            "form": form,
            "take_back": TakeBackForm(),
            "dates": deadlines.of_recipient(recipient),
            "steps": Step.objects.filter(recipient=recipient),
            "reminders": reminders_of(recipient),
            "may_write": may_act(request.user, recipient.unit_id),
            "may_remind": may_act(request.user, recipient.unit_id, COORDINATORS),
        },
    )


def _answer(request: HttpRequest, recipient: Recipient, form: UnitAnswerForm) -> bool:
    data, evidence = form.cleaned_data, None
    if data["evidence"]:
        evidence = store_field(form, "evidence", EVIDENCE)
        if evidence is None:
            return False
    how, kind = _how(request, recipient), StepKind(data["kind"])
    dispatches.take(
        recipient, kind, by=request.user, how=how, day=data["day"], note=data["note"], evidence=evidence
    )
    return True


def _how(request: HttpRequest, recipient: Recipient) -> How:
    """Channel of a statement: in the portal for the own unit, for another from paper or telephone."""
    own = access.own_copies(request.user, recipient.dispatch).filter(pk=recipient.pk).exists()
    return How.PORTAL if own else How.PAPER


@member(ALL, WRITERS, ("POST",))
def take_back(request: HttpRequest, recipient_id: int) -> HttpResponse:
    """Withdraw a statement of deployment, with the reason."""
    recipient = access.get_recipient(request.user, recipient_id, write=True)
    form = TakeBackForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nothing was withdrawn. Write the reason."))
    else:
        how, reason = _how(request, recipient), form.cleaned_data["reason"]
        if dispatches.take_back(recipient, request.user, how=how, reason=reason):
            messages.success(request, _("The statement was withdrawn."))
    return redirect("campaigns:recipient", recipient_id=recipient_id)


@member(ALL, WRITERS, ("GET",))
def evidence(request: HttpRequest, recipient_id: int, step_id: int) -> HttpResponse:
    """Evidence of a step."""
    recipient = access.get_recipient(request.user, recipient_id)
    step = Step.objects.filter(pk=step_id, recipient=recipient).exclude(evidence_path="").first()
    record(request, "evidence.downloaded", recipient, recipient.unit)
    return download(step.evidence_name if step else "", step.evidence_path if step else "none")


@rate_limited("answer", 60, 300, ("GET", "POST"))
@link()
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Read and answer the dispatch. GET changes nothing: scanners open links, people press buttons."""
    answer_link = dispatches.open_link(token) or closed_link()
    kinds = _kinds(answer_link)
    form = LinkAnswerForm(request.POST or None, kinds=kinds, initial={"day": today()})
    dispatch = answer_link.recipient.dispatch
    context = {
        "link": answer_link,
        "token": token,
        "dispatch": dispatch,
        "dates": deadlines.of_recipient(answer_link.recipient),
        "chain": dispatch.chain(),
        "form": form,
        "contact": dispatch.issuer.contact,
    }
    if request.method == "POST" and answer_link.used is None and form.is_valid():
        data = form.cleaned_data
        kind = StepKind(data["kind"])
        if not dispatches.answer(answer_link, kind, who=data["who"], day=data["day"], note=data["note"]):
            closed_link()
        return render(request, "campaigns/answered.html", {**context, "kind": kind})
    status = 409 if request.method == "POST" and answer_link.used else 200
    return render(request, "campaigns/answer.html", context, status=status)


def _kinds(answer_link: AnswerLink) -> tuple[StepKind, ...]:
    if answer_link.kind == StepKind.DEPLOYED:
        return (StepKind.DEPLOYED,)
    return (StepKind.ACKNOWLEDGED, StepKind.DEPLOYED)


@rate_limited("answer", 60, 300, ("GET",))
@link("GET")
def answer_file(request: HttpRequest, token: str, attachment_id: int) -> HttpResponse:
    """File of the dispatch behind the link."""
    chain = (dispatches.open_link(token) or closed_link()).recipient.dispatch.chain()
    files = (file for dispatch in chain for file in dispatch.attachments.filter(pk=attachment_id))
    file = next(files, None) or closed_link()
    return download(file.name, file.path)
