"""Records in one JSON document: a list, an API's response, Elasticsearch's.

On one line or many, of any size.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from lamsach.logs.opening.inputs import find_logs
from lamsach.logs.reading.events import read_events
from lamsach.model import Event, Refusal

RECORDS = [
    {
        "timestamp": "2026-06-02T08:45:34Z",
        "src_ip": "10.1.1.5",
        "dst_ip": "203.0.113.9",
        "dst_port": 443,
        "action": "allow",
    },
    {
        "timestamp": "2026-06-02T08:45:35Z",
        "src_ip": "10.1.1.6",
        "dst_ip": "203.0.113.8",
        "dst_port": 80,
        "action": "deny",
    },
]
CARRIED = {
    "message": (
        "Jun  2 15:45:34 fw1 kernel: DROP IN=eth1 OUT=eth0 SRC=10.1.1.5 DST=203.0.113.9 PROTO=TCP SPT=49152 "
        "DPT=443"
    )
}
EVE = {
    "timestamp": "2026-06-02T08:45:34.000000+0000", "event_type": "dns", "src_ip": "10.1.1.5", "src_port": 1,
    "dest_ip": "192.0.2.53", "dest_port": 53, "proto": "UDP",
    "dns": {"type": "query", "rrname": "c2.bad.example", "rrtype": "A"},
}  # fmt: skip


def hits(records: list[object]) -> dict[str, object]:
    found = [
        {"_index": "logs", "_id": str(number), "_score": 1.0, "_source": record}
        for number, record in enumerate(records)
    ]
    return {
        "took": 3,
        "timed_out": False,
        "_shards": {"total": 1},
        "hits": {"total": {"value": len(found)}, "max_score": 1.0, "hits": found},
    }


def read(path: Path) -> list[Event | Refusal]:
    [log] = find_logs([str(path)], on_problem=lambda _problem: None)
    return list(read_events(log))


@pytest.mark.parametrize("indent", [None, 2], ids=["one line", "many lines"])
@pytest.mark.parametrize(
    "document",
    [
        RECORDS,
        {"Records": RECORDS},
        {"value": RECORDS, "next": "x"},
        {"status": 0, "data": RECORDS},
        hits(RECORDS),
    ],
    ids=["list", "Records", "value", "data", "hits"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_each_record_is_an_event(document, indent, encoding, tmp_path):
    path = tmp_path / "export.json"
    path.write_text(json.dumps(document, indent=indent), encoding=encoding)
    events = read(path)
    assert [(e.source_ip, e.destination_ip, e.destination_port, e.line) for e in events] == [
        ("10.1.1.5", "203.0.113.9", 443, 1),
        ("10.1.1.6", "203.0.113.8", 80, 2),
    ]


def test_record_is_parsed_as_its_products(tmp_path):
    path = tmp_path / "search.json.gz"
    path.write_bytes(gzip.compress(json.dumps(hits([EVE, CARRIED])).encode()))
    query, dropped = read(path)
    assert (query.domain, query.device_ip) == ("c2.bad.example", "10.1.1.5")
    assert (dropped.destination_ip, dropped.destination_port, dropped.observer) == ("203.0.113.9", 443, "fw1")


def test_flows_with_numeric_addresses(tmp_path):
    flow = {
        "IPV4_SRC_ADDR": 0x0A010105,
        "IPV4_DST_ADDR": 0xCB007109,
        "L4_DST_PORT": 443,
        "FIRST_SWITCHED": 1796000000,
    }
    path = tmp_path / "flows.json"
    for document in ({"flows": [flow, flow]}, {"header": {"count": 2}, "flows": [flow, flow]}, [flow, flow]):
        path.write_text(json.dumps(document))
        ends = [(item.source_ip, item.destination_ip) for item in read(path) if isinstance(item, Event)]
        assert ends == [("10.1.1.5", "203.0.113.9")] * 2, document


def test_unknown_record_gives_its_mentions(tmp_path):
    path = tmp_path / "notes.json"
    path.write_text(json.dumps({"items": [{"story": "beacon to http://c2.bad.example/x and 203.0.113.9"}]}))
    [event] = read(path)
    assert event.mentioned == ("http://c2.bad.example/x", "203.0.113.9")


def test_a_long_list_is_read_to_its_end(tmp_path):
    """Objects cross the boundaries of read steps."""
    path = tmp_path / "long.json"
    records = [
        {**RECORDS[0], "dst_port": number % 65536, "note": "x" * (number % 900)} for number in range(2000)
    ]
    path.write_text(json.dumps(hits(records)))
    assert [event.destination_port for event in read(path)] == list(range(2000))


def test_records_before_a_break(tmp_path):
    path = tmp_path / "cut.json"
    path.write_text(json.dumps(RECORDS)[:-20])
    first, broken = read(path)
    assert first.source_ip == "10.1.1.5"
    assert isinstance(broken, Refusal)


def test_json_lines_are_no_document(tmp_path):
    path = tmp_path / "lines.json"
    path.write_text("".join(json.dumps({**record, "data": {"values": [1, 2]}}) + "\n" for record in RECORDS))
    assert {event.format for event in read(path)} == {"json_lines"}


def test_queries_of_pihole(tmp_path):
    """`{"queries":[..]}` of Pi-hole's API."""
    query = {
        "time": 1781058031,
        "type": "A",
        "status": "GRAVITY",
        "domain": "c2.example",
        "client": {"ip": "10.20.1.5"},
    }
    path = tmp_path / "queries.json"
    path.write_text(json.dumps({"queries": [query, query], "cursor": 2}), encoding="utf-8")
    assert [(event.source_ip, event.domain, event.action.value) for event in read(path)] == [
        ("10.20.1.5", "c2.example", "blocked")
    ] * 2
