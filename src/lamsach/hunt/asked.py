"""DNS questions counted a moment ago, so that question and answer are one contact, not two."""

from __future__ import annotations

from datetime import datetime, timedelta

from lamsach.model import EventKind, Match, Role

ANSWER_WITHIN = timedelta(seconds=10)
"""Time after a question within which its answer counts with it."""
ASKED_KEPT = 10_000


class Asked:
    """Remembers the last questions of one file."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str | None, bool, str], datetime] = {}

    def is_counted(self, match: Match) -> bool:
        """Return whether this is the answer to a question that was counted a moment before: one contact, though two records."""
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
