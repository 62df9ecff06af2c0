"""Accounting of a hunt: every exact match in the bytes is reported, or set aside with a counted reason.

The matcher examines all text of an input. Each exact match becomes part of a sighting (of an event or of
unparsed text) or is set aside for a reason. A hunt that set a match aside never ends with status 1: the value
is in the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lamsach.model import AsideReason, EventKind, Match, MatchStatus, Role, SetAside

ANSWER_WITHIN = timedelta(seconds=10)
"""Longest interval between a DNS query and its answer to count both as one contact."""
QUERIES_MAX = 10_000


class RecentQueries:
    """Recent DNS queries of one file."""

    def __init__(self) -> None:
        self._times: dict[tuple[str | None, bool, str], datetime] = {}

    def is_counted(self, match: Match) -> bool:
        """Return whether the match is in an answer to a query that was already counted as a contact."""
        event = match.event
        if event.kind is not EventKind.DNS or match.role is not Role.OUTBOUND:
            return False
        key = (event.device_ip, event.forwarded, match.indicator.value)
        if event.response:
            query_time = self._times.get(key)
            return (
                query_time is not None
                and event.time is not None
                and abs(event.time - query_time) <= ANSWER_WITHIN
            )
        if event.time is not None:
            if len(self._times) >= QUERIES_MAX:
                self._times.clear()
            self._times[key] = event.time
        return False


PLACES_MAX = 1000
"""Maximum number of places listed, the first by file and line; counts continue."""
_STATUS_REASONS = {
    MatchStatus.EXCEPTED: AsideReason.EXCEPTED,
    MatchStatus.OUTSIDE_VALIDITY: AsideReason.OUTSIDE_VALIDITY,
}


@dataclass(slots=True)
class Account:
    """Counts of exact matches, one a value and record. Merging is associative.

    `aside`: matches set aside, by reason; `places`: the first of each value, reason and file.
    """

    seen: int = 0
    reported: int = 0
    aside: dict[AsideReason, int] = field(default_factory=dict)
    places: dict[tuple[str, AsideReason, str], SetAside] = field(default_factory=dict)

    @property
    def is_even(self) -> bool:
        """Return whether every match was reported."""
        return self.seen == self.reported

    def report(self, match: Match) -> None:
        """Count a match that became a sighting; set it aside if its status excludes it as a contact."""
        reason = _STATUS_REASONS.get(match.status)
        if reason is not None:
            self.set_aside(match, reason)
            return
        self.seen += 1
        self.reported += 1

    def set_aside(self, match: Match, reason: AsideReason) -> None:
        """Count a match that is not attributed to any device."""
        self.seen += 1
        self.aside[reason] = self.aside.get(reason, 0) + 1
        event = match.event
        self._add_place(SetAside(match.indicator.value, reason, event.file, event.line))

    def merge(self, other: Account) -> None:
        """Add another part's account to this one."""
        self.seen += other.seen
        self.reported += other.reported
        for reason, count in other.aside.items():
            self.aside[reason] = self.aside.get(reason, 0) + count
        for place in other.places.values():
            self._add_place(place)

    def _add_place(self, place: SetAside) -> None:
        key = (place.indicator, place.reason, place.file)
        known = self.places.get(key)
        if known is not None:
            if place.line < known.line:
                self.places[key] = place
            return
        self.places[key] = place
        if len(self.places) > 2 * PLACES_MAX:
            first = sorted(self.places.items(), key=lambda item: _order(item[1]))[:PLACES_MAX]
            self.places = dict(first)

    def rows(self) -> tuple[SetAside, ...]:
        """The first places, in order."""
        return tuple(sorted(self.places.values(), key=_order)[:PLACES_MAX])


def _order(place: SetAside) -> tuple[str, int, str, str]:
    return (place.file, place.line, place.indicator, place.reason)
