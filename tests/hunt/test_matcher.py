"""Matches of an indicator in an event, in a table for each kind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from lamsach.hunt.matcher import Matcher
from lamsach.hunt.sets.builder import Builder
from lamsach.hunt.tokens import tokens
from lamsach.indicators.values.normalise import canonical_values
from lamsach.model import Event, EventKind, Indicator, IndicatorType, MatchStatus

TIME = datetime(2026, 10, 1, 12, tzinfo=UTC)


def matcher_of(*values: str, covers: Any = None, **fields: Any) -> Matcher:
    builder = Builder()
    for value in values:
        kind, text = canonical_values(value)[0]
        builder.add(Indicator(kind, text, **fields))
    return Matcher(builder.compiled(), covers)


def event(**fields: Any) -> Event:
    return Event(time=TIME, **fields)


@pytest.mark.parametrize(
    ("listed", "fields", "expected"),
    [
        ("evil.example", {"domain": "evil.example"}, ("exact", "outbound")),
        ("evil.example", {"domain": "EVIL.Example."}, ("exact", "outbound")),
        ("evil.example", {"domain": "a.b.evil.example"}, ("subdomain", "outbound")),
        ("evil.example", {"domain": "notevil.example"}, None),
        ("evil.example", {"domain": "evil.example.org"}, None),
        ("xn--bcher-kva.example", {"domain": "bücher.example"}, ("exact", "outbound")),
        ("bücher.example", {"domain": "www.xn--bcher-kva.example"}, ("subdomain", "outbound")),
        ("203.0.113.9", {"source_ip": "10.0.0.5", "destination_ip": "203.0.113.9"}, ("exact", "outbound")),
        ("203.0.113.9", {"source_ip": "203.0.113.9", "destination_ip": "10.0.0.5"}, ("exact", "inbound")),
        ("203.0.113.9", {"destination_ip": "::ffff:203.0.113.9"}, ("exact", "outbound")),
        ("203.0.113.9", {"domain": "203.0.113.9"}, ("exact", "outbound")),
        ("203.0.113.9", {"answers": ("203.0.113.9",), "domain": "good.example"}, ("exact", "resolved")),
        ("203.0.113.0/24", {"destination_ip": "203.0.113.77"}, ("network", "outbound")),
        ("203.0.113.0/24", {"destination_ip": "203.0.114.1"}, None),
        ("2001:db8::/32", {"destination_ip": "2001:db8:5::1"}, ("network", "outbound")),
        ("2001:db8::1", {"destination_ip": "2001:db8:0:0::1"}, ("exact", "outbound")),
        # Windows lists its own side first, even in connections opened by the other side
        ("203.0.113.9", {"source_ip": "10.0.0.5", "destination_ip": "203.0.113.9", "inbound": True},
         ("exact", "inbound")),
        ("203.0.113.9", {"source_ip": "203.0.113.9", "inbound": True}, ("exact", "inbound")),
        ("evil.example", {"mentioned": ("good.example", "www.evil.example")}, ("subdomain", "outbound")),
        ("203.0.113.9", {"mentioned": ("203.0.113.9",)}, ("exact", "outbound")),
        ("http://evil.example/a", {"mentioned": ("http://evil.example/a?x",)}, ("exact", "outbound")),
        ("203.0.113.9", {"mentioned": ("http://203.0.113.9:8080/b",)}, ("exact", "outbound")),
        ("evil.example", {"mentioned": ("notevil.example", "http://[/", "")}, None),
        ("a" * 64, {"hashes": ("A" * 64,)}, ("exact", "outbound")),
        ("http://evil.example/a", {"url": "http://evil.example/a"}, ("exact", "outbound")),
        ("http://evil.example/a", {"url": "https://EVIL.example/a?x=1"}, ("exact", "outbound")),
        ("http://evil.example/a", {"url": "/a/b", "domain": "evil.example"}, ("exact", "outbound")),
        ("http://evil.example/a", {"url": "http://evil.example/abc"}, None),
        ("http://evil.example/a", {"url": "http://www.evil.example/a"}, None),
        ("http://evil.example/a b", {"url": "http://evil.example/a%20b"}, ("exact", "outbound")),
        ("http://evil.example/a?id=1", {"url": "http://evil.example/a?id=1"}, ("exact", "outbound")),
        ("http://evil.example/a?id=1", {"url": "http://evil.example/a?id=12"}, None),
        ("evil.example/a.php", {"url": "http://evil.example/a.php"}, ("exact", "outbound")),
        ("http://evil.example:8080/a", {"url": "http://evil.example:8080/a"}, ("exact", "outbound")),
        ("http://evil.example:8080/a", {"url": "http://evil.example:9090/a"}, None),
        ("http://evil.example/", {"domain": "evil.example", "kind": EventKind.TLS}, ("exact", "outbound")),
        ("http://evil.example/a", {"domain": "evil.example", "kind": EventKind.TLS}, ("partial", "outbound")),
        ("http://evil.example/a", {"domain": "evil.example", "kind": EventKind.DNS}, None),
        ("http://203.0.113.9/a", {"url": "http://203.0.113.9/a/b"}, ("exact", "outbound")),
        ("http://203.0.113.9/a", {"destination_ip": "203.0.113.9"}, ("partial", "outbound")),
        ("http://evil.example/a", {"url": "http://[broken", "domain": "evil.example"},
         ("partial", "outbound")),
    ],
)  # fmt: skip
def test_a_listed_value_matches_in_its_role(
    listed: str, fields: dict[str, Any], expected: tuple[str, str] | None
) -> None:
    matches = matcher_of(listed).event(event(**fields), "")
    assert [(match.kind.value, match.role.value) for match in matches] == ([expected] if expected else [])


def test_the_device_of_an_inbound_contact_is_the_other_side() -> None:
    (match,) = matcher_of("203.0.113.9").event(
        event(source_ip="203.0.113.9", destination_ip="198.51.100.1", device_ip="203.0.113.9"), ""
    )
    assert match.event.device_ip == "198.51.100.1"


def test_the_device_of_a_contact_that_is_stated_to_be_inbound_stays() -> None:
    fields = {"source_ip": "203.0.113.9", "device_name": "SRV-01", "inbound": True}
    (match,) = matcher_of("203.0.113.9").event(event(**fields), "")
    assert (match.event.device_name, match.event.device_ip) == ("SRV-01", None)


def test_the_client_offered_a_listed_address_is_named_and_not_the_relay() -> None:
    offered = event(
        source_ip="203.0.113.9",
        destination_ip="10.0.0.1",
        device_ip="203.0.113.9",
        device_mac="02:00:00:00:00:05",
    )
    (match,) = matcher_of("203.0.113.9").event(offered, "")
    assert (match.event.device_ip, match.event.device_mac) == ("203.0.113.9", "02:00:00:00:00:05")


def test_an_exception_is_reported_not_dropped() -> None:
    covered = matcher_of("evil.example", covers=lambda kind, value: value == "ok.evil.example")
    statuses = {
        name: covered.event(event(domain=name), "")[0].status for name in ("ok.evil.example", "evil.example")
    }
    assert statuses == {"ok.evil.example": MatchStatus.EXCEPTED, "evil.example": MatchStatus.COUNTED}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"valid_until": TIME}, MatchStatus.OUTSIDE_VALIDITY),
        ({"valid_from": datetime(2026, 11, 1, tzinfo=UTC)}, MatchStatus.OUTSIDE_VALIDITY),
        ({"valid_until": datetime(2026, 11, 1, tzinfo=UTC)}, MatchStatus.COUNTED),
    ],
)
def test_a_match_outside_its_validity_is_marked(fields: dict[str, Any], status: MatchStatus) -> None:
    (match,) = matcher_of("evil.example", **fields).event(event(domain="evil.example"), "")
    assert match.status is status


def test_a_value_listed_twice_is_one_indicator_with_both_places() -> None:
    (match,) = matcher_of("evil.example", "evil[.]example").event(event(domain="evil.example"), "")
    assert match.indicator.value == "evil.example"


def test_a_line_of_unknown_format_is_matched_by_its_tokens() -> None:
    matcher = matcher_of("evil.example", "203.0.113.9", "http://evil.example/x")
    matches = matcher.line(event(device_ip="10.0.0.5"), "10.0.0.5 -> http://evil.example/x at 203.0.113.9")
    assert all(match.unparsed for match in matches)
    assert {match.indicator.value for match in matches} == {
        "evil.example",
        "203.0.113.9",
        "http://evil.example/x",
    }


def test_an_address_before_the_device_in_an_unknown_line_is_inbound() -> None:
    (match,) = matcher_of("203.0.113.9").line(event(device_ip="10.0.0.5"), "203.0.113.9 -> 10.0.0.5:22")
    assert match.role.value == "inbound"


def test_find_returns_every_kind() -> None:
    values = [
        "evil.example",
        "203.0.113.9",
        "203.0.113.0/24",
        "2001:db8::1",
        "http://evil.example/a",
        "evil.example/b.php",
        "b" * 32,
    ]
    builder = Builder()
    for value in values:
        kind, text = canonical_values(value)[0]
        builder.add(Indicator(kind, text, threat="x"))
    compiled = builder.compiled()
    for value in values:
        found = compiled.find(canonical_values(value)[0][1])
        assert found is not None
        assert found.threat == "x"
    assert compiled.find("other.example") is None
    assert sum(compiled.by_type.values()) == len(values)
    assert set(compiled.by_type) <= {kind.value for kind in IndicatorType}


@pytest.mark.parametrize(
    "unit", ["a", "1", ".", ":", "f:", "1.", "a.", "(1)a", "%41", "\\x41", "-_", "é", "x.example "]
)
def test_a_long_line_takes_no_more_than_its_length(unit: str) -> None:
    """Each of these ran for hours while a pattern began anew at every character of a run."""
    text = (unit * (1 << 18))[: 1 << 18]
    assert sum(1 for _ in tokens(text)) <= len(text)
    matcher = matcher_of("evil.example", "http://x.example/page")
    assert len(matcher.line(Event(), text + " evil.example")) in (1, 2)
