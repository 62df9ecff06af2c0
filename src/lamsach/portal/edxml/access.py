"""Access gate of connections and messages: the unit's coordinators only."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from lamsach.portal.edxml.models import Connection, Message
from lamsach.portal.exchange.access import exchanging_units, get
from lamsach.portal.units.models import UnitLink
from lamsach.portal.units.tree import on_day, today


def connections(user: Any) -> QuerySet[Connection]:
    """Active connections of the units that the user coordinates."""
    return Connection.objects.filter(unit__in=exchanging_units(user), ended=None).select_related("unit")


def usable(user: Any, unit_id: int) -> QuerySet[Connection]:
    """Connections the user may send by for a unit: its own and those of coordinated units above."""
    above = UnitLink.objects.filter(on_day(today()), descendant=unit_id).values("ancestor")
    return connections(user).filter(unit__in=above)


def messages(user: Any) -> QuerySet[Message]:
    """Messages of the units that the user coordinates."""
    return Message.objects.filter(unit__in=exchanging_units(user)).select_related("unit", "connection")


def get_message(user: Any, message_id: int) -> Message:
    """Return a message. Http404, PermissionDenied."""
    return get(user, Message, message_id, "connection", "campaign", "dispatch__issuer", "user")
