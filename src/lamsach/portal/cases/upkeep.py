"""Cases derived from the evidence: created from sightings, recomputed when evidence or decisions change.

The history consists of days: unchanged spans remain, revised ones are closed but stay readable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.model.threat_kinds import kind_of
from lamsach.portal.base.queries import in_parts
from lamsach.portal.base.working_time import add_working_hours
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.coverage import UnitCoverage, alive_days, quiet_before, waiting_for
from lamsach.portal.cases.models import (
    Case,
    CaseSeverity,
    CaseState,
    Cause,
    Clarification,
    ClarificationKind,
    Exemption,
    Reminder,
    Rules,
    Span,
    Step,
)
from lamsach.portal.cases.playbooks import followed, is_unfollowed
from lamsach.portal.cases.search import index
from lamsach.portal.cases.states import (
    DUE_HOURS,
    NEEDS_REASON,
    UNFOLLOWED,
    add_step,
    may_move,
    severity,
)
from lamsach.portal.cases.verdict import Decision, Facts, Hit, Stay, timeline
from lamsach.portal.findings.models import Device, Sighting
from lamsach.portal.units.models import FOREVER, Unit
from lamsach.portal.units.tree import ancestors, today


@dataclass(frozen=True, slots=True)
class Reason:
    """Reason of a recomputation: kind of cause, and number of the bundle, step or exemption."""

    cause: Cause | None = None
    number: int | None = None


NO_CAUSE = Reason()


BATCH = 300
FOUND = gettext_noop("Found by a hunt.")
MERGED = gettext_noop("Taken over from a case of the same machine.")
COMPUTED = {
    CaseState.VERIFIED: gettext_noop("Enough quiet days with logs since the cleaning."),
    CaseState.REINFECTED: gettext_noop("A listed address was seen again after the cleaning."),
    CaseState.BLIND: gettext_noop("The logs that would show whether it is quiet are missing."),
    CaseState.EXCEPTED: gettext_noop("An approved exception covers all that was seen."),
    CaseState.CLEANED: gettext_noop("The evidence has changed: cleaned, not verified yet."),
    CaseState.NEW: gettext_noop("Another listed address was seen after the false alarm."),
}
AGAIN = gettext_noop("The evidence has changed.")


def policy(campaign: Campaign) -> Rules:
    """Verification rules of the campaign, or the default ones."""
    return Rules.objects.filter(campaign=campaign).first() or Rules()


@transaction.atomic
def refresh(campaign: Campaign, unit: Unit, devices: Iterable[int], reason: Reason = NO_CAUSE) -> None:
    """Create or update cases and questions of these devices; recheck cases that wait for quiet days."""
    numbers = sorted(set(devices))
    for part in in_parts(numbers, BATCH):
        rows = Device.objects.filter(pk__in=part).values_list("pk", "into_id")
        heads = {into or number for number, into in rows}
        _supersede(campaign, {number: into for number, into in rows if into})
        present = Device.objects.filter(pk__in=heads).select_related("unit")
        cases = [_make(campaign, device) for device in present.order_by("pk")]
        recompute([case for case in cases if case is not None], reason)
    waiting = Case.objects.filter(campaign=campaign, unit=unit, superseded=None)
    recompute(
        list(
            waiting.exclude(state__in=(CaseState.NEW, CaseState.TOLD, CaseState.ACCEPTED, CaseState.WORKING))
        ),
        reason,
    )


def on_evidence(
    sender: str, campaign: Campaign, unit: Unit, devices: Iterable[int], number: int, **_: Any
) -> None:
    """Refresh the cases touched by changed evidence. `sender`: the value of a `Cause`."""
    refresh(campaign, unit, devices, Reason(Cause(sender), number))


def _supersede(campaign: Campaign, merged: dict[int, int]) -> None:
    for case in Case.objects.filter(campaign=campaign, device__in=merged, superseded=None):
        target = Case.objects.filter(campaign=campaign, device=merged[case.device_id]).first()
        if target is None:
            state = (
                case.state
                if case.state in (CaseState.TOLD, CaseState.ACCEPTED, CaseState.WORKING)
                else CaseState.NEW
            )
            target = _create(
                campaign, Device.objects.get(pk=merged[case.device_id]), case.severity, MERGED, state
            )
        Case.objects.filter(pk=case.pk).update(superseded=target)
        Span.objects.filter(case=case, known_until=None).update(known_until=timezone.now())
    Clarification.objects.filter(campaign=campaign, device__in=merged, answered=None).delete()


def sightings_of(campaign_id: int, device_id: int, members: Sequence[int] = ()) -> list[Sighting]:
    """Sightings of a device and all merged into it (`members`: both, if known), by day."""
    members = members or [device_id, *Device.objects.filter(into=device_id).values_list("pk", flat=True)]
    rows = Sighting.objects.filter(device__in=members, campaign=campaign_id)
    return list(rows.order_by("day", "pk"))


def _make(campaign: Campaign, device: Device) -> Case | None:
    """Case of a device, still to be recomputed; None if its sightings open none."""
    case = Case.objects.filter(campaign=campaign, device=device).first()
    seen = sightings_of(campaign.pk, device.pk)
    unattributed = device.key.startswith("unattributed:")
    grade = None if unattributed else severity(seen)
    if case is None and grade is None:
        if seen:
            _ask(campaign, device, seen, unattributed=unattributed)
        return None
    Clarification.objects.filter(campaign=campaign, device=device, answered=None).delete()
    if case is None:
        case = _create(campaign, device, grade or CaseSeverity.WATCH, FOUND, CaseState.NEW)
    elif case.superseded_id is not None:
        Case.objects.filter(pk=case.pk).update(superseded=None)
        case.superseded = None
    return case


def _ask(campaign: Campaign, device: Device, seen: Sequence[Sighting], *, unattributed: bool) -> None:
    kind = ClarificationKind.UNATTRIBUTED if unattributed else ClarificationKind.INBOUND
    values = {
        "count": sum(sighting.count for sighting in seen),
        "last_seen": max(sighting.day for sighting in seen),
        "kind": kind,
    }
    Clarification.objects.update_or_create(
        campaign=campaign, device=device, defaults=values, create_defaults={**values, "unit": device.unit}
    )


def _create(campaign: Campaign, device: Device, grade: int, why: str, state: str) -> Case:
    now = timezone.now()
    case = Case.objects.create(
        campaign=campaign,
        unit=device.unit,
        device=device,
        state="",
        since=today(),
        severity=grade,
        due=add_working_hours(now, DUE_HOURS[CaseSeverity(grade)]),
        person_name=device.user[:200],
    )
    add_step(case, state, None, why)
    return case


def exemptions(case: Case) -> dict[str, list[tuple[date, date]]]:
    """Approved exemptions that cover the case, by indicator."""
    if not Exemption.objects.filter(campaign=case.campaign_id, approved_on__isnull=False).exists():
        return {}
    above = [case.unit_id, *(unit.pk for unit in ancestors(case.unit))]
    rows = Exemption.objects.filter(
        Q(device=None) | Q(device=case.device_id) | Q(device__into=case.device_id),
        campaign=case.campaign_id,
        unit__in=above,
        approved_on__isnull=False,
    )
    periods: dict[str, list[tuple[date, date]]] = {}
    for row in rows:
        if row.approved_on:
            periods.setdefault(row.indicator, []).append(
                (row.approved_on, min(row.expires, row.ended_on or FOREVER))
            )
    return periods


def facts_of(case: Case, seen: Sequence[Sighting], coverage: UnitCoverage | None = None) -> Facts:
    """Evidence of a case. Inbound contacts from outside do not count against the machine."""
    hits = [Hit(row.indicator, row.source, row.day, row.last) for row in seen if row.role != "inbound"]
    exempt, day = exemptions(case), today()
    wanted = {
        (row.indicator_type, row.indicator)
        for row in seen
        if row.role != "inbound"
        and not any(begin <= day < end for begin, end in exempt.get(row.indicator, ()))
    }
    searched = UnitCoverage.of(case.campaign_id, case.unit_id) if coverage is None else coverage
    return Facts(hits, searched.of_lists_with(wanted), exempt, alive_days(case))


def decisions_of(case: Case) -> list[Decision]:
    """Decisions by people, and the creation of the case."""
    steps = Step.objects.filter(case=case, computed=False)
    return [Decision(step.at, step.day, CaseState(step.after)) for step in steps]


@transaction.atomic
def recompute(cases: Sequence[Case], reason: Reason = NO_CAUSE) -> int:
    """Set state, history and figures of cases from the evidence; returns the number changed."""
    coverage: dict[tuple[int, int], UnitCoverage] = {}
    policies: dict[int, Rules] = {}
    changed = 0
    rows = Case.objects.select_for_update(of=("self",), no_key=True).select_related("campaign", "unit")
    for case in rows.filter(pk__in=[case.pk for case in cases]).order_by("pk"):
        key = (case.campaign_id, case.unit_id)
        if key not in coverage:
            coverage[key] = UnitCoverage.of(*key)
        if case.campaign_id not in policies:
            policies[case.campaign_id] = policy(case.campaign)
        changed += _recompute(case, coverage[key], policies[case.campaign_id], reason)
    for case in cases:
        case.refresh_from_db()
    index(cases)
    return changed


def _recompute(case: Case, coverage: UnitCoverage, rule: Rules, reason: Reason) -> bool:
    day = today()
    seen = sightings_of(case.campaign_id, case.device_id)
    facts = facts_of(case, seen, coverage)
    decisions = decisions_of(case)
    stays = timeline(decisions, facts, day, rule)
    before, after = case.state, stays[-1].state
    if before != after:
        details: dict[str, Any] = {"since": stays[-1].day.isoformat()}
        if after == CaseState.REINFECTED:
            details["quiet"] = quiet_before(decisions, facts)
        add_step(case, after, None, COMPUTED.get(after, AGAIN), computed=True, **details)
    write_spans(case, stays, reason)
    counted = _counted(seen, facts, day)
    grade = severity(counted)
    if grade is not None and grade < case.severity and case.state in (CaseState.NEW, CaseState.REINFECTED):
        case.due = min(case.due, add_working_hours(timezone.now(), DUE_HOURS[grade]))
    if before != after and after == CaseState.REINFECTED:
        case.due = add_working_hours(timezone.now(), DUE_HOURS[CaseSeverity(grade or case.severity)])
        case.reminded = Reminder.NONE
    waiting = waiting_for(decisions, facts, coverage, day)
    threat = next((sighting.threat for sighting in counted if sighting.threat), "")
    Case.objects.filter(pk=case.pk).update(
        state=after,
        since=stays[-1].day,
        severity=grade or case.severity,
        due=case.due,
        reminded=case.reminded,
        threat=threat,
        kind=case.kind if case.kind_chosen else kind_of(threat),
        indicators=len({sighting.indicator for sighting in counted}),
        count=sum(sighting.count for sighting in counted),
        first_seen=min((sighting.day for sighting in seen), default=None),
        last_seen=max((sighting.day for sighting in seen), default=None),
        quiet=waiting.quiet,
        alive=waiting.alive,
        missing=[gap.record() for gap in waiting.gaps],
    )
    return before != after


def _counted(seen: Sequence[Sighting], facts: Facts, day: date) -> Sequence[Sighting]:
    """Sightings without those exempt on the day; all of them if none remains."""
    exempt = {key for key, times in facts.exempt.items() if any(begin <= day < end for begin, end in times)}
    return [sighting for sighting in seen if sighting.indicator not in exempt] or seen


def recompute_touched(exemption: Exemption) -> int:
    """Recompute the cases that an exemption may affect; returns the number changed."""
    below = Unit.objects.filter(links_up__ancestor=exemption.unit_id, links_up__valid_until=FOREVER)
    touched = Sighting.objects.filter(
        campaign=exemption.campaign_id, indicator=exemption.indicator, device__unit__in=below
    )
    rows = Case.objects.filter(campaign=exemption.campaign_id, superseded=None).filter(
        Q(device__in=touched.values("device")) | Q(device__parts__in=touched.values("device"))
    )
    return recompute(list(rows.distinct()), Reason(Cause.EXCEPTION, exemption.pk))


def write_spans(case: Case, stays: Sequence[Stay], reason: Reason) -> None:
    """Replace the case's currently known states by these."""
    ends = [*(stay.day for stay in stays[1:]), FOREVER]
    wanted = {(str(stay.state), stay.day, end) for stay, end in zip(stays, ends, strict=True)}
    current = {
        (state, begin, end): number
        for number, state, begin, end in Span.objects.filter(case=case, known_until=None).values_list(
            "pk", "state", "valid_from", "valid_until"
        )
    }
    if wanted == set(current):
        return
    now = timezone.now()
    revised = [number for span, number in current.items() if span not in wanted]
    Span.objects.filter(pk__in=revised).update(known_until=now)
    Span.objects.bulk_create(
        Span(
            case=case,
            campaign_id=case.campaign_id,
            unit_id=case.unit_id,
            state=state,
            valid_from=begin,
            valid_until=end,
            known_from=now,
            cause=reason.cause or "",
            cause_id=reason.number,
        )
        for state, begin, end in sorted(wanted - set(current), key=lambda span: span[1])
    )


@transaction.atomic
def move(
    case: Case, to: CaseState, by: Any, why: str = "", who: str = "", *, unfollowed: str = "", **details: Any
) -> Step:
    """Take a decision: add the step, recompute the case. InputError if not allowed or without a reason.

    Cleaned without any done playbook step requires an explanation (`unfollowed`).
    """

    locked = Case.objects.select_for_update(no_key=True).get(pk=case.pk)
    if not may_move(locked, to):
        raise InputError(mark("This step may not follow the state that the case is in."), locked.number)
    if to in NEEDS_REASON and not why.strip():
        raise InputError(mark("This step needs a reason."), locked.number)
    explained = to == CaseState.CLEANED and is_unfollowed(followed(locked))
    if explained and not unfollowed.strip():
        raise InputError(UNFOLLOWED, locked.number)
    step = add_step(
        locked, to, by, why.strip(), who, unfollowed=unfollowed.strip() if explained else "", **details
    )
    recompute([locked], Reason(Cause.DECISION, step.pk))
    case.refresh_from_db()
    return step
