"""Erasure of questions LAMSACH_QUESTION_DAYS after they were solved or last answered.

Asker, texts of question, answers and notes, files and letters are erased; number, unit, state and times
remain for the counts. A legal hold on the unit prevents it. Law 91/2025/QH15 on personal data.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from lamsach.portal.audit.trail import record
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.mail.retention import forget, forget_letters
from lamsach.portal.privacy.holds import held_units
from lamsach.portal.privacy.retention import drop
from lamsach.portal.support.models import Message, Question, QuestionFile, QuestionState


def due(now: datetime | None = None) -> QuerySet[Question]:
    """Return questions past retention, including those under a hold."""
    until = (now or timezone.now()) - timedelta(days=settings.QUESTION_DAYS)
    solved = Q(state=QuestionState.SOLVED, solved__lte=until)
    answered = Q(state=QuestionState.ANSWERED, first_answer__lte=until)
    later = Message.objects.filter(at__gt=until).values("question")
    return Question.objects.filter(solved | answered, erased=None).exclude(pk__in=later)


def run() -> dict[str, int]:
    """Erase due questions; return counts, with `held` ones."""
    counts: Counter[str] = Counter()
    rows = due()
    held = held_units()
    if held:
        counts["held"] = rows.filter(unit__in=held).count()
        rows = rows.exclude(unit__in=held)
    for number in list(rows.order_by("pk").values_list("pk", flat=True)):
        counts.update(erase(number))
    return dict(counts)


@transaction.atomic
def erase(number: int) -> Counter[str]:
    """Erase a question's texts and people, unless erased or reopened meanwhile; return counts."""
    question = (
        Question.objects.select_for_update(of=("self",), no_key=True).select_related("unit").get(pk=number)
    )
    if question.erased is not None or question.state == QuestionState.OPEN:
        return Counter()
    paths = list(QuestionFile.objects.filter(question=question).values_list("path", flat=True))
    QuestionFile.objects.filter(question=question).delete()
    messages = Message.objects.filter(question=question).update(text="", who="")
    blank: dict[str, Any] = {"name": "", "email": "", "subject": "", "text": "", "asker": None}
    Question.objects.filter(pk=number).update(**blank, erased=timezone.now())
    counts = Counter(questions=1, messages=messages, letters=_letters(number))
    record(None, "question.erased", question, question.unit)
    transaction.on_commit(lambda: [drop(path) for path in paths] and None)
    return counts


def _letters(number: int) -> int:
    """Erase letters to asker and desk, and the question's e-mails; return the count of letters."""
    letters = Letter.objects.filter(about__in=[f"question:{number}", f"desk:{number}"])
    forget(Incoming.objects.filter(Q(letter__in=letters) | Q(target=f"question:{number}")))
    return forget_letters(letters)


def state_of(units: Any) -> dict[str, int]:
    """Count questions due within two weeks, under a hold, and erased."""
    soon = due(timezone.now() + timedelta(days=14)).filter(unit__in=units)
    held = held_units()
    return {
        "days": settings.QUESTION_DAYS,
        "soon": soon.exclude(unit__in=held).count(),
        "held": soon.filter(unit__in=held).count(),
        "erased": Question.objects.filter(unit__in=units, erased__isnull=False).count(),
    }
