"""Pages of a campaign's deadlines: the three days, moves with reasons, moving and undoing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.check import MOST_NAMED, Check, confirmation_page
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import DateInput, text
from lamsach.portal.base.lists import Cell, Listing, Quiet, State
from lamsach.portal.base.roles import ALL, COORDINATORS
from lamsach.portal.campaigns import access, deadlines
from lamsach.portal.campaigns.deadline_moves import Plan, Preview, Touched, make, preview, preview_undo, undo
from lamsach.portal.campaigns.deadlines import Deadline
from lamsach.portal.campaigns.models import Campaign, DeadlineKind, DeadlineMove, MoveScope
from lamsach.portal.units.access import may_act, readable_units, writable_units
from lamsach.portal.units.forms import UnitField, offer
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import today

BY = {
    DeadlineKind.ACKNOWLEDGE: gettext_lazy("Acknowledge by"),
    DeadlineKind.DEPLOY: gettext_lazy("Deploy by"),
    DeadlineKind.REPORT: gettext_lazy("Report by"),
}


class MoveForm(forms.Form):
    """Move of deadlines: which, to when, for whom, why."""

    acknowledge = forms.DateField(label=BY[DeadlineKind.ACKNOWLEDGE], widget=DateInput, required=False)
    deploy = forms.DateField(label=BY[DeadlineKind.DEPLOY], widget=DateInput, required=False)
    report = forms.DateField(label=BY[DeadlineKind.REPORT], widget=DateInput, required=False)
    scope = forms.ChoiceField(label=gettext_lazy("For whom does it hold?"), widget=forms.RadioSelect)
    code: Any = UnitField(
        required=False,
        help_text=gettext_lazy("For one unit, or one and everything under it."),
    )
    nearer = forms.BooleanField(
        label=gettext_lazy("Also for those who were given a day of their own before"), required=False
    )
    reason = text(gettext_lazy("Reason"), 1000, 2)
    letters = forms.BooleanField(label=gettext_lazy("Tell the units by e-mail"), required=False, initial=True)

    def __init__(self, *args: Any, campaign: Campaign, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.campaign, self.user = campaign, user
        offer(self, "code", writable_units(user, COORDINATORS))
        leads = may_act(user, campaign.owner_id, COORDINATORS)
        scopes = [*([MoveScope.ALL] if leads else []), MoveScope.SUBTREE, MoveScope.ONE]
        field: Any = self.fields["scope"]
        field.choices = [(scope.value, scope.label) for scope in scopes]

    def clean(self) -> dict[str, Any]:
        """Require a day, the unit of the scope, and days in order, not before the campaign."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        days = {kind: data[kind] for kind in DeadlineKind if data.get(kind)}
        if not days and not set(DeadlineKind) & set(self.errors):
            self.add_error("report", _("Give at least one day."))
        for kind, day in days.items():
            if day < self.campaign.starts:
                self.add_error(kind, _("The day is before the campaign."))
        unit = None
        if data.get("scope") in (MoveScope.SUBTREE, MoveScope.ONE):
            unit = data.get("code")
            if "code" not in self.errors and (unit is None or not may_move(self.user, self.campaign, unit)):
                self.add_error("code", _("This is not a unit under yours."))
        data["days"], data["unit"] = days, unit
        return data

    def plan(self) -> Plan:
        """The requested move."""
        data = self.cleaned_data
        return Plan(
            self.campaign,
            MoveScope(data["scope"]),
            data["days"],
            data["unit"],
            data["reason"].strip(),
            data["nearer"],
        )


def may_move(user: Any, campaign: Campaign, unit: Unit | None) -> bool:
    """Return whether the person may move deadlines of the unit (None: of all): leads campaign or parent.

    Nobody moves their own deadlines.
    """
    if may_act(user, campaign.owner_id, COORDINATORS):
        return True
    return unit is not None and unit.parent_id is not None and may_act(user, unit.parent_id, COORDINATORS)


_WITH_UNIT = {
    MoveScope.SUBTREE: gettext_lazy("and everything under it"),
    MoveScope.BELOW: gettext_lazy("only what is under it"),
    MoveScope.ONE: gettext_lazy("this unit alone"),
}
"""Scope of a move after its unit's name."""


def _whom(move: DeadlineMove) -> Any:
    if move.unit is None:
        return move.get_scope_display()
    return move.unit.name, Quiet(_WITH_UNIT.get(MoveScope(move.scope), ""))


def _why(move: DeadlineMove) -> str:
    by = _("by the dispatch of %(issuer)s") % {"issuer": move.dispatch.issuer.name} if move.dispatch else ""
    return " ".join(filter(None, (by, move.reason)))


def _who(move: DeadlineMove) -> Any:
    done: tuple[Any, ...] = (str(move.by or ""), move.at)
    if move.undone:
        return *done, State("none", _("undone")), str(move.undone_by or ""), move.undone
    return (*done, State("none", _("replaced by a later one"))) if move.ended_id else done


MOVES = Listing(
    title="Deadlines",
    cells=(
        Cell("Deadline", lambda move: move.get_kind_display(), "kind", css="nowrap"),
        Cell("New day", "day"),
        Cell("For whom", _whom, "unit__name"),
        Cell("Reason", _why),
        Cell("Who and when", _who, "at"),
        Cell("", template="campaigns/move_actions.html", css="nowrap"),
    ),
    empty="Nothing was moved: the campaign's days hold for every unit.",
    export="deadline.exported",
    template="campaigns/deadlines.html",
)


def _seen(user: Any, campaign: Campaign) -> QuerySet[DeadlineMove]:
    """Visible moves, annotated with whether the person may undo them (`may_move`)."""
    rows = DeadlineMove.objects.filter(campaign=campaign)
    if not may_act(user, campaign.owner_id, ALL):
        units = readable_units(user).values("pk")
        rows = rows.filter(scope=MoveScope.ALL) | rows.filter(unit__in=units)
    led: Any = Exists(writable_units(user, COORDINATORS).filter(pk=OuterRef("unit__parent")))
    undone = Value(True) if may_act(user, campaign.owner_id, COORDINATORS) else led
    return rows.select_related("unit", "by", "undone_by", "dispatch__issuer").annotate(may_undo=undone)


@member(ALL, COORDINATORS)
def deadline_list(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The campaign's days and moves; a move is confirmed first."""
    campaign = access.get_campaign(request.user, campaign_id)
    form = _form(request, campaign)
    if request.method == "POST" and form.is_valid():
        plan = form.plan()
        effect = preview(plan)
        if page := confirmation_page(request, _check(plan, effect, letters=form.cleaned_data["letters"])):
            return page
        touched = make(plan, request, letters=form.cleaned_data["letters"])
        messages.success(request, _moved(touched, letters=form.cleaned_data["letters"]))
        return redirect("campaigns:deadlines", campaign_id=campaign_id)
    context = {
        "campaign": campaign,
        "dates": deadlines.resolve(campaign, ()).without(*DeadlineKind),
        "form": form,
        "may_move": bool(request.user.roles & COORDINATORS),  # type: ignore[union-attr]
    }
    return MOVES.page(request, _seen(request.user, campaign), context)


def _form(request: HttpRequest, campaign: Campaign) -> MoveForm:
    """Form of the submission, or with the address's suggestions: days, scope and unit."""
    names = ("acknowledge", "deploy", "report", "scope", "code")
    suggested: dict[str, Any] = {name: request.GET[name] for name in names if name in request.GET}
    return MoveForm(
        request.POST or None, campaign=campaign, user=request.user, initial={"letters": True, **suggested}
    )


def _for_whom(scope: str, unit: Unit | None) -> str:
    if unit is None:
        return _("every unit of the campaign")
    words = {
        MoveScope.SUBTREE: _("{unit} and everything under it"),
        MoveScope.BELOW: _("everything under {unit}"),
        MoveScope.ONE: _("{unit} alone"),
    }
    return words[MoveScope(scope)].format(unit=unit.name)


def _names(effect: Preview) -> list[tuple[str, str]]:
    return [
        (touch.unit.name, "; ".join(_change(old, new) for old, new in touch.changes))
        for touch in effect.touched[:MOST_NAMED]
    ]


def _change(old: Deadline, new: Deadline) -> str:
    words = _("{what} {new} instead of {old}")
    return words.format(what=BY[new.kind], new=_day(new.day), old=_day(old.day))


def _day(day: Any) -> str:
    return date_format(day, "d/m/Y")


def _letters(effect: Preview, *, letters: bool) -> list[str]:
    if not letters:
        return [_("No letter goes out.")]
    reached = sum(1 for touch in effect.touched if touch.unit.email)
    texts = [_("A letter with the new days goes to {count} units.").format(count=reached)]
    if reached < len(effect.touched):
        texts.append(
            _("{count} units have no e-mail address: tell them yourself.").format(
                count=len(effect.touched) - reached
            )
        )
    return texts


def _check(plan: Plan, effect: Preview, *, letters: bool) -> Check:
    moved = [(str(BY[kind]), _day(day)) for kind, day in plan.days.items()]
    warnings = []
    if any(day < today() for day in plan.days.values()):
        warnings.append(_("The new day has passed already: these units are late immediately."))
    if effect.unmoved:
        texts = "; ".join(f"{unit.name} ({_day(due.day)})" for unit, due in effect.unmoved[:10])
        texts += " …" if len(effect.unmoved) > 10 else ""
        words = _("{count} units keep a day of their own: {names}")
        warnings.append(words.format(count=len({unit.pk for unit, _one in effect.unmoved}), names=texts))
    count = len(effect.touched)
    return Check(
        title=_("Move the deadlines of {count} units?").format(count=count),
        button=_("Move the deadlines of {count} units").format(count=count),
        effects=[
            _("The new days hold for: {whom}.").format(whom=_for_whom(plan.scope, plan.unit)),
            *_letters(effect, letters=letters),
        ],
        undo=_("It can be undone on the page of deadlines; the days before hold again then."),
        back=reverse("campaigns:deadlines", args=(plan.campaign.pk,)),
        facts=[*moved, (_("Reason"), plan.reason)],
        names=_names(effect),
        count=count,
        warnings=warnings,
        campaign=plan.campaign,
    )


def _moved(touched: list[Touched], *, letters: bool) -> str:
    reached = sum(1 for touch in touched if touch.unit.email) if letters else 0
    words = _("The deadlines of {count} units were moved; {letters} letters go out.")
    return words.format(count=len(touched), letters=reached)


@member(COORDINATORS, COORDINATORS, ("POST",))
def deadline_undo(request: HttpRequest, move_id: int) -> HttpResponse:
    """Undo a move, after showing the days that become valid again."""
    move = get_object_or_404(
        DeadlineMove.objects.filter(pk=move_id).select_related("campaign__owner", "unit", "dispatch")
    )
    campaign = access.get_campaign(request.user, move.campaign_id)
    if not may_move(request.user, campaign, move.unit):
        raise PermissionDenied
    if move.undone is None:
        effect = preview_undo(move)
        count = len(effect.touched)
        if page := confirmation_page(
            request,
            Check(
                title=_("Undo the move for {count} units?").format(count=count),
                button=_("Undo the move for {count} units").format(count=count),
                effects=[_("The days before hold again."), *_letters(effect, letters=True)],
                undo=_("To undo this, move the deadlines again."),
                back=reverse("campaigns:deadlines", args=(campaign.pk,)),
                facts=[(str(BY[DeadlineKind(move.kind)]), _day(move.day))],
                names=_names(effect),
                count=count,
                campaign=campaign,
            ),
        ):
            return page
        touched = undo(move, request)
        messages.success(request, _moved(touched or [], letters=True))
    return redirect("campaigns:deadlines", campaign_id=campaign.pk)
