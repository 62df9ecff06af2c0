"""JSON lines with named keys in columns equal single lines, for any keys in any order."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.logs.bulk import reader
from lamsach.logs.reading import tables

from .whole_logs import as_tables, by_line

ADDRESSES = ["10.1.1.5", "192.168.7.9", "198.51.100.7", "203.0.113.66:443", "2001:db8::7", "-", "",
    "www.unit.example", None, ["10.1.1.6", "10.1.1.7"]]  # fmt: skip
PORTS = [443, "443", 65536, 53, "-", None, 1.5, True]
NAMES = ["www.unit.example", "Mail.Unit.Example", "-", "", None, "198.51.100.7", "bot-c2.xyz."]
MOMENTS = ["2026-06-09T17:13:20.123Z", "2026-06-09T17:13:20Z", "2026-06-09 17:13:20", "1781000000",
    1781000000, 1781000000.5, "09/06/2026 17:13", "2026-02-30T10:00:00Z", "17:13:20", None]  # fmt: skip
WORDS = ["allow", "deny", "dropped", "connection", ["start", "allowed"], [], [""], None, "ok"]
OPTIONAL: list[tuple[tuple[str, ...], list[Any]]] = [
    (("source", "ip"), ADDRESSES), (("source", "port"), PORTS), (("destination", "ip"), ADDRESSES),
    (("destination", "port"), PORTS), (("destination", "domain"), NAMES), (("src_ip",), ADDRESSES),
    (("client", "ip"), ADDRESSES), (("dst",), ADDRESSES), (("event", "action"), WORDS),
    (("event", "outcome"), WORDS), (("event", "type"), WORDS),
    (("user", "name"), ["an", "-", None, "unit\\an"]),
    (("url",), ["https://www.unit.example/a?b", "/a", "", None]), (("url", "full"), ["http://a.example/"]),
    (("host", "name"), ["pc-7", "10.1.1.5", "", "www.unit.example"]), (("hostname",), ["gw", "pc-7"]),
    (("host",), ["pc-7"]), (("observer", "name"), ["fw01", "-"]), (("dns", "question", "name"), NAMES),
    (("answers",), ["198.51.100.7", ["198.51.100.8"], None]), (("mac",), ["00:1a:2b:3c:4d:5e", "x"]),
    (("sha256",), ["ab" * 32, ""]),
    (("message",),
     ["Connection from 10.9.9.9 was allowed.", '{"src_ip":"10.9.9.8"}', "",
      "Jun 10 08:00:01 gw dnsmasq[1]: query[A] a.example from 10.0.0.1"]),
      (("event", "original"), ["Jun 10 08:00:01 gw dnsmasq[1]: query[A] a.example from 10.0.0.1", "short"]),
      (("process", "name"), ["a.exe"]), (("IpAddress",), ["10.1.1.9"]), (("dip",), ADDRESSES),
      (("sip",), ADDRESSES), (("origin",), ["192.0.2.1", "gw"]), (("sourcetype",), ["fw"]),
      (("tags",), [["a"], None]), (("lease_end",), ["2026-06-10"]),
      (("src_mac",), ["00:1a:2b:3c:4d:5f", "10.1.1.5", "-", None]),
      (("client", "hostname"), ["pc-8", "10.1.1.6", "00:1a:2b:3c:4d:60", None]),
      (("dest_hostname",), ["c2.example", "pc-9", "198.51.100.9", "-"]),
      (("host", "ip"), [["10.1.1.5"], ["198.51.100.7", "10.1.1.9"], None]),
      (("assigned_ip",), ["10.9.9.1", "198.51.100.8", None]),
      (("user_id",), [7, "1f0e6a52-1c3d-4b5a-9d8e-000000000001", "binh"]),
      (("user_name",), ["00:1a:2b:3c:4d:61", "an", "17"]), (("blocked",), [True, False, "yes", "0"]),
      (("remote_ip",), ADDRESSES), (("method",), ["GET", None]), (("status",), ["403", "ok", None]),
    (("nics",), [[{"ip_address": "10.1.1.5", "mac_address": "00:1a:2b:3c:4d:62"}], [], None]),
    (("query_name",), NAMES), (("lan_ip",), ADDRESSES), (("fqdn",), NAMES), (("ssid",), ["a", None]),
    (("deep", "a", "b", "src_ip"), ADDRESSES), (("@source_ip",), ADDRESSES), (("source.ip",), ["10.1.1.8"]),
    (("time",), MOMENTS), (("UtcTime",), ["2026-06-09 17:13:20.100"]),
]  # fmt: skip


def record(
    chance: random.Random, fields: list[tuple[tuple[str, ...], list[Any]]], odd: float
) -> dict[str, Any]:
    """Build a record with these fields; `odd`: probability that a value differs or is missing."""
    made: dict[str, Any] = {"@timestamp": chance.choice(MOMENTS) if chance.random() < odd / 8 else MOMENTS[0]}
    for path, values in fields:
        if chance.random() < odd / 6:
            continue
        inner = made
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
            if not isinstance(inner, dict):
                break
        else:
            inner[path[-1]] = chance.choice(values) if chance.random() < odd else values[0]
    if chance.random() < odd / 4:
        items = [*made.items()]
        chance.shuffle(items)
        made = dict(items)
    return made


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.05, 0.3, 0.8]))
@settings(max_examples=60, deadline=None)
def test_records_of_any_keys(tmp_path_factory: pytest.TempPathFactory, seed: int, odd: float) -> None:
    chance = random.Random(seed)
    fields = [*OPTIONAL[:4], *chance.sample(OPTIONAL[4:], chance.randrange(6))]
    chance.shuffle(fields)
    separators = chance.choice([(",", ":"), (", ", ": ")])
    lines = [json.dumps(record(chance, fields, odd), separators=separators) for _ in range(60)]
    path = tmp_path_factory.mktemp("json") / "a.log"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tables, "PIECE_LINES", chance.choice([20, 60]))
        patched.setattr(reader, "FEW_LINES", 2)
        assert as_tables(path) == by_line(path)


def test_keys_of_one_field_in_both_orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "FEW_LINES", 2)
    record = {
        "ts": "2026-06-09T17:13:20Z",
        "src_ip": "10.1.1.5",
        "client_ip": "10.1.1.6",
        "dst_ip": "198.51.100.7",
    }
    turned = {key: record[key] for key in ("ts", "client_ip", "src_ip", "dst_ip")}
    path = tmp_path / "a.log"
    path.write_text("".join(json.dumps(each) + "\n" for each in [record, turned] * 20), "utf-8")
    events = as_tables(path)
    assert events == by_line(path)
    assert events[0].column("source_ip").to_pylist()[:2] == ["10.1.1.5", "10.1.1.6"]
