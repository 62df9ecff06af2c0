"""The account of a hunt: every exact match in the bytes is reported, or counted with a reason.

The sieve sees all text of an input. Each match that the exact matcher makes in it is `reported` (by an event,
or as unparsed text), or set aside for one of few reasons. A hunt with a match that was set aside never ends
with status 1: the value is in the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lamsach.model import AsideReason, EventKind, Match, MatchStatus, Role, SetAside

ANSWER_WITHIN = timedelta(seconds=10)
"""Time after a question within which its answer counts with it."""
ASKED_KEPT = 10_000


class Asked:
    """Remembers the last questions of one file."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str | None, bool, str], datetime] = {}

    def is_counted(self, match: Match) -> bool:
        """Return whether this answers a question counted a moment before: one contact, though two records."""
        event = match.event
        if event.kind is not EventKind.DNS or match.role is not Role.OUTBOUND:
            return False
        key = (event.device_ip, event.forwarded, match.indicator.value)
        if event.response:
            asked = self._asked.get(key)
            return asked is not None and event.time is not None and abs(event.time - asked) <= ANSWER_WITHIN
        if event.time is not None:
            if len(self._asked) >= ASKED_KEPT:
                self._asked.clear()
            self._asked[key] = event.time
        return False


PLACES_KEPT = 1000
"""Places that are kept, the first by file and line; the counts go on."""
_STATUS_REASONS = {
    MatchStatus.EXCEPTED: AsideReason.EXCEPTED,
    MatchStatus.OUTSIDE_VALIDITY: AsideReason.OUTSIDE_VALIDITY,
}


@dataclass(slots=True)
class Account:
    """Counts of exact matches, one a value and record. Merging is associative.

    `aside`: how many were set aside, by reason; `places`: the first of each value, reason and file.
    """

    seen: int = 0
    reported: int = 0
    aside: dict[AsideReason, int] = field(default_factory=dict)
    places: dict[tuple[str, AsideReason, str], SetAside] = field(default_factory=dict)

    @property
    def is_even(self) -> bool:
        """Return whether every match that was seen was reported."""
        return self.seen == self.reported

    def report(self, match: Match) -> None:
        """Count a match that became a sighting; one that does not count as a contact is set aside as well."""
        reason = _STATUS_REASONS.get(match.status)
        if reason is not None:
            self.set_aside(match, reason)
            return
        self.seen += 1
        self.reported += 1

    def set_aside(self, match: Match, reason: AsideReason) -> None:
        """Count a match that accuses nobody."""
        self.seen += 1
        self.aside[reason] = self.aside.get(reason, 0) + 1
        event = match.event
        self._keep(SetAside(match.indicator.value, reason, event.file, event.line))

    def merge(self, other: Account) -> None:
        """Add another part's account to this one."""
        self.seen += other.seen
        self.reported += other.reported
        for reason, count in other.aside.items():
            self.aside[reason] = self.aside.get(reason, 0) + count
        for place in other.places.values():
            self._keep(place)

    def _keep(self, place: SetAside) -> None:
        key = (place.indicator, place.reason, place.file)
        known = self.places.get(key)
        if known is not None:
            if place.line < known.line:
                self.places[key] = place
            return
        self.places[key] = place
        if len(self.places) > 2 * PLACES_KEPT:
            kept = sorted(self.places.items(), key=lambda item: _order(item[1]))[:PLACES_KEPT]
            self.places = dict(kept)

    def rows(self) -> tuple[SetAside, ...]:
        """The first places in order."""
        return tuple(sorted(self.places.values(), key=_order)[:PLACES_KEPT])


def _order(place: SetAside) -> tuple[str, int, str, str]:
    return (place.file, place.line, place.indicator, place.reason)
