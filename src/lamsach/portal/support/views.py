"""Views of questions: asking, the asker's page, the desk."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import anyone, closed_link, link, member
from lamsach.portal.base.forms import ProblemsShown
from lamsach.portal.base.links import nonce
from lamsach.portal.base.lists import Cell, Listing
from lamsach.portal.base.parameters import number
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import HELPERS
from lamsach.portal.base.uploads import StoredFile, download
from lamsach.portal.public.views import current
from lamsach.portal.support import access, desk
from lamsach.portal.support.forms import AnswerForm, AskForm, WordForm
from lamsach.portal.support.knowledge import suggest
from lamsach.portal.support.models import Article, Question, QuestionState
from lamsach.portal.units.access import home_units
from lamsach.portal.units.codes import canonical
from lamsach.portal.units.models import FOREVER, Unit


def _desk_for(request: HttpRequest, code: str) -> Unit | None:
    """Desk: the unit named, else the user's own, else the campaign's owner, else the root."""
    named = Unit.objects.filter(code=canonical(code) or "", valid_until=FOREVER).first()
    if named is not None:
        return named
    if request.user.is_authenticated:
        own = home_units(request.user)
        if own:
            return own[0].parent or own[0]
    campaign = current()
    return campaign.owner if campaign else Unit.objects.filter(parent=None).order_by("pk").first()


@rate_limited("ask", 20, 3600)
@anyone()
def ask(request: HttpRequest) -> HttpResponse:
    """Ask a question, with or without an account. Suggested articles are offered once before it is sent."""
    initial: dict[str, Any] = {"once": nonce()}
    if request.user.is_authenticated:
        initial.update(name=request.user.name, email=request.user.email)
    form = AskForm(request.POST or None, request.FILES or None, initial=initial)
    campaign = current()
    context: dict[str, Any] = {
        "form": form,
        "question_days": settings.QUESTION_DAYS,
        "step": "ask",
        "contact": campaign.owner.contact if campaign else None,
    }
    if request.method == "POST" and form.is_valid():
        stored = _files(form)
        unit = _desk_for(request, form.cleaned_data["unit_code"])
        if unit is None:
            form.add_error(None, _("The portal is not set up yet."))
        elif stored is not None:
            articles = [] if form.cleaned_data["offered"] else _suggested(form)
            if articles:
                resubmitted: Any = form.data.copy()  # type: ignore[attr-defined]
                resubmitted["offered"], resubmitted["carried"] = "yes", desk.sign_files(stored)
                context.update(articles=articles, form=AskForm(resubmitted), kept=stored)
                return render(request, "support/ask.html", context)
            return _send(request, form, unit, stored)
    return render(request, "support/ask.html", context)


def _files(form: AskForm | WordForm) -> list[StoredFile] | None:
    """Store the files of a form; None, with an error in the form, if one is rejected."""
    with ProblemsShown(form, "attached"):
        carried = desk.load_files(form.cleaned_data.get("carried") or "")
        return [*carried, *desk.store_files(form.cleaned_data["attached"])][: desk.MOST_SENT]
    return None


def _suggested(form: AskForm) -> list[Article]:
    data = form.cleaned_data
    return suggest(data["subject"], data["text"], (get_language() or "vi")[:2])


def _send(request: HttpRequest, form: AskForm, unit: Unit, files: list[StoredFile]) -> HttpResponse:
    question = form.save(commit=False)
    question.unit = unit
    question.asker = request.user if request.user.is_authenticated else None
    question = desk.ask(question, form.cleaned_data["once"], files)
    context = {"question": question, "address": desk.address_of(question), "step": "ask"}
    return render(request, "support/asked.html", {**context, "contact": question.unit.contact})


@rate_limited("question", 60, 300, ("GET", "POST"))
@link()
def mine(request: HttpRequest, token: str) -> HttpResponse:
    """Show the question to its asker; POST adds a message."""
    question = desk.find(token) or closed_link()
    form = WordForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        files = _files(form)
        if files is not None:
            desk.add(question, form.cleaned_data["text"], files)
            return redirect("support:mine", token=token)
    record(request, "question.viewed", question, question.unit, link=True)
    context = {
        "question": question,
        "token": token,
        "said": question.messages.filter(internal=False),
        "form": form,
        "contact": question.unit.contact,
        "step": "ask",
    }
    return render(request, "support/mine.html", context)


QUESTIONS = Listing(
    title="Questions to your units",
    cells=(
        Cell(
            "Question",
            lambda row: _("Words erased") if row.erased else row.subject,
            "subject",
            view="support:question",
        ),
        Cell("Number", "number"),
        Cell("Unit", "unit__name"),
        Cell("State", "shown_state", "state"),
        Cell("Answer due", lambda row: f"{timezone.localtime(row.due):%H:%M %d/%m/%Y}", "due"),
    ),
    empty="No question here.",
    links=((gettext_lazy("Prepared answers and articles"), "support:shelf"),),
    seen="questions.viewed",
    export="questions.exported",
    template="support/list.html",
)


@member(HELPERS, HELPERS, ("GET",))
def questions(request: HttpRequest) -> HttpResponse:
    """List questions, with counts of open and late ones."""
    rows = access.readable_questions(request.user)
    now = timezone.now()
    waiting = rows.filter(state=QuestionState.OPEN)
    counts = {
        "open": waiting.count(),
        "late": waiting.filter(first_answer=None, due__lt=now).count(),
        "answered": rows.filter(state=QuestionState.ANSWERED).count(),
        "solved": rows.filter(state=QuestionState.SOLVED).count(),
    }
    state = request.GET.get("state", "open")
    if state == "late":
        rows = waiting.filter(first_answer=None, due__lt=now)
    elif state in QuestionState.values:
        rows = rows.filter(state=state)
    return QUESTIONS.page(request, rows, {"counts": counts, "state": state}, state=state[:20])


@member(HELPERS, HELPERS)
def question(request: HttpRequest, question_id: int) -> HttpResponse:
    """Show a question; POST answers, adds a note, hands over or solves."""
    found = access.get_question(request.user, question_id)
    ready = access.usable_canned(request.user)
    canned = ready.filter(pk=number(request.GET, "canned") or 0).first()
    form = AnswerForm(request.POST or None, initial={"text": canned.text} if canned else None)
    action = request.POST.get("what", "")
    if request.method == "POST":
        if found.erased is not None:
            return redirect("support:question", question_id=question_id)
        if action == "solve":
            desk.solve(found, request.user)
            return redirect("support:question", question_id=question_id)
        if action == "up":
            above = desk.hand_over(found, request.user, request.POST.get("text", "")[:2000])
            if above is not None:
                messages.success(request, _("Handed over to {unit}.").format(unit=above.name))
            readable = access.readable_questions(request.user).filter(pk=question_id).exists()
            return redirect("support:question", question_id) if readable else redirect("support:list")
        if form.is_valid():
            desk.answer(found, request.user, form.cleaned_data["text"], internal=action == "note")
            return redirect("support:question", question_id=question_id)
    else:
        record(request, "question.viewed", found, found.unit)
    context = {
        "question": found,
        "said": found.messages.all(),
        "form": form,
        "now": timezone.now(),
        "canned": ready[:100],
    }
    return render(request, "support/question.html", context)


def _file(question: Question, file_id: int) -> HttpResponse:
    attachment = get_object_or_404(question.files, pk=file_id)
    return download(attachment.name, attachment.path)


@member(HELPERS, HELPERS, ("GET",))
def file(request: HttpRequest, question_id: int, file_id: int) -> HttpResponse:
    """Download a file of a question, for the desk."""
    question = access.get_question(request.user, question_id)
    record(request, "question.file", question, question.unit, file=file_id)
    return _file(question, file_id)


@rate_limited("question", 60, 300, ("GET",))
@link("GET")
def my_file(request: HttpRequest, token: str, file_id: int) -> HttpResponse:
    """Download a file of a question, for its asker."""
    question = desk.find(token) or closed_link()
    record(request, "question.file", question, question.unit, file=file_id, link=True)
    return _file(question, file_id)
