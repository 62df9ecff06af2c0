"""Documents with all Windows events in one line: streamed, cut, broken, in UTF-16."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.logs.base import FileContext
from lamsach.logs.formats.windows.windows_event_xml import WindowsEventDocument
from lamsach.logs.opening.inputs import find_logs
from lamsach.logs.reading.detect import detect
from lamsach.logs.reading.events import read_events
from lamsach.model import Event, Refusal

XML = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider "
    "Name='Microsoft-Windows-Sysmon'/><EventID>3</EventID>"
    "<TimeCreated SystemTime='2026-06-10T08:00:01Z'/><Computer>PC-MINH</Computer></System><EventData>"
    "<Data Name='SourceIp'>10.20.0.31</Data><Data Name='SourcePort'>{port}</Data><Data "
    "Name='Image'>C:\\{pad}.exe</Data></EventData></Event>"
)
RECORD = {"EventID": 3, "SourceName": "Microsoft-Windows-Sysmon", "SourceIp": "10.20.0.31"}


def xml(count: int, pad: str = "a") -> str:
    body = "".join(XML.format(port=1000 + n, pad=pad) for n in range(count))
    return f'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\r\n<Events>{body}</Events>'


def listed(count: int) -> list[dict]:
    return [{**RECORD, "SourcePort": str(1000 + n)} for n in range(count)]


DOCUMENTS = {
    "xml": xml(30),
    "xml without a declaration": xml(30).partition("\n")[2],
    "list": json.dumps(listed(30)),
    "compressed list": json.dumps(listed(30), separators=(",", ":")),
    "azure": json.dumps({"records": listed(30)}),
}


def read(data: bytes) -> list[Event | Refusal]:
    return list(WindowsEventDocument(FileContext("a.xml")).read(io.BytesIO(data)))


@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_event_is_read(tmp_path, text, encoding):
    path = tmp_path / "events"
    path.write_bytes(text.encode(encoding))
    (log,) = find_logs([str(path)], on_problem=lambda problem: None)
    found = list(read_events(log))
    assert [event.source_port for event in found] == list(range(1000, 1030))
    assert [event.line for event in found] == list(range(1, 31))
    assert {(event.format, event.file) for event in found} == {("windows_event_document", str(path))}
    assert detect(log.head()).binary is WindowsEventDocument


@pytest.mark.parametrize(
    "text",
    [
        "<Events>\n<Event xmlns='a'>\n<System>\n",
        XML.format(port=1, pad="a"),
        json.dumps(RECORD) + "\n" + json.dumps(RECORD),
        json.dumps(listed(3), indent=2),
        '[{"a":1},{"b":2}]',
        "[1,2,3]",
        "[section]\nkey=value",
        "",
    ],
)
def test_line_by_line_files_are_left_to_other_formats(text):
    assert not WindowsEventDocument.recognises(text.encode()[:4096])


def test_longer_than_any_buffer():
    found = read(xml(3000, pad="x" * 300).encode())
    assert [event.source_port for event in found] == list(range(1000, 4000))


def test_a_broken_event_is_refused_and_the_next_one_read():
    text = xml(3).replace("</Data>", "</Dat>", 1)
    refusal, *events = read(text.encode())
    assert isinstance(refusal, Refusal)
    assert refusal.reference.row == 1
    assert [event.source_port for event in events] == [1001, 1002]


def test_an_object_without_an_event_is_refused_and_the_next_one_read():
    kinds = [type(item) for item in read(json.dumps([RECORD, {"a": 1}, RECORD]).encode())]
    assert kinds == [Event, Refusal, Event]


@pytest.mark.parametrize("text", [xml(3)[:-200], json.dumps(listed(3))[:-20]])
def test_a_truncated_document_is_read_up_to_its_end(text):
    *events, last = read(text.encode())
    assert [event.source_port for event in events] == [1000, 1001]
    assert isinstance(last, Refusal)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(list(DOCUMENTS.values())),
    st.integers(0, 3000),
    st.text(alphabet='<>{}[]",: \\Event', max_size=12),
)
def test_any_change_gives_events_and_refusals_only(text, place, new):
    for item in read((text[:place] + new + text[place + len(new) :]).encode()):
        assert isinstance(item, Event | Refusal)
