"""NetFlow and IPFIX over UDP: flows become lines that are archived, matched live and found again.

Templates survive the collector.
"""

from __future__ import annotations

import json
import socket
import struct
from ipaddress import ip_address
from pathlib import Path

import pytest

from lamsach.archive.archive import Archive
from lamsach.archive.retro import retro
from lamsach.collect import flows
from lamsach.collect.flows import FlowLines
from lamsach.errors import LamsachError
from lamsach.investigate import Request
from lamsach.logs.opening.inputs import find_logs
from lamsach.logs.reading.events import read_events
from lamsach.model import Event

from .test_service import collecting, lines, until

AT = 1_662_000_000
FIELDS = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1))
"""Addresses, ports, protocol."""


def record(source: str, destination: str, port: int = 443) -> bytes:
    return ip_address(source).packed + ip_address(destination).packed + struct.pack(">HHB", 50123, port, 6)


def v9_template(identity: int = 256) -> bytes:
    body = struct.pack(">HH", identity, len(FIELDS)) + b"".join(struct.pack(">HH", *pair) for pair in FIELDS)
    return v9(0, body)


def v9(number: int, body: bytes) -> bytes:
    return struct.pack(">HHIIII", 9, 1, 1000, AT, 1, 7) + struct.pack(">HH", number, 4 + len(body)) + body


def ipfix(*sets: tuple[int, bytes]) -> bytes:
    data = b"".join(struct.pack(">HH", number, 4 + len(body)) + body for number, body in sets)
    return struct.pack(">HHIII", 10, 16 + len(data), AT, 1, 7) + data


def v5(source: str, destination: str) -> bytes:
    flow = ip_address(source).packed + ip_address(destination).packed + bytes(24)
    flow += struct.pack(">HH2xB9x", 50123, 443, 6)
    return struct.pack(">HHIIIIBBH", 5, 1, 1000, AT, 0, 1, 0, 0, 0) + flow


def flows_of(data: bytes) -> list[tuple[str, str]]:
    found = [json.loads(line) for line in data.splitlines()]
    return [(item["source_ip"], item["destination_ip"]) for item in found]


def test_flows_are_archived_matched_and_found(tmp_path: Path) -> None:
    seen = tmp_path / "sightings.jsonl"
    with collecting(tmp_path, listed=True, netflow=0, sightings=seen) as running:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as exporter:
            place = ("127.0.0.1", running.ports["netflow"])
            exporter.sendto(v9(256, record("10.0.0.5", "192.0.2.9")), place)  # its template comes later
            exporter.sendto(v9_template(), place)
            exporter.sendto(v9(256, record("10.0.0.6", "203.0.113.66")), place)
            exporter.sendto(v5("10.0.0.7", "192.0.2.8"), place)
            exporter.sendto(b"<13>this is no export packet", place)
        until(lambda: sum(item["lines"] for item in running.collector.status()["sources"]) == 3)
        until(seen.exists)
    sighting = json.loads(seen.read_text())
    assert (sighting["indicator"], sighting["ip"], sighting["observer"]) == (
        "203.0.113.66",
        "10.0.0.6",
        "127.0.0.1",
    )
    assert [json.loads(line)["source_ip"] for line in lines(tmp_path, "netflow*")] == [
        "10.0.0.5",
        "10.0.0.6",
        "10.0.0.7",
    ]
    with collecting(tmp_path, netflow=0) as running:  # another run: the template need not come again
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as exporter:
            flow = v9(256, record("10.0.0.9", "203.0.113.66"))
            exporter.sendto(flow, ("127.0.0.1", running.ports["netflow"]))
        until(lambda: sum(item["lines"] for item in running.collector.status()["sources"]) == 4)
    findings, _, _ = retro(Archive(str(tmp_path / "archive")), Request([""], [str(tmp_path / "list.txt")]))
    assert {device.ip for device in findings.devices} == {"10.0.0.6", "10.0.0.9"}


def test_a_line_states_the_flow(tmp_path: Path) -> None:
    fields = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (225, 4), (227, 2), (233, 1), (371, 4), (460, 12))
    template = struct.pack(">HH", 300, len(fields)) + b"".join(struct.pack(">HH", *pair) for pair in fields)
    body = record("10.0.0.5", "203.0.113.9") + ip_address("198.51.100.7").packed
    body += struct.pack(">HB4s12s", 4021, 3, b"an\0\0", b"evil.example")
    log = tmp_path / "flows.jsonl"
    maker = FlowLines(tmp_path, lambda _error: None)
    log.write_bytes(maker.lines(ipfix((2, template), (300, body)), "192.0.2.1"))
    [event] = list(read_events(next(iter(find_logs([str(log)])))))
    assert isinstance(event, Event)
    assert (event.observer, event.source_ip, event.source_port) == ("192.0.2.1", "10.0.0.5", 50123)
    assert (event.destination_ip, event.destination_port) == ("203.0.113.9", 443)
    assert (event.source_nat_ip, event.source_nat_port) == ("198.51.100.7", 4021)
    assert (event.user, event.domain, event.action.value) == ("an", "evil.example", "blocked")
    assert event.time is not None
    assert event.time.timestamp() == AT


def test_templates_are_stored_by_exporter(tmp_path: Path) -> None:
    problems: list[LamsachError] = []
    maker = FlowLines(tmp_path, problems.append)
    assert maker.lines(v9_template(), "192.0.2.1") == b""
    flow = v9(256, record("10.0.0.5", "192.0.2.9"))
    assert flows_of(maker.lines(flow, "192.0.2.1")) == [("10.0.0.5", "192.0.2.9")]
    assert maker.lines(flow, "192.0.2.2") == b""  # another exporter's 256 may be laid out otherwise
    assert maker.lines(flow, "192.0.2.2") == b""
    assert [error.where for error in problems] == ["192.0.2.2"]
    maker.close()
    again = FlowLines(tmp_path, problems.append)
    assert flows_of(again.lines(flow, "192.0.2.1")) == [("10.0.0.5", "192.0.2.9")]
    (tmp_path / flows.FILE).write_text('{"192.0.2.1": [[9, 7]]}')
    assert FlowLines(tmp_path, problems.append).lines(flow, "192.0.2.1") == b""


def test_made_up_exporters_do_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "MOST_EXPORTERS", 4)
    maker = FlowLines(tmp_path, lambda _error: None)
    flow = v9(256, record("10.0.0.5", "192.0.2.9"))
    for number in range(20):
        maker.lines(v9_template(), "192.0.2.1")  # it is heard between all the others
        maker.lines(v9_template(), f"198.51.100.{number}")
    assert len(maker._decoders) == 4
    assert flows_of(maker.lines(flow, "192.0.2.1")) == [("10.0.0.5", "192.0.2.9")]
    assert maker.lines(flow, "198.51.100.3") == b""
