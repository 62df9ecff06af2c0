"""On which days a machine was seen: by leases, by log-ons, by lines that the hunt parses; never by what the other side sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lamsach.devices.presence import Presence, mark_of
from lamsach.investigate import Request, investigate
from lamsach.model import Event, EventKind, Identity, LeaseAction
from lamsach.results.records import presence_record

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
MAC = "02:00:00:00:00:01"
LATE = datetime(2022, 9, 1, 18, tzinfo=UTC)  # 2 September in Hà Nội


def lease(action: LeaseAction, name: str | None = "PC-01.unit.example") -> Event:
    return Event(
        kind=EventKind.LEASE,
        time=LATE,
        device_ip="10.1.2.3",
        device_mac="02-00-00-00-00-01",
        device_name=name,
        action=action,
        file="dhcp.log",
        line=1,
    )


def seen(*events: Event, identity: Identity | None = None) -> dict[str, tuple[date, ...]]:
    presence = Presence(HANOI)
    list(presence.watch(event for event in events if event.kind is EventKind.LEASE))
    for event in events:
        presence.observe(event, lambda _event: identity or Identity("10.1.2.3", None, None, None, "address"))
    return presence.found()


@pytest.mark.parametrize(
    ("action", "alive"),
    [
        (LeaseAction.ASSIGNED, True),
        (LeaseAction.RENEWED, True),
        (LeaseAction.RELEASED, True),
        (LeaseAction.OBSERVED, True),
        (LeaseAction.EXPIRED, False),
    ],
)
def test_a_lease_shows_the_machine(action: LeaseAction, alive: bool) -> None:
    expected = {mark_of("mac", MAC), mark_of("name", "pc-01")} if alive else set()
    found = seen(lease(action))
    assert set(found) == expected
    assert set(found.values()) <= {(date(2022, 9, 2),)}


LINE = Event(time=LATE, device_ip="10.1.2.3", source_ip="10.1.2.3", file="fw.log", line=1)


@pytest.mark.parametrize(
    ("event", "identity", "mark"),
    [
        (LINE, Identity("10.1.2.3", MAC, None, None, "lease"), mark_of("mac", MAC)),
        (LINE, Identity("10.1.2.3", None, "PC-01$", None, "log"), mark_of("name", "pc-01")),
        (LINE, Identity("10.1.2.3", None, "localhost", None, "log"), mark_of("ip", "10.1.2.3")),
        (LINE, Identity("10.1.2.3", None, None, None, "address"), mark_of("ip", "10.1.2.3")),
        (replace(LINE, source_ip="203.0.113.9"), None, None),
        (replace(LINE, time=None), None, None),
    ],
)
def test_a_line_shows_its_own_machine(event: Event, identity: Identity | None, mark: str | None) -> None:
    assert list(seen(event, identity=identity)) == ([mark] if mark else [])


def test_days_become_intervals() -> None:
    days = (*(date(2022, 9, number) for number in (1, 2, 3, 7, 30)), date(2022, 10, 1))
    assert presence_record({"a": days}) == {
        "a": ["2022-09-01/2022-09-03", "2022-09-07/2022-09-07", "2022-09-30/2022-10-01"]
    }


def test_a_hunt_tells_of_machines_that_are_quiet(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("bot-c2.xyz\n")
    line = '<189>date=2022-09-02 time=10:00:0{n} devname="FW-A" devid="FGT60F0000000001" tz="+0700" logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" srcip=10.1.2.{n} srcport=5000 dstip=203.0.113.9 dstport=443 action="accept" proto=6\n'
    (tmp_path / "fw.log").write_text("".join(line.format(n=n) for n in (3, 4)))
    findings, _ = investigate(Request([str(tmp_path / "fw.log")], [str(tmp_path / "list.txt")], threads=1))
    assert findings.presence == {
        mark: (date(2022, 9, 2),) for mark in sorted(mark_of("ip", f"10.1.2.{n}") for n in (3, 4))
    }
