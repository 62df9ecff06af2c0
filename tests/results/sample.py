"""Findings made by hand: every state, long and hostile texts, blind days, problems.

All names and addresses are invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from lamsach.model import (
    Action,
    AddressInterval,
    Coverage,
    Device,
    DeviceState,
    Evidence,
    FileSummary,
    Findings,
    Indicator,
    IndicatorType,
    ListSummary,
    MatchKind,
    MatchStatus,
    Parameters,
    Problem,
    Reason,
    Reference,
    Refusal,
    Role,
    Severity,
    Sighting,
)

REASONS = {
    "contacts": "The machine made {count} contacts with {indicators} listed addresses.",
    "since": "The first contact was on {day}.",
    "named": "The log names the machine {name}.",
}
HOSTILE = "<script>alert(1)</script>\x00\x1b[31m\u202egnp.exe<img src=x onerror=alert(2)>{{7*7}}"
FORMULA = '=HYPERLINK("http://evil.example","x")'
LONG_UNIT = "Phòng Tổng hợp và Ứng dụng công nghệ thông tin khu vực miền Trung"
DAY0 = date(2022, 9, 1)
EVIL = "bot-c2.xyz"


def moment(day: int, hour: int = 3) -> datetime:
    return datetime(2022, 9, 1, hour, 15, 30, tzinfo=UTC) + timedelta(days=day)


def make_sighting(
    device: str, indicator: str = EVIL, days: Mapping[int, int] | None = None, **changes: object
) -> Sighting:
    days = days or {0: 3, 1: 12, 5: 1}
    values: dict[str, object] = {
        "device": device,
        "indicator": indicator,
        "indicator_type": IndicatorType.DOMAIN,
        "role": Role.OUTBOUND,
        "match": MatchKind.SUBDOMAIN,
        "status": MatchStatus.COUNTED,
        "unparsed": False,
        "count": sum(days.values()),
        "first": moment(min(days)),
        "last": moment(max(days), 20),
        "actions": {Action.ALLOWED: sum(days.values()) - 1, Action.BLOCKED: 1},
        "days": {DAY0 + timedelta(days=day): count for day, count in days.items()},
        "evidence": (
            Evidence(
                "2022-09-01T03:15:30+00:00",
                "fortigate.log",
                1204,
                (
                    'date=2022-09-01 time=10:15:30 devname="FW-A" srcip=10.1.2.3 '
                    f'hostname="www.{indicator}" action="accept"'
                ),
            ),
            Evidence("", "dns.log", 77, f"client 10.1.2.3 asked {indicator} {HOSTILE}"),
        ),
        "threat": "Botnet Ví Dụ",
    }
    return Sighting(**{**values, **changes})  # type: ignore[arg-type]


def make_device(
    key: str, state: DeviceState, severity: Severity = Severity.HIGH, **changes: object
) -> Device:
    values: dict[str, object] = {
        "key": key,
        "state": state,
        "severity": severity,
        "reasons": (
            Reason("contacts", {"count": 1234, "indicators": 2}),
            Reason("since", {"day": "2022-09-01"}),
        ),
        "first": moment(0),
        "last": moment(5, 20),
        "count": 16,
    }
    return Device(**{**values, **changes})  # type: ignore[arg-type]


def _devices() -> tuple[Device, ...]:
    held = (
        AddressInterval("10.1.2.3", moment(0), moment(2), "lease"),
        AddressInterval("10.1.2.99", moment(3), moment(6), "lease"),
    )
    return (
        make_device("mac:00:00:5e:00:53:01", DeviceState.INFECTED, ip="10.1.2.3", name="PC-KETOAN-01",
            mac="00:00:5e:00:53:01", user="nva", department=LONG_UNIT, addresses=held),
        make_device(f"name:{HOSTILE}", DeviceState.INFECTED, ip="10.1.2.4", name=HOSTILE, user=FORMULA,
            department="javascript:alert(1)",
            reasons=(Reason("named", {"name": HOSTILE}), Reason("unheard_of", {"x": 1}))),
        make_device("ip:10.1.2.5", DeviceState.INFECTED, Severity.MEDIUM, ip="10.1.2.5",
            addresses=(AddressInterval("10.1.2.5", None, None, "address"),)),
        make_device("unattributed:10.1.0.53", DeviceState.UNATTRIBUTED, Severity.MEDIUM, ip="10.1.0.53",
            name="DNS-NOIBO"),
        make_device("ip:10.1.2.6", DeviceState.BLOCKED, Severity.LOW, ip="10.1.2.6", name="PC-VANTHU-02"),
        make_device("ip:10.1.2.7", DeviceState.INBOUND, Severity.LOW, ip="10.1.2.7", name="WEB-01"),
        make_device("ip:10.1.2.8", DeviceState.RESOLVED, Severity.LOW, ip="10.1.2.8"),
    )  # fmt: skip


def _sightings() -> tuple[Sighting, ...]:
    many = {day: 5 + day * 7 % 40 for day in range(28) if day not in (9, 10, 11, 20)}
    found = [
        make_sighting("mac:00:00:5e:00:53:01", days=many),
        make_sighting(
            "mac:00:00:5e:00:53:01",
            "203.0.113.7",
            indicator_type=IndicatorType.IP,
            match=MatchKind.EXACT,
            threat=None,
            unparsed=True,
        ),
        make_sighting("mac:00:00:5e:00:53:01", "cdn.example", status=MatchStatus.EXCEPTED),
        make_sighting(
            f"name:{HOSTILE}",
            f"http://evil.example/{'a' * 300}",
            indicator_type=IndicatorType.URL,
            match=MatchKind.PARTIAL,
            threat=HOSTILE,
        ),
        make_sighting("ip:10.1.2.5"),
        make_sighting("unattributed:10.1.0.53", days={3: 40, 4: 2}),
        make_sighting("ip:10.1.2.6", actions={Action.BLOCKED: 16}),
        make_sighting(
            "ip:10.1.2.7",
            "203.0.113.7",
            indicator_type=IndicatorType.IP,
            role=Role.INBOUND,
            match=MatchKind.EXACT,
        ),
        make_sighting("ip:10.1.2.8", role=Role.RESOLVED, first=None, last=None, evidence=()),
    ]
    return tuple(sorted(found, key=lambda seen: (seen.device, seen.indicator)))


def _coverage() -> tuple[Coverage, ...]:
    rows = [
        Coverage(
            "FW-A",
            "fortigate",
            DAY0 + timedelta(days=day),
            120_000 + 999 * day,
            120_000,
            999 * day,
            day % 3,
            800,
        )
        for day in range(28)
        if day not in (9, 10, 11)
    ]
    rows += [
        Coverage("DNS-NOIBO", "windows_dns_debug", DAY0 + timedelta(days=day), 40_000, 40_000, 0, 0, 300)
        for day in range(28)
        if day not in (9, 20)
    ]
    rows += [Coverage(HOSTILE, "", None, 500, 0, 500, 0, 500)]
    return tuple(sorted(rows, key=lambda row: (row.observer, row.format, row.day or date.min)))


def rich_findings(**changes: object) -> Findings:
    values: dict[str, object] = {
        "parameters": Parameters("0.1.0", datetime(2022, 9, 29, 1, tzinfo=UTC),
            datetime(2022, 9, 29, 1, 4, tzinfo=UTC), "Asia/Ho_Chi_Minh", logs=("nhat-ky/", "dns.log"),
            lists=("danh-sach.xlsx",), leases=("dhcp.log",), inventory="kiem-ke.xlsx",
            infrastructure=("10.1.0.53",)),
        "list": ListSummary("9f" * 32, 1_000_000, {IndicatorType.DOMAIN: 900_000, IndicatorType.IP: 100_000},
            ("danh-sach.xlsx",), 2, (
            Refusal(Reference("danh-sach.xlsx", 1, 14), "10.0.0.1", "A private or reserved address."),
            Refusal(Reference("danh-sach.xlsx", 1, 20), HOSTILE, "Not a value."),
        )),
        "devices": _devices(),
        "sightings": _sightings(),
        "indicators": {
            EVIL: Indicator(IndicatorType.DOMAIN, EVIL, "Botnet Ví Dụ", "Công văn mẫu",
                Reference("danh-sach.xlsx", 1, 9), other_references=(Reference("them.txt", None, 3),)),
            "203.0.113.7": Indicator(IndicatorType.IP, "203.0.113.7"),
        },
        "coverage": _coverage(),
        "blind_days": (("DNS-NOIBO", date(2022, 9, 10)), ("DNS-NOIBO", date(2022, 9, 21)),
            ("FW-A", date(2022, 9, 10)), ("FW-A", date(2022, 9, 11)), ("FW-A", date(2022, 9, 12))),
        "files": (
            FileSummary("nhat-ky/fortigate.log", "fortigate", 1_500_000_000, 3_300_000, moment(0),
                moment(27, 23)),
            FileSummary("dns.log", "windows_dns_debug", 4_000_000, 1_000_000, moment(0), moment(27)),
        ),
        "problems": (Problem("nhat-ky/cu.log.gz", "The archive is cut short.", "Copy the file again."),
            Problem(HOSTILE, "The file vanished.")),
        "partial": True,
    }  # fmt: skip
    return Findings(**{**values, **changes})  # type: ignore[arg-type]


def empty_findings(**changes: object) -> Findings:
    """Nothing found, all days covered."""
    values: dict[str, object] = {
        "devices": (),
        "sightings": (),
        "indicators": {},
        "blind_days": (),
        "problems": (),
        "partial": False,
    }
    summary = ListSummary("9f" * 32, 1_000_000, {IndicatorType.DOMAIN: 1_000_000}, ("danh-sach.xlsx",), 0)
    coverage = tuple(
        Coverage(name, "fortigate", DAY0 + timedelta(days=day), 50_000, 50_000, 0, 0, 500)
        for name in ("DNS-NOIBO", "FW-A")
        for day in range(28)
    )
    return rich_findings(**{**values, "list": summary, "coverage": coverage, **changes})


def large_findings(devices: int = 10_000, sightings_each: int = 10) -> Findings:
    """Large numbers of every kind."""
    machines = tuple(
        make_device(
            f"ip:10.{n // 65536}.{n // 256 % 256}.{n % 256}",
            DeviceState.INFECTED,
            ip=f"10.{n // 65536}.{n // 256 % 256}.{n % 256}",
            name=f"PC-{n:05d}",
            department=LONG_UNIT,
        )
        for n in range(devices)
    )
    seen = tuple(
        make_sighting(machine.key, f"c2-{n}.example") for machine in machines for n in range(sightings_each)
    )
    return rich_findings(devices=machines, sightings=seen)
