"""Dates of logs without a year, and impossible ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

from lamsach.errors import ExitStatus

from .bad_input import OTHER
from .command_runner import bind_line, lamsach


def syslog_line(time: str, address: str) -> str:
    return bind_line(address).replace("2024-03-01T10:00:00+07:00", time)


def test_dates_without_a_year_across_new_year(folder: Path) -> None:
    lines = [syslog_line("Dec 31 23:59:58", OTHER), syslog_line("Jan  1 00:00:03", "192.168.1.3")]
    log = folder / "messages"
    log.write_text("\n".join(lines) + "\n")
    os.utime(log, (1_704_070_800, 1_704_070_800))  # 1 January 2024, 08:00 in Vietnam
    ran = lamsach("hunt", "messages", "-i", "list.txt")
    assert (ran.status, ran.errors) == (ExitStatus.FOUND, [])
    assert "from 31/12/2023 23:59:58 to 01/01/2024 00:00:03" in " ".join(ran.out.split())


def test_an_impossible_date(folder: Path) -> None:
    lines = [syslog_line("Mar  1 10:00:00", "192.168.1.3"), syslog_line("Feb 30 10:00:00", OTHER)]
    (folder / "messages").write_text("\n".join(lines) + "\n")
    ran = lamsach("hunt", "messages", "good.log", "-i", "list.txt", "-o", "found.jsonl")
    # The line is counted, reported and retained as evidence of the client that it states, but not dated.
    assert (ran.status, ran.errors) == (ExitStatus.FOUND, ["Written: found.jsonl"])
    assert "192.168.1.3" in ran.out
    assert "1 log record could not be read." in ran.out
    records = [json.loads(line) for line in (folder / "found.jsonl").read_text().splitlines()]
    assert sum(record["refused"] for record in records if record["record"] == "coverage") == 1
    (evidence,) = (r for r in records if r["record"] == "evidence" and "Feb 30" in r["text"])
    assert (evidence.get("time"), evidence["device"], evidence["line"]) == (None, "ip:192.168.1.2", 2)
