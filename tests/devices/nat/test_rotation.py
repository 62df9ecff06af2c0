"""Connections that begin in one file of a rotated log and end in the next."""

from __future__ import annotations

import pytest

from lamsach.devices.nat import Kind, NatRecord, NatTable
from lamsach.devices.nat.columns import log_name

from ..builders import at
from .test_table import FAR, PUBLIC, TCP, A, us


def opened(minute: float, file: str, number: str = "12", inside: str = A) -> NatRecord:
    return NatRecord(
        Kind.OPEN, PUBLIC, 4321, 4321, TCP, inside, 51000, us(minute), us(minute), FAR, number, file, 1
    )


def torn(minute: float, file: str, number: str = "12", start: float | None = None) -> NatRecord:
    begun = 0 if start is None else us(start)
    return NatRecord(Kind.CLOSE, "", 0, 0, 0, "", 0, begun, us(minute), "", number, file, 1)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("asa.log.1", "asa.log"),
        ("asa.log.10.gz", "asa.log.9.gz"),
        ("asa.log-20260609", "asa.log-20260610"),
        ("asa-2026-06-09.log.xz", "asa-2026-06-10.log"),
        ("asa-20260609T2300.log", "asa-20260610T0000.log"),
        ("asa-20260609.log", "asa.log"),
        ("/logs/2026/06/09/asa.log", "/logs/2026/06/10/asa.log"),
        ("logs.zip!asa.log.2", "logs.zip!asa.log.1"),
        ("messages-1780797601", "messages"),
    ],
)
def test_files_of_a_rotated_log_share_a_name(older, newer):
    assert log_name(older) == log_name(newer)
    table = NatTable([torn(20, newer), opened(10, older)])
    assert [item.inside_ip for item in table.inside(PUBLIC, 4321, "tcp", at(15))] == [A]
    assert table.inside(PUBLIC, 4321, "tcp", at(30)) == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("fw1.log", "fw2.log"),
        ("fw-1", "fw-2"),
        ("fw1/asa.log", "fw2/asa.log"),
        ("asa1.log.1", "asa2.log.1"),
        ("192.0.2.1.log", "192.0.2.2.log"),
        ("/logs/10.1.1.1", "/logs/10.1.1.2"),
        ("a.zip!asa.log", "b.zip!asa.log"),
    ],
)
def test_logs_of_two_devices(first, second):
    assert log_name(first) != log_name(second)
    table = NatTable([opened(10, first), torn(20, second)])
    assert [item.inside_ip for item in table.inside(PUBLIC, 4321, "tcp", at(30))] == [A]


def test_a_number_that_is_used_again():
    records = [opened(0, "asa.log.1"), torn(50, "asa.log", start=45)]
    assert NatTable(records).inside(PUBLIC, 4321, "tcp", at(55)) != ()
    records[1] = torn(50, "asa.log", start=0.1)
    assert NatTable(records).inside(PUBLIC, 4321, "tcp", at(55)) == ()
