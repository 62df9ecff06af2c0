"""Access gate of the API: tokens, and the units, campaigns and dispatches that each may read."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from lamsach.portal.api import access
from lamsach.portal.api.models import Token
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base.links import digest_of
from lamsach.portal.base.ratelimit import client_address, exceeded
from lamsach.portal.campaigns.models import Campaign, CampaignState, Participation, Recipient
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import descendants

PREFIX = "lamsach_"


@transaction.atomic
def issue(unit: Unit, name: str, by: Any) -> str:
    """Create a token and return its secret, which is shown once and stored as a digest."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(unit=unit, name=name, digest=digest_of(secret), created_by=user_of(by))
    record(by, "token.issued", token, unit, name=name)
    return secret


def find(secret: str, request: HttpRequest) -> Token | None:
    """Return the valid token of a secret; its first use is audited with the client address."""
    token = Token.objects.filter(digest=digest_of(secret), revoked=None).select_related("unit").first()
    if token is not None:
        now = timezone.now()
        if Token.objects.filter(pk=token.pk, last_used=None).update(last_used=now):
            record(request, "token.first_used", token, token.unit, who=token.name, name=token.name)
        else:
            Token.objects.filter(pk=token.pk).update(last_used=now)
    return token


def units(token: Token) -> QuerySet[Unit]:
    """Return the token's unit and all units under it."""
    return descendants(token.unit).order_by("code")


def campaigns(token: Any) -> QuerySet[Campaign]:
    """Return campaigns of the token's unit; a token bound to one campaign gives that campaign alone."""
    rows = campaigns_of(token.unit)
    only = getattr(token, "campaign_id", None)
    return rows if only is None else rows.filter(pk=only)


def campaigns_of(unit: Unit) -> QuerySet[Campaign]:
    """Return campaigns that a unit owns, or (drafts excepted) that it or a unit under it takes part in."""
    part = Participation.objects.filter(unit__in=descendants(unit)).values("campaign")
    shown = Q(owner=unit) | (Q(pk__in=part) & ~Q(state=CampaignState.DRAFT))
    return Campaign.objects.filter(shown)


def received(token: Token) -> QuerySet[Recipient]:
    """Return dispatches that were sent to the unit itself."""
    rows = Recipient.objects.filter(unit=token.unit, dispatch__sent__isnull=False)
    return rows.select_related("unit", "dispatch__campaign", "dispatch__issuer").order_by("pk")


WRONG_TOKENS, WINDOW_S = 30, 300
WORDS: list[Callable[[str], Any]] = []
"""Lookups of tokens that may submit scans only; the app `fleet` registers its own."""


class UnitToken(HttpBearer):
    """Bearer token of a unit: `Authorization: Bearer lamsach_...`."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Return the token, or None (401). Http404 after WRONG_TOKENS wrong ones of an address."""
        found = access.find(token, request)
        if found is None and exceeded("api", client_address(request), WRONG_TOKENS, WINDOW_S):
            raise Http404
        return found


class HandingIn(UnitToken):
    """Bearer token of a unit or of a distributed scanner, for endpoints that accept findings."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Return the unit's token or the scanner's object; None for neither."""
        for find in WORDS:
            if (found := find(token)) is not None:
                return found
        return super().authenticate(request, token)
