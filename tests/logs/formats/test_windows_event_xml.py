"""Windows events as XML: malicious XML."""

from __future__ import annotations

import pytest
from case_reader import records
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.windows.windows_event_xml import WindowsEventXml

EVENT = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider "
    "Name='Microsoft-Windows-Sysmon'/><EventID>{id}</EventID>"
    "<TimeCreated SystemTime='2026-06-10T08:00:01Z'/><Computer>PC-MINH</Computer></System>"
    "<EventData>{data}</EventData></Event>"
)


def data(**values: str) -> str:
    return "".join(f"<Data Name='{name}'>{value}</Data>" for name, value in values.items())


def parse(text: str):
    return WindowsEventXml(FileContext()).parse(text, 1)


@pytest.mark.parametrize(
    "before",
    [
        "<!DOCTYPE Event [<!ENTITY a 'aaaa'>]>",
        "<!DOCTYPE Event SYSTEM 'file:///etc/passwd'>",
    ],
)
def test_document_types_are_refused_or_skipped(before):
    event = EVENT.format(id=22, data=data(QueryName="bot-c2.xyz"))
    assert parse(event).domain == "bot-c2.xyz"
    inside = event.replace("<System>", before + "<System>")
    with pytest.raises(LineError):
        parse(inside)
    with pytest.raises(LineError):
        parse(event.replace("bot-c2.xyz", "&a;"))


@pytest.mark.parametrize(
    "text",
    [
        "<Event><System><EventID>3</EventID>",
        "<Event>" + "<a>" * 60 + "</a>" * 60 + "</Event>",
        "<Event a='1' a='2'></Event>",
        "<Event>&unknown;</Event>",
        "<Events",
        "no event",
        "<EventX>1</EventX>",
    ],
)
def test_broken_xml_is_a_line_error(text):
    with pytest.raises(LineError):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<Events>",
        "</Events>",
        "Record 1",
        "",
        '<?xml version="1.0"?><Events>',
    ],
)
def test_text_around_events_is_no_event(text):
    assert parse(text) is None


def test_control_characters_that_xml_forbids_do_not_spoil_an_event():
    assert (
        parse(EVENT.format(id=22, data=data(QueryName="bot-c2.xyz", Image="a\x01b"))).domain == "bot-c2.xyz"
    )


def test_a_value_cannot_forge_another():
    event = parse(
        EVENT.format(
            id=3,
            data=data(
                RuleName="SourceIp: 10.9.9.9 &lt;Data Name='SourceIp'&gt;10.9.9.9", SourceIp="10.20.0.31"
            ),
        )
    )
    assert event.source_ip == "10.20.0.31"


@pytest.mark.parametrize(
    "line",
    [
        '{"xml":"<Event xmlns=\'http://schemas.microsoft.com/win/2004/08/events/event\'>"}',
        "<event>",
        "<Event>text</Event>",
        "<Events>",
        "",
    ],
)
def test_other_lines_are_not_recognised(line):
    assert not WindowsEventXml.recognises(line)


@given(st.text(alphabet="<>/='\"&; !abDataEvntSysm[]-\n", max_size=100))
def test_no_text_raises_anything_but_line_errors(text):
    list(records(WindowsEventXml, [text, f"<Event>{text}</Event>", EVENT.format(id=3, data=text)]))
