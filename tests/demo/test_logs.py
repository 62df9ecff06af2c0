"""The demo's logs: syntax of each product, order of time, leases that fit, days without logs."""

from __future__ import annotations

import bisect
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.months import Demo

from . import raw_logs

ASSIGNED, RENEWED, RELEASED, EXPIRED = 10, 11, 12, 18
LEASED = (
    "10.20.10.",
    "10.20.11.",
    "10.20.12.",
    "10.20.13.",
    "10.20.20.",
    "10.20.30.",
    "10.20.31.",
    "10.20.40.",
)


def days_of(demo: Demo) -> set[date]:
    first = date(2022, 9, 1)
    return {first + timedelta(days=number) for number in range(demo.truth["days"])}


def test_every_log_is_in_order_of_time(full: Demo) -> None:
    times = defaultdict(list)
    for record in raw_logs.records(full.files.folder):
        times[record.file].append(record.time)
    assert len(times) == 6
    for file, found in times.items():
        assert all(earlier <= later for earlier, later in pairwise(found)), file


def test_only_the_planned_days_are_blind(full: Demo) -> None:
    seen = defaultdict(set)
    for record in raw_logs.records(full.files.folder):
        seen[record.file].add(record.time.date())
    blind = {gap["file"]: date.fromisoformat(gap["utc_day"]) for gap in full.truth["blind"]}
    assert set(blind) == {"logs/dns/dns-debug.log", "logs/squid/access.log.gz"}
    for file in ("logs/fortigate-traffic.log", "logs/fortigate-webfilter.log", *blind):
        missing = days_of(full) - seen[file]
        assert missing == ({blind[file]} if file in blind else set()), file


def test_blind_times_have_no_line(full: Demo) -> None:
    gaps = {
        gap["file"]: (datetime.fromisoformat(gap["from"]), datetime.fromisoformat(gap["until"]))
        for gap in full.truth["blind"]
    }
    for record in raw_logs.records(full.files.folder):
        start, end = gaps.get(record.file, (datetime.max.replace(tzinfo=UTC),) * 2)
        assert not start <= record.time < end, record.text


def test_offices_are_busy_by_day_and_empty_at_night_and_on_holidays(full: Demo) -> None:
    by_hour: dict[int, int] = defaultdict(int)
    by_day: dict[date, int] = defaultdict(int)
    for record in raw_logs.records(full.files.folder):
        if not record.file.startswith("logs/fortigate"):
            continue
        local = record.time + raw_logs.LOCAL
        by_hour[local.hour] += 1
        by_day[local.date()] += 1
    assert min(by_hour[hour] for hour in (9, 10, 14, 15)) > 6 * max(by_hour[hour] for hour in (1, 2, 4, 23))
    assert by_hour[12] < by_hour[10]
    holiday, sunday, monday = by_day[date(2022, 9, 2)], by_day[date(2022, 9, 11)], by_day[date(2022, 9, 12)]
    assert monday > 4 * max(holiday, sunday)


@pytest.fixture(scope="module")
def leases(full: Demo) -> dict[str, list[tuple[datetime, str]]]:
    """By address, its holders and since when; an empty text for none."""
    holders: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for line in raw_logs.dhcp(full.files.folder):
        if line.code in (ASSIGNED, RENEWED):
            holders[line.ip].append((line.time, line.mac))
        elif line.code in (RELEASED, EXPIRED):
            holders[line.ip].append((line.time, ""))
    return holders


def holder(leases: dict[str, list[tuple[datetime, str]]], ip: str, time: datetime) -> str:
    position = bisect.bisect_right(leases[ip], time, key=lambda item: item[0])
    return leases[ip][position - 1][1] if position else ""


def test_the_lease_log_is_consistent(leases: dict[str, list[tuple[datetime, str]]]) -> None:
    """No address is given while another machine holds it, and none is returned by another machine."""
    for ip, steps in leases.items():
        assert all(earlier[0] <= later[0] for earlier, later in pairwise(steps)), ip
        for (_, before), (time, after) in pairwise(steps):
            assert not before or not after or before == after, (ip, time)


def test_who_speaks_holds_a_lease(full: Demo, leases: dict[str, list[tuple[datetime, str]]]) -> None:
    unknown = full.case("unknown-machine")["ip"]
    checked = 0
    for record in raw_logs.records(full.files.folder):
        if record.client.startswith(LEASED) and record.client not in ("10.20.20.2", unknown):
            checked += 1
            assert holder(leases, record.client, record.time), record.text
    assert checked > 100_000


def test_the_lease_log_names_the_devices_of_the_truth(
    full: Demo, leases: dict[str, list[tuple[datetime, str]]]
) -> None:
    checked = 0
    for case in full.truth["cases"]:
        for stay in case["device"]["addresses"] if case["device"] else ():
            if stay["how"] == "lease":
                for time in (stay["from"], stay["until"]):
                    checked += 1
                    assert (
                        holder(leases, stay["ip"], datetime.fromisoformat(time)) == case["device"]["mac"]
                    ), case["name"]
    assert checked > 500


def test_wireless_addresses_wander(leases: dict[str, list[tuple[datetime, str]]]) -> None:
    holders = {ip: {mac for _, mac in steps if mac} for ip, steps in leases.items()}
    shared = [
        ip for ip, macs in holders.items() if ip.startswith(("10.20.30.", "10.20.31.")) and len(macs) > 3
    ]
    assert len(shared) > 30


def test_lease_files_begin_with_the_preamble(full: Demo) -> None:
    paths = sorted((full.files.folder / "logs/dhcp").iterdir())
    wide = [path for path in paths if path.read_bytes().startswith(b"\xff\xfe")]
    assert [path.name for path in wide] == ["DhcpSrvLog-Wed-20220907.log"]
    for path in paths:
        text = raw_logs.dhcp_text(path)
        assert text.startswith("\t\tMicrosoft DHCP Service Activity Log\r\n"), path
        assert "\n" not in text.replace("\r\n", ""), path


def test_some_packets_are_followed_by_their_contents(full: Demo) -> None:
    detailed = [record for record in raw_logs.records(full.files.folder) if record.details]
    assert len(detailed) > 50
    assert detailed[-1].time - detailed[0].time <= timedelta(minutes=15)
    assert sum(bool(record.ips) for record in detailed) > 10


def test_the_products_readers_read_every_line(small: Demo) -> None:
    reading = pytest.importorskip("lamsach.logs.reading.events")
    opening = pytest.importorskip("lamsach.logs.opening.inputs")
    from lamsach.logs.base import DEFAULT_TIMEZONE
    from lamsach.model import Event

    formats: dict[str, str] = {}
    for log in opening.find_logs([str(small.files.logs)], on_problem=pytest.fail):
        for event in reading.read_events(log, timezone=DEFAULT_TIMEZONE):
            assert isinstance(event, Event), event
            formats[Path(log.name).name] = event.format
    assert formats["fortigate-traffic.log"] == formats["fortigate-dns.log"] == "fortigate"
    assert formats["dns-debug.log"] == "windows_dns_debug"
    assert formats["access.log.gz"] == "squid"
    assert formats["DhcpSrvLog-Wed-20220907.log"] == "windows_dhcp_audit"
