"""Who handles a case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_noop

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.accounts.models import User
from lamsach.portal.audit.trail import record
from lamsach.portal.base.roles import WRITERS
from lamsach.portal.cases.models import Case, Note
from lamsach.portal.units.tree import ancestors

ASSIGNED = gettext_noop("It is handled by {name} now.")
FREED = gettext_noop("Nobody in particular handles it now.")


def candidates(case: Case) -> QuerySet[User]:
    """The people who may act for the case's unit: its own first, then those of the units above."""
    units = [case.unit_id, *(unit.pk for unit in reversed(ancestors(case.unit)))]
    roles = [role.value for role in WRITERS]
    return User.objects.filter(
        is_active=True, memberships__unit__in=units, memberships__role__in=roles
    ).distinct()


@transaction.atomic
def assign(case: Case, to: User | None, by: HttpRequest) -> None:
    """Let somebody handle it; None: nobody in particular. InputError for a person who may not act for the unit."""
    if to is not None and not candidates(case).filter(pk=to.pk).exists():
        raise InputError(mark("This person may not act for the unit of the machine."), case.number)
    if case.assignee_id == (to.pk if to else None):
        return
    Case.objects.filter(pk=case.pk).update(assignee=to)
    user: Any = by.user
    Note.objects.create(
        case=case,
        user=user,
        who=(user.name or user.email)[:254],
        text=ASSIGNED if to else FREED,
        details={"name": to.name or to.email} if to else {},
    )
    record(by, "case.assigned", case, case.unit, to=to.pk if to else None)
    case.assignee = to


def assign_many(cases: Iterable[Case], to: User | None, by: HttpRequest) -> tuple[int, int]:
    """Assign each; how many were, and how many could not be."""
    done = left = 0
    for case in cases:
        try:
            assign(case, to, by)
            done += 1
        except InputError:
            left += 1
    return done, left
