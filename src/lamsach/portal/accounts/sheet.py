"""Invitations from a sheet: rows checked by `InviteForm`; the confirmed preview is signed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Any

from django.core import signing
from django.utils import timezone, translation

from lamsach.documents.headings import fold
from lamsach.documents.vocabulary import INVITED
from lamsach.errors import InputError, LimitError
from lamsach.i18n import LANGUAGES, mark
from lamsach.portal.accounts.forms import InviteForm
from lamsach.portal.accounts.invitations import invite
from lamsach.portal.accounts.models import Invitation, User
from lamsach.portal.base.roles import WEAKEST, Role
from lamsach.portal.units.codes import canonical
from lamsach.portal.units.models import Membership
from lamsach.portal.units.sheet import Heading, rows_of

MOST = 500
SHOWN_FOR_S = 24 * 3600
_SALT = "lamsach.accounts.sheet"
Row = tuple[int, str, str, str, str]
"""Row number, e-mail, name, unit, role, as written in the sheet."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row and its outcome: an `invitation`, a `reason` for none, or errors (`wrong`)."""

    row: Row
    unit: str = ""
    role: str = ""
    reason: str = ""
    wrong: tuple[str, ...] = ()
    invitation: Invitation | None = None


def read(file: IO[bytes], name: str) -> tuple[list[Row], list[Heading]]:
    """Read rows and headings. InputError without e-mail and unit columns or rows, LimitError beyond MOST."""
    missing = (
        mark("The sheet has no heading row with the columns e-mail and unit code."),
        mark("Put the headings Email and Mã đơn vị above the columns."),
    )
    rows, headings = rows_of(file, name, INVITED, {"email", "unit"}, missing)
    if not rows:
        raise InputError(mark("The sheet has no rows below its headings."), name)
    if len(rows) > MOST:
        raise LimitError(mark("The sheet has more than 500 people."), name)
    names = ("email", "name", "unit", "role")
    found: Any = [(number, *(values.get(name, "") for name in names)) for number, values in rows]
    return found, headings


def checked(rows: Iterable[Row], user: User) -> list[Line]:
    """Check each row: weakest role by default; no duplicates, no one who has or was offered the role."""
    roles, listed, lines = _roles(), set(), []
    for row in rows:
        _number, email, name, unit, role = row
        data = {
            "email": email,
            "name": name,
            "unit": canonical(unit) or unit,
            "role": roles.get(fold(role), role or WEAKEST),
        }
        form = InviteForm(data, user=user)
        if not form.is_valid():
            lines.append(
                Line(row, wrong=tuple(str(text) for texts in form.errors.values() for text in texts))
            )
            continue
        invitation = form.save(commit=False)
        key = (invitation.email, invitation.unit_id, invitation.role)
        reason = mark("is in the sheet twice") if key in listed else _known(invitation)
        listed.add(key)
        lines.append(
            Line(
                row,
                unit=str(invitation.unit),
                role=str(invitation.get_role_display()),
                reason=reason,
                invitation=None if reason else invitation,
            )
        )
    return lines


def _roles() -> dict[str, str]:
    """Roles by label in any language, without accents."""
    roles: dict[str, str] = {}
    for language in LANGUAGES:
        with translation.override(language):
            roles |= {fold(str(role.label)): role.value for role in Role}
    return roles


def _known(invitation: Invitation) -> str:
    place = {"unit": invitation.unit, "role": invitation.role}
    if Membership.objects.filter(user__email=invitation.email, **place).exists():
        return mark("has this role already")
    pending = Invitation.objects.filter(email=invitation.email, accepted=None, withdrawn=None, **place)
    return mark("is invited already") if pending.filter(expires__gt=timezone.now()).exists() else ""


def sealed(rows: list[Row], user: User) -> str:
    """Serialize the rows for the confirmation page, signed for this user."""
    return signing.dumps([user.pk, rows], salt=_SALT, compress=True)


def opened(text: str, user: User) -> list[Row]:
    """Verify and load serialized rows. InputError if another user's, a day old, or forged."""
    try:
        owner, rows = signing.loads(text, salt=_SALT, max_age=SHOWN_FOR_S)
    except signing.BadSignature as problem:
        raise InputError(mark("The preview is too old. Upload the sheet again.")) from problem
    if owner != user.pk:
        raise InputError(mark("The preview is too old. Upload the sheet again."))
    return [tuple(row) for row in rows]


def send(rows: list[Row], user: User) -> int:
    """Check the rows again and invite; return the count. Idempotent."""
    ready = [line.invitation for line in checked(rows, user) if line.invitation is not None]
    for invitation in ready:
        invite(invitation, user)
    return len(ready)
