"""The one gate to letters: coordinators see their units', the administrator those of no unit."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from lamsach.portal.base.roles import COORDINATORS, Role
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.units.access import readable_units

PERSONAL = "notice:"
"""Letters to a unit's people: their addresses never leave the unit, so no log shows them."""


def readable_letters(user: Any) -> QuerySet[Letter]:
    """The letters that the person may see, the newest first."""
    condition = Q(unit__in=readable_units(user, COORDINATORS))
    if Role.ADMINISTRATOR in user.roles:
        condition |= Q(unit=None)
    letters = Letter.objects.filter(condition).exclude(about__startswith=PERSONAL)
    return letters.select_related("unit__parent", "common").order_by("-pk")


def get_letter(user: Any, letter_id: int) -> Letter:
    """The letter, or Http404."""
    return get_object_or_404(readable_letters(user), pk=letter_id)


def readable_incoming(user: Any) -> QuerySet[Incoming]:
    """E-mails to the person's units, newest first; administrators also see those of no unit."""
    condition = Q(unit__in=readable_units(user, COORDINATORS))
    if Role.ADMINISTRATOR in user.roles:
        condition |= Q(unit=None)
    found = Incoming.objects.filter(condition).exclude(letter__about__startswith=PERSONAL)
    return found.select_related("unit", "letter").order_by("-pk")


def get_incoming(user: Any, incoming_id: int) -> Incoming:
    """The e-mail, or Http404."""
    return get_object_or_404(readable_incoming(user), pk=incoming_id)
