"""The playbooks of a campaign: to read, and for whoever leads it to change. Each change is a new version; machines that are being handled keep theirs."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.portal.base.asked import number
from lamsach.portal.base.doors import member
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.roles import ALL, COORDINATORS
from lamsach.portal.campaigns.access import get_campaign
from lamsach.portal.cases import playbooks as books
from lamsach.portal.cases.forms import PlaybookStepSet
from lamsach.portal.cases.models import Playbook, ThreatKind
from lamsach.portal.cases.searching import fold
from lamsach.portal.units.access import writable_units

_WORD = re.compile(r"[^a-z0-9]+")


@member(ALL, COORDINATORS, ("GET",))
def playbooks(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The playbooks, one for each kind of threat."""
    campaign = get_campaign(request.user, campaign_id)
    rows = [
        (kind, len(books.steps_of(campaign.pk, kind, version)), version)
        for kind in ThreatKind
        for version in [books.newest(campaign.pk, kind)]
    ]
    return render(request, "cases/playbooks.html", {"campaign": campaign, "rows": rows})


@member(ALL, COORDINATORS)
@taken_once
def playbook(request: HttpRequest, campaign_id: int, threat: str) -> HttpResponse:
    """One playbook; POST keeps the next version."""
    if threat not in ThreatKind.values:
        raise Http404
    campaign = get_campaign(request.user, campaign_id, write=request.method == "POST")
    version = books.newest(campaign.pk, threat)
    steps = books.steps_of(campaign.pk, threat, version)
    given = PlaybookStepSet(request.POST or None, initial=steps)
    if request.method == "POST" and given.is_valid():
        basis = number(request.POST, "basis")
        try:
            books.save_version(
                campaign,
                threat,
                _steps(given),
                -1 if basis is None else basis,
                request,
            )
        except LamsachError as problem:
            messages.error(request, _(problem.what))
        else:
            messages.success(
                request, _("Saved as a new version. Machines that are being handled keep theirs.")
            )
            return redirect("cases:playbook", campaign_id=campaign_id, threat=threat)
    context = {
        "campaign": campaign,
        "kind": ThreatKind(threat),
        "version": version,
        "steps": [books.told(step) for step in steps],
        "given": given,
        "may_lead": writable_units(request.user, COORDINATORS).filter(pk=campaign.owner_id).exists(),
        "history": Playbook.objects.filter(campaign=campaign, kind=threat).select_related("user")[:20],
    }
    return render(request, "cases/playbook.html", context)


def _steps(given: Any) -> list[dict[str, str]]:
    """The steps of the form in their order, without those that were struck out or left empty; each with a key of its own."""
    rows, used = [], set()
    forms = [form for form in given.forms if not form.cleaned_data.get("DELETE")]
    for form in sorted(forms, key=lambda form: form.cleaned_data.get("ORDER") or 10_000):
        step = {name: form.cleaned_data.get(name) or "" for name in ("key", "vi", "en", "vi_how", "en_how")}
        if not step["vi"].strip() and not step["en"].strip():
            continue
        base = step["key"] or _WORD.sub("-", fold(step["en"] or step["vi"])).strip("-")[:36] or "step"
        key, number = base, 1
        while key in used:
            number += 1
            key = f"{base}-{number}"
        used.add(key)
        rows.append({**step, "key": key})
    return rows
