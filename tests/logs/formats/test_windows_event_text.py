"""Windows events as syslog agents send them: each agent's traps."""

from __future__ import annotations

import pytest
from case_reader import records
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.windows.windows_event_text import WindowsEventText

SNARE = ("MSWinEventLog{d}1{d}Security{d}9{d}Wed Jun 10 15:00:01 "
         "2026{d}4624{d}Microsoft-Windows-Security-Auditing{d}x{d}N/A{d}Success "
         "Audit{d}SRV{d}Logon{d}{d}Network Information:  Source Network Address:  10.20.0.31  Source Port: "
         " 5{d}10")  # fmt: skip


@pytest.mark.parametrize("delimiter", ["\t", "#011", "\\t", ";", ","])
@pytest.mark.parametrize("header", ["", "<14>Jun 10 15:00:01 relay ", "2026-06-10T15:00:01+07:00 relay "])
def test_snare_with_any_replacement_of_its_tabs(delimiter, header):
    line = header + SNARE.format(d=delimiter)
    assert WindowsEventText.recognises(line)
    event = WindowsEventText(FileContext()).parse(line, 1)
    assert (event.source_ip, event.source_port, event.observer) == ("10.20.0.31", 5, "SRV")
    assert event.time.isoformat() == "2026-06-10T08:00:01+00:00"


@pytest.mark.parametrize(
    "line",
    [
        "Jun 10 15:00:01 host sshd[1]: Accepted password for minh from 10.20.0.31 port 5 ssh2",
        "MSWinEventLog is a word",
        "WinEvtLog: without more",
        '{"a":"MSWinEventLog\\t1"}',
        "Windows: 4624: no",
        "",
    ],
)
def test_other_lines_are_refused(line):
    assert not WindowsEventText.recognises(line)
    with pytest.raises(LineError):
        WindowsEventText(FileContext()).parse(line, 1)


@settings(deadline=None)
@given(st.text(alphabet='\t#01;,: =[]"\\4624abc', max_size=80), st.integers(0, 300))
def test_no_text_raises_anything_but_line_errors(text, cut):
    lines = [
        SNARE.format(d="\t")[:cut] + text,
        "WinEvtLog: " + text,
        "AgentDevice=Win EventID=" + text,
        f'[NXLOG@14506 EventID="{text}"]',
    ]
    list(records(WindowsEventText, [line for line in lines if "\n" not in line]))
