"""Measure how a retro-hunt scales with the archive: one archive is filled further and searched at each size.

    python -m bench.retro_scale [--sizes GB...] [--folder DIR]

Days are made from a few real days of `bench.retro` by giving them other dates, machines and names, in memory:
only the archive needs disk space. Beyond `--filled` GB there are copies of those segments in which no value
is listed, as of other days and other sources (`copies`): lines, filter and machines are the same, so that a
retro-hunt has to read as much of them. With `--hollow` the lines of copies, which no filter lets a search
open, are a hole in the file, so that a terabyte fits. It prints seconds of wall clock and of the processor;
on a busy machine only the latter mean something.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.retro import HITS, lines_of_a_day
from lamsach.archive.archive import QUICK_LEVEL, Archive, Entry, Writer, writing
from lamsach.archive.catalog import Catalog
from lamsach.archive.intake import fill
from lamsach.archive.keys import hash_check
from lamsach.archive.questions import questions_of
from lamsach.archive.retention import all_sources
from lamsach.archive.search import ArchivedLogs
from lamsach.archive.segment import Description
from lamsach.archive.segment import pack as pack_segment
from lamsach.archive.sources import save
from lamsach.indicators.values.normalise import canonical_values
from lamsach.logs.opening.inputs import LogFile
from lamsach.logs.opening.sources import HandleSource

BASE_DAYS = 4
KINDS = ("fortigate", "dns")
STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
EVERY_BYTES = 2_000_000_000
"""One planted contact in this many bytes."""
ASK = """
import json, sys, time
from lamsach.archive.archive import Archive
from lamsach.archive.first_answer import first_sighting
from lamsach.archive.retro import retro
from lamsach.hunt.sets.lists import load_lists
from lamsach.investigate import Request
def clock(): return time.perf_counter(), time.process_time()
def since(begun): return [round(now - then, 2) for now, then in zip(clock(), begun)]
archive, request, begun = Archive(sys.argv[1]), Request([""], [sys.argv[2]]), clock()
first = first_sighting(archive, request, load_lists([sys.argv[2]]))
first_s, begun = since(begun), clock()
findings, _, plan = retro(archive, request)
seconds, processor_s = since(begun)
peak = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) // 1000
print(
    json.dumps(
        {
            "first": first is not None,
            "first_s": first_s[0],
            "first_processor_s": first_s[1],
            "seconds": seconds,
            "processor_s": processor_s,
            "peak_MB": peak,
            "sightings": len(findings.sightings),
            "opened": plan.opened,
            "segments": plan.segments,
        }
    )
)
"""


def bases() -> list[tuple[str, bytes, datetime]]:
    """Return a few days as text."""
    rng = random.Random(2022)
    names = [f"{rng.choice(('cdn', 'api', 'img', 'www'))}{n}.site{n % 9000}.com" for n in range(60_000)]
    days_made = []
    for number in range(BASE_DAYS * len(KINDS)):
        kind = KINDS[number % 2]
        day = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=number // 2)
        lines = lines_of_a_day(random.Random(number), kind, day, rng.sample(names, 20_000))
        days_made.append((kind, "\n".join(lines).encode() + b"\n", day))
    return days_made


def days(days_made: list[tuple[str, bytes, datetime]]) -> Iterator[tuple[str, bytes]]:
    """Yield days without end: of each base other dates, every fourth name another, other machines."""
    number, planted, size = 0, 0, 0
    while True:
        kind, text, day = days_made[number % len(days_made)]
        new = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=number // 2)
        for shape in ("%Y-%m-%d", "%d-%b-%Y"):
            text = text.replace(day.strftime(shape).encode(), new.strftime(shape).encode())
        text = text.replace(b"10.1.", b"10.%d." % (16 + number % 200)).replace(b"7.com", b"7-%d.com" % number)
        size += len(text)
        if size > planted * EVERY_BYTES:
            value = b"bad%d.planted-%d.example" % (planted % HITS, planted % HITS * 7919 % 1000)
            position = text.find(b"cdn", len(text) // 2)
            end = position + text[position:].find(b".com") + 4
            text = text[:position] + value + text[end:]
            planted += 1
        yield f"{kind}-{number:06d}.log", text
        number += 1


def up_to(source: Iterator[tuple[str, bytes]], size: float) -> Iterator[tuple[str, bytes]]:
    """Yield `size` bytes of days."""
    while size > 0:
        name, text = next(source)
        size -= len(text)
        yield name, text


def copies(writer: Writer, size: float, *, hollow: bool) -> Iterator[int]:
    """Add at least `size` bytes of lines: the archive's segments again, a year or more later each time.

    Yields the bytes of each.
    """
    archive, number = writer.archive, 0
    query = questions_of(canonical_values(value)[0] for value in values())
    bases = []
    for pack in Catalog(archive).packs():
        may = pack.candidates(query, hash_check())
        bases += [
            Entry(row.name, row.sequence, row.source)
            for row, may_hold in zip(pack.rows, may, strict=True)
            if not may_hold
        ]
    sources = all_sources(archive)
    while True:
        number += 1
        for source in sources:
            key = copied_key(source.key, number)
            save(archive.store, replace(source, key=key, name=f"{source.name}#{number}"))
        for entry in bases:
            head = archive.head(entry)
            about = shifted(head.description, timedelta(days=366 * number))
            about.source = copied_key(about.source, number)
            about.sequence, about.previous = writer.sequence + 1, writer.previous
            frame = b"" if hollow else archive.frame(entry, head)
            data, digest = pack_segment(about, head.filter, frame, archive.key)
            name = f"segments/{number:04d}/{about.sequence:010d}-{about.source}.zst"
            archive.store.write(name, data, sync=False)
            if hollow and archive.store.folder:
                length = (archive.store.folder / entry.name).stat().st_size - head.frame_offset
                os.truncate(archive.store.folder / name, len(data) + length)
            writer.set_end(about.sequence, digest)
            size -= about.end - about.begin
            yield about.end - about.begin
            if size <= 0:
                return


def copied_key(key: str, number: int) -> str:
    """Return the key of a source's copy."""
    return hashlib.sha256(f"{key} {number}".encode()).hexdigest()[:16]


def shifted(about: Description, later: timedelta) -> Description:
    """Return the description with all its days and times later by `later`."""

    def moved(value: Any) -> Any:
        if isinstance(value, list):
            return [moved(item) for item in value]
        if isinstance(value, str) and STAMP.match(value):
            if len(value) == len("2022-01-01"):
                return (date.fromisoformat(value) + later).isoformat()
            return (datetime.fromisoformat(value) + later).isoformat()
        return value

    return replace(
        about,
        **{
            name: moved(getattr(about, name))
            for name in ("first", "last", "coverage", "signs", "seen", "kind")
        },
    )


def values() -> list[str]:
    """Return the list: 1,000 values; HITS of them occur."""
    return [f"bad{n}.planted-{n * 7919 % 1000}.example" for n in range(HITS)] + [
        f"n{n}.absent-{n % 97}.example.net" for n in range(1000 - HITS)
    ]


def log_of(name: str, text: bytes) -> LogFile:
    """Return the text as a log."""
    modified = datetime(2024, 1, 1, tzinfo=UTC)
    return LogFile(name, len(text), modified, lambda: HandleSource(io.BytesIO(text), name))


def main() -> None:
    """Measure and print one JSON object per size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=float, nargs="+", default=[1, 3, 10], help="GB of raw lines")
    parser.add_argument("--filled", type=float, default=1e9, help="GB that are made and not copied")
    parser.add_argument("--keep", action="store_true", help="go on with the archive that is there, by copies")
    parser.add_argument("--hollow", action="store_true", help="leave the lines of copies out")
    parser.add_argument("--level", type=int, default=QUICK_LEVEL, help="of zstd")
    parser.add_argument("--folder", type=Path, default=Path("bench-out/retro-scale"))
    options = parser.parse_args()
    if not options.keep:
        shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / "list.txt").write_text("\n".join(values()) + "\n")
    archive = Archive(str(options.folder / "archive"), create=True, level=options.level)
    source, total = days(bases()), 0
    if options.keep:
        total = ArchivedLogs(archive).size_bytes
        options.filled = total / 1e9
    for size in options.sizes:
        start, used, before = time.perf_counter(), processor(), total
        with writing(archive) as writer:
            logs = (
                log_of(name, text) for name, text in up_to(source, min(size, options.filled) * 1e9 - total)
            )
            total += sum(result.raw_bytes for result in fill(writer, logs))
            if size > options.filled:
                total += sum(copies(writer, size * 1e9 - total, hollow=options.hollow))
        filled = {
            "what": "fill" if size <= options.filled else "copies",
            "MB/s": round((total - before) / (time.perf_counter() - start) / 1e6, 1),
            "MB/s a core": round((total - before) / (processor() - used) / 1e6, 1),
            "ratio": round(total / stored(options.folder / "archive" / "segments"), 2),
        }
        print(json.dumps(filled), flush=True)
        for what in ("retro, packs made", "retro"):
            words = [str(options.folder / "archive"), str(options.folder / "list.txt")]
            ran = subprocess.run([sys.executable, "-c", ASK, *words], check=True, capture_output=True)
            print(
                json.dumps({"what": what, "raw_GB": round(total / 1e9, 1), **json.loads(ran.stdout)}),
                flush=True,
            )


def processor() -> float:
    """Return the processor seconds so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def stored(folder: Path) -> int:
    """Return the bytes in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
