"""The one gate to questions: of the units in which a person helps, and of everything under them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from lamsach.portal.base.roles import HELPERS
from lamsach.portal.support.models import Question
from lamsach.portal.units.access import readable_units


def readable_questions(user: Any) -> QuerySet[Question]:
    """The questions that the person may see and answer."""
    return Question.objects.filter(unit__in=readable_units(user, HELPERS)).select_related("unit")


def get_question(user: Any, question_id: int) -> Question:
    """The question, or Http404."""
    question = readable_questions(user).filter(pk=question_id).first()
    if question is None:
        raise Http404
    return question
