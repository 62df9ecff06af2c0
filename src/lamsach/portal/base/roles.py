"""Roles, and the role groups that pages require."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """A person's role in a unit and (except for the officer) in all units below it."""

    AUTHORITY = "authority", _("Authority")
    COORDINATOR = "coordinator", _("Coordinator")
    OFFICER = "officer", _("Officer")
    READER = "reader", _("Reader")
    HELPER = "helper", _("Helper")
    ADMINISTRATOR = "administrator", _("Administrator")

    @property
    def meaning(self) -> str:
        """Describe the role in a sentence for the person who assigns it."""
        return str(_MEANINGS[self])


_MEANINGS = {
    Role.AUTHORITY: _(
        "Leads campaigns for a ministry or authority: all that a coordinator does, and the tools and figures"
        " for the public."
    ),
    Role.COORDINATOR: _(
        "Leads a unit and everything under it: sends dispatches, invites people, accepts reports, sees every"
        " machine there."
    ),
    Role.OFFICER: _(
        "Works for one unit: acknowledges dispatches, hands in logs and results, cleans machines, writes the"
        " report."
    ),
    Role.READER: _("Reads what a unit and everything under it does, and changes nothing."),
    Role.HELPER: _("Answers questions of a unit and everything under it."),
    Role.ADMINISTRATOR: _("Runs the portal: settings, accounts, units; may do everything that others may."),
}  # fmt: skip
WEAKEST = Role.READER
"""Default role."""
ALL = frozenset(Role)
WRITERS = frozenset({Role.AUTHORITY, Role.COORDINATOR, Role.OFFICER, Role.ADMINISTRATOR})
COORDINATORS = frozenset({Role.AUTHORITY, Role.COORDINATOR, Role.ADMINISTRATOR})
LEADERS = frozenset({Role.AUTHORITY, Role.ADMINISTRATOR})
HELPERS = frozenset({Role.AUTHORITY, Role.COORDINATOR, Role.OFFICER, Role.HELPER, Role.ADMINISTRATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
ONE_UNIT = frozenset({Role.OFFICER})
"""Roles limited to one unit; every other role includes all units below."""
MFA_COMPULSORY = COORDINATORS
"""Roles above officer, which need a second factor."""
