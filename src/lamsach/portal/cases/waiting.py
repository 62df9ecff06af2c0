"""What of machines waits: cases of the own units to be handled, and questions that findings make."""

from __future__ import annotations

from typing import Any

from django.db.models import Min
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import WRITERS
from lamsach.portal.base.waiting import Row, waits
from lamsach.portal.campaigns.waiting import own_units
from lamsach.portal.cases.access import readable_cases
from lamsach.portal.cases.listing import figures, group_condition
from lamsach.portal.cases.models import Clarification


@waits(gettext_lazy("Machines"), WRITERS, 45)
def machines(user: Any) -> list[Row]:
    """The open cases of the person's own units, with the day of the first that is due."""
    rows = readable_cases(user).filter(unit__in=own_units(user))
    found = figures(rows)
    count, late = found["open"] + found["working"], found["late"]
    if not count:
        return []
    first = rows.filter(group_condition("todo")).order_by().aggregate(first=Min("due"))["first"]
    words = _("Machines to be handled: {count}, overdue: {late}").format(count=count, late=late)
    address = reverse("cases:list") + ("?show=late" if late else "?show=todo")
    day = timezone.localdate(first) if first else None
    return [Row(words, address, _("See the machines"), day, late > 0, count=count)]


@waits(gettext_lazy("Findings that ask a question"), WRITERS, 46)
def questions(user: Any) -> list[Row]:
    """Questions of findings at the own units that nobody answered."""
    rows = Clarification.objects.filter(unit__in=own_units(user), answered=None)
    count = rows.count()
    if not count:
        return []
    first = rows.aggregate(first=Min("created"))["first"]
    words = _("Questions about findings to answer: {count}").format(count=count)
    day = timezone.localdate(first) if first else None
    return [Row(words, reverse("cases:clarifications"), _("Answer"), day, since=True, count=count)]
