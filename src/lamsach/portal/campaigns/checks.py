"""Confirmation pages before sending, state changes and reminders; past reminders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from django.contrib import messages
from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.portal.base.check import MOST_NAMED, Check, confirmation_page
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.deadline_moves import stated_plan
from lamsach.portal.campaigns.models import Campaign, CampaignState, Dispatch, Recipient
from lamsach.portal.mail.models import Letter
from lamsach.portal.units.models import Unit

_RECENTLY = timedelta(days=2)
MOST_ASKED = 500
"""Maximum number of units whose last reminder is looked up."""


def sending_check(dispatch: Dispatch, *, whole: bool) -> Check:
    """Confirmation before sending: recipients, effects, moved deadlines. Requires a text or file."""
    campaign = dispatch.campaign
    units = dispatches.audience(dispatch, whole=whole).order_by("code")
    count, without = units.count(), units.filter(email="").count()
    effects = [_("A letter with a link for the answer goes to {count} units.").format(count=count - without)]
    if campaign.state == CampaignState.DRAFT:
        effects.append(_("The campaign begins: it is running from now on."))
        if campaign.public:
            effects.append(_("The campaign's public page is shown to everybody."))
    plan = stated_plan(dispatch)
    if plan.days:
        words = _("The deadline of these units becomes {day}.")
        effects.append(words.format(day=f"{dispatch.deadline:%d/%m/%Y}"))
    warnings = _without(without)
    files = [(f.name, reverse("campaigns:attachment", args=(f.pk,))) for f in dispatch.attachments.all()]
    empty = not dispatch.body.strip() and not files and dispatch.parent_id is None
    if empty:
        words = _("The dispatch has neither a text nor a file. Write the text or attach the file first.")
        warnings.append(words)
    return Check(
        title=_("Send the dispatch to {count} units?").format(count=count),
        button=_("Send the dispatch to {count} units now").format(count=count),
        effects=effects,
        undo=_("What was sent can no longer be called back or changed. A correction is a new dispatch."),
        back=reverse("campaigns:dispatch", args=(dispatch.pk,)),
        facts=[
            (_("Subject (trích yếu)"), dispatch.subject),
            (_("Number and symbol"), dispatch.number or "–"),
            (_("Text"), dispatch.body[:300] or "–"),
            (_("Deadline stated in it"), f"{dispatch.deadline:%d/%m/%Y}"),
        ],
        names=[(unit.name, unit.email or "–") for unit in units[:MOST_NAMED]],
        count=count,
        warnings=warnings,
        files=files,
        blocked=empty or not count,
        campaign=campaign,
    )


def _without(count: int) -> list[str]:
    """Warn of units without an address, if any."""
    words = _("{count} units have no e-mail address: tell them by telephone or on paper.")
    return [words.format(count=count)] if count else []


def state_check(campaign: Campaign, wanted: CampaignState) -> Check:
    """Confirmation before a campaign is opened to everybody, or closed."""
    if wanted == CampaignState.RUNNING:
        title, button = _("Open the campaign?"), _("Open the campaign now")
        effects = [_("The campaign begins: it is running from now on.")]
        undo = _("It can be closed again; no letter goes out by this.")
        if campaign.public:
            effects.append(_("The campaign's public page is shown to everybody."))
    else:
        title, button = _("Close the campaign?"), _("Close the campaign now")
        effects = [
            _("No more reminders are sent, and no report becomes due."),
            _("The campaign's public page is no longer shown."),
        ]
        undo = _("It can be opened again.")
    back = reverse("campaigns:campaign", args=(campaign.pk,))
    facts = [(_("Campaign"), campaign.name)]
    danger = wanted != CampaignState.RUNNING
    return Check(title, button, effects, undo, back, facts=facts, danger=danger, campaign=campaign)


def reminding_check(
    units: Sequence[Unit], reminded: dict[int, datetime], back: str, campaign: Campaign
) -> Check:
    """Confirmation before reminders: recipients, units without address, recently reminded ones."""
    reached = [unit for unit in units if unit.email]
    since = timezone.now() - _RECENTLY
    recent = [unit for unit in reached if unit.pk in reminded and reminded[unit.pk] > since]
    warnings = _without(len(units) - len(reached))
    if recent:
        words = _("{count} of them were reminded in the last two days: {names}")
        warnings.append(words.format(count=len(recent), names=_listed(recent)))
    count = len(reached)
    return Check(
        title=_("Remind {count} units?").format(count=count),
        button=_("Remind {count} units").format(count=count),
        effects=[_("A letter goes to each of them; it is in the unit's history and on the board.")],
        undo=_("A letter that went out cannot be called back."),
        back=back,
        names=[(unit.name, unit.email) for unit in reached[:MOST_NAMED]],
        count=count,
        warnings=warnings,
        blocked=not reached,
        campaign=campaign,
    )


def remind_after_check(
    request: HttpRequest, campaign: Campaign, units: Sequence[Unit], back: str, send: Callable[[], int]
) -> HttpResponse:
    """Confirm, remind by `send` (returns the number), and redirect back."""
    if not units:
        messages.warning(request, _("Nobody was reminded: tick the units, or choose all."))
        return redirect(back)
    reminded = last_reminded(campaign, [unit.pk for unit in units[:MOST_ASKED]])
    if page := confirmation_page(request, reminding_check(units, reminded, back, campaign)):
        return page
    if send():
        reached = [unit for unit in units if unit.email]
        words = _("A reminder goes to {count} units: {names}")
        messages.success(request, words.format(count=len(reached), names=_listed(reached)))
    else:
        messages.warning(request, _("These units were reminded just now. No letter goes out twice."))
    return redirect(back)


def _listed(units: Sequence[Unit]) -> str:
    return ", ".join(unit.name for unit in units[:10]) + (" …" if len(units) > 10 else "")


def last_reminded(campaign: Campaign, units: Iterable[int]) -> dict[int, datetime]:
    """Last reminder about anything in the campaign to each of these units. Two queries."""
    wanted = list(units)
    copies = Recipient.objects.filter(dispatch__campaign=campaign, unit__in=wanted)
    abouts = [f"recipient:{number}" for number in copies.values_list("pk", flat=True)]
    reminders = Q(kind="reminder", about__in=abouts) | Q(kind="report_due", about=f"report:{campaign.pk}")
    rows = Letter.objects.filter(reminders, unit__in=wanted).order_by().values("unit")
    return dict(rows.annotate(last=Max("created")).values_list("unit", "last"))


def reminders_of(recipient: Recipient) -> list[Letter]:
    """Reminders sent to a unit about a dispatch, and about its report in the campaign."""
    of_report = Q(kind="report_due", about=f"report:{recipient.dispatch.campaign_id}", unit=recipient.unit_id)
    rows = Letter.objects.filter(Q(kind="reminder", about=f"recipient:{recipient.pk}") | of_report)
    return list(rows.order_by("created")[:100])
