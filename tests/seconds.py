"""Time each test file, so that the longest start first and `make test-quick` can leave them out.

`tests/seconds.txt` holds a row per file: seconds of all its tests, seconds of its longest one, its path.
`--write-seconds` writes it anew, which a run of the whole suite is good for. A file without a row counts as
short.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

TABLE = Path(__file__).with_suffix(".txt")
LONG_TEST_S = 4.0
"""A file with a test that takes so long starts before the others.

Else one process would end with it while the others have nothing left.
"""
QUICK_FILE_S = 1.5
"""Longer files are none for every save."""


def read_table(text: str) -> dict[str, tuple[float, float]]:
    """Seconds of a file's tests together, and of its longest test, by the file's path."""
    rows = (line.split() for line in text.splitlines())
    return {path: (float(together), float(longest)) for together, longest, path in rows}


def written(seconds: dict[str, dict[str, float]]) -> str:
    """The table of these tests' seconds by file, the longest file first."""
    rows = sorted(
        ((sum(tests.values()), max(tests.values()), path) for path, tests in seconds.items()), reverse=True
    )
    return "".join(f"{together:8.1f} {longest:7.1f} {path}\n" for together, longest, path in rows)


def dealt(paths: list[str], table: dict[str, tuple[float, float]], workers: int) -> list[int]:
    """The order in which tests of these files start, as the processes take it.

    Each an equal part, one behind the other.

    Each part begins with its share of the files with long tests, the longest first, so that all have about as
    much of them; the rest as it was.
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
    """Offer what uses and writes the table."""
    parser.addoption(
        "--quick", action="store_true", help="leave out the files that take long by tests/seconds.txt"
    )
    parser.addoption(
        "--write-seconds", action="store_true", help="write tests/seconds.txt anew from this run"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Keep count in the process that hears of every test."""
    if config.getoption("write_seconds") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Recorder())


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the long files out of a quick run, before they are imported."""
    if not config.getoption("quick") or collection_path.suffix != ".py":
        return None
    together = _table().get(collection_path.relative_to(config.rootpath).as_posix(), (0.0, 0.0))[0]
    return True if together > QUICK_FILE_S else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal the long ones out first where several processes share the tests."""
    if hasattr(config, "workerinput"):
        paths = [item.path.relative_to(config.rootpath).as_posix() for item in items]
        workers = int(config.workerinput["workercount"])
        items[:] = [items[number] for number in dealt(paths, _table(), workers)]


@cache
def _table() -> dict[str, tuple[float, float]]:
    return read_table(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}


class _Recorder:
    """A sum of the reports' durations."""

    def __init__(self) -> None:
        self._seconds: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid.partition("::")[0]][report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        TABLE.write_text(written(self._seconds), encoding="utf-8")
