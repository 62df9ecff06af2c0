"""Windows events as JSON over several lines: starts of records."""

from __future__ import annotations

import json

import pytest

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.windows.windows_event_json import WindowsEventJsonPretty
from lamsach.logs.opening.inputs import find_logs
from lamsach.logs.reading.events import read_events
from lamsach.model import Event

EVENT = {
    "EventID": 3,
    "SourceName": "Microsoft-Windows-Sysmon",
    "SourceIp": "10.20.0.31",
    "Parts": [{"a": 1}, {"b": [{"c": 2}]}],
}


@pytest.mark.parametrize("indent", [1, 2, 3, 4, 8, "\t"])
@pytest.mark.parametrize("as_list", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_objects_within_an_event_begin_no_record(tmp_path, indent, as_list, end):
    events = [{**EVENT, "SourcePort": str(port)} for port in (1001, 1002, 1003)]
    text = (
        json.dumps(events, indent=indent)
        if as_list
        else "\n".join(json.dumps(event, indent=indent) for event in events)
    )
    path = tmp_path / "events.json"
    path.write_bytes(text.replace("\n", end).encode())
    (log,) = find_logs([str(path)], on_problem=lambda problem: None)
    found = list(read_events(log))
    assert all(isinstance(item, Event) for item in found), found
    assert [event.source_port for event in found] == [1001, 1002, 1003]
    assert {event.format for event in found} == {"windows_event_json_pretty"}


@pytest.mark.parametrize("line", ["[", "]", "},", "Record 12", '{ "records": [', "", "  "])
def test_text_between_objects_is_no_event(line):
    assert WindowsEventJsonPretty(FileContext()).parse(line, 1) is None


@pytest.mark.parametrize("text", ["{\n", '{\n"EventID": 3\n', '{\n"a": 1\n}', "words", "{}"])
def test_broken_objects_are_line_errors(text):
    with pytest.raises(LineError):
        WindowsEventJsonPretty(FileContext()).parse(text, 1)


@pytest.mark.parametrize(
    "head",
    [
        [],
        ["{", '  "a": 1', "}"],
        ["server {", "  listen 80;", "}"],
        ["{", "EventID Microsoft-Windows-Sysmon", "}"],
        [json.dumps(EVENT)],
    ],
)
def test_other_files_are_not_recognised(head):
    assert WindowsEventJsonPretty.score(head) == 0.0
