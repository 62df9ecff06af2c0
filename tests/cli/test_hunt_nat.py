"""`lamsach hunt --nat`.

A sensor outside the gateway saw the contact, and the firewall's log names its machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lamsach.errors import ExitStatus

from .command_runner import lamsach

PUBLIC, FAR = "203.0.113.5", "198.51.100.9"


def firewall(inside: str, port: int) -> str:
    """Return a FortiGate record of a translation that ended at 08:01:00 in Vietnam, after a minute."""
    return (
        'date=2022-09-01 time=08:01:00 devname="FG1" devid="FGT60F0000000001" '
        'eventtime=1661994060000000000 tz="+0700" '
        'logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" '
        f'srcip={inside} srcport=50123 srcintf="lan" dstip={FAR} dstport=443 dstintf="wan1" proto=6 '
        'action="close" '
        f'service="HTTPS" trandisp="snat" transip={PUBLIC} transport={port} duration=60 sentbyte=100 '
        "rcvdbyte=200\n"
    )


def outside(port: int, second: int) -> str:
    """Return the same connection as logged by the provider's sensor, `second` seconds after 08:00:00."""
    fields = (f"{1661994000 + second}.000000", "C1", PUBLIC, str(port), FAR, "443", "tcp", "-", "SF")
    return "\t".join(fields) + "\n"


ZEEK = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tconn_state\n"
    "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tstring\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the command, with a list, the firewall's log and the provider's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.txt").write_text(f"{FAR}\n")
    (tmp_path / "fw.log").write_text(firewall("10.0.0.7", 40007) + firewall("10.0.0.8", 40008))
    (tmp_path / "conn.log").write_text(ZEEK + outside(40007, 10) + outside(40007, 20) + outside(41000, 30))
    return tmp_path


def found(folder: Path, *options: str) -> tuple[int, dict[str, int], list[dict[str, Any]]]:
    """Return the status, the number of contacts of each device, and all records."""
    ran = lamsach("hunt", "conn.log", "-i", "list.txt", *options, "-o", "found.jsonl")
    records = [json.loads(line) for line in (folder / "found.jsonl").read_text("utf-8").splitlines()]
    return ran.status, {row["key"]: row["count"] for row in records if row["record"] == "device"}, records


def test_the_machine_behind_the_address_is_named(folder: Path) -> None:
    status, devices, records = found(folder, "--nat", "fw.log")
    assert (status, devices) == (ExitStatus.FOUND, {"ip:10.0.0.7": 2, f"unattributed:nat:{PUBLIC}": 1})
    reasons = [reason for row in records if row.get("key") == "ip:10.0.0.7" for reason in row["reasons"]]
    assert any(reason["code"] == "behind_nat" and reason["values"]["address"] == PUBLIC for reason in reasons)
    assert any(row.get("parameters", {}).get("nat") == ["fw.log"] for row in records)


def test_without_the_option_the_address_is_all_that_is_known(folder: Path) -> None:
    _, devices, _ = found(folder)
    assert devices == {f"ip:{PUBLIC}": 3}


def test_both_logs_together_count_a_contact_once(folder: Path) -> None:
    ran = lamsach("hunt", "conn.log", "fw.log", "-i", "list.txt", "--nat", "fw.log", "-o", "found.jsonl")
    records = [json.loads(line) for line in (folder / "found.jsonl").read_text("utf-8").splitlines()]
    devices = {row["key"]: row["count"] for row in records if row["record"] == "device"}
    assert ran.status == ExitStatus.FOUND
    assert set(devices) == {"ip:10.0.0.7", "ip:10.0.0.8", f"unattributed:nat:{PUBLIC}"}
    assert devices["ip:10.0.0.8"] == 1


def test_a_log_without_translations_is_reported(folder: Path) -> None:
    (folder / "empty.log").write_text("nothing of the kind\n")
    ran = lamsach("hunt", "conn.log", "-i", "list.txt", "--nat", "empty.log", "--nat", "fw.log")
    assert ran.status == ExitStatus.PARTIAL
    assert [line for line in ran.errors if "empty.log" in line] == [
        "empty.log: The log holds no NAT record. Give the log of the gateway that translates the addresses."
    ]


def test_a_missing_log_is_reported(folder: Path) -> None:
    ran = lamsach("hunt", "conn.log", "-i", "list.txt", "--nat", "gone.log")
    assert ran.status == ExitStatus.PARTIAL
    assert any("gone.log" in line for line in ran.errors)
    assert folder.exists()
