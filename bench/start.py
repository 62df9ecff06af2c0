"""Time commands as they are used: `make bench BENCH_ARGS='--parts start'`.

With `--before FOLDER` another checkout is measured in turn, by its own program (`FOLDER/.venv/bin/lamsach`).
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from bench import measure
from bench.generate import Log
from bench.programs import LAMSACH, OK
from bench.tables import Table

LINE = (
    "Nov 20 10:00:00 fw kernel: IN=eth0 OUT=eth1 SRC=192.0.2.5 DST=203.0.113.9 LEN=60 PROTO=TCP SPT=50000 "
    "DPT=443\n"
)
HERE = Path(__file__).parents[1]
Environment = dict[str, str]
Figures = tuple[object, object]
ONE_LINE = "a hunt of one line"


class Case(NamedTuple):
    """A command's options, and the exit statuses by which it did what is measured."""

    options: list[str]
    statuses: tuple[int, ...] = (0,)


class RefusedError(SystemExit):
    """A run that did not do what is measured; ends the measurement unless handled."""


@dataclass(frozen=True, eq=False)
class Checkout:
    """A program of its sources, with caches of its own."""

    program: str
    environment: Environment

    @classmethod
    def of(cls, tree: Path, caches: Path) -> Checkout:
        """Return this checkout, or another with its own program. Exits when that has none."""
        program = Path(LAMSACH) if tree == HERE else tree.absolute() / ".venv" / "bin" / "lamsach"
        if not program.is_file():
            sys.exit(f"{program} is missing: run `make install` in {tree} first.")
        return cls(
            str(program),
            {
                "PYTHONPATH": str(tree.absolute() / "src"),
                "PYTHONDONTWRITEBYTECODE": "",
                "PYTHONPYCACHEPREFIX": str(caches / "bytecode"),
                "XDG_CACHE_HOME": str(caches),
                "LAMSACH_CACHE": str(caches / "lamsach"),
            },
        )

    def seconds(self, case: Case, **environment: str) -> tuple[float, float]:
        """Return processor and wall clock seconds of one run. Raises RefusedError."""
        run = measure.run([self.program, *case.options], environment={**self.environment, **environment})
        if run.status not in case.statuses or "Traceback (most recent call last)" in run.stderr:
            words = " ".join([self.program, *case.options])
            raise RefusedError(f"{words}: exit status {run.status}: {run.stderr.strip()[-300:]}")
        return run.cpu_s, run.wall_s


def start(logs: Sequence[Log], list_path: Path, repeat: int, before: Path | None = None) -> None:
    """Print processor and wall clock seconds of each case, medians; the very first hunt once."""
    trees = {"now": HERE} if before is None else {"before": before, "now": HERE}
    table = Table("case", *(f"{name}, {what}" for name in trees for what in ("processor s", "wall s")))
    with tempfile.TemporaryDirectory() as folder:
        folder_path = Path(folder)
        (folder_path / "small.log").write_text(LINE, "ascii")
        (folder_path / "list.txt").write_text("203.0.113.9\n", "ascii")
        checkouts = [Checkout.of(tree, folder_path / name) for name, tree in trees.items()]
        for name, case in _cases(folder_path, logs, list_path).items():
            firsts, medians = zip(*_in_turn(case, checkouts, max(repeat, 5)), strict=True)
            if name == ONE_LINE:
                table.row(f"{name}, the first ever", *chain(*firsts))
            table.row(name, *chain(*medians))
    table.print("Whole commands")


def _in_turn(case: Case, checkouts: list[Checkout], repeat: int) -> Iterator[tuple[Figures, Figures]]:
    """Yield each checkout's first run and medians; dashes for another one's that lacks the command.

    A run that is not measured, with a spare cache, writes the bytecode.
    """
    runs: dict[Checkout, list[tuple[float, float]]] = {}
    for checkout in checkouts:
        try:
            checkout.seconds(case, LAMSACH_CACHE=checkout.environment["LAMSACH_CACHE"] + ".spare")
            runs[checkout] = []
        except RefusedError as refused:
            if checkout is checkouts[-1]:
                raise
            print(refused, file=sys.stderr)
    for _ in range(repeat + 1):
        for checkout, found in runs.items():
            found.append(checkout.seconds(case))
    for checkout in checkouts:
        if first_and_rest := runs.get(checkout):
            cpu, wall = zip(*first_and_rest[1:], strict=True)
            yield first_and_rest[0], (statistics.median(cpu), statistics.median(wall))
        else:
            yield ("-", "-"), ("-", "-")


def _cases(folder: Path, logs: Sequence[Log], list_path: Path) -> dict[str, Case]:
    small, short, long = str(folder / "small.log"), str(folder / "list.txt"), str(list_path)
    hunt = ["hunt", small, "-i", short]
    outputs = [word for name in ("out.html", "out.xlsx") for word in ("-o", str(folder / name))]
    return {
        "lamsach --version": Case(["--version"]),
        "lamsach --help": Case(["--help"]),
        "lamsach hunt --help": Case(["hunt", "--help"]),
        "a wrong option": Case(["hunt", "--nope"], (2,)),
        "a wrong command": Case(["hnut"], (2,)),
        "a shell completion": Case(["--complete", "hunt", "--ind"]),
        "lamsach logs detect, one line": Case(["logs", "detect", small]),
        "lamsach indicators check": Case(["indicators", "check", "203.0.113.9", "-i", short]),
        ONE_LINE: Case(hunt),
        "the same with a page and a workbook": Case([*hunt, *outputs]),
        "the same with a list of a million": Case(["hunt", small, "-i", long], OK),
        **{
            f"a hunt of {log.size_bytes // 10**6} MB of {log.name}": Case(["hunt", log.path, "-i", long], OK)
            for log in logs
        },
    }
