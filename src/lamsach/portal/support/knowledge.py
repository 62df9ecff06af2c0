"""The desk's shelf: answers kept ready, and articles for everybody, found by the words that people use."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.documents.headings import fold
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import anyone, member
from lamsach.portal.base.errors import conflict
from lamsach.portal.base.forms import done, form_page
from lamsach.portal.base.once import accepts_once
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import COORDINATORS, HELPERS
from lamsach.portal.support import access
from lamsach.portal.support.forms import ArticleForm, CannedForm
from lamsach.portal.support.models import Article
from lamsach.portal.units.access import home_units, readable_units
from lamsach.portal.units.models import Unit

MOST_OFFERED = 3
MOST_READ = 1000
_LEAST = 2.0
_COMMON = frozenset(
    re.findall(
        r"[a-z]+",
        "toi ban anh chi em minh la va co khong cua cho nay do thi nhu the nao sao lam gi bi "
        "duoc den tu voi mot cac nhung khi sau"
        " the a an and is of to in on my i it not do does can how what when with for this that",
    )
)


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z0-9]{2,30}", fold(text[:5000])) if word not in _COMMON}


def fitting(subject: str, text: str, language: str) -> list[Article]:
    """At most three articles of the language, best first: by phrase, then title, then text."""
    asked = fold(f"{subject} {text}"[:5000])
    words = _words(asked)
    scored: list[tuple[float, int, Article]] = []
    for article in Article.objects.filter(withdrawn=None, language=language)[:MOST_READ]:
        phrases = [fold(part) for part in article.words.split(",") if part.strip()]
        score = 3.0 * sum(phrase in asked for phrase in phrases)
        score += 1.0 * len(words & _words(article.title)) + 0.2 * len(words & _words(article.text))
        if score >= _LEAST:
            scored.append((-score, article.pk, article))
    return [article for _, _, article in sorted(scored, key=lambda entry: entry[:2])[:MOST_OFFERED]]


def _own(request: HttpRequest, roles: Any) -> Any:
    """The units that a shelf may belong to: the person's own, not everything under them."""
    mine = [unit.pk for unit in home_units(request.user)]
    return readable_units(request.user, roles).filter(pk__in=mine)


@member(HELPERS, HELPERS, ("GET",))
def shelf(request: HttpRequest) -> HttpResponse:
    """Answers kept ready and articles that the person may use or change."""
    helped = set(readable_units(request.user, HELPERS).values_list("pk", flat=True))
    context = {
        "canned": [(one, one.unit_id in helped) for one in access.usable_canned(request.user)],
        "articles": access.editable_articles(request.user),
        "may_publish": bool(request.user.roles & COORDINATORS),  # type: ignore[union-attr]
    }
    return render(request, "support/shelf.html", context)


@member(HELPERS, HELPERS)
@accepts_once
def canned_new(request: HttpRequest) -> HttpResponse:
    """Keep an answer ready."""
    return _save(request, CannedForm(request.POST or None, units=_own(request, HELPERS)), "canned")


@member(HELPERS, HELPERS)
@accepts_once
def canned_edit(request: HttpRequest, canned_id: int) -> HttpResponse:
    """Change an answer that is kept ready, or take it off the shelf."""
    found = access.get_canned(request.user, canned_id)
    units = _own(request, HELPERS) | Unit.objects.filter(pk=found.unit_id)
    return _save(request, CannedForm(request.POST or None, instance=found, units=units), "canned")


@member(COORDINATORS, COORDINATORS)
@accepts_once
def article_new(request: HttpRequest) -> HttpResponse:
    """Write an article for everybody."""
    return _save(request, ArticleForm(request.POST or None, units=_own(request, COORDINATORS)), "article")


@member(COORDINATORS, COORDINATORS)
@accepts_once
def article_edit(request: HttpRequest, article_id: int) -> HttpResponse:
    """Change an article, or withdraw it."""
    found = get_object_or_404(access.editable_articles(request.user), pk=article_id)
    units = _own(request, COORDINATORS) | Unit.objects.filter(pk=found.unit_id)
    return _save(request, ArticleForm(request.POST or None, instance=found, units=units), "article")


def _save(request: HttpRequest, form: Any, what: str) -> HttpResponse:
    found = form.instance if form.instance.pk else None
    if request.method == "POST" and found is not None and request.POST.get("what") == "withdraw":
        type(found).objects.filter(pk=found.pk).update(withdrawn=timezone.now())
        record(request, f"{what}.withdrawn", found, found.unit)
        return done(request, _("Removed from the shelf."), "support:shelf")
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            if form.is_stale():
                return conflict(request)
            made = form.save()
            record(request, f"{what}.saved", made, made.unit)
        return done(request, _("Saved."), "support:shelf")
    titles = {"article": (_("Write an article"), _("Save the article"))}
    title, button = titles.get(what, (_("Keep an answer ready"), _("Keep the answer")))
    template = "support/shelf_edit.html"
    return form_page(request, form, found.title if found else title, button, template=template, found=found)


@rate_limited("article", 60, 300, ("POST",))
@anyone()
def article(request: HttpRequest, article_number: int) -> HttpResponse:
    """An article; the button counts that it helped."""
    found = get_object_or_404(Article.objects, pk=article_number, withdrawn=None)
    if request.method == "POST":
        Article.objects.filter(pk=found.pk).update(helped=F("helped") + 1)
        messages.success(request, _("Good to know. No question was sent."))
        return redirect("support:article", article_number=found.pk)
    return render(request, "support/article.html", {"article": found, "step": "ask"})
