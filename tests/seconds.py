"""Durations of test files, by which long ones start first and `make test-quick` skips them.

`tests/seconds.txt` has a row per file: seconds of all its tests, seconds of its longest one, path.
`--write-seconds` rewrites it from a complete run. A file without a row counts as short.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

TABLE = Path(__file__).with_suffix(".txt")
LONG_TEST_S = 4.0
"""Files with such a test start first, lest one process finish long after the others."""
QUICK_FILE_S = 1.5
"""Longer files are skipped by `--quick`."""


def read_table(text: str) -> dict[str, tuple[float, float]]:
    """Parse the table: seconds of all tests and of the longest one, by path."""
    rows = (line.split() for line in text.splitlines())
    return {path: (float(total), float(longest)) for total, longest, path in rows}


def table_text(seconds: dict[str, dict[str, float]]) -> str:
    """Format the table of seconds by file and test, longest file first."""
    rows = sorted(
        ((sum(tests.values()), max(tests.values()), path) for path, tests in seconds.items()), reverse=True
    )
    return "".join(f"{total:8.1f} {longest:7.1f} {path}\n" for total, longest, path in rows)


def ordered(paths: list[str], table: dict[str, tuple[float, float]], workers: int) -> list[int]:
    """Order the tests, given by the paths of their files; return their indices.

    Processes take consecutive, equal parts. Each part begins with its share of the files with long tests,
    longest first, balanced by their seconds; the others follow in their original order.
    """
    parts: list[list[int]] = [[] for _ in range(workers)]
    seconds = [0.0] * workers
    long: dict[str, list[int]] = defaultdict(list)
    rest: list[int] = []
    for number, path in enumerate(paths):
        is_long = table.get(path, (0.0, 0.0))[1] >= LONG_TEST_S
        (long[path] if is_long else rest).append(number)
    for path in sorted(long, key=lambda path: -table[path][1]):
        least = seconds.index(min(seconds))
        seconds[least] += table[path][0]
        parts[least] += long[path]
    order: list[int] = []
    for number, part in enumerate(parts):
        room = (len(paths) - len(order)) // (workers - number) - len(part)
        order += part + rest[: max(room, 0)]
        del rest[: max(room, 0)]
    return order + rest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options `--quick` and `--write-seconds`."""
    parser.addoption(
        "--quick", action="store_true", help="leave out the files that take long by tests/seconds.txt"
    )
    parser.addoption(
        "--write-seconds", action="store_true", help="write tests/seconds.txt anew from this run"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Record durations in the main process."""
    if config.getoption("write_seconds") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Recorder())


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip long files in a quick run, before they are imported."""
    if not config.getoption("quick") or collection_path.suffix != ".py":
        return None
    total = _table().get(collection_path.relative_to(config.rootpath).as_posix(), (0.0, 0.0))[0]
    return True if total > QUICK_FILE_S else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Reorder the tests of a worker."""
    if hasattr(config, "workerinput"):
        paths = [item.path.relative_to(config.rootpath).as_posix() for item in items]
        workers = int(config.workerinput["workercount"])
        items[:] = [items[number] for number in ordered(paths, _table(), workers)]


@cache
def _table() -> dict[str, tuple[float, float]]:
    return read_table(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}


class _Recorder:
    """Recorder of durations."""

    def __init__(self) -> None:
        self._seconds: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid.partition("::")[0]][report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        TABLE.write_text(table_text(self._seconds), encoding="utf-8")
