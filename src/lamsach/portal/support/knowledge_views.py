"""The desk's shelf: answers kept ready, and the knowledge articles for everybody."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import anyone, member
from lamsach.portal.base.errors import conflict
from lamsach.portal.base.forms import form_page
from lamsach.portal.base.once import taken_once
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import COORDINATORS, HELPERS
from lamsach.portal.support import access
from lamsach.portal.support.forms import ArticleForm, CannedForm
from lamsach.portal.support.models import Article
from lamsach.portal.units.access import home_units, readable_units
from lamsach.portal.units.models import Unit


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
@taken_once
def canned_new(request: HttpRequest) -> HttpResponse:
    """Keep an answer ready."""
    return _save(request, CannedForm(request.POST or None, units=_own(request, HELPERS)), "canned")


@member(HELPERS, HELPERS)
@taken_once
def canned_edit(request: HttpRequest, canned_id: int) -> HttpResponse:
    """Change an answer that is kept ready, or take it off the shelf."""
    found = access.get_canned(request.user, canned_id)
    units = _own(request, HELPERS) | Unit.objects.filter(pk=found.unit_id)
    return _save(request, CannedForm(request.POST or None, instance=found, units=units), "canned")


@member(COORDINATORS, COORDINATORS)
@taken_once
def article_new(request: HttpRequest) -> HttpResponse:
    """Write an article for everybody."""
    return _save(request, ArticleForm(request.POST or None, units=_own(request, COORDINATORS)), "article")


@member(COORDINATORS, COORDINATORS)
@taken_once
def article_edit(request: HttpRequest, article_id: int) -> HttpResponse:
    """Change an article, or withdraw it."""
    found = access.editable_articles(request.user).filter(pk=article_id).first()
    if found is None:
        raise Http404
    units = _own(request, COORDINATORS) | Unit.objects.filter(pk=found.unit_id)
    return _save(request, ArticleForm(request.POST or None, instance=found, units=units), "article")


def _save(request: HttpRequest, form: Any, what: str) -> HttpResponse:
    found = form.instance if form.instance.pk else None
    if request.method == "POST" and found is not None and request.POST.get("what") == "withdraw":
        type(found).objects.filter(pk=found.pk).update(withdrawn=timezone.now())
        record(request, f"{what}.withdrawn", found, found.unit)
        messages.success(request, _("Taken off the shelf."))
        return redirect("support:shelf")
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            if form.is_stale():
                return conflict(request)
            made = form.save()
            record(request, f"{what}.saved", made, made.unit)
        messages.success(request, _("Saved."))
        return redirect("support:shelf")
    titles = {"article": (_("Write an article"), _("Save the article"))}
    title, button = titles.get(what, (_("Keep an answer ready"), _("Keep the answer")))
    template = "support/shelf_edit.html"
    return form_page(request, form, found.title if found else title, button, template=template, found=found)


@rate_limited("article", 60, 300, ("POST",))
@anyone()
def article(request: HttpRequest, article_number: int) -> HttpResponse:
    """An article; the button counts that it helped."""
    found = Article.objects.filter(pk=article_number, withdrawn=None).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        Article.objects.filter(pk=found.pk).update(helped=F("helped") + 1)
        messages.success(request, _("Good to know. No question was sent."))
        return redirect("support:article", article_number=found.pk)
    return render(request, "support/article.html", {"article": found, "step": "ask"})
