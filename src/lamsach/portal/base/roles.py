"""The roles, and the groups of them that pages ask for."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person may do, always within a unit (and for all but the officer, everything under it)."""

    AUTHORITY = "authority", _("Authority")
    COORDINATOR = "coordinator", _("Coordinator")
    OFFICER = "officer", _("Officer")
    READER = "reader", _("Reader")
    HELPER = "helper", _("Helper")
    ADMINISTRATOR = "administrator", _("Administrator")


ALL = frozenset(Role)
WRITERS = frozenset({Role.AUTHORITY, Role.COORDINATOR, Role.OFFICER, Role.ADMINISTRATOR})
COORDINATORS = frozenset({Role.AUTHORITY, Role.COORDINATOR, Role.ADMINISTRATOR})
LEADERS = frozenset({Role.AUTHORITY, Role.ADMINISTRATOR})
HELPERS = frozenset({Role.AUTHORITY, Role.COORDINATOR, Role.OFFICER, Role.HELPER, Role.ADMINISTRATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
ONE_UNIT = frozenset({Role.OFFICER})
"""Roles that reach one unit only; every other role reaches the unit and everything under it."""
MFA_COMPULSORY = COORDINATORS
"""Roles above officer, who need a second factor."""
