"""Hunts without Arrow: equal results from event files and NAT logs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.evtx_builder import Record, full_chunks, strings
from lamsach.errors import ExitStatus
from lamsach.logs.binary.evtx.records import header_of
from tests.cli.command_runner import Ran, lamsach, write_list
from tests.cli.test_hunt_nat import FAR, ZEEK, firewall, outside
from tests.logs import evtx_builder

from .absent import lamsach_without


def _records() -> list[Record]:
    """Build queries and connections of several machines, in templates as Windows writes them."""
    records = []
    for index in range(400):
        listed = index % 40 == 0
        name = "c2.evil.example" if listed else f"www{index}.good.example"
        where = FAR if listed else f"192.0.2.{index % 250}"
        query = strings(QueryName=name, QueryResults=f"::ffff:{where};", User="UNIT\\an")
        reached = strings(Initiated="true", SourceIp=f"10.1.1.{index % 7}", SourcePort=str(1024 + index),
            DestinationIp=where,
                          DestinationPort="443", DestinationHostname=name, User="UNIT\\an")  # fmt: skip
        number, data = (22, query) if index % 3 else (3, reached)
        records.append(Record(number, data, computer=f"PC-{index % 5}"))
    return records


def _results(ran: Ran, folder: Path) -> tuple[int, str, list[dict[str, Any]]]:
    """Return a hunt's status, output and records."""
    assert (folder / "found.jsonl").exists(), ran.errors
    lines = (folder / "found.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    records[0].pop("parameters")  # its start time
    return ran.status, ran.out, records


@pytest.mark.parametrize("damaged", [False, True])
def test_an_event_file_is_hunted_without_arrow_as_with_it(tmp_path: Path, damaged: bool) -> None:
    chunks = list(full_chunks(_records()))
    plain = evtx_builder.chunk([evtx_builder.event(22, {"QueryName": "c2.evil.example"}, computer="PC-MINH")])
    if damaged:
        chunks[0] = chunks[0][:30000] + bytes(300) + chunks[0][30300:]
        plain = plain[:4000]
    log = tmp_path / "sysmon.evtx"
    log.write_bytes(header_of(len(chunks) + 1) + b"".join(chunks) + plain)
    words = (
        "hunt",
        log,
        "-i",
        write_list(tmp_path / "list.txt", "evil.example", FAR),
        "-o",
        tmp_path / "found.jsonl",
    )
    with_arrow = _results(lamsach(*words), tmp_path)
    (tmp_path / "found.jsonl").unlink()
    assert _results(lamsach_without({"pyarrow"}, *words), tmp_path) == with_arrow
    assert with_arrow[0] == (ExitStatus.PARTIAL if damaged else ExitStatus.FOUND)
    assert len(with_arrow[2]) > 5


def test_a_nat_log_names_the_device_without_arrow(tmp_path: Path) -> None:
    log, nat = tmp_path / "conn.log", tmp_path / "fw.log"
    log.write_text(ZEEK + outside(40000, 30))
    nat.write_text(
        firewall("10.1.1.5", 40000) + "".join(firewall("10.1.1.6", port) for port in range(50000, 50200))
    )
    words = (
        "hunt",
        log,
        "--nat",
        nat,
        "-i",
        write_list(tmp_path / "list.txt", FAR),
        "-o",
        tmp_path / "found.jsonl",
    )
    with_arrow = _results(lamsach(*words), tmp_path)
    (tmp_path / "found.jsonl").unlink()
    assert _results(lamsach_without({"pyarrow"}, *words), tmp_path) == with_arrow
    assert with_arrow[0] == ExitStatus.FOUND
    assert any(found.get("ip") == "10.1.1.5" for found in with_arrow[2])
