"""State and severity of a device by its evidence, with reasons.

| state | condition |
|---|---|
| infected | at least one outbound contact with the listed value itself that was not blocked |
| blocked | outbound contacts, all of them blocked |
| resolved | only received the address in a DNS answer, or only the host of a listed URL was seen |
| inbound | only contacted by a listed address |
| unattributed | outbound contacts of infrastructure, or of nobody that the records name |

Severity of an infected device: *high* when the contacts are repeated (a minute or more apart), concern
several indicators or fall on several days, else *medium*. Unattributed: *medium*. All others, and anything
known only from lines that no format reads: *low*.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from lamsach.devices.forwarders import CONTACT, Item, weight
from lamsach.model import Action, DeviceState, Reason, Role, Severity

REPEATED_AFTER = timedelta(minutes=1)
"""Minimum distance of repeated contacts; closer ones may be one attempt (two record types, a retry)."""

Verdict = tuple[DeviceState, Severity, tuple[Reason, ...]]


def judge(items: Sequence[Item]) -> Verdict:
    """Judge a device that speaks for itself by its counted sightings (at least one)."""
    attempts = [item for item in items if is_contact(item)]
    partial = [item for item in items if item[0].role is Role.OUTBOUND]
    resolved = [item for item in items if item[0].role is Role.RESOLVED]
    decisive = attempts or partial or resolved or items
    if contacts := [item for item in attempts if not_blocked(item)]:
        state, severity, reasons = _infected(contacts, sum(_blocked(item) for item in attempts))
    elif attempts:
        state, severity, reasons = _low(DeviceState.BLOCKED, "blocked_only", attempts)
    elif partial:
        state, severity, reasons = _low(DeviceState.RESOLVED, "partial_only", partial)
    elif resolved:
        state, severity, reasons = _low(DeviceState.RESOLVED, "resolved_only", resolved)
    else:
        state, severity, reasons = _low(DeviceState.INBOUND, "inbound_only", items)
    if other_count := _count(items) - _count(decisive):
        reasons = (*reasons, Reason("also_other", {"count": other_count}))
    return state, severity, reasons


LOGS_TO_ADD = {
    "dns": "add_dns_log",
    "unknown": "add_dns_log",
    "proxy": "add_proxy_log",
    "nat": "add_nat_log",
    "stated": "add_own_log",
}
"""Advice by role: the log that names the machine behind the infrastructure."""


def judge_unattributed(
    items: Sequence[Item], role: str | None, address: str, signs: Sequence[Reason] = ()
) -> Verdict:
    """Judge infrastructure (its role, or `unknown`; `signs`: the grounds), or nobody (role None)."""
    outward = [(key, raw) for key, raw in items if key.role is not Role.INBOUND]
    if not outward:
        return _low(DeviceState.INBOUND, "inbound_only", items)
    if role is None:
        reasons = [Reason("no_device_named", {"count": _count(outward)})]
    elif role == "unknown":
        reasons = [Reason("infrastructure_unknown"), *signs]
    else:
        reasons = [Reason(f"infrastructure_{role}", {"address": address}), *signs]
    if role in LOGS_TO_ADD:
        reasons.append(Reason(LOGS_TO_ADD[role]))
    own = [item for item in outward if role == "dns" and is_contact(item) and not item[0].dns]
    if own:
        reasons.insert(0, Reason("server_itself", {"count": _count(own)}))
    if all(key.unparsed for key, _ in outward):
        return DeviceState.UNATTRIBUTED, Severity.LOW, (*reasons, _unparsed(outward))
    medium = any(is_contact(item) for item in outward)
    return DeviceState.UNATTRIBUTED, Severity.MEDIUM if medium else Severity.LOW, tuple(reasons)


def is_contact(item: Item) -> bool:
    """Return whether a sighting is an outbound contact with the listed value itself, blocked or not."""
    return weight(item[0]) == CONTACT


def not_blocked(item: Item) -> int:
    """Count the events of a sighting that were not blocked."""
    return item[1].count - _blocked(item)


def _infected(contacts: Sequence[Item], blocked: int) -> Verdict:
    parsed = [item for item in contacts if not item[0].unparsed]
    reasons: list[Reason] = []
    if not parsed:
        severity = Severity.LOW
        count = sum(map(not_blocked, contacts))
        reasons.append(Reason("unparsed_only", {"count": count}))
    else:
        severity, reasons = _grade_contacts(parsed)
        unparsed = [item for item in contacts if item[0].unparsed]
        if unparsed:
            count = sum(not_blocked(item) for item in unparsed)
            reasons.append(Reason("also_unparsed", {"count": count}))
    if blocked:
        reasons.append(Reason("also_blocked", {"count": blocked}))
    return DeviceState.INFECTED, severity, tuple(reasons)


def _grade_contacts(contacts: Sequence[Item]) -> tuple[Severity, list[Reason]]:
    count = sum(not_blocked(item) for item in contacts)
    firsts = [raw.first for _, raw in contacts if raw.first is not None]
    lasts = [raw.last for _, raw in contacts if raw.last is not None]
    repeated = max(lasts) - min(firsts) >= REPEATED_AFTER if firsts and lasts else count > 1
    if repeated:
        reasons = [Reason("contacted_repeatedly", {"count": count})]
    elif count > 1:
        reasons = [Reason("contacted_briefly", {"count": count})]
    else:
        reasons = [Reason("contacted_once")]
    indicators = {key.indicator for key, _ in contacts}
    if len(indicators) > 1:
        reasons.append(Reason("several_indicators", {"count": len(indicators)}))
    days = {day for _, raw in contacts for day in raw.days}
    if len(days) > 1:
        reasons.append(Reason("several_days", {"count": len(days)}))
    high = repeated or len(reasons) > 1
    return Severity.HIGH if high else Severity.MEDIUM, reasons


def _low(state: DeviceState, code: str, items: Sequence[Item]) -> Verdict:
    reasons = [Reason(code, {"count": _count(items)})]
    if all(key.unparsed for key, _ in items):
        reasons.append(_unparsed(items))
    return state, Severity.LOW, tuple(reasons)


def _unparsed(items: Sequence[Item]) -> Reason:
    return Reason("unparsed_only", {"count": _count(items)})


def _count(items: Sequence[Item]) -> int:
    return sum(raw.count for _, raw in items)


def _blocked(item: Item) -> int:
    return min(item[1].count, item[1].actions.get(Action.BLOCKED, 0))
