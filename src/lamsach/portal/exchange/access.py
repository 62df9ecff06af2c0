"""Access gate of keys, partners, files, webhooks and MISP servers: the unit's coordinators only."""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from lamsach.portal.base.parameters import parse_number
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.exchange.models import MispServer, Partner, PartnerKey, Waiting, Webhook
from lamsach.portal.units.access import readable_units, writable_units
from lamsach.portal.units.models import FOREVER, Unit

T = TypeVar("T", bound=Any)


def exchanging_units(user: Any) -> QuerySet[Unit]:
    """Units whose keys and addresses the user may manage."""
    return writable_units(user, COORDINATORS).filter(valid_until=FOREVER)


def partners(user: Any) -> QuerySet[Partner]:
    """Partners of the user's units."""
    return Partner.objects.filter(unit__in=exchanging_units(user)).select_related("unit")


def get_partner_key(user: Any, partner: Partner, number: str) -> PartnerKey | None:
    """Return the partner's key with the number from a form."""
    rows = PartnerKey.objects.filter(partner=partner, pk=parse_number(number) or 0)
    return rows.select_related("partner__unit").first()


def get_waiting(user: Any, waiting_id: int) -> Waiting:
    """Return a file that the user uploaded and has not yet confirmed."""
    rows = Waiting.objects.filter(pk=waiting_id, user=user, done=None).select_related("partner__unit")
    found = get_object_or_404(rows)
    get(user, Partner, found.partner_id)
    return found


def webhooks(user: Any) -> QuerySet[Webhook]:
    """Active webhooks of the user's units."""
    return Webhook.objects.filter(unit__in=exchanging_units(user), ended=None).select_related("unit")


def misp_servers(user: Any) -> QuerySet[MispServer]:
    """Active MISP servers of the user's units."""
    return MispServer.objects.filter(unit__in=exchanging_units(user), ended=None).select_related("unit")


def get(user: Any, kind: type[T], number: int, *related: str) -> T:
    """Return a row of a unit whose keys and addresses the user may manage. Http404, PermissionDenied."""
    found: T | None = kind.objects.filter(pk=number).select_related("unit", *related).first()
    if found is None or not readable_units(user).filter(pk=found.unit_id).exists():
        raise Http404
    if not exchanging_units(user).filter(pk=found.unit_id).exists():
        raise PermissionDenied
    return found
