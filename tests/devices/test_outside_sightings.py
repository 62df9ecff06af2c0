"""Sightings of a sensor outside the gateway, with inside logs of the same machine.

They are neither counted twice nor lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from lamsach.devices.attribution import attribute
from lamsach.devices.forwarders import Explainer, Item
from lamsach.devices.infrastructure import Infrastructure
from lamsach.model import (
    Action,
    Behind,
    DeviceState,
    IndicatorType,
    MatchKind,
    RawSighting,
    Role,
    SightingKey,
)
from tests.devices.builders import sighting, who

PUBLIC, FAR = "203.0.113.5", "198.51.100.9"


def own(role: Role = Role.OUTBOUND, action: Action = Action.ALLOWED, *, far: str = FAR) -> Item:
    """Sighting of 10.0.0.7 in an inside log."""
    return sighting(who("10.0.0.7"), (1,), indicator=far, kind=IndicatorType.IP, role=role, action=action)


def outside(action: Action = Action.ALLOWED, match: MatchKind = MatchKind.EXACT, far: str = FAR) -> Item:
    """Sighting of the same by an outside sensor at the same time."""
    identity = replace(who("10.0.0.7"), behind=Behind(PUBLIC, True))
    return sighting(
        identity, (1,), indicator=far, kind=IndicatorType.IP, action=action, match=match, observer="provider"
    )


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        (own(Role.RESOLVED), outside()),
        (own(action=Action.BLOCKED), outside()),
        (own(action=Action.BLOCKED), outside(Action.UNKNOWN)),
        ((replace(own()[0], match=MatchKind.PARTIAL), own()[1]), outside()),
    ],
    ids=["only told the address", "blocked inside", "blocked inside, seen outside", "only the host"],
)
def test_a_contact_is_not_dropped_for_less_than_a_contact(inner: Item, outer: Item) -> None:
    (device,), _ = attribute(dict([inner, outer]))
    assert device.state is DeviceState.INFECTED


def test_contacts_blocked_on_both_sides_count_once() -> None:
    (device,), _ = attribute(dict([own(action=Action.BLOCKED), outside(Action.BLOCKED)]))
    assert (device.state, device.count) == (DeviceState.BLOCKED, 1)


def test_a_gateways_contact_is_not_dropped_for_a_clients_dns_answer() -> None:
    infrastructure = Infrastructure()
    infrastructure.translates([PUBLIC])
    resolved = own(Role.RESOLVED)
    seen_outside = sighting(who(PUBLIC), (1,), indicator=FAR, kind=IndicatorType.IP, observer="provider")
    devices, _ = attribute(dict([resolved, seen_outside]), infrastructure)
    assert [device.state for device in devices] == [DeviceState.UNATTRIBUTED, DeviceState.RESOLVED]


def test_a_devices_own_records_are_sorted_once_for_all_that_was_seen_outside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built: list[int] = []
    before = Explainer.__init__

    def counting(self: Explainer, clients: Iterable[tuple[str, SightingKey, RawSighting]]) -> None:
        members = list(clients)
        built.append(len(members))
        before(self, members)

    monkeypatch.setattr(Explainer, "__init__", counting)
    fars = [f"198.51.100.{number}" for number in range(1, 201)]
    items = dict([item for far in fars for item in (own(far=far), outside(far=far))])
    (device,), _ = attribute(items)
    assert device.count == len(fars)
    assert sum(built) <= 3 * len(fars)
