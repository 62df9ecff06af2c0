"""The one gate to letters: a coordinator sees those to their units; those to nobody's unit only the administrator sees."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404

from lamsach.portal.base.roles import COORDINATORS, Role
from lamsach.portal.mail.models import Letter
from lamsach.portal.units.access import readable_units


def readable_letters(user: Any) -> QuerySet[Letter]:
    """The letters that the person may see, the newest first."""
    condition = Q(unit__in=readable_units(user, COORDINATORS))
    if Role.ADMINISTRATOR in user.roles:
        condition |= Q(unit=None)
    return Letter.objects.filter(condition).select_related("unit").order_by("-pk")


def get_letter(user: Any, letter_id: int) -> Letter:
    """The letter, or Http404."""
    letter = readable_letters(user).filter(pk=letter_id).first()
    if letter is None:
        raise Http404
    return letter
