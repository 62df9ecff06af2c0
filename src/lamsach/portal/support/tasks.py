"""Task list of support: open questions."""

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
def questions(tally: Tally) -> Row:
    """Row of open questions that the user may answer, with the earliest due day."""
    text = _("Questions that wait for an answer: {count}, late: {late}")
    text = text.format(count=tally.count, late=tally.late)
    return Row(text, reverse("support:list"), _("Answer"), tally.day, tally.late > 0, count=tally.count)
