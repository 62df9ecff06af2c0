"""Hunts over real log lines and real feeds, where available; skipped otherwise."""

from __future__ import annotations

import base64
import gzip
import ipaddress
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lamsach.errors import ExitStatus
from lamsach.indicators.lists import read_list
from lamsach.indicators.values.normalise import canonical_values
from lamsach.indicators.values.refusals import Refused
from lamsach.investigate import Request, investigate
from lamsach.model import DeviceState, Findings, Indicator, IndicatorType

from .command_runner import bind_line, lamsach, write_list, write_log

SAMPLES = Path(__file__).parents[2] / "../shared/samples"
LOGS = sorted(path.stem for path in (SAMPLES / "logs").glob("*.jsonl")) or ["none"]
ADDRESSES = ("src_ip", "dst_ip")
NAMES = ("qname", "url_domain", "sni")
FEW = 30
FEEDS = sorted((SAMPLES / "feeds" / "files").glob("*")) if (SAMPLES / "feeds" / "files").is_dir() else []


@cache
def cases(name: str) -> tuple[dict[str, Any], ...]:
    path = SAMPLES / "logs" / f"{name}.jsonl"
    if not path.is_file():
        pytest.skip("the samples are not here")
    return tuple(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


def texts(value: object) -> Iterator[str]:
    """Yield every text in a case's expectation."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)


def listable(name: str) -> list[str]:
    """Return the public addresses and names in the cases of a format, in canonical form."""
    found: set[str] = set()
    for case in cases(name):
        for field in (*ADDRESSES, *NAMES):
            for text in texts(case["expected"].get(field)):
                try:
                    kind, value = canonical_values(text)[0]
                except Refused:
                    continue
                if kind in (IndicatorType.IP, IndicatorType.DOMAIN):
                    found.add(value)
    return sorted(found)


def write_cases(name: str, folder: Path) -> None:
    """Write one file per case, of its raw lines or bytes."""
    for number, case in enumerate(cases(name)):
        path = folder / f"{name}-{number:03}.log"
        if "raw" in case:
            path.write_text("\n".join(case["raw"]) + "\n", encoding="utf-8")
        else:
            path.write_bytes(b"".join(base64.b64decode(piece) for piece in case["raw_b64"]))


def hunted(name: str, values: list[str], folder: Path) -> Findings:
    logs = folder / "logs"
    logs.mkdir()
    write_cases(name, logs)
    return investigate(Request([str(logs)], [str(write_list(folder / "list.txt", *values))]))[0]


def tenth(values: list[str]) -> list[str]:
    return values[::10] if len(values) >= FEW else values


@pytest.mark.parametrize("name", LOGS)
def test_every_listed_value_is_sighted_and_nobody_else_is_blamed(name: str, tmp_path: Path) -> None:
    values = tenth(listable(name))
    if not values:
        pytest.skip("the cases name nothing that a list could hold")
    findings = hunted(name, values, tmp_path)
    assert not findings.problems
    assert sorted(findings.indicators) == values
    named = {text.lower() for case in cases(name) for text in texts(case["expected"])}
    addresses = {str(ipaddress.ip_address(text)) for text in named if is_address(text)}
    for device in findings.devices:
        if device.state in (DeviceState.INFECTED, DeviceState.BLOCKED):
            assert device.ip in addresses or (device.name or "").lower() in named, device


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("path", FEEDS, ids=[path.name[-60:] for path in FEEDS])
def test_a_real_feed_is_a_list(path: Path, tmp_path: Path) -> None:
    log = write_log(tmp_path / "good.log")
    own = write_list(tmp_path / "own.txt")
    ran = lamsach("hunt", log, "-i", path, "-i", own)
    assert ran.status in (ExitStatus.FOUND, ExitStatus.PARTIAL)
    assert "192.168.1.1" in ran.out
    # All messages are about this feed, once.
    assert (ran.status == ExitStatus.PARTIAL) == bool(ran.errors)
    assert len(ran.errors) <= 1
    assert all(line.startswith(str(path)) for line in ran.errors)


def test_what_a_feed_holds_is_found(tmp_path: Path) -> None:
    path = SAMPLES / "feeds" / "cases.jsonl"
    if not path.is_file():
        pytest.skip("the samples are not here")
    hunted_feeds = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        feed = SAMPLES / "feeds" / case["file"]
        wanted = {item["value"].lower() for item in case["expected"]["must"] if item["type"] == "domain"}
        # Names of programs resemble domains; those skipped by the list's reader are not expected.
        listed = {
            item.value
            for item in read_list(str(feed), lambda _: None)
            if isinstance(item, Indicator) and item.valid_from is None and item.valid_until is None
        }
        for name in sorted(wanted & listed)[:1]:
            hunted_feeds += 1
            log = tmp_path / f"{hunted_feeds}.log"
            log.write_text(bind_line("192.168.1.7", name) + "\n")
            out = tmp_path / f"{hunted_feeds}.jsonl"
            lamsach("hunt", log, "-i", feed, "-o", out)
            assert f'"indicator":"{name}"' in out.read_text("utf-8"), (feed, name)
    assert hunted_feeds > 10


def listed_in(expected: object, fields: tuple[str, ...]) -> set[str]:
    """Return the public addresses and names under these keys, anywhere in the expectation."""
    found: set[str] = set()
    if isinstance(expected, dict):
        for key, value in expected.items():
            if key not in fields:
                found |= listed_in(value, fields)
                continue
            for text in texts(value):
                try:
                    kind, canonical_value = canonical_values(text)[0]
                except Refused:
                    continue
                if kind in (IndicatorType.IP, IndicatorType.DOMAIN):
                    found.add(canonical_value)
    elif isinstance(expected, list):
        for item in expected:
            found |= listed_in(item, fields)
    return found


def nobody_else_is_blamed(findings: Findings, expected: list[object]) -> None:
    named = {text.lower() for value in expected for text in texts(value)}
    addresses = {str(ipaddress.ip_address(text)) for text in named if is_address(text)}
    for device in findings.devices:
        if device.state in (DeviceState.INFECTED, DeviceState.BLOCKED):
            assert device.ip in addresses or (device.name or "").lower() in named, device


@pytest.mark.parametrize(("encoding", "suffix"), [("utf-8", ""), ("utf-8", ".gz"), ("utf-16", "")])
def test_a_syslog_servers_file_of_every_product(encoding: str, suffix: str, tmp_path: Path) -> None:
    framed = [case for name in LOGS for case in cases(name) if "raw_syslog" in case]
    data = "".join(f"{case['raw_syslog']}\n" for case in framed).encode(encoding)
    log = tmp_path / f"all.log{suffix}"
    log.write_bytes(gzip.compress(data) if suffix else data)
    expected = [case["expected"] for case in framed]
    values = sorted(listed_in(expected, (*ADDRESSES, *NAMES)))
    findings = investigate(Request([str(log)], [str(write_list(tmp_path / "list.txt", *values))]))[0]
    assert sorted(findings.indicators) == values
    nobody_else_is_blamed(findings, expected)


@pytest.mark.parametrize("kind", ["pcaps", "evtx"])
def test_every_listed_value_is_sighted_in_binary_logs(kind: str, tmp_path: Path) -> None:
    index = SAMPLES / kind / "cases.jsonl"
    if not index.is_file():
        pytest.skip("the samples are not here")
    by_file: dict[str, list[object]] = {}
    for line in index.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        by_file.setdefault(case.get("pcap") or case["file"], []).append(case["expected"])
    sighted = 0
    for name, expected in by_file.items():
        values = sorted(listed_in(expected, (*ADDRESSES, *NAMES, "query")))
        if not values:
            continue
        known = write_list(tmp_path / "list.txt", *values)
        findings = investigate(Request([str(SAMPLES / kind / name)], [str(known)]))[0]
        assert sorted(findings.indicators) == values, name
        nobody_else_is_blamed(findings, expected)
        sighted += len(values)
    assert sighted
