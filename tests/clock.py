"""Fixed clock of all tests, independent of the day on which they run.

Each test, with its own fixtures and the Python processes that it starts, begins at USUAL, and time passes
from there. In CI (`LAMSACH_CI=1`, or with `--dates`) the tests of portal, letters and scanner are spread over
the twelve moments of DATES by a digest of their name (of their module, if they share its fixtures). Those of
EVERY_DATE run under all twelve, except tests in a browser and those marked `one_date`, whose result depends
on no day but the stated one. `--date NAME` runs all selected tests under one moment.

`@pytest.mark.real_clock("why")` is for tests that involve a clock that cannot be set: the file system's,
OpenSSL's, another program's. No module may read the clock on import (`tests/docs/test_clock.py` checks it).
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from tests.programs import in_ci

USUAL = datetime(2026, 11, 18, 3, 20, tzinfo=UTC)
"""A Wednesday in office hours, without a holiday in the weeks around it."""
DATES: Mapping[str, datetime] = {
    "saturday": datetime(2026, 11, 28, 3, 0, tzinfo=UTC),
    "monday": datetime(2026, 11, 30, 1, 10, tzinfo=UTC),
    "tet": datetime(2027, 2, 6, 2, 0, tzinfo=UTC),
    "2-september": datetime(2026, 9, 2, 3, 0, tzinfo=UTC),
    "24-november": datetime(2026, 11, 24, 8, 0, tzinfo=UTC),
    "29-february": datetime(2028, 2, 29, 3, 0, tzinfo=UTC),
    "31-december": datetime(2026, 12, 31, 15, 30, tzinfo=UTC),
    "after-a-bridge": datetime(2026, 5, 4, 1, 5, tzinfo=UTC),
    "last-of-january": datetime(2027, 1, 31, 4, 0, tzinfo=UTC),
    "new-year-of-vietnam-alone": datetime(2026, 12, 31, 17, 30, tzinfo=UTC),
    "friday-evening": datetime(2026, 11, 20, 11, 45, tzinfo=UTC),
    "sunday-of-utc-alone": datetime(2026, 11, 22, 17, 30, tzinfo=UTC),
}
"""Weekends, holidays, ends of months and years, and hours when the day of Vietnam is not that of UTC."""
CERTIFIED = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC))
"""Validity of the tests' certificates, which OpenSSL compares with the real clock."""
DATED = ("tests/portal/", "tests/letters/", "tests/scanner/")
EVERY_DATE = frozenset(
    {
        "tests/portal/test_awareness.py",
        "tests/portal/test_campaign_answers.py",
        "tests/portal/test_campaign_shelf.py",
        "tests/portal/test_campaigns.py",
        "tests/portal/test_cases_past_days.py",
        "tests/portal/test_cases_reminders.py",
        "tests/portal/test_jobs.py",
        "tests/portal/test_reports_consolidation.py",
        "tests/portal/test_reports_deadlines.py",
        "tests/portal/test_support.py",
    }
)
"""Files about days: deadlines, reminders, terms, series by day."""
CHILDREN = str(Path(__file__).with_name("child_clock"))
OFFSET = "TESTS_CLOCK_OFFSET_S"


def date_name(path: str, nodeid: str, shares: bool) -> str:
    """Select the name of DATES for a test in the file `path`; `shares`: it uses a module's fixture."""
    return list(DATES)[zlib.crc32((path if shares else nodeid).encode()) % len(DATES)]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options `--dates` and `--date`."""
    parser.addoption("--dates", action="store_true", help="spread tests over twelve dates, as CI does")
    parser.addoption("--date", choices=list(DATES), help="run every test under this one of the twelve dates")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    config.addinivalue_line("markers", "real_clock(why): the test runs by the machine's clock")
    config.addinivalue_line("markers", "one_date: no day of another name can change what the test finds")


@pytest.fixture
def clock_name(request: pytest.FixtureRequest) -> str:
    """Name of the moment at which a test of EVERY_DATE begins."""
    return str(request.param)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of EVERY_DATE under all dates."""
    path = metafunc.definition.path.relative_to(metafunc.config.rootpath).as_posix()
    once = any(mark.name in ("browser", "one_date") for mark in metafunc.definition.iter_markers())
    if path in EVERY_DATE and not once and _spread(metafunc.config):
        metafunc.fixturenames.append("clock_name")
        metafunc.parametrize("clock_name", list(DATES), indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Set the clock from the set-up of the first fixture to the teardown of the last."""
    if item.get_closest_marker("real_clock"):
        return (yield)
    start = _start(item)
    with pytest.MonkeyPatch.context() as patched, time_machine.travel(start, tick=True):
        real = time_machine.escape_hatch.time.time()
        patched.setenv(OFFSET, f"{time.time() - real:.6f}")
        patched.setenv("PYTHONPATH", CHILDREN, prepend=os.pathsep)
        return (yield)


def _spread(config: pytest.Config) -> bool:
    return (in_ci() or bool(config.getoption("dates"))) and not config.getoption("date")


def _start(item: pytest.Item) -> datetime:
    if name := item.config.getoption("date"):
        return DATES[name]
    path = item.path.relative_to(item.config.rootpath).as_posix()
    if not path.startswith(DATED) or not _spread(item.config):
        return USUAL
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    if "clock_name" in parameters:
        return DATES[parameters["clock_name"]]
    fixtures = item._fixtureinfo.name2fixturedefs if hasattr(item, "_fixtureinfo") else {}
    shares = any(
        definition.scope in ("module", "package", "class")
        for definitions in fixtures.values()
        for definition in definitions
    )
    return DATES[date_name(path, item.nodeid, shares)]
