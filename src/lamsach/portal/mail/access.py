"""Access gate of e-mails: coordinators read those of their units, administrators those of no unit."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from lamsach.portal.base.roles import COORDINATORS, Role
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.units.access import readable_units

PERSONAL = "notice:"
"""Prefix of `about` of letters to a unit's people, whose addresses never leave the unit."""


def _readable(user: Any) -> Q:
    own = Q(unit__in=readable_units(user, COORDINATORS))
    return own | Q(unit=None) if Role.ADMINISTRATOR in user.roles else own


def readable_letters(user: Any) -> QuerySet[Letter]:
    """Return letters, newest first."""
    letters = Letter.objects.filter(_readable(user)).exclude(about__startswith=PERSONAL)
    return letters.select_related("unit__parent", "common").order_by("-pk")


def get_letter(user: Any, letter_id: int) -> Letter:
    """Return a letter, or raise Http404."""
    return get_object_or_404(readable_letters(user), pk=letter_id)


def readable_incoming(user: Any) -> QuerySet[Incoming]:
    """Return incoming e-mails, newest first."""
    rows = Incoming.objects.filter(_readable(user)).exclude(letter__about__startswith=PERSONAL)
    return rows.select_related("unit", "letter").order_by("-pk")


def get_incoming(user: Any, incoming_id: int) -> Incoming:
    """Return an incoming e-mail, or raise Http404."""
    return get_object_or_404(readable_incoming(user), pk=incoming_id)
