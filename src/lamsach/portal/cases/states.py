"""Which step may follow which, and taking it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.cases.models import Case, CaseState, Cause, Step

S = CaseState
ALLOWED: Mapping[CaseState, frozenset[CaseState]] = {
    S.NEW: frozenset({S.TOLD, S.ACCEPTED, S.WORKING, S.FALSE_ALARM}),
    S.TOLD: frozenset({S.ACCEPTED, S.WORKING, S.FALSE_ALARM}),
    S.ACCEPTED: frozenset({S.WORKING, S.FALSE_ALARM}),
    S.WORKING: frozenset({S.CLEANED, S.FALSE_ALARM}),
    S.CLEANED: frozenset({S.WORKING, S.FALSE_ALARM}),
    S.BLIND: frozenset({S.WORKING}),
    S.VERIFIED: frozenset({S.WORKING}),
    S.REINFECTED: frozenset({S.TOLD, S.ACCEPTED, S.WORKING, S.FALSE_ALARM}),
    S.FALSE_ALARM: frozenset({S.NEW}),
    S.EXCEPTED: frozenset(),
}
"""What a person may decide. Verified, blind, reinfected and exception are found by `verdict`, whatever stands here."""
NEEDS_REASON = frozenset({S.CLEANED, S.FALSE_ALARM, S.NEW})
UNFOLLOWED = mark(
    "No step of the playbook is marked as done. Mark what was done, or say why the machine is clean without it."
)
OPEN = frozenset({S.NEW, S.TOLD, S.ACCEPTED, S.WORKING, S.REINFECTED})
TONES: Mapping[str, str] = {
    S.NEW: "bad",
    S.TOLD: "bad",
    S.ACCEPTED: "busy",
    S.WORKING: "busy",
    S.CLEANED: "info",
    S.VERIFIED: "good",
    S.REINFECTED: "bad",
    S.BLIND: "none",
    S.FALSE_ALARM: "none",
    S.EXCEPTED: "none",
}


def may_move(case: Case, to: CaseState) -> bool:
    """Return whether a person may decide this now."""
    return case.superseded_id is None and to in ALLOWED[CaseState(case.state)]


@transaction.atomic
def move(
    case: Case,
    to: CaseState,
    by: Any,
    why: str = "",
    who: str = "",
    *,
    unfollowed: str = "",
    **details: Any,
) -> Step:
    """Decide: add the step, recompute the case. InputError for a step that may not follow, or without the reasons that it needs.

    A machine of whose playbook no step is marked as done is called cleaned only with the answer to why (`unfollowed`), which is kept with the step.
    """
    from lamsach.portal.cases.playbooks import followed, is_unfollowed
    from lamsach.portal.cases.spans import Because
    from lamsach.portal.cases.upkeep import recompute

    held = Case.objects.select_for_update().get(pk=case.pk)
    if not may_move(held, to):
        raise InputError(mark("This step may not follow the state that the case is in."), held.number)
    if to in NEEDS_REASON and not why.strip():
        raise InputError(mark("This step needs a reason."), held.number)
    asked = to == S.CLEANED and is_unfollowed(followed(held))
    if asked and not unfollowed.strip():
        raise InputError(UNFOLLOWED, held.number)
    step = add_step(held, to, by, why.strip(), who, unfollowed=unfollowed.strip() if asked else "", **details)
    recompute([held], Because(Cause.DECISION, step.pk))
    case.refresh_from_db()
    return step


def add_step(
    case: Case,
    to: str,
    by: Any,
    why: str,
    who: str = "",
    *,
    unfollowed: str = "",
    computed: bool = False,
    **details: Any,
) -> Step:
    """Add to the history, and to the audit trail when a person did it."""
    now = timezone.now()
    user: Any = by.user if isinstance(by, HttpRequest) else by
    step = Step.objects.create(
        case=case,
        at=now,
        day=timezone.localdate(now),
        before=case.state,
        after=to,
        user=user,
        who=(who or (user.name or user.email if user is not None else ""))[:254],
        why=why[:2000],
        unfollowed=unfollowed[:2000],
        computed=computed,
        details=details,
    )
    if not computed:
        record(by, f"case.{to}", case, case.unit, before=case.state)
    case.state = to
    Case.objects.filter(pk=case.pk).update(state=to)
    return step
