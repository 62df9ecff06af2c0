"""The one gate to questions: of the units in which a person helps, and of everything under them."""

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
    """The questions that the person may see and answer."""
    return Question.objects.filter(unit__in=readable_units(user, HELPERS)).select_related("unit")


def get_question(user: Any, question_id: int) -> Question:
    """The question, or Http404."""
    return get_object_or_404(readable_questions(user), pk=question_id)


def usable_canned(user: Any) -> QuerySet[CannedAnswer]:
    """Answers kept ready by the person's units, those above, and those under them."""
    mine = [unit.pk for unit in home_units(user)]
    above = UnitLink.objects.filter(
        descendant__in=mine, valid_from__lte=today(), valid_until__gt=today()
    ).values("ancestor")
    found = CannedAnswer.objects.filter(withdrawn=None)
    return (
        found.filter(unit__in=above) | found.filter(unit__in=readable_units(user, HELPERS))
    ).select_related("unit")


def get_canned(user: Any, canned_id: int) -> CannedAnswer:
    """One to change: of the units that the person helps."""
    return get_object_or_404(
        CannedAnswer.objects.filter(pk=canned_id, withdrawn=None, unit__in=readable_units(user, HELPERS))
    )


def editable_articles(user: Any) -> QuerySet[Article]:
    """Articles that the person may change: those of the units that they coordinate."""
    found = Article.objects.filter(withdrawn=None, unit__in=readable_units(user, COORDINATORS))
    return found.select_related("unit")
