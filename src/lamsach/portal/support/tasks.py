"""Tasks of the support: questions that wait for an answer."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import HELPERS
from lamsach.portal.base.tasks import Counted, Row, Tally, register_count
from lamsach.portal.support.access import readable_questions
from lamsach.portal.support.models import QuestionState


def _open(user: Any) -> Counted:
    new = Q(first_answer=None)
    rows = readable_questions(user).filter(state=QuestionState.OPEN)
    return Counted(rows, "due", late=new & Q(due__lt=timezone.now()), undone=new)


@register_count(gettext_lazy("Questions"), HELPERS, 80, _open)
def questions(found: Tally) -> Row:
    """Open questions that the person may answer, with the day by which the first answer is due."""
    words = _("Questions that wait for an answer: {count}, late: {late}")
    words = words.format(count=found.count, late=found.late)
    return Row(words, reverse("support:list"), _("Answer"), found.day, found.late > 0, count=found.count)
