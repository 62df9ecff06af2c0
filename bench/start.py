"""Time short commands: `make bench BENCH_ARGS='--parts start'`.

With `--before FOLDER` another checkout is measured in turn.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import measure
from bench.programs import LAMSACH, OK
from bench.tables import Table

LINE = (
    "Nov 20 10:00:00 fw kernel: IN=eth0 OUT=eth1 SRC=192.0.2.5 DST=203.0.113.9 LEN=60 PROTO=TCP SPT=50000 "
    "DPT=443\n"
)
HERE = Path(__file__).parents[1]
Environment = dict[str, str]


def start(list_path: Path, repeat: int, before: Path | None = None) -> None:
    """Print processor and wall clock seconds of each case, medians; the very first hunt once."""
    trees = {"now": HERE} if before is None else {"before": before, "now": HERE}
    table = Table("case", *(f"{name}, {what}" for name in trees for what in ("processor s", "wall s")))
    with tempfile.TemporaryDirectory() as folder:
        folder_path = Path(folder)
        (folder_path / "small.log").write_text(LINE, "ascii")
        (folder_path / "list.txt").write_text("203.0.113.9\n", "ascii")
        with _caches(trees) as caches:
            for name, words in _cases(folder_path, list_path).items():
                first = {tree: _seconds(words, caches[tree]) for tree in trees}
                if name == "a hunt of one line":
                    table.row(f"{name}, the first ever", *(value for tree in trees for value in first[tree]))
                runs: dict[str, list[tuple[float, float]]] = {tree: [] for tree in trees}
                for _ in range(max(repeat, 5)):
                    for tree in trees:
                        runs[tree].append(_seconds(words, caches[tree]))
                middles = (
                    statistics.median(run[part] for run in runs[tree]) for tree in trees for part in (0, 1)
                )
                table.row(name, *middles)
    table.print("Commands that do little")


def _cases(folder: Path, list_path: Path) -> dict[str, list[str]]:
    small, list_path_ = str(folder / "small.log"), str(folder / "list.txt")
    return {
        "lamsach --version": ["--version"],
        "lamsach --help": ["--help"],
        "lamsach hunt --help": ["hunt", "--help"],
        "a wrong option": ["hunt", "--nope"],
        "a wrong command": ["hnut"],
        "a shell completion": ["--complete", "hunt", "--ind"],
        "lamsach logs detect, one line": ["logs", "detect", small],
        "lamsach indicators check": ["indicators", "check", "203.0.113.9", "-i", list_path_],
        "a hunt of one line": ["hunt", small, "-i", list_path_],
        "the same with a page and a workbook": ["hunt", small, "-i", list_path_]
        + [word for name in ("out.html", "out.xlsx") for word in ("-o", str(folder / name))],
        "the same with a list of a million": ["hunt", small, "-i", str(list_path)],
    }


def _seconds(words: list[str], environment: Environment) -> tuple[float, float]:
    run = measure.run([LAMSACH, *words], environment=environment)
    if run.status is None or (words[0] == "hunt" and "--nope" not in words and run.status not in OK):
        sys.exit(f"{' '.join(words)}: exit status {run.status}: {run.stderr.strip()[-300:]}")
    return run.cpu_s, run.wall_s


@contextmanager
def _caches(trees: dict[str, Path]) -> Iterator[dict[str, Environment]]:
    """Yield by checkout an environment in which its sources come first and caches are empty."""
    with tempfile.TemporaryDirectory() as folder:
        yield {
            name: {
                "PYTHONPATH": str(tree / "src"),
                "XDG_CACHE_HOME": f"{folder}/{name}",
                "LAMSACH_CACHE": f"{folder}/{name}/lamsach",
            }
            for name, tree in trees.items()
        }
