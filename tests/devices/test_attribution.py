"""State and severity of a device by its contacts; what remains visible without a device."""

from __future__ import annotations

import pytest

from lamsach.devices.attribution import attribute
from lamsach.devices.sightings import combine
from lamsach.model import Action, IndicatorType, MatchKind, MatchStatus, Role

from .attribution_case import DAY, LISTED, PARTIAL, PC, A, Case, check
from .builders import dns, sighting, who

CASES = {
    "nothing": Case([], []),
    "contacted once": Case([sighting(PC)], [f"mac:{A} infected medium 1"], "contacted_once"),
    "two record types asked at once are one contact": Case(
        [dns(PC, [0, 0.05])], [f"mac:{A} infected medium 2"], "contacted_briefly"
    ),
    "again and again": Case([sighting(PC, [0, 5, 9])], [f"mac:{A} infected high 3"], "contacted_repeatedly"),
    "two indicators": Case(
        [sighting(PC), sighting(PC, **LISTED)], [f"mac:{A} infected high 2"], "several_indicators"
    ),
    "several days": Case([sighting(PC, [0, 2 * DAY])], [f"mac:{A} infected high 2"], "several_days"),
    "an unknown action counts as a contact": Case(
        [sighting(PC, action=Action.UNKNOWN)], [f"mac:{A} infected medium 1"]
    ),
    "only blocked": Case(
        [sighting(PC, [0, 9], action=Action.BLOCKED)], [f"mac:{A} blocked low 2"], "blocked_only"
    ),
    "blocked and one that was not": Case(
        [sighting(PC, [0, 9], action=Action.BLOCKED), sighting(PC, [3], observer="fw02")],
        [f"mac:{A} infected medium 3"],
        "also_blocked",
    ),
    "an inbound scan": Case(
        [sighting(PC, [0, 9], role=Role.INBOUND, **LISTED)], [f"mac:{A} inbound low 2"], "inbound_only"
    ),
    "only told the address": Case(
        [dns(PC, role=Role.RESOLVED, **LISTED)], [f"mac:{A} resolved low 1"], "resolved_only"
    ),
    "only the host of a listed URL": Case(
        [sighting(PC, **PARTIAL)], [f"mac:{A} resolved low 1"], "partial_only"
    ),
    "a subdomain accuses": Case([sighting(PC, match=MatchKind.SUBDOMAIN)], [f"mac:{A} infected medium 1"]),
    "a network accuses": Case(
        [sighting(PC, match=MatchKind.NETWORK, indicator="203.0.113.0/24", kind=IndicatorType.NETWORK)],
        [f"mac:{A} infected medium 1"],
    ),
    "only lines that no format reads": Case(
        [sighting(who("10.0.1.5"), [0, 99], unparsed=True, log="unknown_text")],
        ["ip:10.0.1.5 infected low 2"],
        "unparsed_only",
    ),
    "excepted": Case([sighting(PC, status=MatchStatus.EXCEPTED)], []),
    "excepted beside one that counts": Case(
        [sighting(PC), sighting(PC, [1, 2, 3], status=MatchStatus.OUTSIDE_VALIDITY, **LISTED)],
        [f"mac:{A} infected medium 1"],
        "not_counted",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_contacts_decide_state_and_severity(name: str) -> None:
    check(CASES[name])


def test_an_excepted_sighting_remains_visible_without_a_device() -> None:
    devices, sightings = attribute(dict([sighting(PC, status=MatchStatus.EXCEPTED)]))
    assert devices == ()
    assert [(item.device, item.status) for item in sightings] == [(f"mac:{A}", MatchStatus.EXCEPTED)]


def test_a_record_without_a_time_is_attributed_too() -> None:
    key, raw = sighting(who("10.0.1.5"), [])
    raw.count, raw.actions = 2, {Action.ALLOWED: 2}
    [device], [seen] = attribute({key: raw})
    assert (device.state.value, device.severity.value, device.first) == ("infected", "high", None)
    assert (device.ip, seen.first, seen.count) == ("10.0.1.5", None, 2)


def test_combine_refuses_different_keys() -> None:
    _, (first, second) = attribute(dict([sighting(PC), sighting(PC, **LISTED)]))
    with pytest.raises(ValueError):
        combine(first, second)
