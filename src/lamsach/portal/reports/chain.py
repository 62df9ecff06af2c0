"""Life cycle of a report: the allowed steps, and their execution.

A step is one transaction: state, history, audit trail, letter.

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
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base.errors import Stale
from lamsach.portal.reports.models import Report, ReportState, Step

S = ReportState


class Action(StrEnum):
    """Steps of a report."""

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


def after(state: str, action: Action) -> ReportState | None:
    """The state after the step; None when it is not allowed from this state."""
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
    """Take a step. `freeze` returns the columns of the submitted content.

    InputError without a required reason; Stale when the state does not allow the step or `version` is
    outdated.
    """
    if action in NEEDS_REASON and not reason.strip():
        raise InputError(mark("Say why it is returned."))
    locked = Report.objects.select_for_update(no_key=True).get(pk=report.pk)
    wanted = after(locked.state, action)
    if wanted is None or (version is not None and locked.version != version):
        raise Stale
    columns = {**changes, **(freeze(locked) if freeze else {})}
    if wanted in _MOMENTS:
        columns[_MOMENTS[wanted]] = timezone.now()
    before, user = locked.state, user_of(by)
    rows = Report.objects.filter(pk=locked.pk, state=before, version=locked.version)
    if not rows.update(state=wanted, version=F("version") + 1, **columns):
        raise Stale
    locked.refresh_from_db()
    step = Step(report=locked, at=timezone.now(), action=action, before=before, after=wanted, user=user)
    step.who, step.reason, step.digest = (who or str(user or ""))[:254], reason.strip(), locked.digest
    step.save()
    record(by, f"report.{action}", locked, locked.unit, edition=locked.edition, digest=locked.digest)
    return locked
