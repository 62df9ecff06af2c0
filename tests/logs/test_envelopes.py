"""Lines embedded in other programs' records: the keys that contain them, and exceptions."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from lamsach.logs.base import FileContext
from lamsach.logs.formats import FORMATS
from lamsach.logs.formats.generic.csv_columns import CsvColumns
from lamsach.logs.formats.generic.json_lines import JsonLines
from lamsach.logs.mappings.envelopes import carried
from lamsach.model import Event

LINE = "%ASA-4-106023: Deny tcp src inside:10.1.1.5/4444 dst outside:198.51.100.7/22 by access-group x"


def read(record: dict[str, object], *head: dict[str, object]) -> Event:
    lines = [json.dumps(each) for each in (*head, record)]
    assert JsonLines.recognises(lines[-1])
    event = JsonLines(FileContext("a.log", modified=datetime(2026, 7, 1, tzinfo=UTC), head=lines)).parse(
        lines[-1], 1
    )
    assert event is not None
    assert event.format == "json_lines"
    return event


@pytest.mark.parametrize(
    "record",
    [
        {"message": LINE},
        {"event": {"original": LINE}, "message": "a connection was denied"},
        {"event.original": LINE},
        {"full_log": LINE, "rule": {"description": "denied"}},
        {"log": LINE + "\n", "stream": "stdout"},
        {"MESSAGE": LINE, "PRIORITY": "4"},
        {"short_message": LINE, "version": "1.1"},
        {"result": {"_raw": LINE}},
        {"_source": {"message": LINE}},
        {"textPayload": LINE},
    ],
)
def test_embedded_line_is_parsed_by_its_format(record):
    event = read(record)
    assert (event.source_ip, event.destination_ip, event.destination_port) == ("10.1.1.5", "198.51.100.7", 22)


def test_envelope_adds_missing_time_and_observer():
    event = read({"@timestamp": "2026-06-05T00:31:12Z", "host": "fw01", "message": LINE})
    assert (event.time, event.observer) == (datetime(2026, 6, 5, 0, 31, 12, tzinfo=UTC), "fw01")
    event = read(
        {
            "@timestamp": "2026-06-05T00:31:12Z",
            "host": "fw01",
            "message": "<134>Jun 05 2026 07:00:00 fw02 : " + LINE,
        }
    )
    assert (event.time, event.observer) == (datetime(2026, 6, 5, tzinfo=UTC), "fw02")


@pytest.mark.parametrize(
    ("stated", "line", "time"),
    [
        ("2019-02-28T23:59:00Z", "Feb 28 23:58:59", "2019-02-28T16:58:59+00:00"),
        ("2020-01-01T00:00:30Z", "Dec 31 23:59:59", "2019-12-31T16:59:59+00:00"),
        ("2019-08-01T00:00:00Z", "Feb 28 23:58:59", "2026-02-28T16:58:59+00:00"),
        ("2019-02-28T23:59:00Z", "2020-02-28T23:58:59Z", "2020-02-28T23:58:59+00:00"),
    ],
)
def test_line_without_a_year_has_its_envelopes(stated, line, time):
    event = read({"@timestamp": stated, "message": f"{line} gw sshd[812]: Invalid user a from 203.0.113.7"})
    assert event.time is not None
    assert event.time.isoformat() == time


def test_parsed_fields_precede_a_readable_message():
    event = read({"source": {"ip": "10.1.1.9"}, "destination": {"ip": "198.51.100.9"}, "message": LINE})
    assert (event.source_ip, event.destination_ip) == ("10.1.1.9", "198.51.100.9")


def test_line_is_tried_with_its_program_name():
    texts = list(carried({"MESSAGE": "query[A] bad.example from 10.1.1.5", "SYSLOG_IDENTIFIER": "dnsmasq"}))
    assert texts == ["query[A] bad.example from 10.1.1.5", "dnsmasq[1]: query[A] bad.example from 10.1.1.5"]


def test_prose_is_no_line():
    assert not JsonLines.recognises(json.dumps({"message": "words and nothing else", "level": "info"}))


def test_all_but_generic_formats_are_tried():
    assert set(JsonLines.inner_formats) == set(FORMATS) - {CsvColumns, JsonLines}
    assert set(CsvColumns.inner_formats) == set(FORMATS) - {
        CsvColumns
    }  # a cell may contain a key-value record
