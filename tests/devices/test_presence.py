"""Days on which a machine was seen: by leases, by log-ons, by parsed lines.

Never by data from the other side.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lamsach.devices import unit_key
from lamsach.devices.presence import Presence, key_name, keyed_mark, mark_of
from lamsach.errors import InputError
from lamsach.investigate import Request, investigate
from lamsach.model import Event, EventKind, Identity, LeaseAction
from lamsach.results.records import presence_record

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
MAC = "02:00:00:00:00:01"
KEY = bytes(range(32))
LATE = datetime(2022, 9, 1, 18, tzinfo=UTC)  # 2 September in Hà Nội


def marked(kind: str, value: str, key: bytes = KEY) -> str:
    return keyed_mark(key, kind, value)


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
    presence = Presence(HANOI, KEY)
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
    expected = {marked("mac", MAC), marked("name", "pc-01")} if alive else set()
    found = seen(lease(action))
    assert set(found) == expected
    assert set(found.values()) <= {(date(2022, 9, 2),)}


LINE = Event(time=LATE, device_ip="10.1.2.3", source_ip="10.1.2.3", file="fw.log", line=1)


@pytest.mark.parametrize(
    ("event", "identity", "mark"),
    [
        (LINE, Identity("10.1.2.3", MAC, None, None, "lease"), marked("mac", MAC)),
        (LINE, Identity("10.1.2.3", None, "PC-01$", None, "log"), marked("name", "pc-01")),
        (LINE, Identity("10.1.2.3", None, "localhost", None, "log"), marked("ip", "10.1.2.3")),
        (LINE, Identity("10.1.2.3", None, None, None, "address"), marked("ip", "10.1.2.3")),
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


def test_a_hunt_reports_quiet_machines(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("bot-c2.xyz\n")
    line = (
        '<189>date=2022-09-02 time=10:00:0{n} devname="FW-A" devid="FGT60F0000000001" tz="+0700" '
        'logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" srcip=10.1.2.{n} '
        'srcport=5000 dstip=203.0.113.9 dstport=443 action="accept" proto=6\n'
    )
    (tmp_path / "fw.log").write_text("".join(line.format(n=n) for n in (3, 4)))
    request = Request([str(tmp_path / "fw.log")], [str(tmp_path / "list.txt")], threads=1, unit_key=KEY)
    findings, _ = investigate(request)
    assert findings.presence == {
        mark: (date(2022, 9, 2),) for mark in sorted(marked("ip", f"10.1.2.{n}") for n in (3, 4))
    }
    assert findings.presence_key == key_name(KEY)


def test_a_mark_needs_the_key() -> None:
    """Guessing an address confirms nothing: not as with older bundles, nor with another key.

    Without a key no two hunts agree.
    """
    ours, theirs = marked("mac", MAC), marked("mac", MAC, bytes(32))
    assert len({ours, theirs, mark_of("mac", MAC), ours[:20]}) == 4
    assert Presence(HANOI).marks_of(MAC, None, None) != Presence(HANOI).marks_of(MAC, None, None)
    assert Presence(HANOI, KEY).marks_of(MAC, "PC-01.unit.example", "10.1.2.3") == (
        ours,
        marked("name", "pc-01"),
    )
    # RFC 4231, test case 2, shows that the digest is HMAC-SHA-256.
    expected = hmac.digest(b"Jefe", b"what do ya want for nothing?", "sha256").hex()
    assert expected == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert ours == hmac.new(KEY, f"lamsach presence 2 mac {MAC}".encode(), "sha256").hexdigest()[:32]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(unit_key.VARIABLE, str(tmp_path / "kept" / "unit-key"))
    return tmp_path / "kept" / "unit-key"


def test_the_key_is_made_once_and_for_its_owner_alone(place: Path) -> None:
    first = unit_key.unit_key()
    assert first is not None
    assert (len(first), unit_key.unit_key()) == (32, first)
    assert place.read_text() == first.hex() + "\n"
    if os.name == "posix":
        assert place.stat().st_mode & 0o777 == 0o600
        assert place.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in place.parent.iterdir()] == ["unit-key"]


def test_the_second_writer_uses_the_first_ones_key(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def late(source: Path, target: Path) -> None:
        if not place.exists():
            place.write_text("ab" * 32)
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    assert unit_key.unit_key() == bytes.fromhex("ab" * 32)


def test_a_file_system_without_links_stores_it_too(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refused)
    assert unit_key.unit_key() == unit_key.unit_key()
    assert [path.name for path in place.parent.iterdir()] == ["unit-key"]


@pytest.mark.parametrize(
    "content", [b"", b"secret", b"ab" * 31, b"AB" * 32, b"ab" * 32 + b"x" * 100, b"\xff" * 64]
)
def test_another_file_in_its_place_is_refused(content: bytes, place: Path) -> None:
    place.parent.mkdir()
    place.write_bytes(content)
    with pytest.raises(InputError, match="no key"):
        unit_key.unit_key()


def test_an_unwritable_place_gives_no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(unit_key.VARIABLE, str(tmp_path / "file" / "unit-key"))
    assert unit_key.unit_key() is None
