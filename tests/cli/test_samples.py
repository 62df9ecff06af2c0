"""Hunts over real log lines and real feeds, where they are at hand; quietly skipped where they are not."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lamsach.errors import ExitStatus
from lamsach.indicators.normalise import canonical
from lamsach.indicators.reading import read_list
from lamsach.indicators.refusals import Refused
from lamsach.investigate import Request, investigate
from lamsach.model import DeviceState, Findings, Indicator, IndicatorType

from .running import bind_line, lamsach, write_list, write_log

SAMPLES = Path(__file__).parents[2] / "../shared/samples"
LOGS = (
    "bind", "dnsmasq", "dnsmasq_dhcp", "fortigate", "isc_dhcp", "squid", "suricata_eve", "windows_dhcp_audit",
    "windows_dns_debug", "zeek_json", "zeek_json_stream", "zeek_tsv", "zeek_tsv_headerless",
)  # fmt: skip
ADDRESSES = ("src_ip", "dst_ip")
NAMES = ("qname", "url_domain", "sni")
FEW = 30
OTHERS = sorted(path.stem for path in (SAMPLES / "logs").glob("*.jsonl") if path.stem not in LOGS)
FEEDS = sorted((SAMPLES / "feeds" / "files").glob("*")) if (SAMPLES / "feeds" / "files").is_dir() else []


@cache
def cases(name: str) -> tuple[dict[str, Any], ...]:
    path = SAMPLES / "logs" / f"{name}.jsonl"
    if not path.is_file():
        pytest.skip("the samples are not here")
    return tuple(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


def texts(value: object) -> Iterator[str]:
    """Every text in what is expected of a case."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)


def listable(name: str) -> list[str]:
    """The public addresses and the names that the cases of a format name, canonical: what a list could hold."""
    found: set[str] = set()
    for case in cases(name):
        for field in (*ADDRESSES, *NAMES):
            for text in texts(case["expected"].get(field)):
                try:
                    kind, value = canonical(text)
                except Refused:
                    continue
                if kind in (IndicatorType.IP, IndicatorType.DOMAIN):
                    found.add(value)
    return sorted(found)


def write_cases(name: str, folder: Path) -> None:
    """One file a case, of its raw lines."""
    for number, case in enumerate(cases(name)):
        (folder / f"{name}-{number:03}.log").write_text("\n".join(case["raw"]) + "\n", encoding="utf-8")


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


@pytest.mark.parametrize("name", OTHERS)
def test_every_listed_value_is_sighted_in_lines_of_other_products(name: str, tmp_path: Path) -> None:
    values = listable(name)
    if not values:
        pytest.skip("the cases name nothing that a list could hold")
    findings = hunted(name, values, tmp_path)
    assert not findings.problems
    assert sorted(findings.indicators) == values


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
    # Whatever is told is about this feed, once.
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
        # Names of programs look like domains; those that the list's reader leaves out are not asked for.
        held = {
            item.value
            for item in read_list(str(feed), lambda _: None)
            if isinstance(item, Indicator) and item.valid_from is None and item.valid_until is None
        }
        for name in sorted(wanted & held)[:1]:
            hunted_feeds += 1
            log = tmp_path / f"{hunted_feeds}.log"
            log.write_text(bind_line("192.168.1.7", name) + "\n")
            assert "192.168.1.7" in lamsach("hunt", log, "-i", feed).out, (feed, name)
    assert hunted_feeds > 10
