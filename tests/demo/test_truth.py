"""The planted truth is true: its counts are in the files, of the named machines, and no others."""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from datetime import datetime

import openpyxl
import pytest

from tests.months import Demo

from . import raw_logs

STATES = {"infected", "blocked", "inbound", "resolved", "unattributed", None}
SERVERS = {"8.8.8.8", "1.1.1.1", "203.162.4.190"}


@pytest.fixture(scope="module")
def hits(full: Demo) -> list[tuple[raw_logs.Record, str, str]]:
    """Every line with an indicator of the list that occurs by the truth, and the indicator."""
    planted = {(item["type"], item["value"]) for case in full.truth["cases"] for item in case["indicators"]}
    matcher = raw_logs.Matcher(sorted(planted))
    return [(record, *found) for record in raw_logs.records(full.files.folder) for found in matcher(record)]


def test_the_counts_are_those_of_the_files(full: Demo, hits: list[tuple[raw_logs.Record, str, str]]) -> None:
    stated: Counter[tuple[str, str, str]] = Counter()
    for case in full.truth["cases"]:
        for item in case["indicators"]:
            for line in item["lines"]:
                stated[item["type"], item["value"], line["file"]] += line["count"]
    assert stated == Counter((kind, value, record.file) for record, kind, value in hits)
    assert len(stated) > 40


def test_no_other_indicator_of_the_annex_occurs(full: Demo) -> None:
    indicators = pytest.importorskip("lamsach.indicators.values.normalise")
    book = openpyxl.load_workbook(full.files.annex)
    listed: set[tuple[str, str]] = set()
    for sheet in book:
        for row in sheet.iter_rows(min_row=7, min_col=2, max_col=3, values_only=True):
            for cell in filter(None, row):
                try:
                    listed.update(
                        (str(kind), value) for kind, value in indicators.canonical_values(str(cell))
                    )
                except indicators.Refused:
                    continue
    assert Counter(kind for kind, _ in listed) == full.truth["list"]["by_type"]
    planted = {(item["type"], item["value"]) for case in full.truth["cases"] for item in case["indicators"]}
    assert planted < listed
    matcher = raw_logs.Matcher(sorted(listed - planted))
    found = [record.text for record in raw_logs.records(full.files.folder) if matcher(record)]
    assert found == []


def test_only_machines_of_a_case_are_in_lines_with_its_indicators(
    full: Demo, hits: list[tuple[raw_logs.Record, str, str]]
) -> None:
    """Each named machine held the address then, or is a known forwarder."""
    stays: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
    for case in full.truth["cases"]:
        addresses = (
            case["device"]["addresses"] if case["device"] else [{"ip": case["ip"], "from": "", "until": ""}]
        )
        for item in case["indicators"]:
            for stay in addresses:
                stays[item["type"], item["value"]].append((stay["ip"], stay["from"], stay["until"]))
    speakers = {machine["ip"] for machine in full.truth["infrastructure"]} | SERVERS
    scanner = {item["value"] for item in full.case("inbound-scan")["indicators"]}
    for record, kind, value in hits:
        if record.client in speakers or record.client in scanner:
            continue
        assert any(
            record.client == ip
            and (not start or datetime.fromisoformat(start) <= record.time <= datetime.fromisoformat(end))
            for ip, start, end in stays[kind, value]
        ), record.text


def test_the_innocent_are_never_in_a_line_with_an_indicator(
    full: Demo, hits: list[tuple[raw_logs.Record, str, str]]
) -> None:
    holder: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for line in raw_logs.dhcp(full.files.folder):
        if line.code in (10, 11):
            holder[line.ip].append((line.time, line.mac))
    innocent = {item["mac"] for item in full.truth["innocent"] if item["state"] is None}
    for record, _, _ in hits:
        holders = [mac for time, mac in holder.get(record.client, ()) if time <= record.time]
        assert not holders or holders[-1] not in innocent, record.text


@pytest.mark.parametrize("name", ["shared-address", "same-day-handover"])
def test_innocent_machines_had_the_address_of_an_infected_one(full: Demo, name: str) -> None:
    """The trap: the innocent machine holds the address too, and uses it."""
    case = full.case(name)
    mac = next(item["mac"] for item in full.truth["innocent"] if item["case"] == name)
    infected = {stay["ip"] for stay in case["device"]["addresses"]}
    stays = [
        line
        for line in raw_logs.dhcp(full.files.folder)
        if line.mac == mac and line.ip in infected and line.code == 10
    ]
    assert stays
    days = {stay.time.date() for stay in stays}
    used = {record.client for record in raw_logs.records(full.files.folder) if record.time.date() in days}
    assert {line.ip for line in stays} & used


def test_the_traps_are_in_the_files(full: Demo) -> None:
    texts = {}
    for item in full.truth["raw"]:
        if item["file"] not in texts:
            content = (full.files.folder / item["file"]).read_bytes()
            texts[item["file"]] = (
                gzip.decompress(content) if item["file"].endswith(".gz") else content
            ).decode()
        assert item["text"] in texts[item["file"]], item
    cases = {item["case"] for item in full.truth["raw"]}
    assert {
        "look-alike-names",
        "look-alike-addresses",
        "url-other-path",
        "forged-source",
        "listed-value-in-a-url",
    } <= cases


def test_every_kind_is_planted(full: Demo) -> None:
    states = Counter(case["state"] for case in full.truth["cases"])
    assert set(states) == STATES
    assert states["infected"] >= 18
    kinds = {item["type"] for case in full.truth["cases"] for item in case["indicators"]}
    assert kinds == {"ip", "network", "domain", "url", "sha256"}
    assert full.case("seen-once")["own_lines"] == {"allowed": 1, "blocked": 0}
    assert len({stay["ip"] for stay in full.case("moving-laptop")["device"]["addresses"]}) > 5
    assert full.case("partly-blocked")["own_lines"]["blocked"] > 0


def test_states_agree_with_the_lines(full: Demo) -> None:
    for case in full.truth["cases"]:
        own = case["own_lines"]
        if case["state"] == "infected":
            assert own["allowed"] > 0, case["name"]
        elif case["state"] == "blocked":
            assert own["allowed"] == 0, case["name"]
            assert own["blocked"] > 0, case["name"]
        elif case["name"] != "branch-nat":
            assert own == {"allowed": 0, "blocked": 0}, case["name"]


def test_only_squid_names_the_machine_behind_the_proxy(
    full: Demo, hits: list[tuple[raw_logs.Record, str, str]]
) -> None:
    case = full.case("behind-proxy")
    value = case["indicators"][0]["value"]
    own = {stay["ip"] for stay in case["device"]["addresses"]}
    found = {
        (record.file, record.client in own)
        for record, _, hit in hits
        if hit == value and record.client not in SERVERS
    }
    assert ("logs/squid/access.log.gz", True) in found
    assert {file for file, is_own in found if is_own} == {"logs/squid/access.log.gz"}
    assert ("logs/fortigate-webfilter.log", False) in found


def test_no_device_has_two_cases(full: Demo) -> None:
    macs = [case["device"]["mac"] for case in full.truth["cases"] if case["device"]]
    assert len(set(macs)) == len(macs)
    innocent = {item["mac"] for item in full.truth["innocent"] if item["state"] is None}
    assert not innocent & set(macs)
