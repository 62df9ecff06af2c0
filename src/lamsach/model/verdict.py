"""Verdict of a hunt: the one source of exit status, sentence, headline and bundle."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Doubt(StrEnum):
    """Reason why finding nothing proves nothing; the weightiest first."""

    INTERRUPTED = "interrupted"
    NO_LINE = "no_line"
    """No log line was searched."""
    UNREAD = "unread"
    """An input could not be read to its end."""
    NO_DATED_LINE = "no_dated_line"
    """No line of a recognized log states a time in the requested period (or any, without a period)."""
    BLIND_DAYS = "blind_days"
    """An observer has no line on a day of the period."""
    SET_ASIDE = "set_aside"
    """A listed value occurs in a log where it is no contact of a machine (see `AsideReason`)."""


class Outcome(StrEnum):
    """Outcome, as the exit status states it."""

    FOUND = "found"
    NOTHING_FOUND = "nothing_found"
    """Nothing found and no doubt: the only result that proves a clean network."""
    BLIND = "blind"
    PARTIAL = "partial"
    UNUSABLE = "unusable"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Verdict: whether anything was found, and the doubts, in the order of `Doubt`."""

    found: bool
    doubts: tuple[Doubt, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The outcome; an unreadable input outweighs findings."""
        if Doubt.INTERRUPTED in self.doubts:
            return Outcome.INTERRUPTED
        if Doubt.UNREAD in self.doubts:
            return Outcome.UNUSABLE if Doubt.NO_LINE in self.doubts else Outcome.PARTIAL
        if self.found:
            return Outcome.FOUND
        return Outcome.BLIND if self.doubts else Outcome.NOTHING_FOUND
