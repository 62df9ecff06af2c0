"""Prepared answers of desks, and public articles, which are suggested by their keywords."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from lamsach.documents.headings import fold
from lamsach.portal.audit.trail import end, record
from lamsach.portal.base.doors import anyone, member
from lamsach.portal.base.errors import Stale
from lamsach.portal.base.forms import done, form_page
from lamsach.portal.base.lists import Cell, Link, Listing
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


def _keywords(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z0-9]{2,30}", fold(text[:5000])) if word not in _COMMON}


def suggest(subject: str, text: str, language: str) -> list[Article]:
    """Return up to MOST_OFFERED articles of the language, best first: scored by phrase, title and text."""
    folded_text = fold(f"{subject} {text}"[:5000])
    keywords = _keywords(folded_text)
    scored: list[tuple[float, int, Article]] = []
    for article in Article.objects.filter(withdrawn=None, language=language)[:MOST_READ]:
        phrases = [fold(part) for part in article.words.split(",") if part.strip()]
        score = 3.0 * sum(phrase in folded_text for phrase in phrases)
        score += 1.0 * len(keywords & _keywords(article.title)) + 0.2 * len(
            keywords & _keywords(article.text)
        )
        if score >= _LEAST:
            scored.append((-score, article.pk, article))
    return [article for _, _, article in sorted(scored, key=lambda entry: entry[:2])[:MOST_OFFERED]]


CANNED = Listing(
    title="Prepared answers",
    cells=(Cell("Title", lambda row: _linked(row)), Cell("Unit", "unit__name")),
    empty="None yet.",
)
ARTICLES = Listing(
    title="Articles for everybody",
    cells=(
        Cell("Title", "title", view="support:article_edit"),
        Cell("Unit", "unit__name"),
        Cell("Language", lambda row: row.get_language_display()),
        Cell("Helped", "helped", css="number"),
    ),
    empty="None yet.",
)


def _linked(row: Any) -> Any:
    """Title of a prepared answer, linked where the user may edit it."""
    return Link(row.title, reverse("support:canned_edit", args=(row.pk,))) if row.own else row.title


@member(HELPERS, HELPERS, ("GET",))
def shelf(request: HttpRequest) -> HttpResponse:
    """List prepared answers and articles that the user may use or edit."""
    own = Q(unit__in=readable_units(request.user, HELPERS))
    context = {
        "prepared": CANNED,
        "canned": access.usable_canned(request.user).annotate(own=own),
        "published": ARTICLES,
        "articles": access.editable_articles(request.user),
        "may_publish": bool(request.user.roles & COORDINATORS),  # type: ignore[union-attr]
    }
    return render(request, "support/shelf.html", context)


@member(HELPERS, HELPERS)
def canned_edit(request: HttpRequest, canned_id: int | None = None) -> HttpResponse:
    """Create, edit or withdraw a prepared answer."""
    row = access.get_canned(request.user, canned_id) if canned_id is not None else None
    return _edit(request, CannedForm, row, HELPERS, "canned")


@member(COORDINATORS, COORDINATORS)
def article_edit(request: HttpRequest, article_id: int | None = None) -> HttpResponse:
    """Create, edit or withdraw an article."""
    rows = access.editable_articles(request.user)
    row = get_object_or_404(rows, pk=article_id) if article_id is not None else None
    return _edit(request, ArticleForm, row, COORDINATORS, "article")


def _edit(request: HttpRequest, kind_of_form: Any, row: Any, roles: Any, kind: str) -> HttpResponse:
    own = [unit.pk for unit in home_units(request.user)]
    units = readable_units(request.user, roles).filter(pk__in=own)
    units |= Unit.objects.filter(pk=row.unit_id if row else 0)
    form = kind_of_form(request.POST or None, instance=row, units=units)
    if request.method == "POST" and row is not None and request.POST.get("what") == "withdraw":
        end(row, request, f"{kind}.withdrawn", "withdrawn")
        return done(request, _("Removed from the shelf."), "support:shelf")
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            if form.is_stale():
                raise Stale
            saved = form.save()
            record(request, f"{kind}.saved", saved, saved.unit)
        return done(request, _("Saved."), "support:shelf")
    titles = {"article": (_("Write an article"), _("Save the article"))}
    title, button = titles.get(kind, (_("Keep an answer ready"), _("Keep the answer")))
    template = "support/shelf_edit.html"
    return form_page(request, form, row.title if row else title, button, template=template, row=row)


@rate_limited("article", 60, 300, ("POST",))
@anyone()
def article(request: HttpRequest, article_number: int) -> HttpResponse:
    """Show an article; POST counts that it helped."""
    found = get_object_or_404(Article.objects, pk=article_number, withdrawn=None)
    if request.method == "POST":
        Article.objects.filter(pk=found.pk).update(helped=F("helped") + 1)
        messages.success(request, _("Good to know. No question was sent."))
        return redirect("support:article", article_number=found.pk)
    return render(request, "support/article.html", {"article": found, "step": "ask"})
