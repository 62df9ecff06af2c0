"""The pages behind the link in an e-mail: a unit without an account answers, on a phone too. The link shows its dispatch as long as it lasts, and takes one step, once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from lamsach.portal.base.doors import link
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.uploads import download
from lamsach.portal.campaigns import deadlines, sending
from lamsach.portal.campaigns.forms import LinkAnswerForm
from lamsach.portal.campaigns.models import AnswerLink, StepKind
from lamsach.portal.units.tree import today


@rate_limited("answer", 60, 300, ("GET", "POST"))
@link()
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Read the dispatch and answer. Looking at it changes nothing: mail scanners open links, people press buttons."""
    found = sending.open_link(token)
    if found is None:
        return render(request, "accounts/link_used.html", status=404)
    kinds = _kinds(found)
    form = LinkAnswerForm(request.POST or None, kinds=kinds, initial={"day": today()})
    dispatch = found.recipient.dispatch
    context = {
        "link": found,
        "token": token,
        "dispatch": dispatch,
        "dates": deadlines.of_unit(dispatch.campaign, found.recipient.unit_id),
        "chain": dispatch.chain(),
        "form": form,
        "contact": dispatch.issuer.contact,
    }
    if request.method == "POST" and found.used is None and form.is_valid():
        data = form.cleaned_data
        kind = StepKind(data["kind"])
        if not sending.answer(found, kind, who=data["who"], day=data["day"], note=data["note"]):
            return render(request, "accounts/link_used.html", status=404)
        return render(request, "campaigns/answered.html", {**context, "kind": kind})
    status = 409 if request.method == "POST" and found.used else 200
    return render(request, "campaigns/answer.html", context, status=status)


def _kinds(found: AnswerLink) -> tuple[StepKind, ...]:
    if found.kind == StepKind.DEPLOYED:
        return (StepKind.DEPLOYED,)
    return (StepKind.ACKNOWLEDGED, StepKind.DEPLOYED)


@rate_limited("answer", 60, 300, ("GET",))
@link("GET")
def answer_file(request: HttpRequest, token: str, attachment_id: int) -> HttpResponse:
    """A file of the dispatch behind the link."""
    found = sending.open_link(token)
    chain = found.recipient.dispatch.chain() if found else []
    files = [file for dispatch in chain for file in dispatch.attachments.filter(pk=attachment_id)]
    if not files:
        return render(request, "accounts/link_used.html", status=404)
    return download(files[0].name, files[0].path)
