"""Inside machine of an event whose near side is a public address, by the NAT records of that moment.

A sensor outside the gateway (a provider, a ministry's own exchange, a cloud proxy) logs the address that the
gateway substituted for the machine's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from lamsach.devices.nat.table import MOST_CANDIDATES, Candidate, Certainty, NatTable
from lamsach.model import Behind, Event

CLOCKS_APART = timedelta(seconds=5)
"""Maximum clock difference of sensor and gateway, where the records are otherwise unambiguous."""
_DEPTH = 4
"""Maximum number of translations followed: a branch's gateway may be behind the head office's."""


class NatResolver:
    """Resolver of public addresses in events to inside ones.

    Only where the records are unambiguous: otherwise nobody is accused.
    """

    def __init__(self, table: NatTable) -> None:
        self._table = table

    @property
    def public_addresses(self) -> tuple[str, ...]:
        """Addresses that the records translate to."""
        return self._table.public_addresses()

    def __call__(self, event: Event) -> tuple[Event, Behind | None]:
        """Return the event of the inside address, and the grounds; unchanged and None if ambiguous.

        Hardware address and name in the line are the gateway's and are removed.
        """
        public = event.device_ip or event.source_ip
        if public is None or event.time is None or not self._table.knows(public):
            return event, None
        path, certain = self._path(event, public)
        if not path:
            return event, None
        inside = replace(event, device_ip=path[-1].inside_ip, device_mac=None, device_name=None)
        return inside, Behind(public, certain)

    def _path(self, event: Event, public: str) -> tuple[list[Candidate], bool]:
        """Return the translations inwards, the outermost first, and whether none of them is assumed."""
        source = event.source_ip == public
        port = event.source_port if source else event.destination_port
        far = event.destination_ip if source else event.source_ip
        path: list[Candidate] = []
        certain = True
        for _ in range(_DEPTH):
            found = self._unambiguous(event, public, port, far)
            if found is None:
                break
            path.append(found)
            certain = certain and self._is_certain(event, public, port, found)
            public, port = found.inside_ip, found.inside_port
            if port is None or public in (event.device_ip, event.source_ip) or not self._table.knows(public):
                break
        return path, certain

    def _unambiguous(self, event: Event, public: str, port: int | None, far: str | None) -> Candidate | None:
        """Return the translation if all that fit have one inside address; use slack only if needed."""
        assert event.time is not None
        if port is None and far is None:
            return None
        for slack in (timedelta(0), CLOCKS_APART):
            found = self._candidates(event.time, public, port, far, slack)
            if found:
                return found[0] if _is_unambiguous(found) else None
        return None

    def _candidates(
        self, time: datetime, public: str, port: int | None, far: str | None, slack: timedelta
    ) -> Sequence[Candidate]:
        """Return the translations that state the far side; without any of the port, those that state none."""
        found = self._table.inside(public, port, None, time, destination=far, slack=slack)
        if far is None:
            return found
        stated = [item for item in found if item.destination == far]
        if stated or port is None:
            return stated
        return () if self._table.far_sides(public, port, time, slack) else found

    def _is_certain(self, event: Event, public: str, port: int | None, found: Candidate) -> bool:
        """Return whether a TCP or UDP record states both ends; an event does not state its protocol."""
        assert event.time is not None
        return port is not None and any(
            item.inside_ip == found.inside_ip and item.certainty is Certainty.CERTAIN
            for protocol in ("tcp", "udp")
            for item in self._table.inside(public, port, protocol, event.time)
        )


def _is_unambiguous(found: Sequence[Candidate]) -> bool:
    return len(found) < MOST_CANDIDATES and len({item.inside_ip for item in found}) == 1
