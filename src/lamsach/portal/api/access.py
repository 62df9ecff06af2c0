"""The one gate for programs: what a token's unit may see."""

from __future__ import annotations

import hashlib
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
from lamsach.portal.base.ratelimit import client_address, exceeded
from lamsach.portal.campaigns.models import Campaign, CampaignState, Participation, Recipient
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import descendants

PREFIX = "lamsach_"


@transaction.atomic
def issue(unit: Unit, name: str, by: Any) -> str:
    """A new token; it is shown once and cannot be read again."""
    word = PREFIX + secrets.token_urlsafe(32)
    made = Token.objects.create(unit=unit, name=name, digest=_digest(word), created_by=user_of(by))
    record(by, "token.issued", made, unit, name=name)
    return word


def find(word: str, request: HttpRequest) -> Token | None:
    """The token, if it is one of ours and not revoked. Its first use is noted, with the address."""
    found = Token.objects.filter(digest=_digest(word), revoked=None).select_related("unit").first()
    if found is not None:
        now = timezone.now()
        if Token.objects.filter(pk=found.pk, last_used=None).update(last_used=now):
            record(request, "token.first_used", found, found.unit, who=found.name, name=found.name)
        else:
            Token.objects.filter(pk=found.pk).update(last_used=now)
    return found


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def units(token: Token) -> QuerySet[Unit]:
    """The unit and everything under it."""
    return descendants(token.unit).order_by("code")


def campaigns(token: Any) -> QuerySet[Campaign]:
    """Campaigns that the unit leads or takes part in; of a word that is good for one campaign, that one."""
    rows = campaigns_of(token.unit)
    only = getattr(token, "campaign_id", None)
    return rows if only is None else rows.filter(pk=only)


def campaigns_of(unit: Unit) -> QuerySet[Campaign]:
    """Campaigns that a unit leads, or takes part in with something under it."""
    part = Participation.objects.filter(unit__in=descendants(unit)).values("campaign")
    shown = Q(owner=unit) | (Q(pk__in=part) & ~Q(state=CampaignState.DRAFT))
    return Campaign.objects.filter(shown)


def received(token: Token) -> QuerySet[Recipient]:
    """Return what the unit itself was sent."""
    rows = Recipient.objects.filter(unit=token.unit, dispatch__sent__isnull=False)
    return rows.select_related("unit", "dispatch__campaign", "dispatch__issuer").order_by("pk")


WRONG_TOKENS, WINDOW_S = 30, 300
WORDS: list[Callable[[str], Any]] = []
"""Who knows other words than units' tokens that hand in scans alone: the app `fleet` registers itself."""


class UnitToken(HttpBearer):
    """`Authorization: Bearer lamsach_...`, the token of a unit."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The token, or None, which is answered by 401. Wrong ones are counted by address."""
        found = access.find(token, request)
        if found is None and exceeded("api", client_address(request), WRONG_TOKENS, WINDOW_S):
            raise Http404
        return found


class HandingIn(UnitToken):
    """Bearer token of a unit, or the word of a handed-out scanner, for addresses that take findings."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The token or the handed-out scanner; None for neither."""
        for find in WORDS:
            if (found := find(token)) is not None:
                return found
        return super().authenticate(request, token)
