"""Pages about one person: for the unit's officer, for the person by their own link, and the three questions for everybody."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.portal.audit.trail import record
from lamsach.portal.awareness import access, consent, telling, waves
from lamsach.portal.awareness.forms import ConsentForm, PersonForm
from lamsach.portal.awareness.models import (
    ConfirmedHow,
    ConsentHow,
    ConsentState,
    Notice,
    Passed,
    Person,
)
from lamsach.portal.awareness.quiz import PublicQuizForm, QuizForm
from lamsach.portal.base.doors import anyone, link, member
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import WRITERS
from lamsach.portal.public.views import current
from lamsach.portal.units.tree import today

_SAID = {"agree": ConsentState.GIVEN, "withdraw": ConsentState.WITHDRAWN}


def _file(person: Person) -> HttpResponse:
    response = JsonResponse(consent.kept(person), json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = 'attachment; filename="lamsach-personal-data.json"'
    return response


@member(WRITERS, WRITERS)
@taken_once
def person(request: HttpRequest, person_id: int) -> HttpResponse:
    """Return what is kept of one person: to be seen, corrected, and their consent recorded."""
    found = access.get_person(request.user, person_id)
    what = request.POST.get("what", "") if request.method == "POST" else ""
    form = PersonForm(request.POST if what == "correct" else None, instance=found)
    said = ConsentForm(request.POST if what in _SAID else None)
    if what == "correct" and form.is_valid():
        form.save()
        record(request, "person.corrected", found, found.unit, fields=form.changed_data)
        messages.success(request, _("Saved."))
        return redirect("awareness:person", person_id=person_id)
    if what in _SAID and said.is_valid():
        how = ConsentHow(said.cleaned_data["how"])
        consent.say(found, _SAID[what], how, request.user, said.cleaned_data["note"])
        messages.success(request, _("Noted."))
        return redirect("awareness:person", person_id=person_id)
    record(request, "person.data_viewed", found, found.unit)
    context = {
        "person": Person.objects.get(pk=found.pk),
        "form": form,
        "said": said,
        "consents": found.consents.select_related("user"),
        "notices": Notice.objects.filter(person=found).select_related("campaign").order_by("-pk"),
        "until": consent.kept_until(found),
    }
    return render(request, "awareness/person.html", context)


@member(WRITERS, WRITERS, ("GET",))
def person_data(request: HttpRequest, person_id: int) -> HttpResponse:
    """Return what is kept of one person as a file, to be handed to them."""
    found = access.get_person(request.user, person_id)
    record(request, "person.data_exported", found, found.unit)
    return _file(found)


@rate_limited("notice", 60, 300, ("GET", "POST"))
@link()
def notice(request: HttpRequest, token: str) -> HttpResponse:
    """A person's own page: the notice, and the button that counts. Looking alone does not: mail scanners look too."""
    found = telling.find(token)
    if found is None or found.person is None:
        return render(request, "accounts/link_used.html", status=404)
    quiz = QuizForm()
    what = request.POST.get("what", "") if request.method == "POST" else ""
    if what == "unsubscribe":
        Person.objects.filter(pk=found.person.pk).update(unsubscribed=timezone.now())
    elif what == "erase":
        waves.erase(found.person, None)
        return render(request, "awareness/erased.html", {"unit": found.unit})
    elif what in _SAID:
        consent.say(found.person, _SAID[what], ConsentHow.LINK)
    elif what == "quiz":
        quiz = QuizForm(request.POST)
        if quiz.is_valid():
            telling.confirm(found, ConfirmedHow.QUIZ)
    elif what == "read":
        telling.confirm(found, ConfirmedHow.LINK)
    if what:
        found = telling.find(token) or found
    record(request, "person.data_viewed", found.person, found.unit, link=True)
    return render(request, "awareness/notice.html", {**_own(found), "quiz": quiz, "token": token})


def _own(found: Notice) -> dict[str, Any]:
    """Return what a person's own page tells of them."""
    unit, own = found.unit, found.person
    return {
        "notice": found,
        "person": own,
        "until": consent.kept_until(own) if own else None,
        "unsubscribed": own.unsubscribed if own else None,
        "contact": unit.contact,
    }


@rate_limited("notice", 60, 300, ("GET",))
@link("GET")
def own_data(request: HttpRequest, token: str) -> HttpResponse:
    """Return what is kept of the person who holds the link, as a file."""
    found = telling.find(token)
    if found is None or found.person is None:
        return render(request, "accounts/link_used.html", status=404)
    record(request, "person.data_exported", found.person, found.unit, link=True)
    return _file(found.person)


@rate_limited("quiz", 30, 300)
@anyone()
def quiz(request: HttpRequest) -> HttpResponse:
    """The three questions for everybody: counted by the code of the printed sheet, or without a name."""
    form = PublicQuizForm(request.POST or None)
    passed = counted = False
    if request.method == "POST" and form.is_valid():
        passed, counted = True, form.notice is not None
        if form.notice is not None:
            telling.confirm(form.notice, ConfirmedHow.QUIZ)
        elif (campaign := current()) is not None:
            with transaction.atomic():
                row, _new = Passed.objects.get_or_create(campaign=campaign, day=today())
                Passed.objects.filter(pk=row.pk).update(count=F("count") + 1)
    return render(request, "awareness/quiz.html", {"form": form, "passed": passed, "counted": counted})
