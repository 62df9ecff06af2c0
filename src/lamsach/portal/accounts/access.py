"""Access gate of accounts: coordinators see the people of their units and all units under them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from lamsach.portal.accounts.models import Invitation, User
from lamsach.portal.base.roles import COORDINATORS, Role
from lamsach.portal.units.access import memberships, writable_units
from lamsach.portal.units.models import Membership


def readable_people(user: Any) -> QuerySet[User]:
    """Return people with a role in one of the units that the user coordinates."""
    units = writable_units(user, COORDINATORS)
    return User.objects.filter(memberships__unit__in=units).distinct().order_by("name", "email")


def get_person(user: Any, user_id: int, *, write: bool = False) -> User:
    """Return an account. Http404 outside; PermissionDenied to `write` if a role is beyond the user's."""
    person = get_object_or_404(readable_people(user), pk=user_id)
    if write and person.memberships.exclude(unit__in=writable_units(user, COORDINATORS)).exists():
        raise PermissionDenied
    if write and not {Role(m.role) for m in memberships(person)} <= set(grantable(user)):
        raise PermissionDenied
    return person


def revocable_roles(user: Any, person: User) -> QuerySet[Membership]:
    """Return roles of a person that the user may revoke: grantable, in own units, never their own."""
    roles = person.memberships.filter(
        unit__in=writable_units(user, COORDINATORS), role__in=grantable(user)
    ).select_related("unit")
    return roles.none() if person.pk == user.pk else roles


def readable_invitations(user: Any) -> QuerySet[Invitation]:
    """Return open invitations into the units that the user coordinates."""
    units = writable_units(user, COORDINATORS)
    return Invitation.objects.filter(unit__in=units, accepted=None, withdrawn=None).order_by("-created")


def get_invitation(user: Any, invitation_id: int) -> Invitation:
    """Return an open invitation, or raise Http404."""
    return get_object_or_404(readable_invitations(user), pk=invitation_id)


def grantable(user: Any) -> list[Role]:
    """List the roles that the user may grant: none above their own."""
    if Role.ADMINISTRATOR in user.roles:
        return list(Role)
    given = [Role.COORDINATOR, Role.OFFICER, Role.READER, Role.HELPER]
    return [Role.AUTHORITY, *given] if Role.AUTHORITY in user.roles else given
