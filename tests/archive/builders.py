"""Small archives of invented logs, and the same logs as files."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lamsach.archive.archive import Archive, writing
from lamsach.archive.intake import Filled, fill, record_problem
from lamsach.logs.opening.inputs import find_logs
from lamsach.model import Problem

LISTED = ("evil.example", "203.0.113.66", "198.51.100.0/28", "bot-c2.xyz", "2001:db8:bad::1")
BEGIN = datetime(2022, 9, 1, tzinfo=UTC)


def firewall_line(time: datetime, source: str, destination: str, host: str = "www.example.org") -> str:
    return (
        f'date={time:%Y-%m-%d} time={time:%H:%M:%S} devname="FG-A" devid="FG100E" logid="0000000013" '
        'type="traffic" '
        f'subtype="forward" level="notice" vd="root" eventtime={int(time.timestamp())} tz="+0000" '
        f"srcip={source} "
        f'srcport=50123 srcintf="lan" dstip={destination} dstport=443 dstintf="wan1" proto=6 action="accept" '
        f'policyid=1 service="HTTPS" hostname="{host}" sentbyte=10 rcvdbyte=20'
    )


def firewall_log(rng: random.Random, lines: int, hits: int) -> list[str]:
    """Build lines in order of time; some contain a listed value."""
    chosen = set(rng.sample(range(lines), hits))
    found = []
    for number in range(lines):
        time = BEGIN + timedelta(seconds=30 * number)
        source = f"10.1.{rng.randrange(4)}.{rng.randrange(1, 250)}"
        destination, host = f"192.0.2.{rng.randrange(1, 255)}", f"n{rng.randrange(500)}.example.org"
        if number in chosen:
            kind = rng.randrange(4)
            destination = ("203.0.113.66", "198.51.100.9", destination, destination)[kind]
            host = (host, host, "cdn.EVIL.example", "bot-c2.xyz")[kind]
        found.append(firewall_line(time, source, destination, host))
    return found


def write_list(folder: Path) -> Path:
    path = folder / "list.txt"
    path.write_text("\n".join(LISTED) + "\n")
    return path


def filled(folder: Path, *logs: Path, chunk_bytes: int | None = None) -> tuple[Archive, list[Filled]]:
    archive = Archive(str(folder), create=True)
    if chunk_bytes:
        archive.settings["chunk_bytes"] = chunk_bytes
    problems: list[Problem] = []
    with writing(archive) as writer:
        done = list(fill(writer, find_logs([str(log) for log in logs], on_problem=problems.append)))
        for problem in problems:
            record_problem(writer, problem)
    return archive, done
