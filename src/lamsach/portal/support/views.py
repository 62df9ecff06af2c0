"""Asking for help, and the desk that answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import anyone, link, member
from lamsach.portal.base.paging import paged
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import HELPERS
from lamsach.portal.base.tokens import nonce
from lamsach.portal.public.views import current
from lamsach.portal.support import access, desk
from lamsach.portal.support.models import Question, QuestionState
from lamsach.portal.units.access import home_units
from lamsach.portal.units.codes import canonical
from lamsach.portal.units.models import FOREVER, Unit


class AskForm(forms.ModelForm):  # type: ignore[type-arg]
    """A question of anybody."""

    unit_code = forms.CharField(
        label=gettext_lazy("Code of your unit"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("If you know it: then your own unit's contact answers."),
    )
    once = forms.CharField(widget=forms.HiddenInput, max_length=43)
    field_order = ("subject", "text", "name", "email", "unit_code")

    class Meta:
        model = Question
        fields = ("subject", "text", "name", "email")
        widgets = {"text": forms.Textarea(attrs={"rows": 6, "maxlength": 5000})}


class AnswerForm(forms.Form):
    """A word in a question."""

    text = forms.CharField(
        label=gettext_lazy("Text"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 5})
    )


def _desk_for(request: HttpRequest, code: str) -> Unit | None:
    """Whose contact answers: the unit named, else the person's own, else the campaign's leader, else the root."""
    named = Unit.objects.filter(code=canonical(code) or "", valid_until=FOREVER).first()
    if named is not None:
        return named
    if request.user.is_authenticated:
        mine = home_units(request.user)
        if mine:
            return mine[0].parent or mine[0]
    campaign = current()
    return campaign.owner if campaign else Unit.objects.filter(parent=None).order_by("pk").first()


@rate_limited("ask", 10, 3600)
@anyone()
def ask(request: HttpRequest) -> HttpResponse:
    """Ask a question, with or without an account."""
    initial: dict[str, Any] = {"once": nonce()}
    if request.user.is_authenticated:
        initial.update(name=request.user.name, email=request.user.email)
    form = AskForm(request.POST or None, initial=initial)
    found = current()
    contact = _contact(found.owner) if found else None
    if request.method == "POST" and form.is_valid():
        unit = _desk_for(request, form.cleaned_data["unit_code"])
        if unit is None:
            form.add_error(None, _("The portal is not set up yet."))
        else:
            question = form.save(commit=False)
            question.unit = unit
            question.asker = request.user if request.user.is_authenticated else None
            question = desk.ask(question, form.cleaned_data["once"])
            context = {"question": question, "address": desk.address_of(question), "step": "ask"}
            return render(request, "support/asked.html", {**context, "contact": _contact(question.unit)})
    return render(request, "support/ask.html", {"form": form, "step": "ask", "contact": contact})


def _contact(unit: Unit) -> dict[str, str]:
    return {"name": unit.contact_name or unit.name, "phone": unit.contact_phone, "email": unit.email}


@rate_limited("question", 30, 300)
@link()
def mine(request: HttpRequest, token: str) -> HttpResponse:
    """The asker's own view of the question."""
    question = desk.find(token)
    if question is None:
        return render(request, "accounts/link_used.html", status=404)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        desk.add(question, form.cleaned_data["text"])
        return redirect("support:mine", token=token)
    context = {
        "question": question,
        "said": question.messages.filter(internal=False),
        "form": form,
        "contact": _contact(question.unit),
        "step": "ask",
    }
    return render(request, "support/mine.html", context)


@member(HELPERS, HELPERS, ("GET",))
def questions(request: HttpRequest) -> HttpResponse:
    """The desk: what waits, what is late."""
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
    context = {"page": paged(request, rows), "counts": counts, "state": state, "now": now}
    return render(request, "support/list.html", context)


@member(HELPERS, HELPERS)
def question(request: HttpRequest, question_id: int) -> HttpResponse:
    """One question: answer, note, hand over, solve."""
    found = access.get_question(request.user, question_id)
    form = AnswerForm(request.POST or None)
    what = request.POST.get("what", "")
    if request.method == "POST":
        if what == "solve":
            desk.solve(found, request.user)
            return redirect("support:question", question_id=question_id)
        if what == "up":
            above = desk.hand_over(found, request.user, request.POST.get("text", "")[:2000])
            if above is not None:
                messages.success(request, _("Handed over to {unit}.").format(unit=above.name))
            seen = access.readable_questions(request.user).filter(pk=question_id).exists()
            return redirect("support:question", question_id) if seen else redirect("support:list")
        if form.is_valid():
            desk.answer(found, request.user, form.cleaned_data["text"], internal=what == "note")
            return redirect("support:question", question_id=question_id)
    else:
        record(request, "question.viewed", found, found.unit)
    context = {"question": found, "said": found.messages.all(), "form": form, "now": timezone.now()}
    return render(request, "support/question.html", context)
