"""From files to the result: real log lines of several products, and handling of bad input."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lamsach.errors import InputError
from lamsach.trace.model import Certainty, Request, Trace, Why
from lamsach.trace.run import trace

from .unit_logs import PUBLIC, make_unit


def traced(folder: Path, **more: object) -> Trace:
    return trace(
        Request(
            [str(folder / "list.csv")], [str(folder / "logs")], inventory=str(folder / "machines.csv"), **more
        )
    )  # type: ignore[arg-type]


def test_the_authority_names_8_and_6_are_explained(tmp_path: Path) -> None:
    make_unit(tmp_path)
    result = traced(tmp_path)
    assert (len(result.distinct), len(result.explained), len(result.unexplained)) == (8, 6, 2)
    assert [device.name for device in result.devices] == [f"PC-{n:02d}" for n in range(6)]
    assert {device.certainty for device in result.devices} == {Certainty.CERTAIN}
    assert [answer.named[0].evidence[0].line for answer in result.explained] == [1, 2, 3, 4, 5, 6]
    assert "transport=20000" in result.explained[0].named[0].evidence[0].text
    assert "DHCPACK on 10.1.0.11" in result.explained[0].named[0].evidence[1].text
    assert {answer.why for answer in result.unexplained} <= {Why.NO_TRANSLATION, Why.OUTSIDE_COVERAGE}
    assert result.public_addresses == (PUBLIC,)
    assert (result.skews[0][1].shift, result.nat_records, result.lease_records) == (timedelta(0), 8, 8)
    assert result.problems == ()


@pytest.mark.parametrize("behind", [90, -120])
def test_the_clocks_are_apart(tmp_path: Path, behind: int) -> None:
    make_unit(tmp_path, behind=behind)
    result = traced(tmp_path)
    assert len(result.explained) == 6
    assert abs(result.skews[0][1].shift.total_seconds() - behind) <= 42
    assert {device.certainty for device in result.devices} == {Certainty.PROBABLE}
    assert len(traced(tmp_path, skew=timedelta()).explained) == 0
    assert {device.certainty for device in traced(tmp_path, skew=timedelta(seconds=behind)).devices} == {
        Certainty.CERTAIN
    }


def test_every_list_has_a_clock_of_its_own(tmp_path: Path) -> None:
    path = make_unit(tmp_path, rows=20)
    lines = path.read_text().splitlines(keepends=True)
    late = [
        line.replace("/2026 09:", "/2026 02:")
        .replace("/2026 10:", "/2026 03:")
        .replace("/2026 08:", "/2026 01:")
        for line in lines
    ]
    path.write_text("".join([lines[0], *lines[1:10]]))
    other = tmp_path / "utc.csv"
    other.write_text("".join([lines[0], *late[10:19]]))
    result = trace(Request([str(path), str(other)], [str(tmp_path / "logs")]))
    shifts = {name: skew.shift for name, skew in result.skews}
    assert shifts[str(path)] == timedelta(0)
    assert abs(shifts[str(other)] - timedelta(hours=7)) < timedelta(seconds=45)
    assert len(result.explained) == 18


ASA = """Nov 03 2026 09:00:00 asa01 : %ASA-6-302013: Built outbound TCP connection 12 for \
outside:198.51.100.7/443 (198.51.100.7/443) to inside:10.20.0.5/51234 (203.0.113.10/4321)
Nov 03 2026 09:05:00 asa01 : %ASA-6-302014: Teardown TCP connection 12 for outside:198.51.100.7/443 to \
inside:10.20.0.5/51234 duration 0:05:00 bytes 100 TCP FINs
"""
MIKROTIK = (
    "Nov 3 09:02:00 gw firewall,info srcnat: in:(unknown 0) out:ether1, connection-state:new src-mac "
    "02:00:00:00:00:09, proto TCP (SYN), NAT (10.20.0.5:51234->203.0.113.10:4321)->198.51.100.7:443, "
    "len 60\n"
)


@pytest.mark.parametrize("log", [ASA, MIKROTIK], ids=["asa", "mikrotik"])
def test_sessions_of_other_products_explain_too(tmp_path: Path, log: str) -> None:
    (tmp_path / "fw.log").write_text(log)
    (tmp_path / "list.txt").write_text(f"{PUBLIC}:4321 2026-11-03 09:02:10 TCP Mirai\n")
    result = trace(Request([str(tmp_path / "list.txt")], [str(tmp_path / "fw.log")]))
    assert [answer.named[0].inside for answer in result.explained] == ["10.20.0.5"]


def test_logs_without_translations(tmp_path: Path) -> None:
    path = make_unit(tmp_path)
    result = trace(Request([str(path)], [str(tmp_path / "logs" / "dhcpd.log")]))
    assert {answer.why for answer in result.answers} == {Why.NO_NAT_LOG}


def test_nat_and_leases_may_be_given_separately(tmp_path: Path) -> None:
    path = make_unit(tmp_path)
    logs = tmp_path / "logs"
    result = trace(Request([str(path)], [], nat=[str(logs / "fw.log")], leases=[str(logs / "dhcpd.log")]))
    assert len(result.explained) == 6


def test_repeated_and_broken_rows_are_counted(tmp_path: Path) -> None:
    path = make_unit(tmp_path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines, lines[1], "?,20000,03/11/2026 08:59:22,TCP,Mirai\n"]))
    result = traced(tmp_path)
    assert (len(result.answers), len(result.distinct), result.repeated, len(result.refusals)) == (9, 8, 1, 1)


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    path = make_unit(tmp_path)
    lines = path.read_text().splitlines(keepends=True)
    extra = (
        f"203.0.113.{n % 16},{1024 + n % 60000},0{1 + n % 9}/11/2026 08:00:{n % 60:02d},TCP,Mirai\n"
        for n in range(100_000)
    )
    path.write_text("".join([*lines, *extra]))
    result = traced(tmp_path)
    assert len(result.answers) == 100_008
    assert len([answer for answer in result.answers[:8] if answer.explained]) == 6


@pytest.mark.parametrize("content", ["", "Tên,Phòng\nA,B\n", "Địa chỉ IP,Cổng\n"])
def test_a_list_without_rows_is_one_error(tmp_path: Path, content: str) -> None:
    path = make_unit(tmp_path)
    path.write_text(content)
    with pytest.raises(InputError) as raised:
        traced(tmp_path)
    assert raised.value.what


def test_no_log_is_one_error(tmp_path: Path) -> None:
    path = make_unit(tmp_path)
    with pytest.raises(InputError):
        trace(Request([str(path)], [str(tmp_path / "missing")]))


def test_a_broken_inventory_is_a_problem_and_the_rest_is_done(tmp_path: Path) -> None:
    path = make_unit(tmp_path)
    result = trace(Request([str(path)], [str(tmp_path / "logs")], inventory=str(tmp_path / "missing.xlsx")))
    assert len(result.explained) == 6
    assert len(result.unread) == 1
