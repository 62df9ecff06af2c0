"""Measure the archive and the retro-hunt: filling, size, filters, and the time to answer a list.

    python -m bench.retro [--size MB] [--folder DIR] [--logs NAME...]

The benchmark's own logs are repeated with other addresses, names and days (so that segments differ as those
of a year do) until the archive holds `--size` of raw lines. Then it is searched for 1,000 indicators, 20 of
which occur, each in a few lines, and for a million that do not occur.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import retro_peers
from lamsach.archive.archive import Archive, writing
from lamsach.archive.intake import fill
from lamsach.archive.retro import retro
from lamsach.archive.verification import verify
from lamsach.investigate import Request, investigate
from lamsach.logs.opening.inputs import find_logs

DAY_BYTES = 32_000_000
HITS = 20
START = "import sys; from lamsach.cli import main; main(sys.argv[1:])"


def lines_of_a_day(rng: random.Random, kind: str, day: datetime, names: list[str]) -> Iterator[str]:
    """Yield a day of one observer.

    Machines query a few thousand names repeatedly, and sometimes a rare one.
    """
    inside = [f"10.{rng.randrange(4)}.{rng.randrange(256)}.{rng.randrange(1, 255)}" for _ in range(400)]
    outside = [
        f"{rng.randrange(11, 99)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
        for _ in range(3000)
    ]
    size = number = 0
    while size < DAY_BYTES:
        time_of = day + timedelta(seconds=number * 86_400 / (DAY_BYTES / 300))
        rank = min(int(rng.paretovariate(0.7)), len(names) - 1)
        client, name = rng.choice(inside), names[rank]
        server = outside[min(int(rng.paretovariate(0.6)), len(outside) - 1)]
        if kind == "dns":
            line = (
                f"{time_of:%d-%b-%Y %H:%M:%S}.{number % 1000:03d} queries: info: client "
                f"@0x7f8a{number % 9973:08x} {client}#"
                f"{rng.randrange(1024, 65535)} ({name}): query: {name} IN "
                f"{rng.choice(('A', 'AAAA', 'HTTPS'))} +E(0)K (10.0.0.53)"
            )
        else:
            line = (
                f'date={time_of:%Y-%m-%d} time={time_of:%H:%M:%S} devname="FG-HN-01" '
                'devid="FG100FTK20001234" logid="0000000013" '
                'type="traffic" subtype="forward" level="notice" vd="root" '
                f'eventtime={int(time_of.timestamp())}000000000 tz="+0700" '
                f'srcip={client} srcport={rng.randrange(1024, 65535)} srcintf="lan" srcintfrole="lan" '
                f"dstip={server} dstport=443 "
                'dstintf="wan1" dstintfrole="wan" srccountry="Reserved" dstcountry="Viet Nam" '
                f"sessionid={rng.randrange(10**8)} proto=6 "
                'action="close" policyid=12 policytype="policy" service="HTTPS" trandisp="snat" '
                "transip=198.51.100.7 transport=4021 "
                f'appcat="unscanned" duration={rng.randrange(300)} sentbyte={rng.randrange(10**5)} '
                f"rcvdbyte={rng.randrange(10**6)} "
                f'sentpkt={rng.randrange(200)} rcvdpkt={rng.randrange(900)} hostname="{name}"'
            )
        number += 1
        size += len(line) + 1
        yield line


def make(folder: Path, size_mb: int) -> tuple[list[Path], Path, int]:
    """Write days of logs, once; return them, the list with the planted values, and the bytes."""
    rng = random.Random(2022)
    names = [
        f"{a}{n}.{b}{n % 700}.{t}"
        for n, (a, b, t) in enumerate(
            zip(
                *[
                    iter(
                        rng.choices(
                            ("cdn", "api", "img", "www", "mail", "news", "com", "vn", "net", "org"), k=180_000
                        )
                    )
                ]
                * 3,
                strict=True,
            )
        )
    ]
    days: list[Path] = []
    total, number = 0, 0
    planted = [f"bad{n}.planted-{n * 7919 % 1000}.example" for n in range(HITS)]
    folder.mkdir(parents=True, exist_ok=True)
    while total < size_mb * 1_000_000:
        kind = ("fortigate", "dns")[number % 2]
        path = folder / f"{kind}-{number:05d}.log"
        day = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=number // 2)
        if not path.exists():
            rng = random.Random(f"day {number}")
            days_names = rng.sample(names, 20_000)
            lines = list(lines_of_a_day(rng, kind, day, days_names))
            if number % max(2, int(size_mb * 1_000_000 / DAY_BYTES / HITS)) == 0:
                index = rng.randrange(len(lines))
                old = lines[index].split("hostname=")[0] if kind == "fortigate" else ""
                value = planted[(number * 13) % HITS]
                lines[index] = (
                    f'{old}hostname="{value}"'
                    if old
                    else lines[index].replace(": query: ", f": query: {value} IN A # ")
                )
            path.write_text("\n".join(lines) + "\n")
        days.append(path)
        total += path.stat().st_size
        number += 1
    listed = folder / "list-1000.txt"
    listed.write_text(
        "\n".join(planted + [f"n{n}.absent-{n % 97}.example.net" for n in range(1000 - HITS)]) + "\n"
    )
    return days, listed, total


def main() -> None:
    """Measure and print one JSON object per measurement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=2000, help="MB of raw lines")
    parser.add_argument("--folder", type=Path, default=Path("bench-out/retro"))
    parser.add_argument("--no-hunt", action="store_true", help="do not compare with a hunt over the files")
    options = parser.parse_args()
    logs, listed, total = make(options.folder / "logs", options.size)
    archive_path = options.folder / f"archive-{options.size}"
    shutil.rmtree(archive_path, ignore_errors=True)
    archive = Archive(str(archive_path), create=True)
    start = time.perf_counter()
    with writing(archive) as writer:
        for result in fill(writer, find_logs(map(str, logs))):
            assert result.problem is None
    show("fill", total, time.perf_counter() - start)
    checked = verify(archive)
    assert not checked.problems
    print(
        json.dumps(
            {
                "ratio": round(checked.raw_bytes / (checked.stored_bytes - checked.filter_bytes), 2),
                "filter_share": round(checked.filter_bytes / checked.stored_bytes, 4),
                "segments": checked.segments,
            }
        )
    )
    for name, word in (("retro, packs made", str(listed)), ("retro", str(listed))):
        start = time.perf_counter()
        findings, _, plan = retro(archive, Request([""], [word]))
        show(
            name,
            total,
            time.perf_counter() - start,
            sightings=len(findings.sightings),
            opened=plan.opened,
            of=plan.segments,
        )
    ask_alone(archive_path, listed)
    retro_peers.show(logs, listed, options.folder)
    if not options.no_hunt:
        start = time.perf_counter()
        full, _ = investigate(Request([str(path) for path in logs], [str(listed)], timezone=archive.zone))
        show("hunt over the files", total, time.perf_counter() - start, sightings=len(full.sightings))
        assert full.sightings == findings.sightings
        assert full.devices == findings.devices


def ask_alone(archive_path: Path, listed: Path) -> None:
    """Measure the retro-hunt like the other programs: in a process of its own, from start to end."""
    words = [
        sys.executable,
        "-c",
        START,
        "retro",
        "--archive",
        str(archive_path),
        "-i",
        str(listed),
        "--threads",
        "2",
    ]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    stored = sum(path.stat().st_size for path in archive_path.rglob("*") if path.is_file())
    result = {"what": "lamsach retro, whole", "stored": stored, "seconds": round(seconds, 2)}
    print(json.dumps({**result, "processor_s": round(used, 2)}), flush=True)


def show(what: str, total: int, seconds: float, **more: int) -> None:
    """Print one measurement."""
    print(
        json.dumps(
            {
                "what": what,
                "bytes": total,
                "seconds": round(seconds, 3),
                "MB/s": round(total / seconds / 1e6, 1),
                **more,
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
