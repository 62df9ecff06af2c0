"""What of support waits: questions without an answer."""

from __future__ import annotations

from typing import Any

from django.db.models import Min
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import HELPERS
from lamsach.portal.base.waiting import Row, waits
from lamsach.portal.support.access import readable_questions
from lamsach.portal.support.models import QuestionState


@waits(gettext_lazy("Questions"), HELPERS, 80)
def questions(user: Any) -> list[Row]:
    """Open questions that the person may answer, with the day by which the first answer is due."""
    rows = readable_questions(user).filter(state=QuestionState.OPEN)
    count, late = rows.count(), rows.filter(first_answer=None, due__lt=timezone.now()).count()
    if not count:
        return []
    first = rows.filter(first_answer=None).aggregate(first=Min("due"))["first"]
    words = _("Questions that wait for an answer: {count}, late: {late}").format(count=count, late=late)
    day = timezone.localdate(first) if first else None
    return [Row(words, reverse("support:list"), _("Answer"), day, late > 0, count=count)]
