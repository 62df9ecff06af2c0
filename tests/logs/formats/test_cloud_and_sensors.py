"""VMware NSX, Cisco ISE, Kerio Control, Suricata's old text logs; Azure's flow documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lamsach.logs.opening.inputs import find_logs
from lamsach.logs.reading.events import read_events
from lamsach.model import Action, Event, Refusal


def security_group(*tuples: str) -> dict[str, object]:
    return {
        "time": "2026-06-02T08:45:34.0000000Z",
        "systemId": "00000000-0000-0000-0000-000000000001",
        "category": "NetworkSecurityGroupFlowEvent",
        "resourceId": (
            "/SUBSCRIPTIONS/1/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/NSG-01"
        ),
        "operationName": "NetworkSecurityGroupFlowEvents",
        "properties": {
            "Version": 2,
            "flows": [{"rule": "r", "flows": [{"mac": "00155D000001", "flowTuples": list(tuples)}]}],
        },
    }


def virtual_network(*tuples: str) -> dict[str, object]:
    return {
        "time": "2026-06-02T08:45:34.0000000Z",
        "flowLogVersion": 4,
        "macAddress": "00155D000001",
        "category": "FlowLogFlowEvent",
        "targetResourceID": (
            "/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet-01"
        ),
        "flowRecords": {"flows": [{"aclID": "1", "flowGroups": [{"rule": "r", "flowTuples": list(tuples)}]}]},
    }


OUT = "1780389934,10.1.1.5,203.0.113.9,49152,443,T,O,A,B,,,,"
TABLE = [
    # record, source, port, destination, port, device, action, observer
    (security_group(OUT), "10.1.1.5", 49152, "203.0.113.9", 443, "10.1.1.5", Action.ALLOWED, "NSG-01"),
    (
        security_group("1780389934,203.0.113.9,10.1.1.5,28746,445,T,I,D"),
        *("203.0.113.9", 28746, "10.1.1.5", 445, "10.1.1.5", Action.BLOCKED, "NSG-01"),
    ),
    (
        virtual_network("1780389934599,10.1.1.5,203.0.113.9,23956,53,17,O,B,NX,0,0,0,0"),
        *("10.1.1.5", 23956, "203.0.113.9", 53, "10.1.1.5", Action.ALLOWED, "vnet-01"),
    ),
    (
        virtual_network("1780389934599,203.0.113.9,198.51.100.7,23956,22,6,I,D,NX,0,0,0,0"),
        *("203.0.113.9", 23956, "198.51.100.7", 22, "198.51.100.7", Action.BLOCKED, "vnet-01"),
    ),
    (
        virtual_network("1780389934599,2001:db8::5,2001:db8:f::9,0,0,58,O,E,NX,1,2,3,4"),
        *("2001:db8::5", None, "2001:db8:f::9", None, "2001:db8::5", Action.ALLOWED, "vnet-01"),
    ),
]


def read(path: Path) -> list[Event | Refusal]:
    [log] = find_logs([str(path)], on_problem=lambda _problem: None)
    return list(read_events(log))


@pytest.mark.parametrize("layout", ["document", "laid out", "list", "lines"])
@pytest.mark.parametrize(("record", *"abcdefg"), TABLE)
def test_flows_of_azure(tmp_path, layout, record, a, b, c, d, e, f, g):
    path = tmp_path / "PT1H.json"
    path.write_text(
        {
            "document": json.dumps({"records": [record, record]}),
            "laid out": json.dumps({"records": [record, record]}, indent=2),
            "list": json.dumps([record, record]),
            "lines": f"{json.dumps(record)}\n{json.dumps(record)}\n",
        }[layout],
        encoding="utf-8",
    )
    found = read(path)
    assert len(found) == 2
    for number, event in enumerate(found, 1):
        assert isinstance(event, Event)
        assert (event.source_ip, event.source_port, event.destination_ip) == (a, b, c)
        assert (event.destination_port, event.device_ip, event.action, event.observer) == (d, e, f, g)
        assert (event.format, event.line, event.device_mac) == ("azure_flow", number, "00:15:5d:00:00:01")
        assert event.time is not None
        assert event.time.isoformat().startswith("2026-06-02T08:45:34")


def test_a_broken_tuple_is_refused_and_the_others_are_read(tmp_path):
    path = tmp_path / "PT1H.json"
    path.write_text(
        json.dumps({"records": [security_group("x,y", OUT, "1,2,3,4,5,6,7,8")]}), encoding="utf-8"
    )
    assert [type(item) for item in read(path)] == [Refusal, Event, Refusal]
