"""Rules for every log format, over all golden cases.

Formats meet each other's lines, and cost is counted: the steps of every regular expression (`regex_steps`)
and the calls of every parser must grow with the line's length, not with its square. No test uses a clock.
`tests/logs/test_formats.py` reads each format's own cases.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import inspect
import itertools
import json
import pkgutil
import re
import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from golden import DATA, context_of, expected, lines_of, read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from regex_steps import Steps, TooManySteps, attacks

import lamsach.logs
from lamsach.errors import LineError
from lamsach.logs.base import LogFormat
from lamsach.logs.formats import FORMATS
from lamsach.logs.layouts.line import LayoutFormat
from lamsach.model import Event
from tests.rows import each_row

GENERAL = frozenset({"cef", "leef", "key_value", "json_lines", "csv_columns"})
"""Shapes that any product may write, last in the registry, after every product."""
ALIKE = {
    ("openvpn", "sophos"): "UTM runs OpenVPN: its own records have the daemon's name and come first",
    (
        "web_access",
        "sophos",
    ): "UTM's reverse proxy is Apache: its errors have UTM's time, and UTM comes first",
    ("web_access", "container_lines"): "a container's name looks like a virtual host; it comes first",
    ("web_access", "exchange"): "comments of the W3C's extended format precede Exchange's rows too",
    ("cisco_asa", "csv_columns"): "a table whose cells hold whole messages of a firewall",
}
"""Reviewed: (recognising format, the line's own): why one line cannot distinguish the two."""
BY_FILE = {
    "exchange": "columns defined by the file",
    "csv_columns": "rows mean nothing without their headings",
    "windows_event_csv": "rows mean nothing without their headings",
    "windows_event_listing": "a record of many lines begins with any heading",
    "nfdump": "JSON over several lines begins with a lone brace",
    "zeek_tsv": "a separator defined by the file",
    "windows_event_json_pretty": "a record begins with a lone brace",
    "tcpdump_text": "a packet's first line may hold only frames",
    "vpc_flow": "columns defined by the file",
    "kaspersky_xml": "a row begins with an element of any name",
    "freeradius": "rows of a table mean nothing without their heading",
    "silk": "columns defined by the file",
    "web_access": "under a stated #Fields any method counts",
}
"""Reviewed: formats whose single lines are recognised only with the rest of the file."""
BOUNDED = {
    "lamsach.logs.formats.dns.adguardhome._ENTRY": "searched in the first few thousand characters",
    "lamsach.logs.formats.dhcp.neighbour_tables._MAC_ROW": "lines of at most 400 characters",
    "lamsach.logs.formats.dhcp.neighbour_tables._HEADINGS": "the first 160 characters",
    "lamsach.logs.formats.vpn.openvpn._PUSHED": "searched in the first 6,000 characters",
}
"""Reviewed: expressions of quadratic cost, applied to a text of limited length."""

CASES = [(f, log) for f in FORMATS for log in sorted((DATA / f.name).glob("*.log"))]
each_format = each_row("log_format", FORMATS, lambda f: f.name)


def lines_by_format() -> dict[str, list[str]]:
    lines: dict[str, list[str]] = {}
    for log_format, log in CASES:
        lines.setdefault(log_format.name, []).extend(line for line in lines_of(log) if line.strip())
    return lines


LINES = lines_by_format()


# Registration


@each_format
def test_golden_folder_belongs_to_a_format(log_format):
    assert (DATA / log_format.name).is_dir()


def test_no_golden_folder_is_left_over():
    names = {folder.name for folder in DATA.iterdir() if folder.is_dir()}
    assert names - {f.name for f in FORMATS} <= {"unknown_text"} | binary_folders()


def binary_folders() -> set[str]:
    from lamsach.logs.formats import BINARY_FORMATS

    return {binary.name for binary in BINARY_FORMATS}


def test_general_shapes_come_last():
    names = [f.name for f in FORMATS]
    present = [name for name in names if name in GENERAL]
    assert names[-len(present) :] == present


@each_format
def test_every_stated_field_is_in_a_golden_case(log_format):
    """A field without a case is a field that nobody has seen read right; only rare ones may lack a case."""
    seen = set()
    for case_format, log in CASES:
        if case_format is log_format:
            seen |= {key for record in expected(log) for key in record}
    given_fields = set(log_format.gives) - {"hashes", "forwarded", "response"}
    assert len(given_fields & seen) >= 0.6 * len(given_fields), sorted(given_fields - seen)


# Recognition


@each_format
def test_lines_that_give_events_are_recognised(log_format):
    missed = []
    for case_format, log in CASES:
        if case_format is log_format:
            lines = lines_of(log)
            numbers = {record["line"] for record in expected(log) if "refused" not in record}
            missed += [lines[n - 1] for n in numbers if not log_format.recognises(lines[n - 1])]
    assert bool(missed) <= (log_format.name in BY_FILE), missed[:3]


@each_row("log_format", [f for f in FORMATS if f.name not in GENERAL], lambda f: f.name)
def test_no_other_formats_lines_are_recognised(log_format):
    recognised = [
        (other, line)
        for other, lines in LINES.items()
        if other != log_format.name and (log_format.name, other) not in ALIKE
        for line in lines
        if log_format.recognises(line)
    ]
    assert recognised == []


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_reviewed_exceptions_still_hold(one, other):
    """An unneeded exception must go; of an ambiguous pair the owner comes first."""
    by_name = {f.name: f for f in FORMATS}
    assert any(by_name[one].recognises(line) for line in LINES[other])
    names = [f.name for f in FORMATS]
    assert names.index(other) < names.index(one) or other in GENERAL


# Fields

HINTS = typing.get_type_hints(Event)


@each_format
def test_fields_have_the_models_types(log_format):
    for case_format, log in CASES:
        if case_format is not log_format:
            continue
        with contextlib.suppress(LineError):
            for event in read(
                log_format, [line for line in lines_of(log) if not _is_header(log_format, line)]
            ):
                for field in dataclasses.fields(event):
                    assert _is_of(getattr(event, field.name), HINTS[field.name]), (field.name, event)


def _is_header(log_format: type[LogFormat], line: str) -> bool:
    return log_format.header_prefix is not None and line.startswith(log_format.header_prefix)


def _is_of(value: object, hint: object) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return isinstance(value, tuple) and all(isinstance(item, arguments[0]) for item in value)
    if arguments:
        return any(_is_of(value, argument) for argument in arguments)
    return isinstance(value, hint) and not (hint is int and isinstance(value, bool))  # type: ignore[arg-type]


# Cost

MODULES = sorted(module.name for module in pkgutil.walk_packages(lamsach.logs.__path__, "lamsach.logs."))


def patterns_of(module_name: str) -> Iterator[tuple[str, re.Pattern[str], bool]]:
    """Yield a module's expressions by name, and whether it searches for them anywhere in a text."""
    module = importlib.import_module(module_name)
    source = inspect.getsource(module)
    for name, value in vars(module).items():
        if (
            isinstance(value, re.Pattern)
            and isinstance(value.pattern, str)
            and f"{name} = re.compile" in source
        ):
            yield (
                name,
                value,
                re.search(rf"\b{name}\.(?:search|finditer|findall|sub|subn|split)\b", source) is not None,
            )


def most_steps(run: Callable[[str], int], pattern: re.Pattern[str], length: int) -> int:
    return max((run(text) for text in attacks(pattern, length)), default=0)


@pytest.fixture
def deep_recursion():
    """The counting matcher calls itself once a character."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("deep_recursion")
@each_row("module_name", MODULES)
def test_regular_expressions_take_steps_in_proportion(module_name):
    """Twice the text, at most about twice the steps; a square is four times, nested repetition far more."""
    wrong = {}
    for name, pattern, anywhere in patterns_of(module_name):
        steps = Steps(pattern)
        run = steps.search if anywhere else steps.match
        try:
            short, long = most_steps(run, pattern, 20), most_steps(run, pattern, 40)
        except TooManySteps:
            short, long = 1, sys.maxsize
        if long > 2.9 * max(short, 50) and f"{module_name}.{name}" not in BOUNDED:
            wrong[name] = (short, long)
    assert wrong == {}


@pytest.mark.usefixtures("deep_recursion")
@each_row("log_format", [f for f in FORMATS if issubclass(f, LayoutFormat)], lambda f: f.name)
def test_patterns_of_layouts_take_steps_in_proportion(log_format):
    layout = log_format.layout
    for shape in layout.shapes:
        for pattern in (shape.expression, *shape.others):
            steps = Steps(pattern)
            run = steps.search if layout.anywhere or pattern is not shape.expression else steps.match
            short, long = most_steps(run, pattern, 20), most_steps(run, pattern, 40)
            assert long <= 2.9 * max(short, 50), pattern.pattern


@pytest.mark.parametrize("name", BOUNDED)
def test_reviewed_expressions_are_still_there(name):
    module_name, _, attribute = name.rpartition(".")
    if module_name in MODULES:
        assert hasattr(importlib.import_module(module_name), attribute)


@pytest.mark.parametrize(
    ("pattern", "text", "grows"),
    [
        (r"[^,]*,", "a", 2),
        (r"\w+@", "a", 2),
        (r"(?:a+)+b", "a", 8),
        (r"\s*\S*\s*;", " ", 4),
        (r'"((?:[^"\\]|\\.)*)"', "a", 2),
    ],
)
def test_the_counter_counts(pattern, text, grows):
    steps = Steps(re.compile(pattern))
    prefix = '"' if pattern.startswith('"') else ""
    short, long = (steps.match(prefix + text * length) for length in (8, 16))
    assert grows * 0.6 < long / short
    assert grows == 8 or long / short < grows * 1.4


def calls(run: Callable[[], object]) -> int:
    """Count the called functions, Python's own included."""
    count = 0

    def on_event(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    previous = sys.getprofile()
    sys.setprofile(on_event)
    try:
        run()
    finally:
        sys.setprofile(previous)
    return count


PIECES = st.sampled_from(
    ['"', "\\", "=", " ", ",", "a=", ' a="b"', "[", "]", '{"a":', "}", "(1)a", "0", "1.", ":", "|", '\\"',
     "<1>", " 10.0.0.1 ", "->", "a b ", " x:1,", "\t", "#"]
)  # fmt: skip


@pytest.mark.parametrize("log_format", FORMATS, ids=lambda f: f.name)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_calls_grow_with_the_line(log_format, data):
    """A line twice as long, at most about twice the calls, up to a length at which its meaning changes."""
    lines = LINES.get(log_format.name) or [""]
    line = data.draw(st.sampled_from(lines[:200]))
    cut = data.draw(st.integers(0, len(line)))
    piece = data.draw(PIECES)
    context = context_of(lines[:50])

    def once(times: int) -> int:
        text = line[:cut] + piece * times + line[cut:]

        def run() -> None:
            log_format.recognises(text)
            with contextlib.suppress(LineError):
                log_format(context).parse(text, 1)

        run()  # fills caches
        return calls(run)

    counts = [once(times) for times in (200, 400, 800)]
    assert any(long <= 2.6 * short + 200 for short, long in itertools.pairwise(counts)), counts


def test_every_sample_is_recognised():
    """Cases outside the repository: some format reads each."""
    folder = Path(__file__).parents[4] / "shared/samples/logs"
    for path in sorted(folder.glob("*.jsonl")):
        for text in path.read_text(encoding="utf-8").splitlines()[:10]:
            case = json.loads(text)
            lines = [line for line in case.get("raw", []) if isinstance(line, str)]
            if lines:
                assert max(f.score(lines) for f in FORMATS) > 0, case["id"]
