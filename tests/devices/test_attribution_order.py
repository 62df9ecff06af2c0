"""Properties of any attribution: order of arrival, nothing lost, counts that add up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.devices.attribution import attribute
from lamsach.model import Action, Identity, MatchKind, MatchStatus, Role, Sighting

from .attribution_case import SERVER, A, B, Raw, dns_server
from .builders import EVIL, sighting

IDENTITIES = st.builds(
    Identity,
    st.sampled_from(["10.0.1.5", "10.0.1.6", SERVER, None]),
    st.sampled_from([A, B, None]),
    st.sampled_from(["PC-A", "pc-a.unit.example", "PC-B", "iPhone", None]),
    st.sampled_from(["an", "binh", None]),
    st.sampled_from(["lease", "inventory", "log", "address"]),
)
RAW = st.lists(
    st.builds(
        sighting,
        IDENTITIES,
        st.lists(st.sampled_from([0, 0.05, 3, 30, 31, 1500, 4000]), min_size=1, max_size=4),
        indicator=st.sampled_from([EVIL, "other.xyz"]),
        role=st.sampled_from([Role.OUTBOUND, Role.OUTBOUND, *Role]),
        match=st.sampled_from(list(MatchKind)),
        status=st.sampled_from([MatchStatus.COUNTED, *MatchStatus]),
        action=st.sampled_from([Action.ALLOWED, Action.BLOCKED]),
        unparsed=st.booleans(),
        dns=st.booleans(),
        forwarded=st.booleans(),
        observer=st.sampled_from(["", "one", "two"]),
        log=st.sampled_from(["bind", "squid", "fortigate"]),
    ),
    max_size=12,
)


def total(sightings: Iterable[Sighting]) -> int:
    return sum(item.count for item in sightings)


@settings(max_examples=150, deadline=None)
@given(RAW, st.randoms(), st.booleans())
def test_the_order_of_arrival_does_not_matter(raw: list[Raw], random: object, server: bool) -> None:
    first = dict(raw)
    shuffled = list(first.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    infrastructure = dns_server() if server else None
    devices, sightings = attribute(first, infrastructure)
    assert (devices, sightings) == attribute(dict(shuffled), infrastructure)
    assert len({item.key for item in devices}) == len(devices)
    assert total(sightings) <= sum(item.count for item in first.values())
    for device in devices:
        assert device.state.value == "infected" or device.severity.value != "high"
        assert not (device.key.startswith("unattributed:") and device.state.value == "infected")
        assert device.first is None or device.last is None or device.last - device.first >= timedelta(0)


@settings(max_examples=100, deadline=None)
@given(RAW)
def test_nothing_is_lost_without_forwarders(raw: list[Raw]) -> None:
    own = {key: value for key, value in raw if not key.forwarded and not key.dns and key.format != "squid"}
    _, sightings = attribute(own)
    assert total(sightings) == sum(value.count for value in own.values())


OF_RECORDS = {
    "contacted_briefly", "contacted_repeatedly", "blocked_only", "partial_only", "resolved_only",
    "inbound_only", "also_blocked", "also_unparsed", "also_other", "no_device_named",
}  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(RAW)
def test_the_counts_of_the_reasons_add_up_to_the_devices_count(raw: list[Raw]) -> None:
    own = {key: value for key, value in raw if not key.forwarded and not key.dns and key.format != "squid"}
    for device in attribute(own)[0]:
        stated = {reason.code: int(reason.values.get("count", 1)) for reason in device.reasons}
        if device.key.startswith("unattributed:"):
            continue
        if "unparsed_only" in stated and not stated.keys() & (OF_RECORDS - {"also_blocked", "also_other"}):
            stated["contacted_briefly"] = stated["unparsed_only"]
        of_records = sum(
            count for code, count in stated.items() if code in OF_RECORDS or code == "contacted_once"
        )
        assert of_records == device.count, device
        assert ("contacted_once" not in stated) or "contacted_briefly" not in stated
