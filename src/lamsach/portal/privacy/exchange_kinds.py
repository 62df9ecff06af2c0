"""Payload kinds of the exchange: temporary views of cases that an offline unit grants to one above."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from lamsach.portal.exchange import returned_files
from lamsach.portal.exchange.kinds import Arrival, BackKind, Kind, Payload, Route, number, register, text
from lamsach.portal.exchange.models import Sent
from lamsach.portal.privacy import granted
from lamsach.portal.privacy.models import GrantedView


class Grants(Kind):
    """Grants of machines' names to a unit above, each with an expiry."""

    name = granted.NAME
    title = gettext_lazy("Machines that may be seen by name")
    upward = True

    def offer(self, route: Route) -> Payload | None:
        """Return all active grants; an empty payload, once any was sent, revokes them at the partner."""
        records = granted.payload_records(route)
        sent = Sent.objects.filter(partner=route.partner).only("kinds")
        if not records and not any(self.name in file.kinds for file in sent):
            return None
        return Payload(self.name, {"grants": records})

    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """Describe each granted machine with its expiry."""
        sentence = gettext("{unit} lets your unit see the machine {number} by name until {until}.")
        lines = [
            sentence.format(
                unit=grant.unit.name,
                number=grant.number,
                until=f"{timezone.localtime(grant.until):%H:%M %d/%m/%Y}",
            )
            for grant in granted.read(arrival, payload)
        ]
        return lines or [gettext("No machine may be seen by name any more.")]

    def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Store the grants in place of earlier ones."""
        return {self.name: granted.store(arrival, payload)}


class GrantsBack(BackKind):
    """Grants of the partner's newest file, returned to a portal restored from a backup, to end others."""

    name = "grants-back"
    title = gettext_lazy("Machines that may be seen by name, returned")
    downward = True

    def offer(self, route: Route) -> Payload | None:
        """Return the granted machines' numbers and the counter of the granting file."""
        counter = route.partner.held.get(granted.NAME, [0])[0]
        views = GrantedView.objects.filter(partner=route.partner).order_by("number")
        numbers = list(views.values_list("number", flat=True))
        return Payload(self.name, {"counter": counter, "grants": numbers}) if counter else None

    def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """End own grants that are missing in the partner's newest file, if that was lost by the restore."""
        named = {text(item, 20) for item in payload.data["grants"][: granted.MOST]}
        lost = number(payload.data["counter"]) > returned_files.last_known(arrival.partner)
        return {granted.NAME: granted.end_others(arrival, named) if lost else 0}


for kind in (Grants(), GrantsBack()):
    register(kind)
