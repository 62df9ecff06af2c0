"""Rules for every registered format, with its cases in formats/data."""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
import sys
import time
from contextlib import suppress
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.events.records import KEYS, event_record
from lamsach.logs.formats import FORMATS, format_by_name
from lamsach.logs.formats.generic.unknown_text import UnknownText
from lamsach.logs.reading.detect import detect
from lamsach.logs.reading.events import read_events
from lamsach.model import Action, Event, EventKind, LeaseAction
from tests.rows import each_row

from .builders import logs
from .formats import golden
from .formats.case_reader import records_of

EVERY = (*FORMATS, UnknownText)
DATA = golden.DATA
CASES = [(f, log) for f in FORMATS for log in golden.cases(f.name)]
FIELDS = {field.name for field in dataclasses.fields(Event)} - {"kind", "format", "file", "line"}
ALWAYS = {"source_mac", "outbound", "kind", "format", "file", "line"}

every_format = pytest.mark.parametrize("log_format", EVERY, ids=lambda f: f.name)
each_format = each_row("log_format", EVERY, lambda f: f.name)
every_case = each_row("case", CASES, lambda case: f"{case[0].name}-{case[1].stem}")
LEAST_SHARE = {
    ("kaspersky_xml", "rows"): 0.86,
    ("samba", "log_smbd"): 0.9,
    ("tcpdump_text", "plain"): 0.8,
    ("tcpdump_text", "verbose"): 0.88,
    ("windows_firewall", "rows"): 0.93,
}
"""Recognized records per case; of cases not listed all records are recognized."""


@cache
def head_of(log_format: type[LogFormat]) -> list[str]:
    logs_of_format = [log for f, log in CASES if f is log_format]
    return golden.lines_of(logs_of_format[0])[:500] if logs_of_format else ["192.0.2.1 evil.example"]


def filled(event: Event) -> set[str]:
    """Return the fields with a value."""
    empty = dataclasses.asdict(Event())
    return {name for name, value in dataclasses.asdict(event).items() if value != empty[name]}


def plain(record: dict[str, object]) -> dict[str, object]:
    """Return a record without the file's facts.

    Its hardware address may be the source's."""
    return {key: value for key, value in record.items() if key not in ("format", "file", "device_mac")}


@each_format
def test_a_format_names_its_source(log_format):
    module = sys.modules[log_format.__module__]
    assert module.__doc__
    assert log_format.__doc__
    if log_format is not UnknownText:
        assert re.search(r"https?://|RFC \d+|[Ss]ource:", module.__doc__), "the docstring names no source"
    assert re.fullmatch(r"[a-z][a-z0-9_]+", log_format.name)
    place = log_format.__module__.removesuffix(".format").split(".")
    shared = [other_format.name for other_format in EVERY if other_format.__module__ == log_format.__module__]
    assert place[:3] == ["lamsach", "logs", "formats"]
    assert place[4:] == [log_format.name] or len(shared) > 1, "a file of one format has its name"
    assert log_format.title.strip()
    assert not inspect.isabstract(log_format)


@each_format
def test_gives_fields_of_an_event(log_format):
    assert set(log_format.gives) <= FIELDS
    assert len(set(log_format.gives)) == len(log_format.gives)


def test_names_are_not_shared():
    assert len({f.name for f in EVERY}) == len(EVERY)
    assert len({f.title for f in EVERY}) == len(EVERY)
    assert [format_by_name(f.name) for f in FORMATS] == list(FORMATS)
    assert format_by_name("unknown") is None


@each_format
def test_has_golden_cases(log_format):
    cases = golden.cases(log_format.name)
    assert cases
    assert {log.with_suffix(".expected.jsonl") for log in cases} == set(
        (DATA / log_format.name).glob("*.jsonl")
    )


@every_case
def test_detection_finds_it(case):
    log_format, log = case
    found = detect(log.read_bytes())
    assert found.format is log_format, f"read as {found}"
    least = LEAST_SHARE.get((log_format.name, log.stem), 1.0)
    assert found.share >= least
    assert log_format.score([line for line in golden.lines_of(log) if line.strip()]) >= least


@every_case
def test_no_other_format_claims_its_lines(case):
    """Another format may recognize its lines only if registered later."""
    log_format, log = case
    before = FORMATS[: FORMATS.index(log_format)]
    for line in golden.lines_of(log):
        if log_format.recognises(line):
            assert [f.name for f in before if f.name != "csv_columns" and f.recognises(line)] == [], line


@every_format
def test_golden_cases_in_every_field(log_format, tmp_path):
    """All fields of all events, and which lines are refused, by the format alone and from a file."""
    for log in golden.cases(log_format.name):
        wanted = golden.expected(log)
        assert records_of(log_format, log) == wanted, log.stem
        path = tmp_path / log.name
        path.write_bytes(log.read_bytes())
        os.utime(path, (golden.WRITTEN.timestamp(),) * 2)
        (log_file,), _ = logs(path)
        events = [item for item in read_events(log_file) if isinstance(item, Event)]
        if log_format is not UnknownText:  # in unknown text, lines of known formats are parsed as theirs
            stated = [event for event in wanted if "refused" not in event]
            assert [golden.as_json(event) for event in events] == stated, log.stem
            assert [plain(event_record(event)) for event in events] == [
                plain({key: event[key] for key in KEYS if key in event}) for event in stated
            ], log.stem
            assert {(event.format, event.file) for event in events} <= {(log_format.name, str(path))}


@every_case
def test_events_match_the_model(case):
    log_format, log = case
    for event in events_of(log_format, golden.lines_of(log)):
        assert filled(event) - ALWAYS <= set(log_format.gives)
        assert event.time is None or event.time.utcoffset().total_seconds() == 0
        assert isinstance(event.kind, EventKind)
        assert isinstance(event.action, LeaseAction if event.kind is EventKind.LEASE else Action) or (
            event.action is Action.UNKNOWN
        )
        for port in (event.source_port, event.destination_port, event.source_nat_port):
            assert port is None or 0 <= port <= 65535
        if event.domain is not None:
            assert event.domain == event.domain.lower().rstrip(".")
        assert all(re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}", digest) for digest in event.hashes)


@every_case
def test_lines_do_not_depend_on_those_between(case):
    """The hunt parses only candidate lines."""
    log_format, log = case
    lines = golden.lines_of(log)
    events = list(events_of(log_format, lines))
    for wanted in events[1::2]:
        parser = log_format(FileContext("case.log", head=lines[:500]))
        if log_format.header_prefix:
            for line in lines[: wanted.line - 1]:
                if line.startswith(log_format.header_prefix):
                    parser.header(line)
        record = record_at(log_format, lines, wanted.line - 1)
        assert parser.parse(record, wanted.line) == wanted


def events_of(log_format: type[LogFormat], lines: list[str]):
    parser = log_format(FileContext("case.log", head=lines[:500]))
    for n, line in enumerate(lines):
        if log_format.header_prefix and line.startswith(log_format.header_prefix):
            parser.header(line)
        elif line.strip() and (not log_format.multiline or log_format.starts_record(line)):
            try:
                event = parser.parse(record_at(log_format, lines, n), n + 1)
            except LineError:
                continue
            if event is not None:
                yield event


def record_at(log_format: type[LogFormat], lines: list[str], start: int) -> str:
    end = start + 1
    while log_format.multiline and end < len(lines) and not log_format.starts_record(lines[end]):
        end += 1
    return "\n".join(lines[start:end])


def try_everything(log_format: type[LogFormat], head: list[str], text: str) -> None:
    """Call every method; only LineError may be raised."""
    assert isinstance(log_format.recognises(text), bool)
    assert isinstance(log_format.starts_record(text), bool)
    assert 0.0 <= log_format.score([text, *head[:3]]) <= 1.0
    for context in (FileContext("x", head=head), FileContext("x", head=[text])):
        parser = log_format(context)
        parser.header(text)
        for number in (1, 7):
            try:
                event = parser.parse(text, number)
            except LineError:
                continue
            assert event is None or (event.line, event.format) == (number, log_format.name)


FRAGMENTS = st.sampled_from(
    ["<30>1 ", "Jun  5 07:31:12 ", "2026-02-30 25:61:61", "gw ", "named[1]: ", "date=", "srcip=", '"', "'",
     "\\", "|", "CEF:0|", "{", "}", "[", "]", ":", ",", "\t", "\n", "\x00", "\ud800", "#fields\t", "=",
     "(3)www(0)", "%%", "-", "999.999.999.999", "::ffff:192.0.2.1", "1e999", "99999999999999999999", "NaN",
     "١٢", "client ", "query: ", "IN A", "DHCPACK on ", "11,06/05/26,", '{"ts":1e400}',
     '{"event_type":"dns","dns":[]}', '{"_path":"dns","ts":{}}', "\u2028"]
)  # fmt: skip
WEIRD = (
    st.text(max_size=80)
    | st.lists(FRAGMENTS, max_size=15).map("".join)
    | st.binary(max_size=80).map(lambda b: b.decode("latin-1"))
)
fuzz = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@every_format
@fuzz
@given(text=WEIRD)
def test_any_text_gives_an_event_or_a_line_error(log_format, text):
    try_everything(log_format, head_of(log_format), text)


@every_format
@fuzz
@given(data=st.data())
def test_a_changed_line_gives_an_event_or_a_line_error(log_format, data):
    head = head_of(log_format)
    line = data.draw(st.sampled_from([line for line in head if line] or ["x"]))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(line)))
        end = data.draw(st.integers(start, min(len(line), start + 12)))
        line = line[:start] + data.draw(WEIRD) + line[end:]
    try_everything(log_format, head, line)


@every_format
@each_row(
    "piece",
    ['"', "\\", "=", " ", "\t", ",", "a=", 'a="', "[", '{"a":', "(1)a", "0", "1.", ":", "|", "\n", "a b ",
     '\\"', "<1>", "10.0.0.1 "],
)  # fmt: skip
def test_long_lines_take_linear_time(log_format, piece):
    """With 50,000 characters a careless expression that tries every split takes 2 to 70 seconds."""
    head = head_of(log_format)
    line = max(head, key=len)
    repeated = piece * (50_000 // len(piece))
    before = time.thread_time()
    for text in (repeated, line[: len(line) // 2] + repeated):
        log_format.recognises(text)
        with suppress(LineError):
            log_format(FileContext("x", head=head)).parse(text, 2)
    assert time.thread_time() - before < 1
