"""Tests of the portal that run on PostgreSQL too, chosen by their statements.

Two statements have the same form when they differ in tables, in which columns of the same type they name, and
in how many values stand in a list: what PostgreSQL takes otherwise than SQLite (types, grouping, sorting,
comparing, JSON, locks, errors) it takes otherwise in all of one form. `postgres.txt` names the tests of PARTS
that ask nothing of a form of their own: other tests on PostgreSQL ask it all. What it does not name runs, so
a new test and one of another name do. `make test-postgres` runs all and writes the table anew: before a
release, and after a change of many queries or of the schema.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
TABLE = HERE / "postgres.txt"
WRITE = "LAMSACH_TEST_POSTGRES_WRITE"
PARTS = (
    "test_units.py",
    "test_people.py",
    "test_campaigns.py",
    "test_campaign_shelf.py",
    "test_awareness.py",
    "test_jobs.py",
    "test_public_pages.py",
    "test_support.py",
    "test_mail.py",
    "test_mail_pace.py",
    "test_claims.py",
    "test_questions_erased.py",
    "test_inbox.py",
    "test_api.py",
    "test_findings.py",
    "test_fleet.py",
    "test_cases.py",
    "test_cases_evidence.py",
    "test_cases_playbooks.py",
    "test_cases_dashboard.py",
    "test_reports.py",
    "test_reports_carried.py",
    "test_reports_once.py",
    "test_reports_received.py",
    "test_lists.py",
    "test_lists_taxii.py",
    "test_lists_outlets.py",
    "test_exchange.py",
    "test_exchange_exports.py",
    "test_exchange_outbound.py",
    "test_exchange_upward.py",
    "test_privacy.py",
    "test_traces_cases.py",
    "test_hostile_parameters.py",
    "test_unsaved_input.py",
    "test_once.py",
    "test_one_time_secrets.py",
)
WHOLE = (
    "test_hostile_parameters.py",
    "test_once.py::test_the_second_",
    "test_once.py::test_who_waits_",
    "test_one_time_secrets.py::test_the_second_",
    "test_one_time_secrets.py::test_who_waits_",
)
"""Tests about values, or about threads with connections of their own, instead of statements."""
_NAME = re.compile(r'(?:"\w+"\.|\b[A-Z]+\d+\.)?"(\w+)"')
_ALIKE = (
    (re.compile(r"(?:WHEN \([^()]*\) THEN %s ?)+"), "WHEN .. "),
    (re.compile(r"%s(?:, %s)+"), "%s .."),
    (re.compile(r"\(%s \.\.\)(?:, \(%s \.\.\))+"), "(%s ..)"),
    (re.compile(r"\b[A-Z]\w*\d+\b"), ""),
    (re.compile(r"\s+"), " "),
)


def form(sql: str, types: Mapping[str, str]) -> str:
    """Reduce a statement to its form: each column its type, each table nothing, each list one."""
    columns, _, rest = sql.partition(" FROM ")
    if sql.startswith("SELECT ") and rest and "(" not in columns:
        sql = f"SELECT{' DISTINCT' if columns.startswith('SELECT DISTINCT ') else ''} .. FROM {rest}"
    sql = _NAME.sub(lambda found: types.get(found[1], ""), sql)
    for pattern, instead in _ALIKE:
        sql = pattern.sub(instead, sql)
    if sql.startswith("INSERT "):
        return f"INSERT{' ON CONFLICT' if ' ON CONFLICT' in sql else ''}"
    values, _, rest = sql.partition(" WHERE ")
    return f"UPDATE {rest}" if sql.startswith("UPDATE ") and "(" not in values else sql


def column_types() -> dict[str, str]:
    """The types that columns of a name have."""
    from django.apps import apps
    from django.db import connection

    found: dict[str, set[str]] = defaultdict(set)
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_concrete_fields:
            found[field.column].add(re.sub(r"\(\d+\)", "", field.db_type(connection) or ""))
    return {name: "/".join(sorted(types)) for name, types in found.items()}


def enough(forms: Mapping[str, set[str]], seconds: Mapping[str, float], always: set[str]) -> set[str]:
    """Tests that together ask in every form, and take little; those of `always` are among them."""
    chosen = set(always)
    missing = set[str]().union(*forms.values()).difference(*(forms[name] for name in always))
    rest = sorted(set(forms) - always)
    while missing:
        best = max(rest, key=lambda name: len(forms[name] & missing) / (seconds[name] + 0.03))
        chosen.add(best)
        rest.remove(best)
        missing -= forms[best]
    times = Counter(each for name in chosen for each in forms[name])
    for name in sorted(chosen - always, key=lambda name: (-seconds[name], name)):
        if all(times[each] > 1 for each in forms[name]):
            chosen.remove(name)
            times.subtract(forms[name])
    return chosen


@cache
def left_out() -> frozenset[str]:
    """The tests of the table.

    A function, or a function with these parameters, behind the name of its file.
    """
    if os.environ.get(WRITE) or not TABLE.exists():
        return frozenset()
    return frozenset(TABLE.read_text("utf-8").split("\n"))


def table(names: set[str], chosen: set[str]) -> list[str]:
    """The rows for what is not chosen of these tests.

    A function alone where that holds for all its parameters.
    """
    kept = {name.partition("[")[0] for name in chosen}
    return sorted(
        {name if name.partition("[")[0] in kept else name.partition("[")[0] for name in names - chosen}
    )


def is_left_out(name: str) -> bool:
    """Report whether PostgreSQL leaves the test of that name (`test_units.py::test_x[y]`) to others."""
    return bool({name, name.partition("[")[0]} & left_out())


def name_of(item: pytest.Item) -> str:
    """The file's name and the test's."""
    return f"{item.path.name}::{item.nodeid.partition('::')[2]}"


class Recorder:
    """Hears every statement of every test, and writes the table at the end of a run without failures."""

    def __init__(self) -> None:
        self._forms: dict[str, set[str]] = {}
        self._seconds: dict[str, float] = {}
        self._types: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[object]:
        from django.db import connection

        self._types = self._types or column_types()
        asked: set[str] = set()
        self._forms[name_of(item)] = asked

        def hear(execute: Callable[..., Any], sql: Any, *rest: Any) -> Any:
            try:
                done = execute(sql, *rest)
            except Exception as problem:
                asked.add(f"{type(problem).__name__} {form(str(sql), self._types)}")
                raise
            asked.add(form(str(sql), self._types))
            return done

        start = time.process_time()
        with connection.execute_wrapper(hear):
            done = yield
        self._seconds[name_of(item)] = time.process_time() - start
        return done

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus == 0:
            whole = {name for name in self._forms if name.startswith(WHOLE)}
            chosen = enough(self._forms, self._seconds, whole)
            TABLE.write_text("".join(f"{row}\n" for row in table(set(self._forms), chosen)), "utf-8")


def run(address: str, parts: tuple[str, ...], **more: str) -> subprocess.CompletedProcess[str]:
    """These files' tests in a process of their own on the server at the address."""
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("LAMSACH_", "DATABASE_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider"]
        + [str(HERE / part) for part in parts],
        env={**clean, "LAMSACH_TEST_POSTGRES": address, **more},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )


def main() -> int:
    """Run all of PARTS and write the table anew."""
    from .conftest import filled_cluster

    with filled_cluster() as address:
        ran = run(address, PARTS, **{WRITE: "1"})
    print(ran.stdout[-6000:])
    return ran.returncode


if __name__ == "__main__":
    sys.exit(main())
