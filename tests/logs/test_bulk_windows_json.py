"""Winlogbeat's records in columns equal single lines, for any fields."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.logs.bulk import reader
from lamsach.logs.reading import tables

from .whole_logs import as_tables, by_line

ADDRESSES = ["10.1.1.5", "192.168.7.9", "198.51.100.7", "203.0.113.66", "2001:db8::7", "::1", "0.0.0.0", "-",
    "::ffff:192.0.2.9", "127.0.0.1", "198.51.100.7:443", "224.0.0.251", ""]  # fmt: skip
PORTS: list[object] = ["443", "0", "51000", "65536", 53, "-", None, "0443"]
NAMES = ["www.unit.example", "Mail.Unit.Example", "-", "", None, "bot-c2.xyz", "192.0.2.4",
    "xn--80ak6aa92e.example", "n/a"]  # fmt: skip
USERS = ["UNIT\\lan7", "NT AUTHORITY\\SYSTEM", "PC-17$", "-", None, "an", "N/A"]
COMPUTERS = ["PC-7.unit.example", "pc-7", "SRV01", "-"]
HASHES = ["SHA256=" + "ab" * 32, "MD5=" + "0F" * 16 + ",IMPHASH=" + "22" * 16, "", "SHA1=" + "1c" * 20]
COMMANDS = ["powershell -c iwr http://files.example/a.exe", "cmd /c dir", "curl 198.51.100.9", "", "a \x1f b",
    "<Event>"]  # fmt: skip
DATA: Mapping[str, Mapping[str, list[Any]]] = {
    "sysmon 3": {
        "UtcTime": ["2026-06-09 17:13:20.087", "2026-06-09 17:13:20"],
        "Initiated": ["true", "false", "True", True], "SourceIp": ADDRESSES, "SourcePort": PORTS,
        "DestinationIp": ADDRESSES, "DestinationPort": PORTS, "DestinationHostname": NAMES, "User": USERS,
    },
    "sysmon 22": {"QueryName": NAMES,
        "QueryResults": ["::ffff:198.51.100.7;", "type:  5 cdn.example;198.51.100.8;", "-", ""],
        "User": USERS, "QueryStatus": ["0", 0]},
    "sysmon 1": {"CommandLine": COMMANDS, "ParentCommandLine": COMMANDS, "Hashes": HASHES, "User": USERS,
        "Image": ["C:\\a.exe"]},
    "sysmon 11": {"TargetFilename": ["C:\\a.exe", "C:\\b.exe"], "User": USERS, "ProcessId": ["4", 4, 4.5]},
    "security 4624": {"IpAddress": ADDRESSES, "IpPort": PORTS, "TargetUserName": USERS,
        "WorkstationName": ["PC-9", "-", "10.1.1.5"], "LogonType": ["3", 3]},
    "security 4769": {"IpAddress": ADDRESSES, "IpPort": PORTS, "TargetUserName": USERS,
        "Status": ["0x0", "0x12"]},
    "security 5140": {"IpAddress": ADDRESSES, "SubjectUserName": USERS, "ShareName": ["\\\\*\\c$"]},
    "security 5156": {"Direction": ["%%14592", "%%14593"], "SourceAddress": ADDRESSES, "SourcePort": PORTS,
        "DestAddress": ADDRESSES, "DestPort": PORTS, "Application": ["a.exe"]},
    "security 5157": {"Direction": ["%%14592", "%%14593"], "SourceAddress": ADDRESSES, "SourcePort": PORTS,
        "DestAddress": ADDRESSES, "DestPort": PORTS},
    "security 5152": {"Direction": ["%%14592", "%%14593"], "SourceAddress": ADDRESSES, "SourcePort": PORTS,
        "DestAddress": ADDRESSES, "DestPort": PORTS},
    "security 5158": {"SourceAddress": ADDRESSES, "SourcePort": PORTS, "Protocol": ["6"]},
    "defender 1116": {"Path": ["file:_C:\\a.exe; webfile:_C:\\a.exe|https://files.example/a.exe|pid:1",
        "file:_C:\\b.exe"], "Detection User": USERS, "param1": ["x", ""]},
    "dns-client 3008": {"QueryName": NAMES, "QueryResults": ["198.51.100.7;", ""],
        "url": ["http://a.example/", None]},
}  # fmt: skip
SOURCES = {
    "sysmon": "Microsoft-Windows-Sysmon",
    "security": "Microsoft-Windows-Security-Auditing",
    "defender": "Microsoft-Windows-Windows Defender",
    "dns-client": "Microsoft-Windows-DNS-Client",
}
MESSAGES = [
    "Network connection detected:\nSourceIp: 10.1.1.9",
    "An account was logged on.",
    "",
    "<Event>",
    None,
]


def record(chance: random.Random, kind: str, odd: float) -> dict[str, Any]:
    """Build a record of this kind; `odd`: probability that a value differs from the first."""

    def of(values: list[Any]) -> Any:
        return chance.choice(values) if chance.random() < odd else values[0]

    source, number = kind.split()
    data = {name: of(values) for name, values in DATA[kind].items() if chance.random() > odd / 8}
    moment = f"2026-06-09 17:{chance.randrange(60):02d}:20.{chance.randrange(1000):03d}"
    if "UtcTime" in data and chance.random() >= odd / 8:
        data["UtcTime"] = moment
    winlog: dict[str, Any] = {
        "channel": of(["Operational", "Security"]), "computer_name": of(COMPUTERS),
        "event_id": of([number, int(number)]), "provider_name": SOURCES[source],
        "record_id": chance.randrange(10**6), "event_data": data,
    }  # fmt: skip
    made: dict[str, Any] = {
        "@timestamp": f"{moment.replace(' ', 'T')}Z",
        "event": {
            "code": number,
            "kind": "event",
            "provider": SOURCES[source],
            "created": "2026-06-09T17:20:00.000Z",
        },
        "host": {"name": of(["pc-7", "log01"])},
        "winlog": winlog,
    }
    if chance.random() < odd / 4:
        made |= {
            "source": {"ip": chance.choice(ADDRESSES), "port": 7},
            "user": {"name": chance.choice(USERS)},
        }
    if chance.random() < odd / 4:
        made |= {"tags": ["a", "b"], "dns": {"answers": [{"data": "198.51.100.1", "type": "A"}]}}
    if chance.random() < odd:
        made["message"] = chance.choice(MESSAGES)
    if chance.random() < odd / 16:
        del winlog[chance.choice([*winlog])]
    if chance.random() < odd / 16:
        made["@timestamp"] = chance.choice(["2026-02-30T17:00:00.000Z", "x", 7, "2026-06-09 17:00:00", None])
    return made


def log_of(path: Path, records: list[dict[str, Any]], chance: random.Random) -> Path:
    separators = chance.choice([(",", ":"), (", ", ": ")])
    path.write_text("".join(json.dumps(record, separators=separators) + "\n" for record in records), "utf-8")
    return path


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.02, 0.2, 0.7]))
@settings(max_examples=50, deadline=None)
def test_records_of_any_kind(tmp_path_factory: pytest.TempPathFactory, seed: int, odd: float) -> None:
    chance = random.Random(seed)
    kinds = chance.sample(sorted(DATA), chance.randrange(1, 5))
    records = [record(chance, chance.choice(kinds), odd) for _ in range(60)]
    path = log_of(tmp_path_factory.mktemp("winlog") / "a.log", records, chance)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tables, "PIECE_LINES", chance.choice([20, 60]))
        patched.setattr(reader, "FEW_LINES", 2)
        assert as_tables(path) == by_line(path)


@pytest.mark.parametrize("kind", [kind for kind in DATA if kind.split()[0] in ("sysmon", "security")])
def test_usual_records_are_read_in_columns(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "FEW_LINES", 4)
    monkeypatch.setattr(tables._Pieces, "_single", None)
    chance = random.Random(7)
    path = log_of(tmp_path / "a.log", [record(chance, kind, 0) for _ in range(40)], chance)
    assert as_tables(path)[0].num_rows == 40


def test_two_objects_on_one_line_and_one_object_on_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "FEW_LINES", 2)
    chance = random.Random(3)
    lines = [json.dumps(record(chance, "sysmon 3", 0)) for _ in range(30)]
    lines[4] += lines[5]
    lines[9:11] = [lines[9][: len(lines[9]) // 2] + "}", lines[9][len(lines[9]) // 2 :]]
    path = tmp_path / "a.log"
    path.write_text("\n".join(lines), "utf-8")
    assert as_tables(path) == by_line(path)
