"""Views of single cases that a cut-off unit grants for a while, and their end, in its exchange files."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from lamsach.portal.exchange import returned_files
from lamsach.portal.exchange.kinds import Arrival, BackKind, Kind, Payload, Route, number, register, text
from lamsach.portal.exchange.models import Sent
from lamsach.portal.privacy import granted
from lamsach.portal.privacy.models import GrantedView


class Grants(Kind):
    """Machines that the unit lets a unit above see by name, each until a moment."""

    name = granted.NAME
    title = gettext_lazy("Machines that may be seen by name")
    upward = True

    def offer(self, route: Route) -> Payload | None:
        """All grants in force; also none, once any was sent, so that a revoked one ends there too."""
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


class GrantsBack(BackKind):
    """Grants of the partner's newest file, for a portal back from a backup: ended ones end again."""

    name = "grants-back"
    title = gettext_lazy("Machines that may be seen by name, returned")
    downward = True

    def offer(self, route: Route) -> Payload | None:
        """The numbers of the machines, and of the file that granted them."""
        counter = route.partner.held.get(granted.NAME, [0])[0]
        views = GrantedView.objects.filter(partner=route.partner).order_by("number")
        numbers = list(views.values_list("number", flat=True))
        return Payload(self.name, {"counter": counter, "grants": numbers}) if counter else None

    def take(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """End what is granted here and was not granted in a file that this portal does not know any more."""
        named = {text(one, 20) for one in payload.data["grants"][: granted.MOST]}
        lost = number(payload.data["counter"]) > returned_files.last_known(arrival.partner)
        return {granted.NAME: granted.end(arrival, named) if lost else 0}


for kind in (Grants(), GrantsBack()):
    register(kind)
