"""A realistic month of one invented unit, with planted infections and traps, and the truth about them.

`generate` writes, below a folder: `dispatch-annex.xlsx` (the campaign's list), `inventory.xlsx`, `logs/`
(FortiGate, Windows DNS and DHCP, Squid) and `truth.json` (see `lamsach.demo.truth`). The same seed gives the
same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

from lamsach.demo import (
    connections,
    dhcp,
    handovers,
    infections,
    listed,
    lookalikes,
    traffic,
    traps,
    truth,
    world,
)
from lamsach.demo.cases import Case, Cast, Stage
from lamsach.demo.clock import DAY_S, TIMEZONE, at, day_of
from lamsach.demo.journal import ANTIVIRUS, DNS, DNS_FILTER, SQUID, TRAFFIC, WEB_FILTER, Gap, Journal
from lamsach.demo.network import Network
from lamsach.demo.sites import Sites
from lamsach.demo.writers import annex, inventory, squid, windows_dhcp, windows_dns
from lamsach.errors import OutputError, UsageError

__all__ = ["DemoFiles", "generate"]

MIN_DAYS = 14
MAX_DAYS = 30
DETAILS_S = 15 * 60


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Files of the demo: list, inventory, folder of logs (leases among them), truth; the unit's time zone."""

    folder: Path
    annex: Path
    inventory: Path
    logs: Path
    truth: Path
    timezone: str


def files_in(folder: Path) -> DemoFiles:
    """Return the paths of a demo's files in a folder."""
    annexed, machines = folder / "dispatch-annex.xlsx", folder / "inventory.xlsx"
    return DemoFiles(folder, annexed, machines, folder / "logs", folder / "truth.json", TIMEZONE)


def generate(folder: Path, seed: int = 2022, days: int = MAX_DAYS, devices: int = 400) -> DemoFiles:
    """Write the demo of the first `days` (14 to 30) of September 2022 with 150 to 800 `devices`.

    Raises UsageError for other numbers, OutputError when a file cannot be written.
    """
    if not MIN_DAYS <= days <= MAX_DAYS:
        what = "The demo's month has between 14 and 30 days."
        raise UsageError(what, str(days), "Choose a number in that range.")
    rng = Random(seed)  # noqa: S311 - a reproducible story, no secret
    unit = world.build(rng, devices)
    cast = Cast(unit, days, rng)
    gaps, details_from = _gaps(cast)
    cases = _cases(cast, gaps, details_from)
    month = dhcp.simulate(rng, unit, days, [item for case in cases for item in case.appointments])
    journal = _play(rng, cases, month, days, gaps, details_from)
    entries = listed.build(rng)
    files = files_in(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_logs(folder, rng, journal, month, days)
        annex.write(files.annex, entries)
        _write_inventory(files.inventory, rng, unit, cases)
        size = {"seed": seed, "days": days, "devices": devices}
        truth.write(files.truth, **size, cases=cases, journal=journal, month=month, entries=entries)
    except OSError as error:
        raise OutputError(
            "The demo's files could not be written.", str(error.filename or folder), "Choose another folder."
        ) from error
    return files


def _gaps(cast: Cast) -> tuple[tuple[Gap, Gap], float]:
    """Choose the days without DNS and proxy logs, and the time from which the DNS log shows packets."""
    dns_day, squid_day = cast.office_days(0.45, 0.5)[0], cast.office_days(0.72, 0.75)[0]
    gaps = (
        _gap(DNS, dns_day, "debug logging was switched off"),
        _gap(SQUID, squid_day, "the log was lost when it was rotated"),
    )
    return gaps, at(cast.office_days(0.6, 0.65)[0], 9, 30)


def _gap(file: str, day: int, why: str) -> Gap:
    """Build a gap from just before a local day's start to past the end of the UTC day of the same date."""
    return Gap(file, at(day, 0) - 300, at(day + 1, 7, 5), day_of(day), why)


def _cases(cast: Cast, gaps: tuple[Gap, Gap], details_from: float) -> list[Case]:
    dns_day, squid_day = (int((gap.start + 300) // DAY_S) for gap in gaps)
    return [
        *infections.all_cases(cast),
        *connections.all_cases(cast),
        *handovers.all_cases(cast),
        *traps.all_cases(cast, dns_day, squid_day, details_from),
        *lookalikes.all_cases(cast),
    ]


def _play(
    rng: Random, cases: list[Case], month: dhcp.Month, days: int, gaps: tuple[Gap, Gap], details_from: float
) -> Journal:
    """Simulate the month: ordinary traffic, then the cases, then the DNS server's part in both."""
    journal = Journal(gaps, listed.PLANTED)
    network = Network(rng, journal)
    traffic.play(network, rng, month, Sites(rng), days)
    stage = Stage(network, month, rng)
    for case in cases:
        case.play(stage)
    server = windows_dns.DnsServer(rng, journal, details_from, details_from + DETAILS_S)
    network.forward(server.serve(network.lookups))
    return journal


def _write_logs(folder: Path, rng: Random, journal: Journal, month: dhcp.Month, days: int) -> None:
    for name in (TRAFFIC, WEB_FILTER, ANTIVIRUS, DNS_FILTER):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in journal.sorted_lines(name))
    windows_dns.write(folder / DNS, journal.sorted_lines(DNS))
    windows_dhcp.write(folder, rng, month.records, days)
    squid.write(folder / SQUID, journal.sorted_lines(SQUID))


def _write_inventory(path: Path, rng: Random, unit: world.World, cases: list[Case]) -> None:
    """Write it without guests, a case's phone and a few others; one laptop has an outdated address."""
    missing = {device.mac for device in unit.of(world.Kind.GUEST)}
    missing |= {case.device.mac for case in cases if case.name == "not-in-inventory" and case.device}
    planted = {
        device.mac for case in cases for device in (case.device, *(who for who, _ in case.innocent)) if device
    }
    spare = [device for device in unit.of(world.Kind.LAPTOP) if device.mac not in planted]
    missing |= {device.mac for device in spare[:4]}
    doubled = {device.mac for device in spare[4:8]}
    stale = {
        device.mac: handovers.SHARED_IP
        for case in cases
        if case.name == "shared-address"
        for device, _ in case.innocent
    }
    inventory.write(path, rng, unit.devices, missing, stale, doubled)
