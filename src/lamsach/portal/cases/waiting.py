"""What of machines waits: cases of the own units to be handled, and questions that findings make."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import WRITERS
from lamsach.portal.base.tasks import Counted, Row, Tally, waits_counted
from lamsach.portal.campaigns.tasks import own_units
from lamsach.portal.cases.access import readable_cases
from lamsach.portal.cases.listing import group_condition
from lamsach.portal.cases.models import Clarification


def _to_handle(user: Any) -> Counted:
    rows = readable_cases(user).filter(group_condition("todo"), unit__in=own_units(user))
    return Counted(rows, "due", late=group_condition("late"))


@waits_counted(gettext_lazy("Machines"), WRITERS, 45, _to_handle)
def machines(found: Tally) -> Row:
    """The open cases of the person's own units, with the day of the first that is due."""
    words = _("Machines to be handled: {count}, overdue: {late}").format(count=found.count, late=found.late)
    address = reverse("cases:list") + ("?show=late" if found.late else "?show=todo")
    return Row(words, address, _("See the machines"), found.day, found.late > 0, count=found.count)


def _unanswered(user: Any) -> Counted:
    return Counted(Clarification.objects.filter(unit__in=own_units(user), answered=None), "created")


@waits_counted(gettext_lazy("Findings that ask a question"), WRITERS, 46, _unanswered)
def questions(found: Tally) -> Row:
    """Questions of findings at the own units that nobody answered."""
    words = _("Questions about findings to answer: {count}").format(count=found.count)
    return Row(words, reverse("cases:clarifications"), _("Answer"), found.day, since=True, count=found.count)
