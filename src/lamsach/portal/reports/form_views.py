"""The reporting form of a campaign: its rows changed without code, looked at before it is kept. Each change is a new version; reports keep theirs."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from lamsach.errors import InputError
from lamsach.letters.form import Filled, parse_form
from lamsach.letters.layout import form_blocks
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.errors import conflict
from lamsach.portal.base.roles import ALL, COORDINATORS
from lamsach.portal.campaigns import access
from lamsach.portal.campaigns.models import Campaign, FormDefinition
from lamsach.portal.reports.forms import RowSet

_WORD = re.compile(r"[^a-z0-9]+")


@member(ALL, COORDINATORS)
def campaign_form(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The form of a campaign, its rows to be changed by whoever leads the campaign."""
    campaign = access.get_campaign(request.user, campaign_id, write=request.method == "POST")
    definition: dict[str, Any] = campaign.form.definition
    rows = definition["figures"]["rows"]
    if request.method == "POST" and request.POST.get("form-TOTAL_FORMS"):
        given = RowSet(request.POST, initial=rows)
        if given.is_valid():
            wanted = {**definition, "figures": {**definition["figures"], "rows": _rows(given.cleaned_data)}}
            try:
                understood = parse_form(wanted)
            except InputError as problem:
                messages.error(request, _(problem.what))
            else:
                if "keep" in request.POST:
                    return _keep(request, campaign, wanted)
                return _page(request, campaign, given, Filled(understood))
    else:
        given = RowSet(initial=rows)
    return _page(request, campaign, given, Filled(parse_form(definition)))


def _page(request: HttpRequest, campaign: Campaign, given: Any, filled: Filled) -> HttpResponse:
    heading, *_rest = [block for block in form_blocks(filled) if hasattr(block, "columns")]
    context = {
        "campaign": campaign,
        "rows": given,
        "table": heading,
        "form_title": filled.form.title,
        "fields": filled.form.fields,
        "version": campaign.form.version,
        "preview": request.method == "POST",
    }
    return render(request, "reports/form.html", context)


def _rows(data: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The rows that have a wording, each with a key that no other has."""
    rows: list[dict[str, str]] = []
    taken = {row["key"] for row in data if row.get("label", "").strip() and row.get("key")}
    for row in data:
        label = row.get("label", "").strip()
        if not label:
            continue
        key = row.get("key") or _key(label, taken)
        taken.add(key)
        rows.append({"key": key, "label": label, "source": row["source"], "basis": row["basis"]})
    return rows


def _key(label: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFD", label.lower().replace("đ", "d")).encode("ascii", "ignore").decode()
    stem = "r_" + (_WORD.sub("_", plain).strip("_")[:30] or "x")
    key, number = stem, 2
    while key in taken:
        key, number = f"{stem}_{number}", number + 1
    return key


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
