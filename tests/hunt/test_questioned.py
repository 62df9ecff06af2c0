"""A bad list accuses nobody.

Contacts with dangerous or doubtful values, or with values that nearly all call, await a decision.
"""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from lamsach.cli.hunt_run import status_of
from lamsach.devices.presence import Presence
from lamsach.devices.reasons import REASONS
from lamsach.errors import ExitStatus, InputError
from lamsach.hunt.questioned import MIN_CALLERS
from lamsach.investigate import Request, investigate
from lamsach.logs.base import DEFAULT_TIMEZONE
from lamsach.model import DeviceState, Findings, Identity, IndicatorType, MatchStatus
from lamsach.portal.findings import bundle_reader
from lamsach.results import write

T = IndicatorType
BAD = {
    "google.com": "top_site",
    "microsoft.com": "top_site",
    "8.8.8.8": "public_resolver",
    "pages.dev": "shared_hosting",
    "104.21.5.6": "cdn",
}
"""Bad values of a list, each with the reason that it accuses nobody."""
REAL = ("bot-c2.xyz", "bot.duckdns.org", "g00gle.com", "203.0.113.77")
"""Values that accuse, including some noted by the review."""


def line(machine: int, value: str, second: int = 0) -> str:
    """Return a FortiGate line: a machine of the unit calls a name or an address."""
    prefix = f"date=2026-11-20 time=09:{machine % 60:02}:{second:02}"
    to = (
        f"dstip={value}"
        if value[0].isdigit() and value[-1].isdigit()
        else f'dstip=198.51.100.9 hostname="{value}"'
    )
    return (
        f'{prefix} devname="FG1" devid="FG100" logid="0317013312" type="utm" subtype="webfilter" '
        'eventtype="ftgd_allow" level="notice" '
        f'vd="root" srcip=10.1.{machine // 200}.{machine % 200 + 1} srcport=50000 {to} dstport=443 '
        'proto=6 action="passthrough" service="HTTPS" tz="+0700"'
    )


def hunted(folder: Path, lines: Sequence[str], values: Sequence[str], **options: object) -> Findings:
    (folder / "fortigate.log").write_text("\n".join(lines) + "\n")
    (folder / "list.txt").write_text("\n".join(values) + "\n")
    request = Request([str(folder / "fortigate.log")], [str(folder / "list.txt")], threads=1, **options)  # type: ignore[arg-type]
    return investigate(request)[0]


def crowd(machines: int) -> list[str]:
    """Return lines in which every machine calls each bad value twice, the first two also real values."""
    lines = [
        line(machine, value, 10 * second) for machine in range(machines) for value in BAD for second in (0, 1)
    ]
    return [
        *lines,
        *(line(machine, value, 40) for machine, value in ((0, "bot-c2.xyz"), (1, "bot.duckdns.org"))),
    ]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Findings]:
    folder = tmp_path_factory.mktemp("mixed")
    return folder, hunted(folder, crowd(30), [*BAD, *REAL])


def test_only_real_values_accuse(mixed: tuple[Path, Findings]) -> None:
    findings = mixed[1]
    infected = {device.ip: device for device in findings.devices if device.state is DeviceState.INFECTED}
    assert set(infected) == {"10.1.0.1", "10.1.0.2"} == {device.ip for device in findings.devices}
    assert all(device.count == 1 for device in infected.values())
    assert all(
        "several_indicators" not in [reason.code for reason in device.reasons] for device in infected.values()
    )
    assert {(row.indicator, row.machines, row.count) for row in findings.to_look_at} == {
        (value, 30, 60) for value in BAD
    }
    assert {row.indicator: row.reasons[0].code for row in findings.to_look_at} == BAD
    assert all(row.reasons[-1].code == "called_by_many" for row in findings.to_look_at)
    status = {seen.indicator: seen.status for seen in findings.sightings}
    assert status == {
        **dict.fromkeys(BAD, MatchStatus.DOUBTFUL),
        **dict.fromkeys(REAL[:2], MatchStatus.COUNTED),
    }


def test_every_result_has_a_section_of_its_own(mixed: tuple[Path, Findings]) -> None:
    folder, findings = mixed
    for suffix in ("html", "xlsx", "csv", "jsonl", "zip"):
        write(findings, folder / f"found.{suffix}", "en", REASONS)
    page = (folder / "found.html").read_text()
    section = page[page.index('<section id="tolookat">') :].partition("</section>")[0]
    assert all(value in section for value in BAD)
    assert "This is, or holds, one of the most visited sites." in section
    assert "30 of about 30 machines called it, more than a tenth." in section
    assert "5 listed values need review: contacts with them make no machine infected." in page
    sheet = load_workbook(folder / "found.xlsx", read_only=True)["To review"]
    assert {(row[0], row[2], row[3]) for row in sheet.iter_rows(min_row=2, values_only=True)} == {
        (value, 30, 60) for value in BAD
    }
    rows = list(csv.DictReader((folder / "found.csv").read_text("utf-8-sig").splitlines()))
    assert {row["indicator"] for row in rows if row["record"] == "to_look_at"} == set(BAD)
    records = [json.loads(text) for text in (folder / "found.jsonl").read_text().splitlines()]
    assert {
        record["indicator"]: record["machines"] for record in records if record["record"] == "to_look_at"
    } == dict.fromkeys(BAD, 30)
    with zipfile.ZipFile(folder / "found.zip") as bundle:
        manifest = json.loads(bundle.read("manifest.json"))
    assert {record["indicator"]: record["reasons"][0]["code"] for record in manifest["to_look_at"]} == BAD
    assert manifest["counts"]["devices"]["infected"] == 2


def test_a_portal_accepts_the_bundle_and_counts_two_machines(mixed: tuple[Path, Findings]) -> None:
    folder, findings = mixed
    write(findings, folder / "taken.zip", "en", REASONS)
    read = bundle_reader.read(folder / "taken.zip")
    assert [(device.ip, device.state) for device in read.devices] == [
        ("10.1.0.1", "infected"),
        ("10.1.0.2", "infected"),
    ]
    assert {piece.indicator for piece in read.pieces} == set(REAL[:2])


def test_nothing_but_bad_values_is_no_infection_and_no_clean_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    from lamsach.results.terminal import show

    findings = hunted(tmp_path, crowd(3)[:-2], list(BAD))
    assert findings.devices == ()
    assert {row.indicator for row in findings.to_look_at} == set(BAD)
    assert status_of(findings) == ExitStatus.FOUND
    show(findings, Console(width=100), "en", REASONS)
    shown = " ".join(capsys.readouterr().out.split())
    assert "0 infected machines." in shown
    assert "Nothing was found" not in shown
    assert "5 listed values need review" in shown
    assert "- google.com (3 machines): This is, or holds, one of the most visited sites." in shown
    assert "lamsach indicators review" in shown


def test_what_more_than_a_tenth_call_is_doubtful_by_that_alone(tmp_path: Path) -> None:
    """One value is called by MIN_CALLERS of 100 machines, another by one more.

    The first is exactly a tenth.
    """
    ordinary = [line(machine, "portal.example", second) for machine in range(100) for second in (1, 2, 3)]
    callers = {"tenth.top": MIN_CALLERS, "more.top": MIN_CALLERS + 1}
    lines = ordinary + [
        line(machine, value, 40) for value, count in callers.items() for machine in range(count)
    ]
    (tmp_path / "inventory.csv").write_text(
        "ip,name\n" + "".join(f"10.1.0.{number},PC-{number}\n" for number in range(1, 101))
    )
    findings = hunted(tmp_path, lines, list(callers), inventory=str(tmp_path / "inventory.csv"))
    (row,) = findings.to_look_at
    assert (row.indicator, row.machines) == ("more.top", MIN_CALLERS + 1)
    assert [(reason.code, dict(reason.values)) for reason in row.reasons] == [
        ("called_by_many", {"machines": MIN_CALLERS + 1, "all": 100})
    ]
    assert sum(device.state is DeviceState.INFECTED for device in findings.devices) == MIN_CALLERS


def test_a_small_unit_keeps_its_infected_machines(tmp_path: Path) -> None:
    findings = hunted(tmp_path, [line(machine, "bot-c2.xyz") for machine in range(5)], ["bot-c2.xyz"])
    assert findings.to_look_at == ()
    assert [device.state for device in findings.devices] == [DeviceState.INFECTED] * 5


def test_what_was_accepted_counts(tmp_path: Path) -> None:
    decisions = tmp_path / "decisions.csv"
    decisions.write_text(
        "value,decision,to,until,reason\n104.21.5.6,accept,,,the whole site is the attacker's\n"
    )
    lines = [line(0, "104.21.5.6"), line(1, "google.com")]
    findings = hunted(tmp_path, lines, ["104.21.5.6", "google.com"], decisions=str(decisions))
    assert [device.ip for device in findings.devices] == ["10.1.0.1"]
    assert [row.indicator for row in findings.to_look_at] == ["google.com"]
    decisions.write_text("value,decision\n")
    with pytest.raises(InputError):
        hunted(tmp_path, lines, ["google.com"], decisions=str(decisions))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 300), st.integers(1, 2000), st.randoms(use_true_random=False))
def test_the_number_of_machines_is_at_least_that_of_those_seen(
    machines: int, lines: int, random: object
) -> None:
    presence = Presence(DEFAULT_TIMEZONE)
    drawn = [random.randrange(machines) for _ in range(lines)]  # type: ignore[attr-defined]
    for number in drawn:
        presence.see(Identity(ip=f"10.0.{number // 250}.{number % 250}"), [])
    distinct = len(set(drawn))
    assert distinct <= presence.machines <= distinct * (distinct + 1)
    if lines >= 12 * machines:
        assert presence.machines <= machines + 1
