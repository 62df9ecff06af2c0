"""Unbound, AdGuard Home, Technitium and Infoblox: one trap a test."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.formats.dns.adguardhome import AdGuardHome
from lamsach.logs.formats.dns.infoblox import Infoblox
from lamsach.logs.formats.dns.technitium import Technitium
from lamsach.logs.formats.dns.unbound import Unbound
from lamsach.model import Action

FORMATS = (Unbound, AdGuardHome, Technitium, Infoblox)


def parse(log_format: type[LogFormat], text: str):  # type: ignore[no-untyped-def]
    return log_format(FileContext(modified=datetime(2026, 7, 1, tzinfo=UTC))).parse(text, 1)


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("always_nxdomain", Action.BLOCKED), ("redirect", Action.BLOCKED), ("deny", Action.BLOCKED),
        ("inform_deny", Action.BLOCKED), ("static", Action.BLOCKED), ("inform", Action.ALLOWED),
        ("transparent", Action.ALLOWED), ("rpz-local-data", Action.BLOCKED), ("rpz-passthru", Action.ALLOWED),
    ],
)  # fmt: skip
def test_the_action_of_a_local_zone_of_unbound(kind: str, action: Action) -> None:
    event = parse(
        Unbound, f"[1781000000] unbound[1:0] info: bot-c2.xyz. {kind} 10.20.0.9@51345 www.bot-c2.xyz. A IN"
    )
    assert (event.domain, event.device_ip, event.action) == ("www.bot-c2.xyz", "10.20.0.9", action)


@pytest.mark.parametrize(
    "text",
    [
        "Jun 10 16:30:06 ns1 named[812]: [812:0] info: 10.20.0.9 www.example. A IN",
        "[1:0] info: some other program says: hello",
        "2026/06/10 10:00:00 [error] 812#812: *1 open() failed, client: 10.20.0.9, server: www.example",
        "[2026-06-10 09:33:56] [error] [client 10.20.0.9] not found",
        '{"QH":"x"}',
    ],
)
def test_foreign_lines_are_refused(text: str) -> None:
    for log_format in FORMATS:
        assert not log_format.recognises(text)
        with pytest.raises(LineError):
            parse(log_format, text)


NAME = b"\x03www\x07example\x00"


def message(records: bytes, count: int, questions: int = 1) -> str:
    head = b"\x12\x34\x81\x80" + bytes((0, questions, 0, count, 0, 0, 0, 0))
    return b64encode(head + NAME + b"\x00\x01\x00\x01" + records).decode()


A_RECORD = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc6\x33\x64\x07"
AAAA_RECORD = b"\xc0\x0c\x00\x1c\x00\x01\x00\x00\x00\x3c\x00\x10" + bytes.fromhex(
    "20010db8000000000000000000000007"
)
LOOP = b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x02\xc0\x2c"


@pytest.mark.parametrize(
    ("wire", "answers"),
    [
        (message(A_RECORD, 1), ("198.51.100.7",)),
        (message(A_RECORD + AAAA_RECORD, 2), ("198.51.100.7", "2001:db8::7")),
        (message(A_RECORD, 9), ("198.51.100.7",)),
        (message(A_RECORD[:-2], 1), ()),
        (message(LOOP, 1), ()),
        (message(b"", 255), ()),
        ("", ()),
        ("not base64 at all", ()),
        (b64encode(b"\xff" * 600).decode(), ()),
    ],
)
def test_answers_in_the_wire_format(wire: str, answers: tuple[str, ...]) -> None:
    record = {
        "T": "2026-06-10T16:29:19+07:00",
        "QH": "www.example",
        "QT": "A",
        "QC": "IN",
        "IP": "10.20.0.8",
        "Answer": wire,
        "Result": {},
    }
    assert parse(AdGuardHome, json.dumps(record)).answers == answers


@pytest.mark.parametrize(
    ("result", "action"),
    [
        ({}, Action.ALLOWED), ({"IsFiltered": True, "Reason": 3}, Action.BLOCKED),
        ({"IsFiltered": True, "Reason": 8}, Action.BLOCKED),
        ({"IsFiltered": False, "Reason": 1}, Action.ALLOWED), ({"Reason": 10}, Action.ALLOWED),
        ({"IsFiltered": True}, Action.BLOCKED),
    ],
)  # fmt: skip
def test_the_action_of_adguard_home(result: dict[str, object], action: Action) -> None:
    record = {
        "T": "2026-06-10T16:29:19+07:00",
        "QH": "www.example",
        "QT": "A",
        "QC": "IN",
        "IP": "10.20.0.8",
        "Answer": message(A_RECORD, 1),
        "Result": result,
    }
    event = parse(AdGuardHome, json.dumps(record))
    assert event.action is action
    assert bool(event.answers) is (action is Action.ALLOWED)
