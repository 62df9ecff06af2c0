"""Sending the summary of a scan to a portal: one small request, tried again with growing pauses.

The address is `.../api/campaigns/NUMBER/scans`, as the portal's page of scans shows it; the token is the
unit's. See `lamsach.portal.fleet.api`.
"""

from __future__ import annotations

from typing import ClassVar

from lamsach.errors import OutputError
from lamsach.i18n import mark
from lamsach.results.upload import LATER, TRIES, Sender

_FOR_GOOD = frozenset({409, 422})
"""Statuses after which the same summary will never be taken: the campaign is over, or it is not understood.
"""
_AGAIN = mark("It waits beside the quarantine and goes with the next look.")


class Reporter(Sender):
    """Sends summaries to one address; checks the address and keeps the token to it as `Sender` does."""

    answers: ClassVar[str] = "taken"
    sends: ClassVar[str] = "application/json"

    def report(self, data: bytes) -> str | None:
        """Send one summary; None when it was taken, else why it never will be.

        OutputError when it may be taken later.
        """
        problem = ""
        for number in range(TRIES):
            if number:
                self.wait(min(2.0**number, 30.0))
            status, body = self._once("POST", self.url, data)
            problem = str(body.get("problem", "")) or (str(status) if status else "")
            if status == 200 and body.get("taken"):
                return None
            if status == 200 or status in _FOR_GOOD:
                return problem or str(status)
            if status and status not in LATER:
                raise self._refused(status, problem)
        raise OutputError(mark("The portal cannot be reached."), f"{self.url} {problem}".strip(), _AGAIN)
