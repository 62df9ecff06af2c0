"""The page of one case and what is done there: steps, playbook, notes, kind, handler, the letter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.errors import LamsachError
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base.doors import link, member
from lamsach.portal.base.forms import ProblemsShown, act, done, form_page
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.base.uploads import download, keep
from lamsach.portal.cases import access, people, playbooks
from lamsach.portal.cases.coverage import LOG_KINDS, log_kind, since_yesterday
from lamsach.portal.cases.forms import (
    AssignForm,
    ExemptionForm,
    KindForm,
    NoteForm,
    PersonForm,
    StepForm,
    TickForm,
)
from lamsach.portal.cases.models import Case, CaseState, Exemption, Note
from lamsach.portal.cases.people import assign
from lamsach.portal.cases.playbooks import Followed, followed, is_unfollowed
from lamsach.portal.cases.proof import held_by, proofs, records_of, strip
from lamsach.portal.cases.search import index
from lamsach.portal.cases.states import ALLOWED, TONES, UNFOLLOWED
from lamsach.portal.cases.upkeep import Seen, decisions_of, facts_of, move, policy, sightings_of
from lamsach.portal.findings.access import own_units
from lamsach.portal.units.access import writable_units
from lamsach.portal.units.tree import today

ORDER = (
    CaseState.NEW,
    CaseState.TOLD,
    CaseState.ACCEPTED,
    CaseState.WORKING,
    CaseState.CLEANED,
    CaseState.FALSE_ALARM,
)


STRIP = (
    ("hit", gettext_lazy("seen")),
    ("blocked", gettext_lazy("seen, all blocked")),
    ("covered", gettext_lazy("log searched, quiet")),
    ("missing", gettext_lazy("no log")),
)
"""What the days of the strip are."""


def _steps(case: Case) -> list[CaseState]:
    return [
        state for state in ORDER if case.superseded_id is None and state in ALLOWED[CaseState(case.state)]
    ]


@member(ALL, WRITERS)
@taken_once
def case(request: HttpRequest, case_id: int) -> HttpResponse:
    """One case. A step is taken by POST."""
    found = access.get_case(request.user, case_id, write=request.method == "POST")
    book = followed(found)
    form = StepForm(request.POST or None, steps=_steps(found), unfollowed=is_unfollowed(book))
    if request.method == "POST":
        if not form.is_valid():
            messages.error(request, _("This step may not follow the state that the case is in."))
            return redirect("cases:case", case_id=case_id)
        given = form.cleaned_data
        try:
            move(
                found,
                CaseState(given["to"]),
                request,
                given["why"],
                unfollowed=given.get("unfollowed", ""),
            )
        except LamsachError as problem:
            if problem.what != UNFOLLOWED or "unfollowed" not in form.fields:
                messages.error(request, _(problem.what))
                return redirect("cases:case", case_id=case_id)
            form.add_error("unfollowed", _(problem.what))
        else:
            return done(request, _("Saved."), "cases:case", case_id=case_id)
    return render(request, "cases/case.html", _context(request, found, form, book))


def _context(request: HttpRequest, found: Case, form: StepForm, book: Followed) -> dict[str, Any]:
    named = found.pk in access.seen_by_name(request.user, [found])
    members = [found.device_id, *found.device.parts.values_list("pk", flat=True)]
    seen = sightings_of(found.campaign_id, found.device_id, members)
    facts, decisions = facts_of(found, seen), decisions_of(found)
    if named:
        record(request, "case.viewed", found, found.unit)
    records = records_of(found, members) if named else []
    held = held_by(records)
    rule = policy(found.campaign)
    return {
        "case": found,
        "named": named,
        "tone": TONES[found.state],
        "form": form,
        "may_write": writable_units(request.user).filter(pk=found.unit_id).exists(),
        "own": found.unit_id in own_units(request.user),
        "steps": found.steps.select_related("user"),
        "notes": found.notes.select_related("bundle"),
        "sightings": _by_indicator(seen),
        "held": held,
        "proofs": proofs(found, members, held, records) if named else [],
        "strip": strip(decisions, facts, _blocked(seen), today()),
        "kinds": STRIP,
        "gaps": gaps_of(found),
        "policy": rule,
        "left": max(rule.quiet_days - found.quiet, 0),
        "unseen": max(rule.alive_days - found.alive, 0),
        "book": book,
        "kind_form": KindForm(initial={"kind": found.kind}),
        "assign_form": AssignForm(case=found),
        "note_form": NoteForm(),
        "person_form": PersonForm(instance=found),
        "late": found.due < timezone.now()
        and found.state in ("new", "told", "accepted", "working", "reinfected"),
    }


def _blocked(seen: list[Seen]) -> set[tuple[str, date]]:
    """The observers' days on which the machine tried to reach listed addresses and was always blocked."""
    tried = {(one.source, one.day) for one in seen if one.role == "outbound"}
    return tried - {(one.source, one.day) for one in seen if one.passed or one.role == "resolved"}


def gaps_of(found: Case) -> list[dict[str, Any]]:
    """Return which logs are missing since when, as values for sentences."""
    day = today()
    return [
        {
            **gap,
            "first": date.fromisoformat(gap["first"]),
            "still": since_yesterday(gap, day),
            "what": LOG_KINDS.get(log_kind(gap["format"]), ""),
        }
        for gap in found.missing
    ]


def _by_indicator(seen: list[Seen]) -> list[dict[str, Any]]:
    """The sightings, one row an indicator, the most frequent first."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for one in seen:
        row = rows.setdefault(
            (one.indicator, one.role),
            {
                "indicator": one.indicator,
                "role": one.role,
                "threat": one.threat,
                "count": 0,
                "passed": 0,
                "days": set(),
                "sources": set(),
            },
        )
        row["count"] += one.count
        row["passed"] += one.passed
        row["days"].add(one.day)
        row["sources"].add(one.source)
    for row in rows.values():
        row["first"], row["last"] = min(row["days"]), max(row["days"])
        row["sources"] = ", ".join(sorted(source for source in row["sources"] if source))
    return sorted(rows.values(), key=lambda row: (-row["count"], row["indicator"]))


@rate_limited("cases.note", 60, 300)
@member(WRITERS, WRITERS, ("POST",))
@taken_once
def note(request: HttpRequest, case_id: int) -> HttpResponse:
    """Add a note or a file."""
    found = access.get_case(request.user, case_id, write=True)
    act(
        request,
        NoteForm(request.POST, request.FILES),
        partial(_note, request, found),
        _("Saved."),
        where=True,
    )
    return redirect("cases:case", case_id=case_id)


@member(ALL, WRITERS, ("GET",))
def note_file(request: HttpRequest, note_id: int) -> HttpResponse:
    """A file of a case."""
    found = access.get_note(request.user, note_id)
    record(request, "case.file", found, found.case.unit)
    return download(found.file_name or "file", found.file_path or "none")


@rate_limited("cases.letter", 120, 300)
@member(WRITERS, WRITERS, ("POST",))
@taken_once
def person(request: HttpRequest, case_id: int) -> HttpResponse:
    """Say who uses the machine, and write to them."""
    found = access.get_case(request.user, case_id, write=True)
    if found.pk not in access.seen_by_name(request.user, [found]):
        messages.error(request, _("Names and addresses of machines are seen by the unit itself only."))
        return redirect("cases:case", case_id=case_id)
    form = PersonForm(request.POST, instance=found)
    if form.is_valid():
        Case.objects.filter(pk=found.pk).update(
            person_name=form.cleaned_data["person_name"], person_email=form.cleaned_data["person_email"]
        )
        record(request, "case.person", found, found.unit)
        index([found])
        found.refresh_from_db()
        if request.POST.get("write"):
            with ProblemsShown(request):
                people.tell(found, request)
                messages.success(request, _("A letter goes to the person who uses the machine."))
        else:
            messages.success(request, _("Saved."))
    else:
        messages.error(request, _("The e-mail address is not valid. Nothing was changed."))
    return redirect("cases:case", case_id=case_id)


@member(WRITERS, WRITERS)
@taken_once
def exempt(request: HttpRequest, case_id: int) -> HttpResponse:
    """Ask that an indicator does not count."""
    found = access.get_case(request.user, case_id, write=request.method == "POST")
    seen = sightings_of(found.campaign_id, found.device_id)
    form = ExemptionForm(request.POST or None, indicators=sorted({one.indicator for one in seen}))
    if request.method == "POST" and form.is_valid():
        made: Exemption = form.save(commit=False)
        made.campaign, made.unit, made.asked_by = found.campaign, found.unit, user_of(request)
        made.device = found.device if form.cleaned_data["scope"] == "device" else None
        made.save()
        record(request, "exemption.asked", made, found.unit, indicator=made.indicator)
        messages.success(request, _("Requested. It counts once another person has approved it."))
        return redirect("cases:exemption", exemption_id=made.pk)
    lead = _(
        "Machine {number}: a listed address that is known to be harmless here stops counting, "
        "until a day that you choose. A coordinator has to approve it."
    ).format(number=found.number)
    title, button, back = (
        _("Ask for an exception"),
        _("Ask for the exception"),
        reverse("cases:case", args=(case_id,)),
    )
    return form_page(
        request, form, title, button, lead=lead, back=back, crumbs="cases/crumbs.html", case=found
    )


@rate_limited("machine", 60, 300, ("GET", "POST"))
@link()
@taken_once
def person_page(request: HttpRequest, token: str) -> HttpResponse:
    """Return what the person who uses the machine sees: steps, and a word back."""
    found = people.find(token)
    if found is None:
        return render(request, "accounts/link_used.html", status=404)
    if request.method == "POST":
        people.answer(found, request.POST.get("what", ""), request.POST.get("words", ""))
        return redirect(f"{request.path}?said")
    page = "cases/person_thanks.html" if "said" in request.GET else "cases/person.html"
    return render(request, page, {"case": found})


def _back(case_id: int, place: str = "") -> HttpResponse:
    return redirect(reverse("cases:case", kwargs={"case_id": case_id}) + (f"#{place}" if place else ""))


@rate_limited("cases.tick", 120, 300)
@member(WRITERS, WRITERS, ("POST",))
@taken_once
def tick(request: HttpRequest, case_id: int) -> HttpResponse:
    """A step of the playbook is done, with a note or a file; or it is not, after all."""
    found = access.get_case(request.user, case_id, write=True)

    def step(given: Mapping[str, Any]) -> None:
        note = _note(request, found, given)
        playbooks.tick(found, given["step"], request, done=given["done"], note=note)

    act(request, TickForm(request.POST, request.FILES), step, "", where=True)
    return _back(case_id, "playbook")


def _note(request: HttpRequest, case: Case, given: Mapping[str, Any]) -> Note | None:
    text, file = given["text"].strip(), given["file"]
    if not text and not file:
        return None
    values = {f"file_{name}": value for name, value in asdict(keep(file)).items()} if file else {}
    user: Any = request.user
    made = Note.objects.create(case=case, user=user, who=user.name or user.email, text=text, **values)
    record(request, "case.noted", made, case.unit, case=case.pk)
    index([case])
    return made


@member(WRITERS, WRITERS, ("POST",))
def kind(request: HttpRequest, case_id: int) -> HttpResponse:
    """Say which kind of threat it is; the playbook follows."""
    found = access.get_case(request.user, case_id, write=True)
    form = KindForm(request.POST)
    act(request, form, lambda given: playbooks.choose_kind(found, given["kind"], request), _("Saved."))
    return _back(case_id, "playbook")


@member(WRITERS, WRITERS, ("POST",))
def assignee(request: HttpRequest, case_id: int) -> HttpResponse:
    """Say who handles the case."""
    found = access.get_case(request.user, case_id, write=True)
    form = AssignForm(request.POST, case=found)
    act(request, form, lambda given: assign(found, given["to"], request), _("Saved."))
    return _back(case_id)


@rate_limited("cases.letter", 60, 300, ("GET",))
@member(ALL, WRITERS, ("GET",))
def letter(request: HttpRequest, named_case_id: int) -> HttpResponse:
    """The letter to the person who uses the machine, to print."""
    found = access.get_own_case(request.user, named_case_id)
    record(request, "case.letter_printed", found, found.unit)
    response = HttpResponse(people.sheet(found), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{found.number}.pdf"'
    return response
