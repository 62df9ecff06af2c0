"""A hunt over all sample cases: mixed in one file, packed, in UTF-16, captures and event files."""

from __future__ import annotations

import json
from ipaddress import ip_address
from pathlib import Path

import pytest

from bench import recall
from lamsach.investigate import Request, investigate

SAMPLES = Path(__file__).parents[2] / "../shared/samples"
LOGS = SAMPLES / "logs"
BLAMED_RIGHTLY = (
    # the VPN client with a listed external address: its assigned address is the device's
    "FTD_722051_1",
    "globalprotect_csv_2",  # likewise
    "bro_spec/15",  # who received the file
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))


@pytest.mark.skipif(not LOGS.is_dir(), reason="the samples are not here")
@pytest.mark.parametrize(("framed", "packing"), [(False, "plain"), (False, "utf-16"), (True, "gz")])
@pytest.mark.parametrize("every", [1, 10])
def test_every_listed_value_is_found_in_one_mixed_file(framed, packing, every, tmp_path):
    lines = list(recall.lines_of(LOGS, framed=framed))
    result = recall.recall(lines, recall.list_of(lines, every), packing, tmp_path)
    assert result.wanted > 20
    assert result.missed == []
    assert [what for what, _ in result.blamed if not any(case in what for case in BLAMED_RIGHTLY)] == []


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
def test_addresses_in_event_files_are_found(tmp_path):
    """Every public address and name in the sample event files."""
    wanted: set[str] = set()
    paths = set()
    for line in (SAMPLES / "evtx/cases.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        for event in case["expected"]["events"]:
            address = event.get("dst_ip")
            if address and ip_address(address).is_global and not ip_address(address).is_multicast:
                wanted.add(str(ip_address(address)))
            name = event.get("qname") or ""
            if name.count(".") > 1 and not name.endswith((".local", ".lan")):
                wanted.add(name.lower())
        paths.add(str(SAMPLES / "evtx" / case["file"]))
    (tmp_path / "list.txt").write_text("\n".join(sorted(wanted)))
    findings, _ = investigate(Request(logs=sorted(paths), lists=[str(tmp_path / "list.txt")]))
    assert wanted
    assert {item.indicator for item in findings.sightings} == wanted


def test_values_inside_longer_ones_do_not_count():
    """Listed names count only on their own, not inside longer ones."""
    assert recall._is_in("a.example", "see a.example:443/x")
    assert recall._is_in("192.0.2.1", "(192.0.2.1)")
    assert not recall._is_in("a.example", "ba.example")
    assert not recall._is_in("a.example", "a.example.net")
    assert not recall._is_in("192.0.2.1", "192.0.2.10")
