"""Suricata's EVE log and fast.log: one trap a test."""

from __future__ import annotations

import json

import pytest
from case_reader import records
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.sensors.suricata_eve.format import SuricataEve
from lamsach.model import Action, EventKind, LeaseAction

BASE = {
    "timestamp": "2026-06-10T08:00:01.000000+0000",
    "flow_id": 1,
    "src_ip": "10.20.0.31",
    "src_port": 50001,
    "dest_ip": "10.20.0.1",
    "dest_port": 53,
}


def parse(record):
    return SuricataEve(FileContext()).parse(json.dumps(BASE | record), 1)


@pytest.mark.parametrize(
    "ports, device",
    [
        ((50001, 53), "10.20.0.31"),
        ((53, 50001), "10.20.0.1"),
        ((853, 50001), "10.20.0.1"),
        ((50001, 5300), "10.20.0.31"),
    ],
)
def test_the_client_is_not_on_port_53(ports, device):
    event = parse(
        {"event_type": "dns", "src_port": ports[0], "dest_port": ports[1], "dns": {"rrname": "evil.example"}}
    )
    assert event.device_ip == device


@pytest.mark.parametrize(
    "record, action",
    [
        ({"event_type": "alert", "alert": {"action": "allowed"}}, Action.ALLOWED),
        ({"event_type": "alert", "alert": {"action": "blocked"}}, Action.BLOCKED),
        (
            {"event_type": "alert", "alert": {"action": "allowed"}, "verdict": {"action": "drop"}},
            Action.BLOCKED,
        ),
        (
            {"event_type": "alert", "alert": {"action": "allowed"}, "verdict": {"action": "pass"}},
            Action.ALLOWED,
        ),
        ({"event_type": "drop", "drop": {}}, Action.BLOCKED),
        ({"event_type": "flow", "flow": {"state": "new"}}, Action.UNKNOWN),
        ({"event_type": "flow", "flow": {"state": "established"}}, Action.ALLOWED),
        ({"event_type": "flow", "flow": {"state": "established", "action": "drop"}}, Action.BLOCKED),
    ],
)
def test_the_action_of_a_record(record, action):
    assert parse(record).action is action


@pytest.mark.parametrize(
    "dhcp, kind, action, device",
    [
        ({"dhcp_type": "ack", "assigned_ip": "10.20.0.50"}, EventKind.LEASE, LeaseAction.ASSIGNED,
            "10.20.0.50"),
        ({"dhcp_type": "ack", "assigned_ip": "0.0.0.0", "client_ip": "10.20.0.60"}, EventKind.LEASE,
            LeaseAction.RENEWED, "10.20.0.60"),
        ({"dhcp_type": "release", "client_ip": "10.20.0.50"}, EventKind.LEASE, LeaseAction.RELEASED,
            "10.20.0.50"),
        ({"dhcp_type": "request", "requested_ip": "10.20.0.50"}, EventKind.OTHER, Action.UNKNOWN,
            "10.20.0.50"),
        ({"dhcp_type": "nak", "assigned_ip": "0.0.0.0"}, EventKind.OTHER, Action.UNKNOWN, None),
    ],
)  # fmt: skip
def test_dhcp_records_are_leases(dhcp, kind, action, device):
    event = parse({"event_type": "dhcp", "dhcp": dhcp | {"client_mac": "02:00:5e:10:00:50"}})
    assert (event.kind, event.action, event.device_ip) == (kind, action, device)
    assert event.device_mac == "02:00:5e:10:00:50"


def test_http2_has_its_host_among_the_headers():
    headers = [{"name": ":authority", "value": "evil.example"}, {"name": ":path", "value": "/a"}]
    event = parse({"event_type": "http2", "http": {"version": "2", "request_headers": headers}})
    assert (event.domain, event.url) == ("evil.example", "/a")


def test_a_wildcard_in_a_certificate_names_no_host():
    assert parse({"event_type": "tls", "tls": {"subject": "O=x, CN=*.evil.example"}}).domain is None


def test_a_url_that_names_another_address_does_not_become_the_source():
    event = parse(
        {"event_type": "http", "http": {"hostname": "evil.example", "url": '/?"src_ip":"10.9.9.9"'}}
    )
    assert event.source_ip == "10.20.0.31"


@pytest.mark.parametrize(
    "record", [{"event_type": "stats", "stats": {}}, {"event_type": "engine", "engine": {}}]
)
def test_records_without_a_contact(record):
    assert parse(record) is None


@pytest.mark.parametrize(
    "line",
    [
        '{"ts":1781078401.1,"uid":"CaaaaaaaaaaaaaaaA1","id.orig_h":"10.20.0.31"}',
        '{"source":{"ip":"10.20.0.31"},"destination":{"ip":"203.0.113.77"}}',
        '{"message":"event_type alert src_ip"}',
        "10.20.0.31:5 -> 203.0.113.77:80",
        "[1:2:3] no flow at the end",
        "",
    ],
)
def test_other_products_are_refused(line):
    assert not SuricataEve.recognises(line)
    with pytest.raises(LineError):
        SuricataEve(FileContext()).parse(line, 1)


@pytest.mark.parametrize(
    "record",
    [
        {"event_type": "flow", "timestamp": "2026-13-45T99:00:00+0000"},
        {"event_type": "flow", "timestamp": "soon"},
    ],
)
def test_an_impossible_time_is_a_line_error(record):
    with pytest.raises(LineError):
        parse(record)


def test_an_impossible_date_in_fast_log_is_a_line_error():
    with pytest.raises(LineError):
        SuricataEve(FileContext()).parse(
            "13/41/2026-15:00:01.1  [**] [1:2:3] x [**] [Priority: 2] {TCP} 10.0.0.1:1 -> 10.0.0.2:2", 1
        )


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from(["10.20.0.31", "ack", "A"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "rrname",
                    "rrtype",
                    "rdata",
                    "answers",
                    "grouped",
                    "query",
                    "action",
                    "sni",
                    "url",
                    "hostname",
                    "dhcp_type",
                    "A",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    ["timestamp", "event_type", "flow_id", "src_ip", "dest_ip", "src_port", "dns", "http", "tls", "alert",
     "fileinfo", "dhcp", "flow",
     "verdict", "suricata", "data", "event", "message", "host", "email", "files"]
)  # fmt: skip


@given(
    st.dictionaries(_KEYS, _JSON, max_size=8),
    st.sampled_from(["dns", "alert", "http", "tls", "dhcp", "fileinfo", "drop"]),
)
def test_no_record_raises_anything_but_line_errors(record, kind):
    line = json.dumps({"event_type": kind, "flow_id": 1} | record)
    list(records(SuricataEve, [line, line[:-2]]))


@given(st.text(alphabet="[]0123456789:.*{}TCPI ->/\\", max_size=120))
def test_no_text_raises_anything_but_line_errors(text):
    list(records(SuricataEve, [text, f"[1:2:3] {text} {{TCP}} 10.0.0.1:1 -> 10.0.0.2:2"]))
