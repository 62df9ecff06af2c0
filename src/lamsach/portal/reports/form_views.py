"""The reporting form of a campaign, changed without code: wording, fields, rows, checks, annexes; looked at before it is kept. Each change is a new version; reports keep theirs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from lamsach.errors import InputError
from lamsach.letters.checks import SENTENCES
from lamsach.letters.form import ANNEXES, Filled, Form, parse_form
from lamsach.letters.layout import blank, form_blocks
from lamsach.letters.output import writer_for
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.errors import conflict
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.campaigns import access
from lamsach.portal.campaigns.models import Campaign, FormDefinition
from lamsach.portal.reports.editor import FieldSet, RowSet, WordingForm, changed, wording_of
from lamsach.portal.reports.views import answer_file

BLANKS = ("docx", "xlsx", "pdf", "html")


@member(ALL, COORDINATORS)
@taken_once
def campaign_form(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The form of a campaign, to be changed by whoever leads the campaign."""
    campaign = access.get_campaign(request.user, campaign_id, write=request.method == "POST")
    definition: dict[str, Any] = campaign.form.definition
    posted = request.POST if request.method == "POST" and request.POST.get("form-TOTAL_FORMS") else None
    wording = WordingForm(posted, initial=wording_of(definition))
    fields = FieldSet(posted, initial=definition.get("general", {}).get("fields", []), prefix="field")
    rows = RowSet(posted, initial=definition["figures"]["rows"])
    understood = parse_form(definition)
    if posted is not None and wording.is_valid() and fields.is_valid() and rows.is_valid():
        wanted = changed(definition, wording.cleaned_data, fields.cleaned_data, rows.cleaned_data)
        try:
            understood = parse_form(wanted)
        except InputError as problem:
            messages.error(
                request,
                f"{_(problem.what)} {problem.where} {_(problem.todo) if problem.todo else ''}".strip(),
            )
        else:
            if "keep" in request.POST:
                return _keep(request, campaign, wanted)
    shown = {"wording": wording, "text_fields": fields, "rows": rows, "preview": posted is not None}
    return render(request, "reports/form.html", {**shown, **_context(campaign, understood)})


def _context(campaign: Campaign, form: Form) -> dict[str, Any]:
    blocks = [
        {"kind": type(block).__name__, "block": block}
        for block in form_blocks(Filled(form, receiver="…", email="…"))
    ]
    return {
        "campaign": campaign,
        "blocks": blocks,
        "form_title": form.title,
        "checks": [check.say or SENTENCES.get(check.text, check.text) for check in form.checks],
        "annexes": [_(ANNEXES[name]) for name in form.annexes],
        "version": campaign.form.version,
        "versions": FormDefinition.objects.filter(name=campaign.form.name).order_by("-version")[:20],
        "kinds": BLANKS[:3],
    }


@member(ALL, WRITERS, ("GET",))
def blank_form(request: HttpRequest, campaign_id: int, document: str) -> HttpResponse:
    """The campaign's form, empty, to hand out to units that fill it in by hand."""
    campaign = access.get_campaign(request.user, campaign_id)
    if document not in BLANKS:
        raise Http404
    owner = campaign.owner
    filled = Filled(parse_form(campaign.form.definition), receiver=owner.name, email=owner.email)
    return answer_file(
        writer_for(f".{document}")(blank(filled)), document, f"mau-bao-cao-{campaign.pk}.{document}"
    )


def _keep(request: HttpRequest, campaign: Campaign, definition: dict[str, Any]) -> HttpResponse:
    """A new version of the campaign's own form; the second of two who keep at once is told."""
    version = request.POST.get("version", "")
    if version != str(campaign.form.version):
        return conflict(request)
    name = f"{definition['title'][:150]} ({campaign.pk})"
    try:
        with transaction.atomic():
            made = FormDefinition.objects.create(
                name=name, version=campaign.form.version + 1, definition=definition
            )
            if not Campaign.objects.filter(pk=campaign.pk, form=campaign.form).update(form=made):
                raise IntegrityError
            record(request, "form.changed", campaign, campaign.owner, version=made.version)
    except IntegrityError:
        return conflict(request)
    messages.success(
        request, _("The form has a new version. Drafts take it when their figures are counted anew.")
    )
    return redirect("reports:form", campaign_id=campaign.pk)
