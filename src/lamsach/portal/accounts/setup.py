"""Set-up of the first administrator by a one-time link, printed at start while there is none."""

from __future__ import annotations

import secrets

from django.db import transaction
from django.utils import timezone

from lamsach.portal.accounts.models import SetUpLink, User
from lamsach.portal.base.links import digest_of
from lamsach.portal.base.roles import Role
from lamsach.portal.units import tree
from lamsach.portal.units.models import Membership, Unit


def needed() -> bool:
    """Return whether the portal has no active administrator."""
    return not Membership.objects.filter(role=Role.ADMINISTRATOR, user__is_active=True).exists()


@transaction.atomic
def new_token() -> str:
    """Create a token and invalidate unused earlier ones."""
    token = secrets.token_urlsafe(32)
    SetUpLink.objects.filter(used=None).delete()
    SetUpLink.objects.create(digest=digest_of(token))
    return token


def valid(token: str) -> bool:
    """Return whether the token is still usable."""
    return needed() and SetUpLink.objects.filter(digest=digest_of(token), used=None).exists()


@transaction.atomic
def finish(token: str, *, email: str, name: str, password: str, code: str, unit_name: str) -> User | None:
    """Create the administrator and the root unit. None for a used or unknown token."""
    if not needed():
        return None
    if not SetUpLink.objects.filter(digest=digest_of(token), used=None).update(used=timezone.now()):
        return None
    user = User.objects.create_user(email, password, name=name)
    root = Unit.objects.filter(parent=None).order_by("pk").first() or tree.create(code, unit_name, None)
    Membership.objects.create(user=user, unit=root, role=Role.ADMINISTRATOR)
    return user
