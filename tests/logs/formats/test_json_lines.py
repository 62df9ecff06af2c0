"""JSON lines of any product: one trap a test."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from case_reader import records
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.generic.json_lines import JsonLines


def parse(record):
    text = record if isinstance(record, str) else json.dumps(record)
    return JsonLines(FileContext(timezone=ZoneInfo("Asia/Ho_Chi_Minh"))).parse(text, 1)


@pytest.mark.parametrize(
    "record",
    [
        {"src_ip": "10.20.0.31", "dst_ip": "203.0.113.7"},
        {"source": {"ip": "10.20.0.31"}, "destination": {"ip": "203.0.113.7"}},
        {"source.ip": "10.20.0.31", "destination.ip": "203.0.113.7"},
        {"_source": {"data": {"srcip": "10.20.0.31", "dstip": "203.0.113.7"}}},
        {"event": {"SourceAddress": "10.20.0.31", "DestAddress": "203.0.113.7"}},
        {"_src_ip": "10.20.0.31", "_dst_ip": "203.0.113.7", "short_message": "x"},
        {"message": json.dumps({"src": "10.20.0.31", "dst": "203.0.113.7"})},
        {"client": {"ip": "10.20.0.31"}, "server": {"ip": "203.0.113.7"}},
        {"cip": "10.20.0.31", "sip": "203.0.113.7"},
        {"sip": "10.20.0.31", "dip": "203.0.113.7"},
        {"data": {"sip": "10.20.0.31", "sport": 5, "dip": "203.0.113.7"}},
        {"iana:sourceIPv4Address": "10.20.0.31", "iana:destinationIPv4Address": "203.0.113.7"},
        {"netflow": {"ipv4_src_addr": "10.20.0.31", "ipv4_dst_addr": "203.0.113.7"}},
        {"flow.src.ip.addr": "10.20.0.31", "flow.dst.ip.addr": "203.0.113.7"},
        {"src_endpoint": {"ip": "10.20.0.31"}, "dst_endpoint": {"ip": "203.0.113.7"}},
    ],
)
def test_nested_keys_name_the_same_fields(record):
    event = parse(record)
    assert (event.source_ip, event.destination_ip, event.device_ip) == (
        "10.20.0.31",
        "203.0.113.7",
        "10.20.0.31",
    )


@pytest.mark.parametrize(
    "record",
    [
        {"time_flow_start_ns": 1780619472494000000, "src_addr": "10.20.0.31", "dst_addr": "203.0.113.7",
         "src_port": 5, "dst_port": 443},
        {"TimeReceived": 1780619472, "SrcAddr": "10.20.0.31", "DstAddr": "203.0.113.7", "SrcPort": 5,
         "DstPort": 443},
        {"timestamp_start": "2026-06-05 07:31:12.494", "ip_src": "10.20.0.31", "ip_dst": "203.0.113.7",
         "port_src": 5, "port_dst": 443},
        {"@timestamp": "2026-06-05T00:31:12Z", "flow.src.ip.addr": "10.20.0.31", "flow.src.l4.port.id": 5,
         "flow.dst.ip.addr": "203.0.113.7", "flow.dst.l4.port.id": 443},
    ],
)  # fmt: skip
def test_flows_of_collectors(record):
    """goflow2, goflow, pmacct and ElastiFlow, by the names in their documentation."""
    event = parse(record)
    assert (event.source_ip, event.source_port) == ("10.20.0.31", 5)
    assert (event.destination_ip, event.destination_port) == ("203.0.113.7", 443)
    assert event.time is not None
    assert event.time.astimezone(UTC).replace(microsecond=0) == datetime(2026, 6, 5, 0, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "layers",
    [
        {"ip": {"ip.src": "10.20.0.31", "ip.dst": "203.0.113.7"},
         "tcp": {"tcp.srcport": "5", "tcp.dstport": "443"},
         "tls": {"tls.handshake.extensions_server_name": "c2.example"}},
        {"ip": {"ip_ip_src": "10.20.0.31", "ip_ip_dst": "203.0.113.7"},
         "udp": {"udp_udp_srcport": "5", "udp_udp_dstport": "443"},
         "dns": {"dns_dns_qry_name": "c2.example"}},
    ],
)  # fmt: skip
def test_packets_of_tshark(layers):
    """`tshark -T json` and `-T ek`."""
    event = parse({"timestamp": "1780619472494", "_source": {"layers": layers}})
    assert (event.source_ip, event.source_port) == ("10.20.0.31", 5)
    assert (event.destination_ip, event.destination_port, event.domain) == ("203.0.113.7", 443, "c2.example")
    assert event.time is not None


@pytest.mark.parametrize(
    "record, name, observer",
    [
        ({"host": "gw01", "src_ip": "10.20.0.31", "dst_ip": "203.0.113.7"}, None, "gw01"),
        ({"host": {"name": "pc"}, "process": {"name": "a.exe"},
            "dns": {"question": {"name": "evil.example"}}}, "pc", None),
        ({"EventID": 22, "Hostname": "pc", "host": "collector", "QueryName": "evil.example"}, "pc", None),
        ({"EventID": 4624, "Computer": "srv", "EventData": {"IpAddress": "10.20.0.31",
            "WorkstationName": "pc"}}, "pc", "srv"),
    ],
)  # fmt: skip
def test_the_meaning_of_host(record, name, observer):
    event = parse(record)
    assert (event.device_name, event.observer) == (name, observer)


def test_an_address_in_free_text_is_nobodys():
    event = parse(
        {
            "src_ip": "10.20.0.31",
            "domain": "evil.example",
            "log": {"original": "dst_ip=203.0.113.9"},
            "geo": {"ip": "203.0.113.8"},
        }
    )
    assert event.destination_ip is None


def test_the_last_value_of_a_repeated_key_counts():
    assert (
        parse('{"src_ip":"10.20.0.31","dst_ip":"203.0.113.7","src_ip":"10.20.0.32"}').source_ip
        == "10.20.0.32"
    )


def test_deep_nesting_is_not_walked():
    deep = {"src_ip": "10.20.0.31"}
    for _ in range(40):
        deep = {"data": deep}
    with pytest.raises(LineError):
        parse(deep)


@pytest.mark.parametrize(
    "line",
    [
        '{"ts":1781078401.1,"uid":"CaaaaaaaaaaaaaaaA1","id.orig_h":"10.20.0.31","id.resp_h":"203.0.113.7"}',
        (
            '{"timestamp":"2026-06-10T08:00:01+0000","flow_id":1,"event_type":"flow","src_ip":"10.20.0.31",'
            '"dest_ip":"203.0.113.7"}'
        ),
        '{"level":"info","msg":"started","count":5}',
        '{"src_ip":"10.20.0.31","dst_ip":',
        "src_ip=10.20.0.31 dst_ip=203.0.113.7",
        "{",
        "",
    ],
)
def test_foreign_lines_are_not_recognised(line):
    assert not JsonLines.recognises(line)


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"info","msg":"started"}',
        '{"src_ip":"10.20.0.31",,"dst_ip":"203.0.113.7"}',
        '{"a":' * 100_000,
        '{"src_ip":"10.20.0.31","dst_ip":"203.0.113.7","time":"yesterday"}',
        '["src_ip","dst_ip"]',
        "null",
    ],
)
def test_unreadable_lines_are_line_errors(line):
    with pytest.raises(LineError):
        parse(line)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=10)
    | st.sampled_from(["10.20.0.31", "1781078401"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ip", "port", "name", "data", "domain", "hash", "mac", "address"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    ["src_ip", "source", "destination", "host", "time", "@timestamp", "EventID", "message", "url", "query",
     "answers", "hash", "mac", "lease",
     "expires", "user", "action", "", "."]
)  # fmt: skip


@given(st.dictionaries(_KEYS, _JSON, max_size=8))
def test_no_record_raises_anything_but_line_errors(record):
    line = json.dumps(record)
    JsonLines.recognises(line)
    list(records(JsonLines, [line, line[:-2]]))
