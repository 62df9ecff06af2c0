"""The page of a case and its actions: steps, playbook, notes, kind, assignee, letter."""

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
from lamsach.portal.base.doors import closed_link, link, member
from lamsach.portal.base.forms import ProblemsShown, act, done, form_page
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, WRITERS
from lamsach.portal.base.uploads import attachment, download, store
from lamsach.portal.cases import access, people, playbooks
from lamsach.portal.cases.coverage import LOG_KINDS, log_kind, since_yesterday
from lamsach.portal.cases.forms import (
    STEPS,
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
from lamsach.portal.cases.states import OPEN, TONES, UNFOLLOWED, may_move
from lamsach.portal.cases.upkeep import decisions_of, facts_of, move, policy, sightings_of
from lamsach.portal.findings.models import Sighting
from lamsach.portal.units.access import may_act, own_units
from lamsach.portal.units.tree import today
from lamsach.results.labels import product_title

STRIP = (
    ("hit", gettext_lazy("seen")),
    ("blocked", gettext_lazy("seen, all blocked")),
    ("covered", gettext_lazy("log searched, quiet")),
    ("missing", gettext_lazy("no log")),
)
"""Kinds of days in the strip."""


@member(ALL, WRITERS)
def case(request: HttpRequest, case_id: int) -> HttpResponse:
    """One case; POST takes a step."""
    case = access.get_case(request.user, case_id, write=request.method == "POST")
    book = followed(case)
    form = StepForm(
        request.POST or None, steps=[to for to in STEPS if may_move(case, to)], unfollowed=is_unfollowed(book)
    )
    if request.method == "POST":
        if not form.is_valid():
            messages.error(request, _("This step may not follow the state that the case is in."))
            return redirect("cases:case", case_id=case_id)
        data = form.cleaned_data
        try:
            move(
                case,
                CaseState(data["to"]),
                request,
                data["why"],
                unfollowed=data.get("unfollowed", ""),
            )
        except LamsachError as problem:
            if problem.what != UNFOLLOWED or "unfollowed" not in form.fields:
                messages.error(request, _(problem.what))
                return redirect("cases:case", case_id=case_id)
            form.add_error("unfollowed", _(problem.what))
        else:
            return done(request, _("Saved."), "cases:case", case_id=case_id)
    return render(request, "cases/case.html", _context(request, case, form, book))


def _context(request: HttpRequest, case: Case, form: StepForm, book: Followed) -> dict[str, Any]:
    named = case.pk in access.seen_by_name(request.user, [case])
    members = [case.device_id, *case.device.parts.values_list("pk", flat=True)]
    seen = sightings_of(case.campaign_id, case.device_id, members)
    facts, decisions = facts_of(case, seen), decisions_of(case)
    if named:
        record(request, "case.viewed", case, case.unit)
    records = records_of(case, members) if named else []
    addresses = held_by(records)
    rule = policy(case.campaign)
    return {
        "case": case,
        "named": named,
        "tone": TONES[case.state],
        "form": form,
        "may_write": may_act(request.user, case.unit_id),
        "own": case.unit_id in own_units(request.user),
        "steps": case.steps.select_related("user"),
        "notes": case.notes.select_related("bundle"),
        "sightings": _by_indicator(seen),
        "held": addresses,
        "proofs": proofs(case, members, addresses, records) if named else [],
        "strip": strip(decisions, facts, _blocked(seen), today()),
        "kinds": STRIP,
        "gaps": gaps_of(case),
        "policy": rule,
        "left": max(rule.quiet_days - case.quiet, 0),
        "unseen": max(rule.alive_days - case.alive, 0),
        "book": book,
        "kind_form": KindForm(initial={"kind": case.kind}),
        "assign_form": AssignForm(case=case),
        "note_form": NoteForm(),
        "person_form": PersonForm(instance=case),
        "late": case.due < timezone.now() and case.state in OPEN,
    }


def _blocked(seen: list[Sighting]) -> set[tuple[str, date]]:
    """Observers' days on which the machine tried to reach listed addresses and was always blocked."""
    tried = {(row.source, row.day) for row in seen if row.role == "outbound"}
    return tried - {(row.source, row.day) for row in seen if row.passed or row.role == "resolved"}


def gaps_of(case: Case) -> list[dict[str, Any]]:
    """Missing logs, as values for sentences."""
    day = today()
    return [
        {
            **gap,
            "first": date.fromisoformat(gap["first"]),
            "still": since_yesterday(gap, day),
            "what": LOG_KINDS.get(log_kind(gap["format"]), ""),
        }
        for gap in case.missing
    ]


def _by_indicator(seen: list[Sighting]) -> list[dict[str, Any]]:
    """Sightings, one row per indicator, the most frequent first."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for sighting in seen:
        row = rows.setdefault(
            (sighting.indicator, sighting.role),
            {
                "indicator": sighting.indicator,
                "role": sighting.role,
                "threat": sighting.threat,
                "count": 0,
                "passed": 0,
                "days": set(),
                "sources": set(),
            },
        )
        row["count"] += sighting.count
        row["passed"] += sighting.passed
        row["days"].add(sighting.day)
        row["sources"].add(sighting.source)
    for row in rows.values():
        row["first"], row["last"] = min(row["days"]), max(row["days"])
        row["sources"] = ", ".join(sorted(map(product_title, filter(None, row["sources"]))))
    return sorted(rows.values(), key=lambda row: (-row["count"], row["indicator"]))


@rate_limited("cases.note", 60, 300)
@member(WRITERS, WRITERS, ("POST",))
def note(request: HttpRequest, case_id: int) -> HttpResponse:
    """Add a note or a file."""
    case = access.get_case(request.user, case_id, write=True)
    act(
        request,
        NoteForm(request.POST, request.FILES),
        partial(_note, request, case),
        _("Saved."),
        where=True,
    )
    return redirect("cases:case", case_id=case_id)


@member(ALL, WRITERS, ("GET",))
def note_file(request: HttpRequest, note_id: int) -> HttpResponse:
    """File of a case."""
    found = access.get_note(request.user, note_id)
    record(request, "case.file", found, found.case.unit)
    return download(found.file_name or "file", found.file_path or "none")


@rate_limited("cases.letter", 120, 300)
@member(WRITERS, WRITERS, ("POST",))
def person(request: HttpRequest, case_id: int) -> HttpResponse:
    """Record the machine's user, and write to them."""
    case = access.get_case(request.user, case_id, write=True)
    if case.pk not in access.seen_by_name(request.user, [case]):
        messages.error(request, _("Names and addresses of machines are seen by the unit itself only."))
        return redirect("cases:case", case_id=case_id)
    form = PersonForm(request.POST, instance=case)
    if form.is_valid():
        Case.objects.filter(pk=case.pk).update(**form.cleaned_data)
        record(request, "case.person", case, case.unit)
        index([case])
        case.refresh_from_db()
        if request.POST.get("write"):
            with ProblemsShown(request):
                people.send_letter(case, request)
                messages.success(request, _("A letter goes to the person who uses the machine."))
        else:
            messages.success(request, _("Saved."))
    else:
        messages.error(request, _("The e-mail address is not valid. Nothing was changed."))
    return redirect("cases:case", case_id=case_id)


@member(WRITERS, WRITERS)
def exempt(request: HttpRequest, case_id: int) -> HttpResponse:
    """Request an exemption of an indicator."""
    case = access.get_case(request.user, case_id, write=request.method == "POST")
    seen = sightings_of(case.campaign_id, case.device_id)
    form = ExemptionForm(request.POST or None, indicators=sorted({sighting.indicator for sighting in seen}))
    if request.method == "POST" and form.is_valid():
        exemption: Exemption = form.save(commit=False)
        exemption.campaign, exemption.unit, exemption.asked_by = case.campaign, case.unit, user_of(request)
        exemption.device = case.device if form.cleaned_data["scope"] == "device" else None
        exemption.save()
        record(request, "exemption.asked", exemption, case.unit, indicator=exemption.indicator)
        messages.success(request, _("Requested. It counts once another person has approved it."))
        return redirect("cases:exemption", exemption_id=exemption.pk)
    lead = _(
        "Machine {number}: a listed address that is known to be harmless here stops counting, "
        "until a day that you choose. A coordinator has to approve it."
    ).format(number=case.number)
    title, button, back = (
        _("Ask for an exception"),
        _("Ask for the exception"),
        reverse("cases:case", args=(case_id,)),
    )
    return form_page(
        request, form, title, button, lead=lead, back=back, crumbs="cases/crumbs.html", case=case
    )


@rate_limited("machine", 60, 300, ("GET", "POST"))
@link()
def person_page(request: HttpRequest, token: str) -> HttpResponse:
    """Page for the machine's user: instructions, and an answer form."""
    case = people.find(token) or closed_link()
    if request.method == "POST":
        people.answer(case, request.POST.get("what", ""), request.POST.get("words", ""))
        return redirect(f"{request.path}?said")
    page = "cases/person_thanks.html" if "said" in request.GET else "cases/person.html"
    return render(request, page, {"case": case})


def _back(case_id: int, anchor: str = "") -> HttpResponse:
    return redirect(reverse("cases:case", kwargs={"case_id": case_id}) + (f"#{anchor}" if anchor else ""))


@rate_limited("cases.tick", 120, 300)
@member(WRITERS, WRITERS, ("POST",))
def tick(request: HttpRequest, case_id: int) -> HttpResponse:
    """Mark a step of the playbook as done, with a note or a file, or as not done."""
    case = access.get_case(request.user, case_id, write=True)

    def step(data: Mapping[str, Any]) -> None:
        note = _note(request, case, data)
        playbooks.tick(case, data["step"], request, done=data["done"], note=note)

    act(request, TickForm(request.POST, request.FILES), step, "", where=True)
    return _back(case_id, "playbook")


def _note(request: HttpRequest, case: Case, data: Mapping[str, Any]) -> Note | None:
    text, file = data["text"].strip(), data["file"]
    if not text and not file:
        return None
    values = {f"file_{name}": value for name, value in asdict(store(file)).items()} if file else {}
    user: Any = request.user
    created = Note.objects.create(case=case, user=user, who=user.name or user.email, text=text, **values)
    record(request, "case.noted", created, case.unit, case=case.pk)
    index([case])
    return created


@member(WRITERS, WRITERS, ("POST",))
def kind(request: HttpRequest, case_id: int) -> HttpResponse:
    """Choose the kind of threat, which determines the playbook."""
    case = access.get_case(request.user, case_id, write=True)
    form = KindForm(request.POST)
    act(request, form, lambda data: playbooks.choose_kind(case, data["kind"], request), _("Saved."))
    return _back(case_id, "playbook")


@member(WRITERS, WRITERS, ("POST",))
def assignee(request: HttpRequest, case_id: int) -> HttpResponse:
    """Assign the case."""
    case = access.get_case(request.user, case_id, write=True)
    form = AssignForm(request.POST, case=case)
    act(request, form, lambda data: assign(case, data["to"], request), _("Saved."))
    return _back(case_id)


@rate_limited("cases.letter", 60, 300, ("GET",))
@member(ALL, WRITERS, ("GET",))
def letter(request: HttpRequest, named_case_id: int) -> HttpResponse:
    """The letter to the machine's user, for printing."""
    case = access.get_own_case(request.user, named_case_id)
    record(request, "case.letter_printed", case, case.unit)
    return attachment(people.sheet(case), f"{case.number}.pdf", "application/pdf")
