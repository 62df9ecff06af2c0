"""Views of single cases that a cut-off unit grants for a while go upward in its exchange files, and their end too."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from lamsach.portal.exchange.kinds import Arrival, Kind, Payload, Route, register
from lamsach.portal.exchange.models import Sent
from lamsach.portal.privacy import granted


class Grants(Kind):
    """Machines that the unit lets a unit above see by name, each until a moment."""

    name = granted.NAME
    title = gettext_lazy("Machines that may be seen by name")
    upward = True

    def offer(self, route: Route) -> Payload | None:
        """All that is granted now; also nothing, once something was sent, so that a grant that was taken back ends there too."""
        records = granted.written(route)
        sent = Sent.objects.filter(partner=route.partner).only("kinds")
        if not records and not any(self.name in file.kinds for file in sent):
            return None
        return Payload(self.name, {"grants": records})

    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """Each machine and until when; what was granted before ends."""
        sentence = gettext("{unit} lets your unit see the machine {number} by name until {until}.")
        lines = [
            sentence.format(
                unit=one.unit.name,
                number=one.number,
                until=f"{timezone.localtime(one.until):%H:%M %d/%m/%Y}",
            )
            for one in granted.read(arrival, payload)
        ]
        return lines or [gettext("No machine may be seen by name any more.")]

    def take(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Keep them until their time is over."""
        return {self.name: granted.take(arrival, payload)}


register(Grants())
