"""Views of privacy: retention, grants and holds of a case, one person's data."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.errors import LamsachError
from lamsach.portal.audit.models import Entry
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import done, text
from lamsach.portal.base.lists import Cell, Listing, Quiet, State
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.base.uploads import attachment
from lamsach.portal.campaigns.access import readable_campaigns
from lamsach.portal.cases.models import Case, CaseSeverity, CaseState, Grant
from lamsach.portal.cases.states import TONES
from lamsach.portal.privacy import access, erasure, granted, holds, person, questions, retention
from lamsach.portal.privacy.models import Hold, Purge
from lamsach.portal.units.access import home_units, own_units, readable_units, writable_units
from lamsach.portal.units.forms import Offered, UnitField
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import ancestors


class GrantForm(forms.Form):
    """Grant of a case's names to a unit above, with duration and purpose."""

    to: Any = forms.ModelChoiceField(None, label=gettext_lazy("Unit"), empty_label=None)
    days = forms.IntegerField(label=gettext_lazy("For how many days"), min_value=1, max_value=90, initial=7)
    reason = forms.CharField(label=gettext_lazy("Purpose"), max_length=500)

    def __init__(self, *args: Any, above: list[Unit], **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["to"]
        field.queryset = Unit.objects.filter(pk__in=[unit.pk for unit in above])
        if above:
            field.initial = above[-1]


class ReasonForm(forms.Form):
    """Reason of a hold or an erasure."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=1000)


class HoldForm(Offered):
    """Hold on a unit and all units under it."""

    offered: ClassVar = {"unit": writable_units, "campaign": readable_campaigns}
    unit: Any = UnitField()
    campaign: Any = forms.ModelChoiceField(
        None, label=gettext_lazy("Campaign"), required=False, empty_label=gettext_lazy("All campaigns")
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=1000)


class SearchForm(forms.Form):
    """Search term of a person."""

    q = text(
        gettext_lazy("Name, user name, e-mail, IP or MAC address"),
        200,
        help_text=gettext_lazy("The whole value, as logs or lists write it."),
    )


def _covered(hold: Hold) -> Any:
    case = f"{_('Machine')} {hold.case.number}, " if hold.case else ""
    return f"{case}{hold.unit.name}", Quiet(hold.campaign.name if hold.campaign else "")


HOLDS = Listing(
    title="Personal data",
    cells=(
        Cell("What the hold covers", _covered, "unit__name"),
        Cell(
            "State",
            lambda row: State("none", _("lifted")) if row.ended else State("busy", _("in force")),
            "ended",
        ),
        Cell("Reason", "reason"),
        Cell("Since", "at"),
        Cell("", template="privacy/hold_actions.html"),
    ),
    empty="No hold. Everything is erased when its time is over.",
    export="hold.exported",
    template="privacy/overview.html",
)


@member(ALL, WRITERS)
def overview(request: HttpRequest) -> HttpResponse:
    """Show retention and the holds on readable units; POST sets a hold on a unit."""
    form = HoldForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        holds.put(data["unit"], data["reason"], request, campaign=data["campaign"])
        return done(request, _("Nothing of it is erased until the hold is lifted."), "privacy:overview")
    user: Any = request.user
    units, may_write = readable_units(user), bool(user.roles & WRITERS)
    context = {
        "state": retention.state_of(units.values("pk")),
        "questions": questions.state_of(units.values("pk")),
        "form": form,
        "granted": access.granted_views(user)[:100] if may_write else [],
        "may_write": may_write,
        "purged": Purge.objects.filter(case__unit__in=units, case__superseded=None)
        .select_related("case__unit")
        .order_by("-pk")[:20],
    }
    return HOLDS.page(request, access.readable_holds(user), context)


@member(WRITERS, WRITERS, ("POST",))
def hold_end(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Lift a hold."""
    if holds.lift(access.get_hold(request.user, hold_id), request):
        messages.success(request, _("The hold is lifted. What is due is erased within hours."))
    return redirect("privacy:overview")


@member(WRITERS, WRITERS)
def case(request: HttpRequest, own_case_id: int) -> HttpResponse:
    """Show a case's grants, viewers and holds; POST grants or sets a hold."""
    own_case = access.get_own_case(request.user, own_case_id)
    above = ancestors(own_case.unit)
    form = GrantForm(request.POST if request.POST.get("what") == "grant" else None, above=above)
    hold_form = ReasonForm(request.POST if request.POST.get("what") == "hold" else None, prefix="hold")
    if request.method == "POST":
        if form.is_bound and form.is_valid():
            _grant(request, own_case, form.cleaned_data)
            return redirect("privacy:case", own_case_id=own_case_id)
        if hold_form.is_bound and hold_form.is_valid():
            holds.put(own_case.unit, hold_form.cleaned_data["reason"], request, case=own_case)
            messages.success(request, _("Nothing of it is erased until the hold is lifted."))
            return redirect("privacy:case", own_case_id=own_case_id)
    record(request, "case.viewed", own_case, own_case.unit)
    context = {
        "case": own_case,
        "form": form,
        "hold_form": hold_form,
        "above": above,
        "now": timezone.now(),
        "grants": own_case.grants.select_related("to", "user")[:100],
        "holds": holds.covering(own_case).select_related("unit", "user"),
        "looked": _viewers(own_case),
        "days": settings.RETENTION_DAYS,
    }
    return render(request, "privacy/case.html", context)


def _grant(request: HttpRequest, case: Case, data: dict[str, Any]) -> None:
    until = timezone.now() + timedelta(days=data["days"])
    user: Any = request.user
    with transaction.atomic():
        grant = Grant.objects.create(case=case, to=data["to"], reason=data["reason"], until=until, user=user)
        record(
            request,
            "case.granted",
            case,
            case.unit,
            grant=grant.pk,
            to=grant.to.code,
            until=until.isoformat(),
        )
    messages.success(request, _("The unit above may now see this machine's name and addresses."))


def _viewers(case: Case) -> Any:
    """Recent viewers of the case, newest first, including the unit's own people."""
    rows = Entry.objects.filter(object_type="cases.case", object_id=case.pk, action="case.viewed")
    return rows.order_by("-pk").values_list("time", "who")[:50]


@member(WRITERS, WRITERS, ("POST",))
def grant_end(request: HttpRequest, grant_id: int) -> HttpResponse:
    """End a grant before its expiry."""
    grant = access.get_grant(request.user, grant_id)
    with transaction.atomic():
        if Grant.objects.filter(pk=grant.pk, ended=None).update(ended=timezone.now()):
            record(request, "case.grant_ended", grant.case, grant.case.unit, grant=grant.pk)
            messages.success(request, _("The names are the unit's own again."))
    return redirect("privacy:case", own_case_id=grant.case_id)


@member(WRITERS, WRITERS, ("GET",))
def granted_view(request: HttpRequest, granted_id: int) -> HttpResponse:
    """Show a case by a view that an offline unit granted."""
    view = access.get_granted(request.user, granted_id)
    data = granted.decrypted(view)
    record(request, "case.granted_viewed", view, view.unit, number=view.number)
    rows = [(person.COLUMN_LABELS[name], value) for name, value in data["machine"].items() if value]
    context = {
        "view": view,
        "data": data,
        "facts": [*rows, (_("Severity"), CaseSeverity(data["severity"]).label)],
        "state": CaseState(data["state"]).label,
        "tone": TONES[data["state"]],
        "since": data["since"],
    }
    return render(request, "privacy/granted.html", context)


def _units(request: HttpRequest) -> list[int]:
    units = own_units(request.user)
    if not units:
        raise PermissionDenied
    return units


@rate_limited("privacy.person", 60, 300)
@member(WRITERS, WRITERS)
def person_page(request: HttpRequest) -> HttpResponse:
    """Search or erase a person's data in own units; by POST, to keep names out of URLs and logs."""
    units = _units(request)
    form = SearchForm(request.POST if request.method == "POST" else None)
    erase_form = ReasonForm(request.POST if request.POST.get("what") == "erase" else None)
    known: list[person.Result] = []
    term = ""
    if form.is_bound and form.is_valid():
        try:
            term = person.term_of(form.cleaned_data["q"])
        except LamsachError as problem:
            form.add_error("q", _(problem.what))
        else:
            if erase_form.is_bound and erase_form.is_valid():
                _erase(request, units, term, erase_form.cleaned_data["reason"])
                return redirect("privacy:person")
            known = person.search(units, term)
            record(request, "privacy.person_viewed", None, None, found=sum(result.count for result in known))
    context = {"form": form, "erase_form": erase_form, "known": known, "term": term}
    return render(request, "privacy/person.html", context)


def _erase(request: HttpRequest, units: list[int], term: str, reason: str) -> None:
    unit = next(unit for unit in home_units(request.user) if unit.pk in units)
    counts = erasure.erase(units, unit, term, reason, request)
    held = counts.pop("held", 0)
    messages.success(request, _("{count} entries were erased.").format(count=sum(counts.values())))
    if held:
        messages.warning(request, _("{count} entries are under a legal hold.").format(count=held))


@rate_limited("privacy.person", 60, 300)
@member(WRITERS, WRITERS, ("POST",))
def person_export(request: HttpRequest) -> HttpResponse:
    """Download a person's data as JSON."""
    units = _units(request)
    try:
        term = person.term_of(request.POST.get("q", ""))
    except LamsachError:
        return redirect("privacy:person")
    known = person.search(units, term)
    record(request, "privacy.person_exported", None, None, found=sum(result.count for result in known))
    data = {
        result.name: [dict(zip(result.facts, row, strict=True)) for row in result.rows] for result in known
    }
    text = json.dumps(data, ensure_ascii=False, indent=1)
    return attachment(text, "person.json", "application/json; charset=utf-8")
