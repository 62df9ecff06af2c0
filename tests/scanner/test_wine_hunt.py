"""The hunt's bundle under Wine, without an installed Python and without Arrow.

On all inputs of a unit: event files, captures, the firewall's NAT log, names in Vietnamese.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.evtx_builder import Record, full_chunks, strings
from lamsach.errors import ExitStatus
from lamsach.hunt.machine_code import functions
from lamsach.logs.binary.evtx.records import header_of
from tests.cli.test_hunt_nat import FAR, PUBLIC, ZEEK, firewall, outside
from tests.hunt import kernel_results
from tests.logs.capture_builder import ethernet, ip, pcap, question, udp

from .wine import Wine

pytestmark = pytest.mark.wine
LISTED = "bot-c2.xyz"


def event_file() -> bytes:
    """Return queries as recorded by Sysmon."""
    queries = [
        strings(QueryName=LISTED if at % 10 == 0 else f"www{at}.example", QueryResults="", User="UNIT\\an")
        for at in range(50)
    ]
    chunks = list(full_chunks([Record(22, data, computer="PC-MINH") for data in queries]))
    return header_of(len(chunks)) + b"".join(chunks)


def query_log(client: str) -> str:
    return f"Sep 26 10:00:01 fw named[1]: client {client}#53: query: {LISTED} IN A\n" * 3


@pytest.fixture
def folder(wine: Wine) -> Path:
    """A folder with a list; its name has a space and Vietnamese letters."""
    folder = wine.drive / "Đơn vị Một"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "danh sách.txt").write_text(f"{LISTED}\n{FAR}\n")
    return folder


def hunted(wine: Wine, bundle: Path, folder: Path, *words: str) -> dict[str, dict[str, Any]]:
    """Return the devices named by a hunt with the bundle's own Python, by key."""
    inside = "C:\\Đơn vị Một\\"
    paths = [word if word.startswith("-") else inside + word for word in words]
    output = ["-i", f"{inside}danh sách.txt", "-o", f"{inside}kết quả.jsonl", "--language", "en"]
    ran = wine.python(str(bundle), "lamsach_hunt", "hunt", *paths, *output)
    assert ran.returncode == ExitStatus.FOUND, ran.stdout + ran.stderr
    lines = (folder / "kết quả.jsonl").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return {record["key"]: record for record in records if record["record"] == "device"}


def test_a_unit_s_logs(wine: Wine, hunt_bundle: Path, folder: Path) -> None:
    (folder / "Sysmon.evtx").write_bytes(event_file())
    frames = [ethernet(ip("192.0.2.21", "192.0.2.53", 17, udp(40000, 53, question(LISTED))))]
    (folder / "lưu lượng.pcap").write_bytes(pcap(frames))
    (folder / "nhật ký DNS ngày 26.log").write_text(query_log("192.0.2.7"))
    found = hunted(wine, hunt_bundle, folder, "Sysmon.evtx", "lưu lượng.pcap", "nhật ký DNS ngày 26.log")
    assert {key: device["count"] for key, device in found.items()} == {
        "name:pc-minh": 5,
        "ip:192.0.2.21": 1,
        "ip:192.0.2.7": 3,
    }


def test_its_machine_code_finds_what_this_system_s_finds(wine: Wine, hunt_bundle: Path) -> None:
    script = Path(kernel_results.__file__)
    ran = wine.run(str(hunt_bundle / "python/python.exe"), "-X", "utf8", str(script))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads(ran.stdout)
    assert {"2"} <= set(found) <= {"2", "3", "4"}
    assert set(map(tuple, found.values())) == {tuple(kernel_results.results(functions()))}


def test_a_firewall_s_nat_log_names_the_machine(wine: Wine, hunt_bundle: Path, folder: Path) -> None:
    (folder / "conn.log").write_text(ZEEK + outside(40007, 10) + outside(40007, 20) + outside(41000, 30))
    (folder / "tường lửa.log").write_text(firewall("10.0.0.7", 40007) + firewall("10.0.0.8", 40008))
    found = hunted(wine, hunt_bundle, folder, "conn.log", "--nat", "tường lửa.log")
    assert {key: device["count"] for key, device in found.items()} == {
        "ip:10.0.0.7": 2,
        f"unattributed:nat:{PUBLIC}": 1,
    }
