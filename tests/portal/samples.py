"""For each name that an address may carry, an object inside the coordinator's subtree. A new name without a line here fails the walk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from lamsach.portal.accounts.models import Invitation
from lamsach.portal.base import tokens
from lamsach.portal.mail.models import Letter
from lamsach.portal.units import tree
from lamsach.portal.units.models import UnitImport


def _invitation(cast: Any) -> Invitation:
    return Invitation.objects.create(
        email="moi@person.example",
        unit=cast.first,
        role="officer",
        nonce=tokens.nonce(),
        created_by=cast.people["coordinator"],
        expires=timezone.now() + timedelta(days=1),
    )


def _letter(cast: Any) -> Letter:
    now = timezone.now()
    return Letter.objects.create(
        key=tokens.nonce(),
        kind="plain",
        to="mot@unit.example",
        unit=cast.first,
        created=now,
        next_attempt=now,
    )


def _import(cast: Any) -> UnitImport:
    return UnitImport.objects.create(
        user=cast.people["coordinator"], file_name="a.csv", day=tree.today(), basis="x"
    )


SAMPLES: dict[str, Callable[[Any], Any]] = {
    "unit_id": lambda cast: cast.first.pk,
    "user_id": lambda cast: cast.people["officer"].pk,
    "invitation_id": lambda cast: _invitation(cast).pk,
    "letter_id": lambda cast: _letter(cast).pk,
    "import_id": lambda cast: _import(cast).pk,
}
OWN_ONLY = {"import_id"}
"""Objects of one person: nobody else sees them, whatever the role."""
