"""Views of awareness: counts for readers of a unit, names for its own writers, personal pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import F, Q, Sum
from django.db.models.functions import Lower
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.awareness import access, letters, materials, waves
from lamsach.portal.awareness.forms import (
    ConsentForm,
    PaceForm,
    PeopleForm,
    PersonForm,
    PublicQuizForm,
    QuizForm,
)
from lamsach.portal.awareness.models import ConfirmedHow, ConsentHow, ConsentState, Notice, Passed, Person
from lamsach.portal.base.charts import Branch, Part, bar, branch_cells
from lamsach.portal.base.check import Check, confirmation_page
from lamsach.portal.base.doors import anyone, closed_link, link, member
from lamsach.portal.base.forms import ProblemsShown, done
from lamsach.portal.base.links import absolute
from lamsach.portal.base.lists import Cell, Listing, State, Wrong, paged
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.campaigns.access import get_campaign, readable_campaigns
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.mail.inbox import bad_addresses
from lamsach.portal.mail.models import BadAddress
from lamsach.portal.public.views import current
from lamsach.portal.units.access import get_own_unit, own_units, readable_units, unit_in_address
from lamsach.portal.units.models import FOREVER, Unit
from lamsach.portal.units.tree import today

TONES = ("good", "busy", "none")
REACHED = (
    gettext_lazy("confirmed"),
    gettext_lazy("informed, not confirmed"),
    gettext_lazy("not informed yet"),
)
"""Parts of a branch's bar."""
BRANCHES = Listing(
    title="Who knows about cracked software",
    cells=branch_cells(mark("People"), REACHED, gettext_lazy("no list of people")),
    export="awareness.exported",
    css="branches",
    template="awareness/list.html",
)


@member(ALL, WRITERS, ("GET",))
def overview(request: HttpRequest) -> HttpResponse:
    """Show people reached by branch of a unit in the newest running campaign; a leaf is its own branch."""
    found = readable_campaigns(request.user).filter(state=CampaignState.RUNNING).first()
    if found is None:
        return BRANCHES.page(request, [])
    unit = unit_in_address(request)
    below = readable_units(request.user).filter(parent=unit, valid_until=FOREVER)
    listed = list(below.order_by("code")) or [unit]
    reached = access.branches(found, [unit.pk, *(child.pk for child in listed)])
    bars = (bar(map(Part, TONES, REACHED, reached.get(row.pk, (0, 0, 0)))) for row in (unit, *listed))
    whole, *rows = map(Branch, (unit, *listed), bars)
    context = {
        "campaign": found,
        "own": Unit.objects.filter(pk__in=own_units(request.user)).order_by("code"),
        "passed": Passed.objects.filter(campaign=found).aggregate(all=Sum("count"))["all"] or 0,
        "unit": unit,
        "whole": whole.parts,
    }
    return BRANCHES.page(request, rows, context, target=found, unit=unit)


def _import(request: HttpRequest, unit: Unit) -> None:
    form = PeopleForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, _("Nothing was added. Choose a file and state that the people know."))
        return
    file = form.cleaned_data["file"]
    with ProblemsShown(request):
        added, wrong = letters.import_people(unit, file, file.name, request.user)
        messages.success(request, _("{count} people were added.").format(count=added))
        if wrong:
            numbers = ", ".join(str(number) for number in wrong[:50])
            text = _("Rows left out because the name is missing or the e-mail is wrong: {rows}")
            messages.warning(request, text.format(rows=numbers))


def _handle_post(request: HttpRequest, campaign: Campaign, unit: Unit) -> HttpResponse | None:
    what = request.POST.get("what")
    if what == "tell":
        return _tell(request, campaign, unit)
    if what == "stop":
        count = waves.stop(campaign, unit, request.user)
        messages.success(request, _("Withdrawn before it was sent, for {count} people.").format(count=count))
    elif what == "remind":
        return _remind(request, campaign, unit)
    else:
        _import(request, unit)
    return None


def _tell(request: HttpRequest, campaign: Campaign, unit: Unit) -> HttpResponse | None:
    pace = PaceForm(request.POST)
    if not pace.is_valid():
        messages.error(request, _("The waves are not understood. Nothing was sent."))
        return None
    people = letters.unnotified(campaign, unit)
    if not people:
        messages.warning(request, _("Everybody on the list was notified before. Nothing was sent."))
        return None
    bad = bad_addresses([person.email for person in people])
    mailed = sum(letters.reachable(person, bad) for person in people)
    size, hours = pace.cleaned_data["size"], pace.cleaned_data["hours"]
    effects = [_("A letter in their own name goes to {count} people.").format(count=mailed)]
    if size and mailed > size:
        sentence = _("It goes in {waves} waves of at most {size}, one every {hours} hours.")
        effects.append(sentence.format(waves=-(-mailed // size), size=size, hours=hours))
    if mailed < len(people):
        sentence = _("{count} people have no e-mail that works: print the sheet for them.")
        effects.append(sentence.format(count=len(people) - mailed))
    check = Check(
        title=_("Send the notice to {count} people?").format(count=mailed),
        button=_("Send the notice to {count} people").format(count=mailed),
        effects=[*effects, _("Who has not confirmed is reminded by itself five days after the letter.")],
        undo=_(
            "What has not been sent yet can be withdrawn on the page of the people; a sent letter cannot."
        ),
        back=request.get_full_path(),
        facts=[(_("Unit"), unit.name), (_("Campaign"), campaign.name)],
        count=mailed,
    )
    page = confirmation_page(request, check)
    if page is None:
        count = letters.notify(campaign, unit, request.user, **pace.cleaned_data)
        messages.success(request, _("The notice goes to {count} people.").format(count=count))
    return page


def _remind(request: HttpRequest, campaign: Campaign, unit: Unit) -> HttpResponse | None:
    count = len(letters.to_remind(letters.unconfirmed(campaign, unit)))
    if not count:
        messages.warning(request, _("Nobody is due a reminder today. Nothing was sent."))
        return None
    check = Check(
        title=_("Remind {count} people?").format(count=count),
        button=_("Remind {count} people").format(count=count),
        effects=[
            _("A letter goes to everybody who was notified, has not confirmed and was not reminded today.")
        ],
        undo=_("A letter that went out cannot be called back."),
        back=request.get_full_path(),
        count=count,
    )
    page = confirmation_page(request, check)
    if page is None:
        count = letters.remind(campaign, unit, request.user)
        messages.success(request, _("{count} people are reminded.").format(count=count))
    return page


def _reached(row: Any) -> Any:
    notice: Notice | None = row.notice
    if notice is None:
        return State("none", _("not informed yet"))
    if notice.confirmed:
        return State("good", _("confirmed")), notice.confirmed
    if notice.sent:
        return State("busy", _("notified")), notice.sent
    if notice.planned:
        return State("none", _("waits")), f"{timezone.localtime(notice.planned):%H:%M %d/%m/%Y}"
    return State("none", _("on the sheet"))


PEOPLE = Listing(
    title="People",
    cells=(
        Cell(
            "Full name",
            lambda row: (row.name, Wrong(row.get_consent_display() if row.consent == "withdrawn" else "")),
            "name",
            view="awareness:person",
        ),
        Cell(
            "E-mail",
            lambda row: (row.email, Wrong(f"{_('comes back')} {row.bad.status}" if row.bad else "")),
            "email",
        ),
        Cell("Department", "department"),
        Cell("State", _reached),
        Cell("", template="awareness/signed.html"),
    ),
    empty="Nobody yet. Add the people of your unit from a sheet.",
    template="awareness/people.html",
)


@member(WRITERS, WRITERS)
def people(request: HttpRequest, campaign_id: int, unit_id: int) -> HttpResponse:
    """List the people of an own unit with their confirmations; POST imports, notifies, stops or reminds."""
    unit = get_own_unit(request.user, unit_id)
    campaign = get_campaign(request.user, campaign_id)
    if request.method == "POST":
        answer = _handle_post(request, campaign, unit)
        return answer or redirect("awareness:people", campaign_id=campaign_id, unit_id=unit_id)
    rows = Person.objects.filter(unit=unit)
    page = paged(request, PEOPLE.chosen(request.GET, rows))
    record(request, "awareness.viewed", unit, unit, count=len(page.object_list))
    notices = {n.person_id: n for n in Notice.objects.filter(campaign=campaign, person__in=list(page))}
    notified = Notice.objects.filter(campaign=campaign, unit=unit)
    bad = bad_addresses([person.email for person in page])
    for person in page:
        person.notice, person.bad = notices.get(person.pk), bad.get(person.email.lower())
    context = {
        "unit": unit,
        "campaign": campaign,
        "form": PeopleForm(),
        "pace": PaceForm(),
        "waves": waves.waves(campaign, unit),
        "waiting": notified.filter(sent=None, planned__isnull=False).exists(),
        "erased_on": campaign.ends + timedelta(days=settings.PEOPLE_DAYS),
        "total": rows.count(),
        "told": notified.filter(Q(sent__isnull=False) | Q(planned=None) | Q(confirmed__isnull=False)).count(),
        "confirmed": notified.filter(confirmed__isnull=False).count(),
    }
    return PEOPLE.page(request, page, context)


@member(WRITERS, WRITERS, ("GET",))
def sheet(request: HttpRequest, campaign_id: int, unit_id: int) -> HttpResponse:
    """Show the sheet to be printed and signed by people without a working e-mail address."""
    unit = get_own_unit(request.user, unit_id)
    campaign = get_campaign(request.user, campaign_id)
    bad = BadAddress.objects.filter(permanent=True).values("address")
    people = Person.objects.filter(unit=unit).annotate(address=Lower("email"))
    people = people.filter(Q(email="") | Q(address__in=bad)).exclude(consent=ConsentState.WITHDRAWN)
    record(request, "awareness.sheet", unit, unit)
    notices = Notice.objects.filter(campaign=campaign, unit=unit, person__isnull=False)
    known = dict(notices.values_list("person", "code"))
    context = {
        "unit": unit,
        "campaign": campaign,
        "rows": [(p, letters.shown_code(known.get(p.pk))) for p in people],
        "address": absolute("awareness:quiz"),
    }
    return render(request, "awareness/sheet.html", context)


@member(WRITERS, WRITERS, ("POST",))
def signed(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Record that a person signed the printed sheet."""
    notice = access.get_notice(request.user, notice_id)
    letters.confirm(notice, ConfirmedHow.SHEET, request.user)
    return redirect("awareness:people", campaign_id=notice.campaign_id, unit_id=notice.unit_id)


@member(WRITERS, WRITERS, ("POST",))
def erase(request: HttpRequest, person_id: int) -> HttpResponse:
    """Erase a person; the notice remains for the count."""
    person = access.get_person(request.user, person_id)
    waves.erase(person, request.user)
    return done(request, _("The person's data are erased."), "awareness:list")


@rate_limited("materials", 30, 300, ("GET",))
@anyone("GET")
def material(request: HttpRequest, kind: str) -> HttpResponse:
    """Download the poster or the slides as PDF, with the running campaign's contact."""
    if kind not in materials.KINDS:
        raise Http404
    response = HttpResponse(materials.pdf(kind, current()), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="lamsach-{kind}.pdf"'
    return response


_STATES = {"agree": ConsentState.GIVEN, "withdraw": ConsentState.WITHDRAWN}


def _file(person: Person) -> HttpResponse:
    response = JsonResponse(
        waves.personal_data(person), json_dumps_params={"ensure_ascii": False, "indent": 1}
    )
    response["Content-Disposition"] = 'attachment; filename="lamsach-personal-data.json"'
    return response


@member(WRITERS, WRITERS)
def person(request: HttpRequest, person_id: int) -> HttpResponse:
    """Show a person's data; POST corrects them or records consent."""
    found = access.get_person(request.user, person_id)
    what = request.POST.get("what", "") if request.method == "POST" else ""
    form = PersonForm(request.POST if what == "correct" else None, instance=found)
    consent_form = ConsentForm(request.POST if what in _STATES else None)
    if what == "correct" and form.is_valid():
        form.save()
        record(request, "person.corrected", found, found.unit, fields=form.changed_data)
        return done(request, _("Saved."), "awareness:person", person_id=person_id)
    if what in _STATES and consent_form.is_valid():
        how = ConsentHow(consent_form.cleaned_data["how"])
        waves.record_consent(found, _STATES[what], how, request.user, consent_form.cleaned_data["note"])
        return done(request, _("Noted."), "awareness:person", person_id=person_id)
    record(request, "person.data_viewed", found, found.unit)
    context = {
        "person": Person.objects.get(pk=found.pk),
        "form": form,
        "said": consent_form,
        "consents": found.consents.select_related("user"),
        "notices": Notice.objects.filter(person=found).select_related("campaign").order_by("-pk"),
        "until": waves.erasure_date(found),
    }
    return render(request, "awareness/person.html", context)


@member(WRITERS, WRITERS, ("GET",))
def person_data(request: HttpRequest, person_id: int) -> HttpResponse:
    """Download a person's data as a file for the person."""
    found = access.get_person(request.user, person_id)
    record(request, "person.data_exported", found, found.unit)
    return _file(found)


@rate_limited("notice", 60, 300, ("GET", "POST"))
@link()
def notice(request: HttpRequest, token: str) -> HttpResponse:
    """Personal page. Only a POST confirms: mail scanners open links too."""
    found = letters.find(token) or closed_link()
    person = found.person or closed_link()
    quiz = QuizForm()
    what = request.POST.get("what", "") if request.method == "POST" else ""
    if what == "unsubscribe":
        Person.objects.filter(pk=person.pk).update(unsubscribed=timezone.now())
    elif what == "erase":
        waves.erase(person, None)
        return render(request, "awareness/erased.html", {"unit": found.unit})
    elif what in _STATES:
        waves.record_consent(person, _STATES[what], ConsentHow.LINK)
    elif what == "quiz":
        quiz = QuizForm(request.POST)
        if quiz.is_valid():
            letters.confirm(found, ConfirmedHow.QUIZ)
    elif what == "read":
        letters.confirm(found, ConfirmedHow.LINK)
    if what:
        found = letters.find(token) or found
    record(request, "person.data_viewed", found.person, found.unit, link=True)
    return render(request, "awareness/notice.html", {**_own(found), "quiz": quiz, "token": token})


def _own(found: Notice) -> dict[str, Any]:
    unit, person = found.unit, found.person
    return {
        "notice": found,
        "person": person,
        "until": waves.erasure_date(person) if person else None,
        "unsubscribed": person.unsubscribed if person else None,
        "contact": unit.contact,
    }


@rate_limited("notice", 60, 300, ("GET",))
@link("GET")
def own_data(request: HttpRequest, token: str) -> HttpResponse:
    """Download the data of the link's person as a file."""
    found = letters.find(token) or closed_link()
    person = found.person or closed_link()
    record(request, "person.data_exported", person, found.unit, link=True)
    return _file(person)


@rate_limited("quiz", 30, 300)
@anyone()
def quiz(request: HttpRequest) -> HttpResponse:
    """Public quiz, counted by the code of the printed sheet or anonymously."""
    form = PublicQuizForm(request.POST or None)
    passed = counted = False
    if request.method == "POST" and form.is_valid():
        passed, counted = True, form.notice is not None
        if form.notice is not None:
            letters.confirm(form.notice, ConfirmedHow.QUIZ)
        elif (campaign := current()) is not None:
            with transaction.atomic():
                row, _new = Passed.objects.get_or_create(campaign=campaign, day=today())
                Passed.objects.filter(pk=row.pk).update(count=F("count") + 1)
    return render(request, "awareness/quiz.html", {"form": form, "passed": passed, "counted": counted})
