"""Signs of DNS servers, proxies and gateways in sampled events, stored with a closed segment.

A sign is an event reduced to the input of `devices.infrastructure.Infrastructure.observe`, as a row without
trailing empty fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from lamsach.devices.infrastructure import (
    ASKED_BY,
    PROXY_PORTS,
    SHARE_CAP,
    WEB_PROXY_PORTS,
    is_answered_question,
    is_question,
    is_visit_outside,
)
from lamsach.devices.names import address
from lamsach.logs.events.ends import is_internal
from lamsach.model import Action, Event, EventKind

Sign = tuple[Any, ...]
_CONTACT = 5
"""Field count of a sign of contact only: kind, source, destination, port, name."""
_SPEAKS_WEB = frozenset({EventKind.WEB.value, EventKind.TLS.value, EventKind.CONNECTION.value})
MOST = 2000
"""Maximum number of signs stored per segment."""


def sign_of(event: Event) -> Sign | None:
    """Return the event's sign; None when it has none."""
    source = event.source_ip
    nat = event.source_nat_ip if source and event.source_nat_ip != source else None
    mac = hour = device = observer = None
    if event.device_mac and event.device_ip and event.time and event.kind is not EventKind.LEASE:
        mac, device, hour = (
            event.device_mac,
            event.device_ip,
            f"{event.time.astimezone(UTC):%Y-%m-%dT%H}:00:00+00:00",
        )
    if event.forwarded:
        device, observer = event.device_ip, event.observer
    inside = bool(source) and source != event.destination_ip
    inside = inside and (is_internal(source or "") or is_answered_question(event))
    destination, port, domain = _contact(event) if inside else (None, None, None)
    if not (inside or nat or mac or event.forwarded):
        return None
    row: list[Any] = [
        *(event.kind.value, source, destination, port, domain, nat, mac, device, hour),
        *(observer, event.forwarded or None),
    ]
    while row and row[-1] is None:
        row.pop()
    return tuple(row)


def _contact(event: Event) -> tuple[str | None, int | None, str | None]:
    """Return destination, port and name of the device's contact, as far as relevant."""
    destination, port = event.destination_ip, event.destination_port
    refused = event.action is Action.BLOCKED and event.kind is not EventKind.DNS
    if destination is None or event.kind is EventKind.LEASE or refused:
        return None, None, None
    if is_question(event):
        return destination, port, None if is_internal(destination) else event.domain
    if is_internal(destination) and (port in PROXY_PORTS or port in WEB_PROXY_PORTS):
        return destination, port, event.domain
    if is_visit_outside(event):
        return destination, port, event.domain
    return None, None, None


class Signs:
    """Collector of the distinct signs of one segment."""

    def __init__(self) -> None:
        self._seen: dict[Sign, None] = {}

    def observe(self, event: Event) -> None:
        """Observe an event."""
        if len(self._seen) < MOST:
            sign = sign_of(event)
            if sign is not None:
                self._seen[sign] = None

    def take(self) -> list[list[Any]]:
        """Return and clear the signs."""
        rows = [list(sign) for sign in self._seen]
        self._seen.clear()
        return rows


class CompactSigns:
    """Signs of many segments, limited to the names and askers that `Infrastructure` counts."""

    def __init__(self) -> None:
        self._signs: dict[Sign, None] = {}
        self._askers: dict[tuple[Any, ...], set[Any]] = {}

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add the signs of a segment."""
        for row in rows:
            sign = tuple(row)
            self._signs[sign if self._is_informative(sign) else sign[:2]] = None

    def _is_informative(self, sign: Sign) -> bool:
        """Return whether a sign proves more than the presence of its source."""
        if len(sign) < 3 or len(sign) > _CONTACT or sign[2] is None:
            return True
        whole: list[Any] = [*sign, None, None]
        source, destination, port, domain = whole[1:5]
        dns = is_question(Event(kind=EventKind(sign[0]), destination_port=port))
        outside = not is_internal(destination)
        if dns and outside and is_internal(source):
            return self._is_new(("names", source), domain, SHARE_CAP)
        if dns:
            return self._is_new(("dns", destination), source, ASKED_BY)
        if outside:
            return self._is_new(("visits", source), domain, SHARE_CAP)
        nameless = port not in PROXY_PORTS and (not domain or address(domain) == destination)
        if nameless or sign[0] not in _SPEAKS_WEB:
            return False  # not counted, so it must not displace one that is
        new_source = self._is_new(("proxy", destination, port), source, ASKED_BY)
        name = ".".join((domain or "").rsplit(".", 2)[-2:])
        return self._is_new(("proxied", destination, port), name, ASKED_BY) or new_source

    def _is_new(self, key: tuple[Any, ...], value: Any, limit: int) -> bool:
        known = self._askers.setdefault(key, set())
        if len(known) >= limit:
            return False
        known.add(value)
        return True

    def rows(self) -> list[list[Any]]:
        """Return the signs."""
        return [list(sign) for sign in self._signs]


def replay(rows: Iterable[Sequence[Any]], observe: Callable[[Event], None]) -> None:
    """Pass the signs of segments to `observe`, as events."""
    for row in rows:
        whole: list[Any] = [*row, *[None] * (11 - len(row))]
        kind, source, destination, port, domain, nat, mac, device, hour, observer, forwarded = whole
        observe(
            Event(
                time=datetime.fromisoformat(hour) if hour else None,
                kind=EventKind(kind),
                observer=observer,
                source_ip=source,
                destination_ip=destination,
                destination_port=port,
                source_nat_ip=nat,
                device_ip=device,
                device_mac=mac,
                domain=domain,
                response=not is_internal(source or ""),
                forwarded=bool(forwarded),
            )
        )
