"""Rules of cases: when one is opened and how urgent it is; which steps may follow a state.

1. A machine that reached a listed address unblocked, more than once: high.
2. The same, once: medium.
3. A machine whose every attempt was blocked: low.
4. A machine that only received a listed address from a DNS server: to watch.
5. A listed address that contacted a machine, or an unattributed contact: a question instead of a case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.cases.models import Case, CaseSeverity, CaseState, Step
from lamsach.portal.findings.models import Sighting

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
"""Steps open to people; `verdict` determines verified, blind, reinfected and excepted."""
NEEDS_REASON = frozenset({S.CLEANED, S.FALSE_ALARM, S.NEW})
UNFOLLOWED = mark(
    "No step of the playbook is marked as done. Mark what was done, or say why the machine is "
    "clean without it."
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
    """Return whether a person may take this step now."""
    return case.superseded_id is None and to in ALLOWED[CaseState(case.state)]


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
    """Add a step to the history, and to the audit trail unless computed."""
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


DUE_HOURS = {CaseSeverity.HIGH: 8, CaseSeverity.MEDIUM: 16, CaseSeverity.LOW: 40, CaseSeverity.WATCH: 80}
"""Working hours until a case is due, by severity."""


def severity(contacts: Iterable[Sighting]) -> CaseSeverity | None:
    """Severity of a case with these sightings; None when they raise a question instead (rule 5)."""
    listed = list(contacts)
    reached = sum(contact.passed for contact in listed if contact.role == "outbound")
    tried = sum(contact.count for contact in listed if contact.role == "outbound")
    resolved = sum(contact.count for contact in listed if contact.role == "resolved")
    if reached > 1:
        return CaseSeverity.HIGH
    if reached == 1:
        return CaseSeverity.MEDIUM
    if tried:
        return CaseSeverity.LOW
    if resolved:
        return CaseSeverity.WATCH
    return None
