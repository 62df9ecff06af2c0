"""Access gate of questions: of the units in which the user helps, and all units under them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from lamsach.portal.base.roles import COORDINATORS, HELPERS
from lamsach.portal.support.models import Article, CannedAnswer, Question
from lamsach.portal.units.access import home_units, readable_units
from lamsach.portal.units.models import UnitLink
from lamsach.portal.units.tree import today


def readable_questions(user: Any) -> QuerySet[Question]:
    """Return the questions that the user may read and answer."""
    return Question.objects.filter(unit__in=readable_units(user, HELPERS)).select_related("unit")


def get_question(user: Any, question_id: int) -> Question:
    """Return a question, or raise Http404."""
    return get_object_or_404(readable_questions(user), pk=question_id)


def usable_canned(user: Any) -> QuerySet[CannedAnswer]:
    """Return prepared answers of the user's units, of units above, and of units under them."""
    own = [unit.pk for unit in home_units(user)]
    above = UnitLink.objects.filter(
        descendant__in=own, valid_from__lte=today(), valid_until__gt=today()
    ).values("ancestor")
    answers = CannedAnswer.objects.filter(withdrawn=None)
    return (
        answers.filter(unit__in=above) | answers.filter(unit__in=readable_units(user, HELPERS))
    ).select_related("unit")


def get_canned(user: Any, canned_id: int) -> CannedAnswer:
    """Return a prepared answer that the user may edit: of a unit in which they help."""
    return get_object_or_404(
        CannedAnswer.objects.filter(pk=canned_id, withdrawn=None, unit__in=readable_units(user, HELPERS))
    )


def editable_articles(user: Any) -> QuerySet[Article]:
    """Return articles that the user may edit: of units that they coordinate."""
    articles = Article.objects.filter(withdrawn=None, unit__in=readable_units(user, COORDINATORS))
    return articles.select_related("unit")
