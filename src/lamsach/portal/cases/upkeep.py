"""Cases kept true to the evidence: made from sightings, computed anew when evidence or decisions change.

The history is days: what holds is kept, what turned out otherwise is closed and stays readable.
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
    Contact,
    add_step,
    may_move,
    severity,
)
from lamsach.portal.cases.verdict import Decision, Facts, Hit, Policy, Stay, timeline
from lamsach.portal.findings.models import Device, Sighting
from lamsach.portal.units.models import FOREVER, Unit
from lamsach.portal.units.tree import ancestors, today


@dataclass(frozen=True, slots=True)
class Because:
    """The news: a kind of cause and the number of the bundle, step or exception."""

    cause: Cause | None = None
    number: int | None = None


NO_CAUSE = Because()


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
HANDLED = frozenset({CaseState.VERIFIED, CaseState.FALSE_ALARM, CaseState.EXCEPTED})


@dataclass(frozen=True, slots=True)
class Seen:
    """A row of a sighting, as far as cases need it."""

    kind: str
    indicator: str
    threat: str
    role: str
    source: str
    day: date
    count: int
    passed: int
    last: Any


def policy(campaign: Campaign) -> Policy:
    """Return how the campaign verifies."""
    found = Rules.objects.filter(campaign=campaign).first()
    return Policy(found.quiet_days, found.blind_after, found.alive_days) if found else Policy()


@transaction.atomic
def refresh(campaign: Campaign, unit: Unit, devices: Iterable[int], because: Because = NO_CAUSE) -> None:
    """Make or update cases and questions of these devices; look again at cases that wait for quiet days."""
    numbers = sorted(set(devices))
    for begin in range(0, len(numbers), BATCH):
        part = numbers[begin : begin + BATCH]
        rows = Device.objects.filter(pk__in=part).values_list("pk", "into_id")
        standing = {into or number for number, into in rows}
        _supersede(campaign, {number: into for number, into in rows if into})
        found = Device.objects.filter(pk__in=standing).select_related("unit")
        made = [_make(campaign, device) for device in found.order_by("pk")]
        recompute([case for case in made if case is not None], because)
    waiting = Case.objects.filter(campaign=campaign, unit=unit, superseded=None)
    recompute(
        list(
            waiting.exclude(state__in=(CaseState.NEW, CaseState.TOLD, CaseState.ACCEPTED, CaseState.WORKING))
        ),
        because,
    )


def on_evidence(
    sender: str, campaign: Campaign, unit: Unit, devices: Iterable[int], number: int, **_: Any
) -> None:
    """Refresh what changed evidence touches. `sender`: the value of a `Cause`."""
    refresh(campaign, unit, devices, Because(Cause(sender), number))


def _supersede(campaign: Campaign, merged: dict[int, int]) -> None:
    for case in Case.objects.filter(campaign=campaign, device__in=merged, superseded=None):
        kept = Case.objects.filter(campaign=campaign, device=merged[case.device_id]).first()
        if kept is None:
            state = (
                case.state
                if case.state in (CaseState.TOLD, CaseState.ACCEPTED, CaseState.WORKING)
                else CaseState.NEW
            )
            kept = _create(
                campaign, Device.objects.get(pk=merged[case.device_id]), case.severity, MERGED, state
            )
        Case.objects.filter(pk=case.pk).update(superseded=kept)
        Span.objects.filter(case=case, known_until=None).update(known_until=timezone.now())
    Clarification.objects.filter(campaign=campaign, device__in=merged, answered=None).delete()


def sightings_of(campaign_id: int, device_id: int, members: Sequence[int] = ()) -> list[Seen]:
    """Sightings of a device and of all merged into it (`members`: both, where known), by day."""
    members = members or [device_id, *Device.objects.filter(into=device_id).values_list("pk", flat=True)]
    rows = Sighting.objects.filter(device__in=members, campaign=campaign_id).order_by("day", "pk")
    return [
        Seen(*row)
        for row in rows.values_list(
            "indicator_type", "indicator", "threat", "role", "source", "day", "count", "passed", "last"
        )
    ]


def _make(campaign: Campaign, device: Device) -> Case | None:
    """The case of a device, which has to be computed anew; None when its sightings make none."""
    case = Case.objects.filter(campaign=campaign, device=device).first()
    seen = sightings_of(campaign.pk, device.pk)
    unattributed = device.key.startswith("unattributed:")
    grade = None if unattributed else severity(Contact(one.role, one.count, one.passed) for one in seen)
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


def _ask(campaign: Campaign, device: Device, seen: Sequence[Seen], *, unattributed: bool) -> None:
    kind = ClarificationKind.UNATTRIBUTED if unattributed else ClarificationKind.INBOUND
    values = {
        "count": sum(one.count for one in seen),
        "last_seen": max(one.day for one in seen),
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
    """The approved exemptions that reach the case, by indicator."""
    if not Exemption.objects.filter(campaign=case.campaign_id, approved_on__isnull=False).exists():
        return {}
    above = [case.unit_id, *(unit.pk for unit in ancestors(case.unit))]
    rows = Exemption.objects.filter(
        Q(device=None) | Q(device=case.device_id) | Q(device__into=case.device_id),
        campaign=case.campaign_id,
        unit__in=above,
        approved_on__isnull=False,
    )
    found: dict[str, list[tuple[date, date]]] = {}
    for row in rows:
        if row.approved_on:
            found.setdefault(row.indicator, []).append(
                (row.approved_on, min(row.expires, row.ended_on or FOREVER))
            )
    return found


def facts_of(case: Case, seen: Sequence[Seen], coverage: UnitCoverage | None = None) -> Facts:
    """The evidence of a case. What reaches towards the machine from outside is none against it."""
    hits = [Hit(one.indicator, one.source, one.day, one.last) for one in seen if one.role != "inbound"]
    exempt, day = exemptions(case), today()
    wanted = {
        (one.kind, one.indicator)
        for one in seen
        if one.role != "inbound"
        and not any(begin <= day < end for begin, end in exempt.get(one.indicator, ()))
    }
    known = UnitCoverage.of(case.campaign_id, case.unit_id) if coverage is None else coverage
    return Facts(hits, known.of_lists_with(wanted), exempt, alive_days(case))


def decisions_of(case: Case) -> list[Decision]:
    """Return what people decided, and that the case was made."""
    steps = Step.objects.filter(case=case, computed=False)
    return [Decision(step.at, step.day, CaseState(step.after)) for step in steps]


@transaction.atomic
def recompute(cases: Sequence[Case], because: Because = NO_CAUSE) -> int:
    """Set state, history and figures of cases from the evidence; how many changed. `because`: the news."""
    known: dict[tuple[int, int], UnitCoverage] = {}
    policies: dict[int, Policy] = {}
    changed = 0
    rows = Case.objects.select_for_update(of=("self",), no_key=True).select_related("campaign", "unit")
    for case in rows.filter(pk__in=[case.pk for case in cases]).order_by("pk"):
        place = (case.campaign_id, case.unit_id)
        if place not in known:
            known[place] = UnitCoverage.of(*place)
        if case.campaign_id not in policies:
            policies[case.campaign_id] = policy(case.campaign)
        changed += _recompute(case, known[place], policies[case.campaign_id], because)
    for case in cases:
        case.refresh_from_db()
    index(cases)
    return changed


def _recompute(case: Case, coverage: UnitCoverage, rule: Policy, because: Because) -> bool:
    day = today()
    seen = sightings_of(case.campaign_id, case.device_id)
    facts = facts_of(case, seen, coverage)
    decisions = decisions_of(case)
    stays = timeline(decisions, facts, day, rule)
    before, now = case.state, stays[-1].state
    if before != now:
        details: dict[str, Any] = {"since": stays[-1].day.isoformat()}
        if now == CaseState.REINFECTED:
            details["quiet"] = quiet_before(decisions, facts)
        add_step(case, now, None, COMPUTED.get(now, AGAIN), computed=True, **details)
    write_spans(case, stays, because)
    counted = _counted(seen, facts, day)
    grade = severity(Contact(one.role, one.count, one.passed) for one in counted)
    if grade is not None and grade < case.severity and case.state in (CaseState.NEW, CaseState.REINFECTED):
        case.due = min(case.due, add_working_hours(timezone.now(), DUE_HOURS[grade]))
    if before != now and now == CaseState.REINFECTED:
        case.due = add_working_hours(timezone.now(), DUE_HOURS[CaseSeverity(grade or case.severity)])
        case.reminded = Reminder.NONE
    waiting = waiting_for(decisions, facts, coverage, day)
    threat = next((one.threat for one in counted if one.threat), "")
    Case.objects.filter(pk=case.pk).update(
        state=now,
        since=stays[-1].day,
        severity=grade or case.severity,
        due=case.due,
        reminded=case.reminded,
        threat=threat,
        kind=case.kind if case.kind_chosen else kind_of(threat),
        indicators=len({one.indicator for one in counted}),
        count=sum(one.count for one in counted),
        first_seen=min((one.day for one in seen), default=None),
        last_seen=max((one.day for one in seen), default=None),
        quiet=waiting.quiet,
        alive=waiting.alive,
        missing=[gap.record() for gap in waiting.gaps],
    )
    return before != now


def _counted(seen: Sequence[Seen], facts: Facts, day: date) -> Sequence[Seen]:
    """Sightings without those exempt on the day; all when none is left."""
    exempt = {key for key, times in facts.exempt.items() if any(begin <= day < end for begin, end in times)}
    return [one for one in seen if one.indicator not in exempt] or seen


def recompute_touched(found: Exemption) -> int:
    """Compute the cases anew that an exemption may reach; how many changed."""
    below = Unit.objects.filter(links_up__ancestor=found.unit_id, links_up__valid_until=FOREVER)
    touched = Sighting.objects.filter(
        campaign=found.campaign_id, indicator=found.indicator, device__unit__in=below
    )
    rows = Case.objects.filter(campaign=found.campaign_id, superseded=None).filter(
        Q(device__in=touched.values("device")) | Q(device__parts__in=touched.values("device"))
    )
    return recompute(list(rows.distinct()), Because(Cause.EXCEPTION, found.pk))


def write_spans(case: Case, stays: Sequence[Stay], because: Because) -> None:
    """Let these be the states of the case that are known from now on."""
    ends = [*(stay.day for stay in stays[1:]), FOREVER]
    wanted = {(str(stay.state), stay.day, end) for stay, end in zip(stays, ends, strict=True)}
    held = {
        (state, begin, end): number
        for number, state, begin, end in Span.objects.filter(case=case, known_until=None).values_list(
            "pk", "state", "valid_from", "valid_until"
        )
    }
    if wanted == set(held):
        return
    now = timezone.now()
    gone = [number for place, number in held.items() if place not in wanted]
    Span.objects.filter(pk__in=gone).update(known_until=now)
    Span.objects.bulk_create(
        Span(
            case=case,
            campaign_id=case.campaign_id,
            unit_id=case.unit_id,
            state=state,
            valid_from=begin,
            valid_until=end,
            known_from=now,
            cause=because.cause or "",
            cause_id=because.number,
        )
        for state, begin, end in sorted(wanted - set(held), key=lambda place: place[1])
    )


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
    """Decide: add the step, recompute the case. InputError for a step that may not follow or lacks a reason.

    A machine without any done step of its playbook is called cleaned only with the answer to why
    (`unfollowed`).
    """

    held = Case.objects.select_for_update(no_key=True).get(pk=case.pk)
    if not may_move(held, to):
        raise InputError(mark("This step may not follow the state that the case is in."), held.number)
    if to in NEEDS_REASON and not why.strip():
        raise InputError(mark("This step needs a reason."), held.number)
    asked = to == CaseState.CLEANED and is_unfollowed(followed(held))
    if asked and not unfollowed.strip():
        raise InputError(UNFOLLOWED, held.number)
    step = add_step(held, to, by, why.strip(), who, unfollowed=unfollowed.strip() if asked else "", **details)
    recompute([held], Because(Cause.DECISION, step.pk))
    case.refresh_from_db()
    return step
