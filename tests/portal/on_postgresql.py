"""Selection of portal tests that run on PostgreSQL too, by the forms of their SQL statements.

Two statements have the same form if they differ only in tables, in the columns of equal type they name, and
in the length of value lists: where PostgreSQL deviates from SQLite (types, grouping, sorting, comparison,
JSON, locks, errors) it does so for all of one form. `postgres.txt` lists the tests of PARTS without a form of
their own: other tests on PostgreSQL execute all of theirs. Tests not listed run, such as new and renamed
ones. `make test-postgres` runs all and rewrites the table: before a release, and after a change of many
queries or of the schema.
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
    "test_campaign_answers.py",
    "test_campaign_counts.py",
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
    "test_inbox_parser.py",
    "test_mailbox.py",
    "test_api.py",
    "test_findings.py",
    "test_findings_devices.py",
    "test_findings_programs.py",
    "test_fleet.py",
    "test_cases.py",
    "test_cases_verification.py",
    "test_cases_exemptions.py",
    "test_cases_people.py",
    "test_cases_evidence.py",
    "test_cases_past_days.py",
    "test_cases_playbooks.py",
    "test_cases_reminders.py",
    "test_cases_search.py",
    "test_cases_dashboard.py",
    "test_reports.py",
    "test_reports_consolidation.py",
    "test_reports_deadlines.py",
    "test_reports_carried.py",
    "test_reports_overlap.py",
    "test_reports_received.py",
    "test_lists.py",
    "test_lists_review.py",
    "test_lists_versions.py",
    "test_lists_taxii.py",
    "test_lists_outlets.py",
    "test_exchange.py",
    "test_exchange_payloads.py",
    "test_exchange_exports.py",
    "test_exchange_outbound.py",
    "test_exchange_upward.py",
    "test_privacy.py",
    "test_privacy_person.py",
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
    "test_one_time_secrets.py::test_waiting_",
)
"""Tests about values, or about threads with separate connections, rather than statements."""
_NAME = re.compile(r'(?:"\w+"\.|\b[A-Z]+\d+\.)?"(\w+)"')
_ALIKE = (
    (re.compile(r"(?:WHEN \([^()]*\) THEN %s ?)+"), "WHEN .. "),
    (re.compile(r"%s(?:, %s)+"), "%s .."),
    (re.compile(r"\(%s \.\.\)(?:, \(%s \.\.\))+"), "(%s ..)"),
    (re.compile(r"\b[A-Z]\w*\d+\b"), ""),
    (re.compile(r"\s+"), " "),
)


def form(sql: str, types: Mapping[str, str]) -> str:
    """Reduce a statement to its form: columns to types, tables removed, lists to one element."""
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
    """Types of the columns by name."""
    from django.apps import apps
    from django.db import connection

    found: dict[str, set[str]] = defaultdict(set)
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_concrete_fields:
            found[field.column].add(re.sub(r"\(\d+\)", "", field.db_type(connection) or ""))
    return {name: "/".join(sorted(types)) for name, types in found.items()}


def enough(forms: Mapping[str, set[str]], seconds: Mapping[str, float], always: set[str]) -> set[str]:
    """A fast set of tests that together cover every form, including those of `always`."""
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
    """Tests of the table: functions, or functions with parameters, after the name of their file."""
    if os.environ.get(WRITE) or not TABLE.exists():
        return frozenset()
    return frozenset(TABLE.read_text("utf-8").split("\n"))


def table(names: set[str], chosen: set[str]) -> list[str]:
    """Rows for the tests not chosen; a function without parameters means all of them."""
    functions = {name.partition("[")[0] for name in chosen}
    return sorted(
        {name if name.partition("[")[0] in functions else name.partition("[")[0] for name in names - chosen}
    )


def is_left_out(name: str) -> bool:
    """Return whether PostgreSQL skips the test of that name (`test_units.py::test_x[y]`)."""
    return bool({name, name.partition("[")[0]} & left_out())


def name_of(item: pytest.Item) -> str:
    """Name of the test's file and of the test."""
    return f"{item.path.name}::{item.nodeid.partition('::')[2]}"


class Recorder:
    """Records the statements of all tests, and writes the table after a run without failures."""

    def __init__(self) -> None:
        self._forms: dict[str, set[str]] = {}
        self._seconds: dict[str, float] = {}
        self._types: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[object]:
        from django.db import connection

        self._types = self._types or column_types()
        forms: set[str] = set()
        self._forms[name_of(item)] = forms

        def hear(execute: Callable[..., Any], sql: Any, *rest: Any) -> Any:
            try:
                done = execute(sql, *rest)
            except Exception as problem:
                forms.add(f"{type(problem).__name__} {form(str(sql), self._types)}")
                raise
            forms.add(form(str(sql), self._types))
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
    """Run these files' tests in a separate process on the server at the address."""
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
    """Run all of PARTS and rewrite the table."""
    from .conftest import filled_cluster

    with filled_cluster() as address:
        ran = run(address, PARTS, **{WRITE: "1"})
    print(ran.stdout[-6000:])
    return ran.returncode


if __name__ == "__main__":
    sys.exit(main())
