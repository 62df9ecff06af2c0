"""Views of malware reports: the unit's plan, previews, delivery of each report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.errors import LamsachError
from lamsach.letters.signature import LARGEST_KEY_BYTES
from lamsach.portal.audit.trail import record
from lamsach.portal.avreports import access, reports
from lamsach.portal.avreports.models import AvReport, Plan, State
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import DateInput, ProblemsShown, done, text
from lamsach.portal.base.lists import Cell, Link, Listing, Quiet
from lamsach.portal.base.lists import State as Shown
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import WRITERS
from lamsach.portal.base.uploads import attachment
from lamsach.portal.edxml.secrets import lock_key
from lamsach.portal.exchange.forms import checked_url
from lamsach.portal.findings.access import keyed_units
from lamsach.portal.units.models import Unit


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]
    """A unit's plan and its signing key."""

    key_file = forms.FileField(
        label=gettext_lazy("Key file (.p12, .pfx)"),
        required=False,
        help_text=gettext_lazy(
            "It signs the reports and is stored encrypted. Leave it empty to keep the present one."
        ),
    )
    key_password = text(
        gettext_lazy("Password of the key"),
        200,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    forget_key = forms.BooleanField(label=gettext_lazy("Forget the key file"), required=False)

    url = forms.URLField(
        label=gettext_lazy("Address of the centre"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=gettext_lazy(
            "As the centre gave it. Empty: reports are written to a folder of the portal."
        ),
    )
    field_order = ("active", "naming", "every", "organ_id", "url", "key_file", "key_password", "forget_key")

    class Meta:
        model = Plan
        fields = ("active", "naming", "every", "organ_id", "url")
        widgets = {"naming": forms.RadioSelect}
        help_texts = {
            "active": gettext_lazy("Off: nothing is sent unless a person sends a preview."),
        }

    def clean_url(self) -> str:
        """Reject an address that the portal may not connect to."""
        return checked_url(self.cleaned_data["url"])

    def clean(self) -> Any:
        """Store the uploaded key in the plan if its password opens it."""
        data = super().clean() or self.cleaned_data
        if data.get("forget_key"):
            self.instance.key = self.instance.signer = ""
        elif file := data.get("key_file"):  # False where the browser says "clear"
            try:
                content, password = file.read(LARGEST_KEY_BYTES + 1), data.get("key_password", "")
                self.instance.key, name = lock_key(content, password)
                self.instance.signer = name[:300]
            except LamsachError as problem:
                self.add_error("key_file", f"{_(problem.what)} {_(problem.todo)}".strip())
        return data


class PeriodForm(forms.Form):
    """Period of a report: first and last day, inclusive."""

    since = forms.DateField(label=gettext_lazy("From"), widget=DateInput)
    until = forms.DateField(label=gettext_lazy("To"), widget=DateInput)

    def clean(self) -> dict[str, Any]:
        """Reject a reversed or future period and one of more than a year."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if (since := data.get("since")) and (until := data.get("until")):
            if since > until:
                self.add_error("until", _("The period would end before it begins."))
            elif until - since > timedelta(days=366):
                self.add_error("since", _("A report is about one year at most."))
            elif until > timezone.localdate():
                self.add_error("until", _("This day is still to come."))
        return data


SHOWN_BYTES = 200_000
"""Maximum shown on the page; the download is complete."""


def _prepare(units: Sequence[Unit]) -> None:
    plans = {plan.unit_id: plan for plan in Plan.objects.filter(unit__in=units)}
    for row in units:
        last = AvReport.objects.filter(unit=row).first()
        row.plan, row.last = plans.get(row.pk), last  # type: ignore[attr-defined]


def _plan(row: Any) -> Any:
    if row.plan is None or not row.plan.active:
        return Shown("none", _("Off"))
    return row.plan.get_every_display(), Shown("bad", _("Not made")) if row.plan.problem else ""


def _last(row: Any) -> Any:
    if row.last is None:
        return _("none yet")
    return Link(row.last.made, reverse("avreports:report", args=(row.last.pk,))), row.last.shown_state


OVERVIEW = Listing(
    title="National malware reports",
    lead="Official letter 2290/BTTTT-CATTT asks units to report malware to the national centre. "
    "Nothing leaves before the unit has decided so.",
    cells=(
        Cell("Unit", "name", view="avreports:unit"),
        Cell("Reports by itself", _plan),
        Cell("Last report", _last),
    ),
    empty="You belong to no unit that could report.",
    prepare=_prepare,
)
REPORTS = Listing(
    title="National malware report",
    cells=(
        Cell(
            "Period",
            lambda row: f"{_moment(row.since)} – {_moment(row.until)}",
            "since",
            view="avreports:report",
        ),
        Cell("State", lambda row: (row.shown_state, Quiet(_(row.problem) if row.problem else ""))),
        Cell("Machines", "machines", css="number"),
        Cell(
            "Made", lambda row: (row.made, Quiet(_("by plan") if row.planned else row.made_by or "")), "made"
        ),
    ),
    empty="No report was made yet. Begin with a preview.",
    template="avreports/unit.html",
)


def _moment(value: datetime) -> str:
    return f"{timezone.localtime(value):%H:%M %d/%m/%Y}"


@member(WRITERS, WRITERS, ("GET",))
def overview(request: HttpRequest) -> HttpResponse:
    """List the user's own units with plan and last report."""
    return OVERVIEW.page(request, keyed_units(request.user))


@rate_limited("avreports.plan", 30, 300)
@member(WRITERS, WRITERS)
def unit(request: HttpRequest, own_unit_id: int) -> HttpResponse:
    """Show a unit's plan and reports; POST saves the plan."""
    plan = access.get_plan(request.user, own_unit_id)
    form = PlanForm(request.POST or None, request.FILES or None, instance=plan)
    if request.method == "POST" and form.is_valid():
        saved = form.save(commit=False)
        saved.changed_by = request.user
        saved.problem = ""
        saved.save()
        values = {name: getattr(saved, name) for name in ("active", "naming", "every", "url", "signer")}
        record(request, "avreport.plan_changed", saved, saved.unit, **values)
        return done(request, _("Saved."), "avreports:unit", own_unit_id=own_unit_id)
    return _unit_page(request, plan, form, PeriodForm(initial=_yesterday()))


def _yesterday() -> dict[str, Any]:
    day = timezone.localdate() - timedelta(days=1)
    return {"since": day, "until": day}


def _unit_page(request: HttpRequest, plan: Plan, form: PlanForm, period: PeriodForm) -> HttpResponse:
    context = {
        "plan": access.get_plan(request.user, plan.unit_id),
        "form": form,
        "period": period,
        "folder": reports.folder_of(plan.unit),
    }
    return REPORTS.page(request, AvReport.objects.filter(unit=plan.unit).select_related("made_by"), context)


@rate_limited("avreports.preview", 30, 300)
@member(WRITERS, WRITERS, ("POST",))
def preview(request: HttpRequest, own_unit_id: int) -> HttpResponse:
    """Create a draft report of a period and show it; nothing is sent."""
    plan = access.get_plan(request.user, own_unit_id)
    form = PeriodForm(request.POST)
    if not form.is_valid():
        return _unit_page(request, plan, PlanForm(instance=plan), form)
    since, until = (
        timezone.make_aware(datetime.combine(day, time()))
        for day in (form.cleaned_data["since"], form.cleaned_data["until"] + timedelta(days=1))
    )
    with ProblemsShown(request):
        draft = reports.make(plan, since, min(until, timezone.now().replace(microsecond=0)), request)
        return redirect("avreports:report", avreport_id=draft.pk)
    return redirect("avreports:unit", own_unit_id=own_unit_id)


@rate_limited("avreports.send", 30, 300)
@member(WRITERS, WRITERS)
def report(request: HttpRequest, avreport_id: int) -> HttpResponse:
    """Show a report: its bytes, absent parts and delivery. POST queues it."""
    found = access.get_report(request.user, avreport_id)
    plan = access.get_plan(request.user, found.unit_id)
    if request.method == "POST":
        if reports.hand_on(found, plan, request):
            messages.success(request, _("The report goes out within a minute."))
        return redirect("avreports:report", avreport_id=avreport_id)
    document = b""
    with ProblemsShown(request):
        document = reports.document_of(found)
    record(request, "avreport.viewed", found, found.unit, sha256=found.sha256)
    context = {
        "report": found,
        "plan": plan,
        "text": document[:SHOWN_BYTES].decode("utf-8", "replace"),
        "more": len(document) > SHOWN_BYTES,
        "warnings": [_(sentence) for sentence in found.warnings],
        "may_send": found.state in (State.DRAFT, State.REFUSED, State.GIVEN_UP) and bool(document),
        "folder": reports.folder_of(found.unit),
    }
    return render(request, "avreports/report.html", context)


@member(WRITERS, WRITERS, ("GET",))
def file(request: HttpRequest, avreport_id: int) -> HttpResponse:
    """Download the report's file, byte for byte."""
    found = access.get_report(request.user, avreport_id)
    with ProblemsShown(request):
        content = reports.document_of(found)
        record(request, "avreport.exported", found, found.unit, sha256=found.sha256)
        return attachment(content, f"avreport-{found.pk}.xml", "application/xml")
    return redirect("avreports:report", avreport_id=avreport_id)
