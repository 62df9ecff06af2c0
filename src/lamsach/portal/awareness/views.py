"""Awareness: counts for whoever sees the unit, names for those who belong to it, and each person's own page."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.portal.audit.trail import record
from lamsach.portal.awareness import access, telling
from lamsach.portal.awareness.models import ConfirmedHow, Notice, Person
from lamsach.portal.base.doors import link, member
from lamsach.portal.base.paging import paged
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.campaigns.access import get_campaign, readable_campaigns
from lamsach.portal.campaigns.forms import FileForm
from lamsach.portal.campaigns.models import CampaignState


@member(ALL, WRITERS, ("GET",))
def overview(request: HttpRequest) -> HttpResponse:
    """Counts by unit for the newest running campaign, and the way to the own unit's people."""
    campaigns = readable_campaigns(request.user).filter(state=CampaignState.RUNNING)
    found = campaigns.first()
    context = {
        "campaign": found,
        "own": access.own_units(request.user),
        "page": paged(request, access.counts(request.user, found)) if found else None,
    }
    return render(request, "awareness/list.html", context)


@member(WRITERS, WRITERS)
def people(request: HttpRequest, campaign_id: int, unit_id: int) -> HttpResponse:
    """The people of the own unit: import, tell, remind, who has confirmed."""
    unit = access.get_own_unit(request.user, unit_id)
    campaign = get_campaign(request.user, campaign_id)
    form = FileForm()
    if request.method == "POST":
        what = request.POST.get("what")
        if what == "tell":
            count = telling.tell(campaign, unit, request.user)
            messages.success(request, _("The notice goes to {count} people.").format(count=count))
        elif what == "remind":
            count = telling.remind(campaign, unit, request.user)
            messages.success(request, _("{count} people are reminded.").format(count=count))
        else:
            form = FileForm(request.POST, request.FILES)
            if form.is_valid():
                file = form.cleaned_data["file"]
                try:
                    added, wrong = telling.import_people(unit, file, file.name, request.user)
                except LamsachError as problem:
                    messages.error(request, f"{_(problem.what)} {_(problem.todo) if problem.todo else ''}")
                else:
                    messages.success(request, _("{count} people were added.").format(count=added))
                    if wrong:
                        numbers = ", ".join(str(number) for number in wrong[:50])
                        text = _("Rows left out because the name is missing or the e-mail is wrong: {rows}")
                        messages.warning(request, text.format(rows=numbers))
        return redirect("awareness:people", campaign_id=campaign_id, unit_id=unit_id)
    rows = Person.objects.filter(unit=unit)
    page = paged(request, rows)
    record(request, "awareness.viewed", unit, unit, count=len(page.object_list))
    notices = {n.person_id: n for n in Notice.objects.filter(campaign=campaign, person__in=list(page))}
    told = Notice.objects.filter(campaign=campaign, unit=unit)
    return render(
        request,
        "awareness/people.html",
        {
            "unit": unit,
            "campaign": campaign,
            "form": form,
            "page": page,
            "rows": [(person, notices.get(person.pk)) for person in page],
            "total": rows.count(),
            "told": told.count(),
            "confirmed": told.filter(confirmed__isnull=False).count(),
        },
    )


@member(WRITERS, WRITERS, ("GET",))
def sheet(request: HttpRequest, campaign_id: int, unit_id: int) -> HttpResponse:
    """The sheet to be printed and signed by those without e-mail."""
    unit = access.get_own_unit(request.user, unit_id)
    campaign = get_campaign(request.user, campaign_id)
    people = Person.objects.filter(unit=unit, email="")
    record(request, "awareness.sheet", unit, unit)
    return render(request, "awareness/sheet.html", {"unit": unit, "campaign": campaign, "people": people})


@member(WRITERS, WRITERS, ("POST",))
def signed(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Record that a person signed the printed sheet."""
    notice = access.get_notice(request.user, notice_id)
    telling.confirm(notice, ConfirmedHow.SHEET, request.user)
    return redirect("awareness:people", campaign_id=notice.campaign_id, unit_id=notice.unit_id)


@member(WRITERS, WRITERS, ("POST",))
def erase(request: HttpRequest, person_id: int) -> HttpResponse:
    """Erase a person; the count stays."""
    person = Person.objects.filter(pk=person_id, unit__in=access.own_units(request.user)).first()
    if person is None:
        raise Http404
    telling.erase(person, request.user)
    messages.success(request, _("The person's data are erased."))
    return redirect("awareness:list")


@rate_limited("notice", 60, 300, ("GET", "POST"))
@link()
def notice(request: HttpRequest, token: str) -> HttpResponse:
    """A person's own page: the notice, and the button that counts. Looking alone does not: mail scanners look too."""
    found = telling.find(token)
    if found is None or found.person_id is None:
        return render(request, "accounts/link_used.html", status=404)
    if request.method == "POST":
        if request.POST.get("what") == "unsubscribe":
            with transaction.atomic():
                Person.objects.filter(pk=found.person_id).update(unsubscribed=timezone.now())
        else:
            telling.confirm(found, ConfirmedHow.LINK)
        found.refresh_from_db()
    unsubscribed = found.person.unsubscribed if found.person else None
    contact = {
        "name": found.unit.contact_name or found.unit.name,
        "phone": found.unit.contact_phone,
        "email": found.unit.email,
    }
    context = {"notice": found, "unsubscribed": unsubscribed, "contact": contact}
    return render(request, "awareness/notice.html", context)
