"""The way of a report: which step may follow which, and taking it.

A step is one transaction: the state, the history, the audit trail, the letter.

draft --submit--> submitted --approve--> approved --send--> sent --accept--> frozen
      submitted --return--> returned, approved --return--> returned, sent --refuse--> returned --submit-->
      submitted
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.reports.models import Report, ReportState, Step

S = ReportState


class Action(StrEnum):
    """The steps of a report."""

    SUBMIT = "submit"
    APPROVE = "approve"
    RETURN = "return"
    SEND = "send"
    ACCEPT = "accept"
    REFUSE = "refuse"


ALLOWED: Mapping[tuple[str, Action], ReportState] = {
    (S.DRAFT, Action.SUBMIT): S.SUBMITTED,
    (S.RETURNED, Action.SUBMIT): S.SUBMITTED,
    (S.SUBMITTED, Action.APPROVE): S.APPROVED,
    (S.SUBMITTED, Action.RETURN): S.RETURNED,
    (S.APPROVED, Action.RETURN): S.RETURNED,
    (S.APPROVED, Action.SEND): S.SENT,
    (S.SENT, Action.ACCEPT): S.FROZEN,
    (S.SENT, Action.REFUSE): S.RETURNED,
}
NEEDS_REASON = frozenset({Action.RETURN, Action.REFUSE})
_MOMENTS: Mapping[ReportState, str] = {
    S.SUBMITTED: "submitted",
    S.APPROVED: "approved",
    S.SENT: "sent",
    S.FROZEN: "frozen",
}


class Stale(Exception):  # noqa: N818 - not an error of the program
    """Somebody else has changed the report meanwhile."""


def after(state: str, action: Action) -> ReportState | None:
    """Return where the step leads; None when it may not be taken from here."""
    return ALLOWED.get((state, action))


@transaction.atomic
def take(
    report: Report,
    action: Action,
    by: Any,
    *,
    reason: str = "",
    who: str = "",
    version: int | None = None,
    freeze: Callable[[Report], dict[str, Any]] | None = None,
    **changes: Any,
) -> Report:
    """Take a step. `version`: as the person saw it; Stale when the report is no longer so.

    `freeze` gives the columns that hold what is submitted.

    Raises InputError for a step that needs a reason and has none, and Stale for one that may not follow the
    state that the report is in by now.
    """
    if action in NEEDS_REASON and not reason.strip():
        raise InputError(mark("Say why it is returned."), "reason")
    held = Report.objects.select_for_update().get(pk=report.pk)
    wanted = after(held.state, action)
    if wanted is None or (version is not None and held.version != version):
        raise Stale
    columns: dict[str, Any] = dict(changes)
    if freeze is not None:
        columns.update(freeze(held))
    if wanted in _MOMENTS:
        columns[_MOMENTS[wanted]] = timezone.now()
    before = held.state
    taken = Report.objects.filter(pk=held.pk, state=before, version=held.version).update(
        state=wanted, version=F("version") + 1, **columns
    )
    if not taken:
        raise Stale
    user: Any = by.user if isinstance(by, HttpRequest) else by
    held.refresh_from_db()
    Step.objects.create(
        report=held,
        at=timezone.now(),
        action=action,
        before=before,
        after=wanted,
        user=user,
        who=(who or str(user or ""))[:254],
        reason=reason.strip(),
        digest=held.digest,
    )
    record(by, f"report.{action}", held, held.unit, edition=held.edition, digest=held.digest)
    return held
