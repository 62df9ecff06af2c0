"""Results of `bench.deadline`: goals, figures as tables, and the estimated load of more cores."""

from __future__ import annotations

import argparse
import math
import os
import platform
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bench.deadline_load import PUBLIC, SENDING, Measured

Cost = tuple[float, float, float]
"""Processor milliseconds of web, worker and database."""
PAGE_S, SENDING_S, MEMORY_MB = 0.3, 1.0, 350
OFTEN = 20
"""A kind of page requested this often has a percentile of its own."""
BUSY = 0.7
"""Share of the processors' time that the estimate may use."""


@dataclass(slots=True)
class Result:
    """Results of a whole run."""

    rate: float
    public_rate: float
    seconds: float
    measured: Measured
    tried: list[tuple[float, float, bool]]
    costs: dict[str, Cost]
    """Processor milliseconds of web, worker and database for one of each kind."""
    busy: tuple[float, float, float, float]
    """Processor seconds in the run: web, worker, database, the load's own."""
    worker_s: float
    """Time after the run until the worker had done all work left by users."""
    peak_mb: float
    processes: int
    wrong: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Report whether the goals hold."""
        return good(self.measured) and not self.wrong and self.peak_mb <= MEMORY_MB


def good(found: Measured) -> bool:
    """Report whether the goals hold.

    Each frequent kind, and all pages together, were in time; no act was omitted; none failed.
    """
    pages = max(found.p95_s(), found.p95_s(public=True))
    often = [kind for kind, times in found.times.items() if len(times) >= OFTEN]
    kinds_hold = all(found.p95_of(kind) <= (SENDING_S if kind in SENDING else PAGE_S) for kind in often)
    all_hold = pages <= PAGE_S and found.p95_s(sending=True) <= SENDING_S
    return all_hold and kinds_hold and not (found.wrong or found.crowded)


def table(found: Result, wanted: argparse.Namespace) -> str:
    """Return the figures as tables."""
    own = found.busy[3] / found.seconds
    stated = f"--rate {wanted.rate:g} " if wanted.rate else ""
    tried = [f"{rate:g}/{public:g} {'yes' if held else 'no'}" for rate, public, held in found.tried]
    rows = [
        f"{date.today():%-d %B %Y}. {os.cpu_count()} cores {_cpu()}, Python {platform.python_version()}, "
        f"PostgreSQL, load average before: {wanted.before:.1f}. "
        f"`python -m bench.deadline --units {wanted.units} --users {wanted.users} --minutes "
        f"{wanted.minutes:g} {stated}--public {wanted.public:g}`, {found.processes} web processes. "
        f"Goals {'held' if found.holds else 'NOT held'} for {wanted.minutes:g} minutes at "
        f"{found.rate:.1f} acts of users and {found.public_rate:g} public pages a second; "
        f"{len(found.wrong)} errors, losses or doubles{''.join(f' {one}' for one in found.wrong[:2])}; "
        f"at most {found.peak_mb:.0f} MB a web process (goal {MEMORY_MB}). "
        f"The worker had done all {found.worker_s:.0f} s after the last request. The load itself used "
        f"{own:.2f} of the cores. "
        f"Tried for {wanted.step:g} s each (acts/public pages a second): {', '.join(tried) or 'none'}.",
        "",
        "| kind | requests | p50 ms | p95 ms | goal ms | alone: web ms | worker ms | database ms |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for kind in sorted({*found.measured.times, *found.costs}, key=lambda name: (name in SENDING, name)):
        times = sorted(found.measured.times.get(kind, []))
        p50 = 1000 * times[len(times) // 2] if times else math.nan
        p95 = 1000 * found.measured.p95_of(kind) if times else math.nan
        alone = " | ".join(f"{ms:.1f}" for ms in found.costs.get(kind, (math.nan,) * 3))
        goal = 1000 * (SENDING_S if kind in SENDING else PAGE_S)
        rows.append(f"| {kind} | {len(times)} | {p50:.0f} | {p95:.0f} | {goal:.0f} | {alone} |")
    web, worker, base, _ = (used / found.seconds for used in found.busy)
    rows += [
        "",
        f"In the run web processes used {web:.2f}, the worker {worker:.2f} and the database {base:.2f} "
        f"cores. An act of a user costs {mean_ms(found):.0f} ms of the processors on average "
        f"(web, worker and database), a public page {public_ms(found):.2f} ms.",
        "",
        "### More cores on paper",
        "",
        f"With processors busy for {BUSY:.0%} and the costs of an act and of a public page above:",
        "",
        (
            f"| cores | acts of users a second beside {wanted.public:g} public pages | reports (8 acts "
            "each) an hour |"
        ),
        "|--:|--:|--:|",
    ]
    for cores in (2, 16, 64):
        rate = estimated_rate(found, cores, wanted.public)
        rows.append(f"| {cores} | {rate:.0f} | {rate * 3600 / 8:,.0f} |")
    return "\n".join(rows).replace("nan", "–")


def public_ms(found: Result) -> float:
    """Return the processor milliseconds of one public page: the web process alone answers it."""
    return found.costs.get(PUBLIC, (0.0,))[0]


def mean_ms(found: Result) -> float:
    """Return the processor milliseconds of one user's act in the run's mix, with worker and database.

    It is the use of the run without its public pages.
    """
    pages_s = found.public_rate * found.seconds * public_ms(found) / 1000
    return 1000 * (sum(found.busy[:3]) - pages_s) / max(1.0, found.rate * found.seconds)


def estimated_rate(found: Result, cores: int, public_rate: float) -> float:
    """Return the users' acts per second that this many cores carry next to the public page.

    Provided that the worker kept pace in the run.
    """
    free_ms = 1000 * cores * BUSY - public_rate * public_ms(found)
    return max(0.0, free_ms / max(mean_ms(found), 0.001))


def _cpu() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def record(file: Path, text: str) -> None:
    """Write the tables between the page's marks."""
    page = file.read_text("utf-8")
    marks = re.compile("(<!-- begin deadline -->\n).*?(\n<!-- end deadline -->)", re.DOTALL)
    file.write_text(marks.sub(lambda found: found[1] + text + found[2], page), "utf-8")
