"""Invitations: sent by e-mail, accepted once, valid for `LASTS`."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from lamsach.portal.accounts.models import Invitation, User
from lamsach.portal.audit.trail import record
from lamsach.portal.base import links
from lamsach.portal.base.links import absolute
from lamsach.portal.mail.letters import queue_letter
from lamsach.portal.units.models import Membership

LASTS = timedelta(days=14)
PURPOSE = "invitation"


@transaction.atomic
def invite(invitation: Invitation, by: User) -> Invitation:
    """Save the invitation and queue its e-mail."""
    invitation.nonce = links.nonce()
    invitation.created_by = by
    invitation.expires = timezone.now() + LASTS
    invitation.save()
    address = absolute("accounts:accept", token=links.sign(PURPOSE, invitation.nonce))
    queue_letter(
        "invitation",
        to=invitation.email,
        language=by.language,
        key=f"invitation:{invitation.nonce}",
        unit=invitation.unit,
        context={
            "unit": invitation.unit.name,
            "inviter": str(by),
            "role": str(invitation.get_role_display()),
            "address": address,
            "expires": f"{timezone.localtime(invitation.expires):%d/%m/%Y}",
        },
    )
    record(by, "invitation.sent", invitation, invitation.unit, email=invitation.email, role=invitation.role)
    return invitation


def find(token: str) -> Invitation | None:
    """Return the open invitation of a link's token."""
    nonce = links.read(PURPOSE, token)
    return Invitation.objects.filter(
        nonce=nonce or "", accepted=None, withdrawn=None, expires__gt=timezone.now()
    ).first()


@transaction.atomic
def accept(invitation: Invitation, name: str, password: str, by: HttpRequest) -> User | None:
    """Create the account, or add the role to an existing one; None if already accepted or withdrawn."""
    accepted = Invitation.objects.filter(pk=invitation.pk, accepted=None, withdrawn=None).update(
        accepted=timezone.now()
    )
    if not accepted:
        return None
    user = User.objects.filter(email=invitation.email).first()
    if user is None:
        user = User.objects.create_user(invitation.email, password, name=name)
    _, new = Membership.objects.get_or_create(user=user, unit=invitation.unit, role=invitation.role)
    record(by, "invitation.accepted", invitation, invitation.unit, user=user, role=invitation.role)
    if new:
        record(by, "role.appointed", user, invitation.unit, user=user, role=invitation.role)
    return user
