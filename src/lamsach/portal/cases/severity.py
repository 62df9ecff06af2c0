"""The rules that make cases, in words that one can read.

1. A machine that reached a listed address and was not blocked, more than once: high.
2. The same, once: medium.
3. A machine whose every attempt was blocked: low.
4. A machine that was only told a listed address by a DNS server: to watch.
5. A listed address that reached towards a machine, or a contact of which nobody can say whose it was: no case, but a question.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lamsach.portal.cases.models import CaseSeverity

DUE_HOURS = {CaseSeverity.HIGH: 8, CaseSeverity.MEDIUM: 16, CaseSeverity.LOW: 40, CaseSeverity.WATCH: 80}
"""Working hours until a case has to be closed, by severity."""


@dataclass(frozen=True, slots=True)
class Contact:
    """The sum of a device's sightings in one role: events, and those of them that were not blocked."""

    role: str
    count: int
    passed: int


def severity(contacts: Iterable[Contact]) -> CaseSeverity | None:
    """Return how severe a case these contacts make; None when they make a question instead (rule 5)."""
    listed = list(contacts)
    reached = sum(contact.passed for contact in listed if contact.role == "outbound")
    tried = sum(contact.count for contact in listed if contact.role == "outbound")
    told = sum(contact.count for contact in listed if contact.role == "resolved")
    if reached > 1:
        return CaseSeverity.HIGH
    if reached == 1:
        return CaseSeverity.MEDIUM
    if tried:
        return CaseSeverity.LOW
    if told:
        return CaseSeverity.WATCH
    return None
