"""Measures how a retro-hunt grows with the archive: one archive is filled further and further and asked at each size.

    python -m bench.retro_scale [--sizes GB...] [--folder DIR]

Days are made from a few real days of `bench.retro` by giving them other dates, machines and names, in memory: nothing but the archive
takes room on disk. Seconds by the clock and of the processor are printed; on a machine with other work only the latter mean something.
"""

from __future__ import annotations

import argparse
import io
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

from bench.retro import HITS, lines_of_a_day
from lamsach.archive.archive import Archive, writing
from lamsach.archive.filling import fill
from lamsach.logs.opening import LogFile
from lamsach.logs.sources import HandleSource

BASE_DAYS = 4
KINDS = ("fortigate", "dns")
EVERY_BYTES = 2_000_000_000
"""One planted contact in so many bytes."""
ASK = """
import json, resource, sys, time
from lamsach.archive.archive import Archive
from lamsach.archive.retro import retro
from lamsach.investigate import Request
begun = time.perf_counter()
used = resource.getrusage(resource.RUSAGE_SELF)
findings, _, plan = retro(Archive(sys.argv[1]), Request([""], [sys.argv[2]]))
now = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"seconds": round(time.perf_counter() - begun, 2),
    "processor_s": round(now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime, 2),
    "peak_MB": now.ru_maxrss // 1000, "sightings": len(findings.sightings), "opened": plan.opened, "segments": plan.segments}))
"""


def bases() -> list[tuple[str, bytes, datetime]]:
    """A few days as text."""
    rng = random.Random(2022)
    names = [f"{rng.choice(('cdn', 'api', 'img', 'www'))}{n}.site{n % 9000}.com" for n in range(60_000)]
    made = []
    for number in range(BASE_DAYS * len(KINDS)):
        kind = KINDS[number % 2]
        day = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=number // 2)
        lines = lines_of_a_day(random.Random(number), kind, day, rng.sample(names, 20_000))
        made.append((kind, "\n".join(lines).encode() + b"\n", day))
    return made


def days(made: list[tuple[str, bytes, datetime]]) -> Iterator[tuple[str, bytes]]:
    """Days without end: of each base other dates, every fourth name another, machines of another floor."""
    number, planted, size = 0, 0, 0
    while True:
        kind, text, day = made[number % len(made)]
        new = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=number // 2)
        for shape in ("%Y-%m-%d", "%d-%b-%Y"):
            text = text.replace(day.strftime(shape).encode(), new.strftime(shape).encode())
        text = text.replace(b"10.1.", b"10.%d." % (16 + number % 200)).replace(b"7.com", b"7-%d.com" % number)
        size += len(text)
        if size > planted * EVERY_BYTES:
            value = b"bad%d.planted-%d.example" % (planted % HITS, planted % HITS * 7919 % 1000)
            place = text.find(b"cdn", len(text) // 2)
            end = place + text[place:].find(b".com") + 4
            text = text[:place] + value + text[end:]
            planted += 1
        yield f"{kind}-{number:06d}.log", text
        number += 1


def up_to(source: Iterator[tuple[str, bytes]], size: float) -> Iterator[tuple[str, bytes]]:
    """So many bytes of it."""
    while size > 0:
        name, text = next(source)
        size -= len(text)
        yield name, text


def log_of(name: str, text: bytes) -> LogFile:
    """The text as a log."""
    modified = datetime(2024, 1, 1, tzinfo=UTC)
    return LogFile(name, len(text), modified, lambda: HandleSource(io.BytesIO(text), name))


def main() -> None:
    """Run it and print one JSON object a size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=float, nargs="+", default=[1, 3, 10], help="GB of raw lines")
    parser.add_argument("--folder", type=Path, default=Path("bench-out/retro-scale"))
    given = parser.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(parents=True)
    values = [f"bad{n}.planted-{n * 7919 % 1000}.example" for n in range(HITS)]
    values += [f"n{n}.absent-{n % 97}.example.net" for n in range(1000 - HITS)]
    (given.folder / "list.txt").write_text("\n".join(values) + "\n")
    archive = Archive(str(given.folder / "archive"), create=True)
    source, total = days(bases()), 0
    for size in given.sizes:
        begun, used, before = time.perf_counter(), processor(), total
        with writing(archive) as writer:
            logs = (log_of(name, text) for name, text in up_to(source, size * 1e9 - total))
            total += sum(result.raw_bytes for result in fill(writer, logs))
        filled = {
            "what": "fill",
            "MB/s": round((total - before) / (time.perf_counter() - begun) / 1e6, 1),
            "MB/s a core": round((total - before) / (processor() - used) / 1e6, 1),
            "ratio": round(total / stored(given.folder / "archive" / "segments"), 2),
        }
        print(json.dumps(filled), flush=True)
        for what in ("retro, packs made", "retro"):
            words = [str(given.folder / "archive"), str(given.folder / "list.txt")]
            said = subprocess.run([sys.executable, "-c", ASK, *words], check=True, capture_output=True)
            print(
                json.dumps({"what": what, "raw_GB": round(total / 1e9, 1), **json.loads(said.stdout)}),
                flush=True,
            )


def processor() -> float:
    """Seconds of the processor so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def stored(folder: Path) -> int:
    """Bytes in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
