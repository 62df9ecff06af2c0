"""Clock of the tests (`tests/clock.py`), and modules that read the clock on import."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests import clock

TESTS = Path(__file__).parents[1]
READERS = {"now", "utcnow", "today", "localdate", "localtime", "gmtime", "ctime", "time", "time_ns"}
"""Functions of `datetime`, `time` and Django's `timezone` that read the clock."""
OWNERS = {"datetime", "date", "time", "timezone", "tree", "dt"}
"""Objects of these functions; `tree.today()` is the portal's."""


def module_of(path: Path) -> str:
    return ".".join(("tests", *path.relative_to(TESTS).with_suffix("").parts)).removesuffix(".__init__")


def calls(node: ast.AST, *, at_import: bool) -> Iterator[ast.Call]:
    """Yield the calls in a tree; `at_import`: without those in the bodies of functions."""
    if isinstance(node, ast.Call):
        yield node
    for name, value in ast.iter_fields(node):
        deferred = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and name == "body"
        if at_import and deferred:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from calls(child, at_import=at_import)


def reads_clock(call: ast.Call) -> bool:
    """Return whether a call reads the clock: `date.today()` does, `time.localtime(5)` does not."""
    function = call.func
    owned = isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name | ast.Attribute)
    if not owned or function.attr not in READERS:  # type: ignore[union-attr]
        return False
    owner = function.value  # type: ignore[union-attr]
    last = owner.id if isinstance(owner, ast.Name) else owner.attr  # type: ignore[union-attr]
    if function.attr in ("localtime", "gmtime", "ctime") and call.args:  # type: ignore[union-attr]
        return False
    return last in OWNERS and not (last == "time" and function.attr == "time" and len(call.args) > 0)  # type: ignore[union-attr]


class Module:
    """Functions and calls of a test module."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.tree = name, ast.parse(source)
        self.functions = {
            node.name: node
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        self.called = {
            name: [call for part in node.body for call in calls(part, at_import=False)]
            for name, node in self.functions.items()
        }
        self.at_import = list(calls(self.tree, at_import=True))
        self.imported: dict[str, tuple[str, str]] = {}
        package = name.rpartition(".")[0]
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom):
                parent = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1])
                origin = f"{parent}.{node.module or ''}".rstrip(".") if node.level else node.module or ""
                self.imported |= {alias.asname or alias.name: (origin, alias.name) for alias in node.names}

    def readers(self, calls_: list[ast.Call], known: set[tuple[str, str]]) -> list[ast.Call]:
        """Filter calls to those that read the clock, directly or by a known function."""
        return [call for call in calls_ if reads_clock(call) or self._target(call) in known]

    def _target(self, call: ast.Call) -> tuple[str, str] | None:
        function = call.func
        if isinstance(function, ast.Name):
            return self.imported.get(function.id, (self.name, function.id))
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            origin = self.imported.get(function.value.id)
            return (f"{origin[0]}.{origin[1]}", function.attr) if origin else None
        return None


def read_at_import(sources: dict[str, str]) -> list[str]:
    """List the calls of these modules (source by name) that read the clock on import."""
    modules = [Module(name, source) for name, source in sources.items()]
    known: set[tuple[str, str]] = set()
    while True:
        more = {
            (module.name, name)
            for module in modules
            for name, made in module.called.items()
            if (module.name, name) not in known and module.readers(made, known)
        }
        if not more:
            break
        known |= more
    return [
        f"{module.name}:{call.lineno} {ast.unparse(call)[:80]}"
        for module in modules
        for call in module.readers(module.at_import, known)
    ]


def test_no_module_asks_for_the_time_while_it_is_imported() -> None:
    sources = {module_of(path): path.read_text(encoding="utf-8") for path in sorted(TESTS.rglob("*.py"))}
    del sources["tests.child_clock.sitecustomize"]  # sets the clock
    assert read_at_import(sources) == []


@pytest.mark.parametrize(
    "line",
    [
        "TODAY = date.today()",
        "def f(day=datetime.now(UTC)): ...",
        "@pytest.mark.parametrize('d', [later(1)])\ndef test_x(d): ...",
        "class A:\n    at = timezone.now()",
        "S = [time.time() for _ in range(3)]",
        "T = helper.stamp()",
    ],
)
def test_reading_the_clock_is_found(line: str) -> None:
    helper = "import time\ndef stamp():\n    return time.time()\n"
    head = "from tests import helper\nfrom tests.helper import stamp\ndef later(n):\n    return stamp() + n\n"
    assert len(read_at_import({"tests.helper": helper, "tests.test_a": head + line})) == 1


def test_what_reads_no_clock_is_left_alone() -> None:
    source = (
        "A = time(8)\nB = datetime(2026, 1, 1)\nC = time.localtime(0)\nD = make(lambda: date.today())\n"
        "def f():\n    return date.today()\n"
    )
    assert read_at_import({"tests.test_a": source}) == []


def test_a_test_begins_at_the_usual_moment_and_time_passes(request: pytest.FixtureRequest) -> None:
    start = clock.DATES.get(request.config.getoption("date") or "", clock.USUAL)
    assert start <= datetime.now(UTC) < start.replace(hour=start.hour + 1)
    assert date.today() in (start.date(), start.astimezone().date())
    first = time.time_ns()
    assert time.time_ns() > first


def test_what_a_test_starts_has_its_clock() -> None:
    output = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time())"], capture_output=True, text=True, check=True
    ).stdout
    assert abs(float(output) - time.time()) < 300
    real = {name: value for name, value in os.environ.items() if name != clock.OFFSET}
    output = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time())"],
        env=real,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert abs(float(output) - time.time() + float(os.environ[clock.OFFSET])) < 300


@pytest.mark.real_clock("this test is about the marker")
def test_the_machines_clock_can_be_asked_for() -> None:
    assert clock.OFFSET not in os.environ


def test_tests_are_spread_over_all_dates() -> None:
    names = [f"tests/portal/test_a.py::test_{number}" for number in range(300)]
    assert {clock.date_name("tests/portal/test_a.py", name, shares=False) for name in names} == set(
        clock.DATES
    )
    assert len({clock.date_name("tests/portal/test_a.py", name, shares=True) for name in names}) == 1


def test_the_dates_are_what_they_are_called() -> None:
    from zoneinfo import ZoneInfo

    here = {name: at.astimezone(ZoneInfo("Asia/Ho_Chi_Minh")) for name, at in clock.DATES.items()}
    assert len(here) == 12
    weekdays = ("saturday", 5), ("monday", 0), ("after-a-bridge", 0), ("friday-evening", 4)
    assert [here[name].weekday() for name, _ in weekdays] == [day for _, day in weekdays]
    assert (here["29-february"].month, here["29-february"].day) == (2, 29)
    assert (here["new-year-of-vietnam-alone"].year, clock.DATES["new-year-of-vietnam-alone"].year) == (
        2027,
        2026,
    )
    assert clock.DATES["sunday-of-utc-alone"].weekday() == 6
    assert here["sunday-of-utc-alone"].weekday() == 0


def test_the_files_for_every_date_are_there() -> None:
    assert [path for path in sorted(clock.EVERY_DATE) if not (TESTS.parent / path).is_file()] == []
