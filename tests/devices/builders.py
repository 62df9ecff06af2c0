"""Builders of events and raw sightings for tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from lamsach.model import (
    Action,
    Event,
    EventKind,
    Evidence,
    Identity,
    IndicatorType,
    LeaseAction,
    MatchKind,
    MatchStatus,
    RawSighting,
    Role,
    SightingKey,
)

START = datetime(2022, 10, 3, 1, 0, tzinfo=UTC)
EVIL = "bot-c2.xyz"


def at(minutes: float) -> datetime:
    """Return the time so many minutes after the start of the tests' period."""
    return START + timedelta(minutes=minutes)


def lease(
    minutes: float,
    action: LeaseAction,
    mac: str | None = None,
    name: str | None = None,
    ip: str = "10.0.0.50",
    until: float | None = None,
) -> Event:
    return Event(
        time=at(minutes),
        kind=EventKind.LEASE,
        device_ip=ip,
        device_mac=mac,
        device_name=name,
        action=action,
        lease_until=None if until is None else at(until),
    )


def machine(
    ip: str | None,
    mac: str | None = None,
    name: str | None = None,
    how: str = "lease",
    user: str | None = None,
) -> Identity:
    return Identity(ip, mac, name, user, how)


def who(ip: str) -> Identity:
    """Identity with a known address only."""
    return Identity(ip, how="address")


NOBODY = Identity()


def sighting(
    identity: Identity,
    minutes: Iterable[float] = (0,),
    *,
    indicator: str = EVIL,
    kind: IndicatorType = IndicatorType.DOMAIN,
    role: Role = Role.OUTBOUND,
    match: MatchKind = MatchKind.EXACT,
    status: MatchStatus = MatchStatus.COUNTED,
    action: Action = Action.ALLOWED,
    unparsed: bool = False,
    dns: bool = False,
    forwarded: bool = False,
    observer: str = "fw01",
    log: str = "fortigate",
) -> tuple[SightingKey, RawSighting]:
    """Raw sighting with one event at each of the minutes."""
    key = SightingKey(identity, indicator, kind, role, match, status, unparsed, dns, forwarded, observer, log)
    raw = RawSighting()
    for number, minute in enumerate(minutes):
        time = at(minute)
        raw.count += 1
        raw.first = min(raw.first or time, time)
        raw.last = max(raw.last or time, time)
        raw.actions[action] = raw.actions.get(action, 0) + 1
        raw.days[time.date()] = raw.days.get(time.date(), 0) + 1
        raw.times.append(int(time.timestamp()))
        raw.evidence.append(
            Evidence(time.isoformat(), f"{log}.log", number + 1, f"{identity.ip} {indicator}")
        )
    raw.times = sorted(set(raw.times))
    raw.evidence = sorted(raw.evidence)[:5]
    return key, raw


def dns(
    identity: Identity, minutes: Iterable[float] = (0,), **more: object
) -> tuple[SightingKey, RawSighting]:
    """DNS question in a firewall's log."""
    return sighting(identity, minutes, dns=True, **more)  # type: ignore[arg-type]


def resolver(
    identity: Identity, minutes: Iterable[float] = (0,), **more: object
) -> tuple[SightingKey, RawSighting]:
    """DNS question in the DNS server's own log."""
    return sighting(identity, minutes, dns=True, observer="dns01", log="bind", **more)  # type: ignore[arg-type]


def proxied(
    identity: Identity, minutes: Iterable[float] = (0,), **more: object
) -> tuple[SightingKey, RawSighting]:
    """Request in the proxy's own log."""
    return sighting(identity, minutes, observer="proxy01", log="squid", **more)  # type: ignore[arg-type]
