"""A product's line within a JSON object is the object's text: the envelope's reader takes it out, no product claims the object."""

from __future__ import annotations

import json

import pytest
from golden import DATA, lines_of

from lamsach.logs.base import FileContext
from lamsach.logs.detect import detect, recognising
from lamsach.logs.formats import FORMATS
from lamsach.logs.lines import LineParser

OF_THE_CARRIED = {
    "adguardhome": "its marks stand in the text of a JSON object of its own",
    "samba": "its own JSON has its marks",
    "windows_event_xml": "events in XML within JSON are an export of Windows events",
    "windows_event_json": "events within JSON",
    "windows_event_listing": "a heading",
    "suricata_eve": "JSON within JSON",
    "zeek_json": "JSON within JSON",
    "zeek_tsv": "headings are nobody's without the file",
    "openvpn": "headings of the status file",
    "json_lines": "it is one itself",
    "csv_columns": "rows are nobody's without the file",
    "key_value": "any line of named values",
}


@pytest.mark.parametrize(
    "log_format", [f for f in FORMATS if f.name not in OF_THE_CARRIED], ids=lambda log_format: log_format.name
)
def test_the_envelope_is_read(log_format):
    lines = [line for log in sorted((DATA / log_format.name).glob("*.log")) for line in lines_of(log)[:60]]
    carried = [
        line for line in lines if line.strip() and not line.startswith("{") and log_format.recognises(line)
    ]
    wrong = []
    for line in carried:
        text = json.dumps({"@timestamp": "2026-06-02T08:45:34Z", "host": {"name": "relay1"}, "message": line})
        told = recognising(text)
        if told is None or told.name != "json_lines":
            wrong.append((told, line[:80]))
    assert wrong == []


def test_what_ends_the_line_is_not_cut():
    """The last value of a carried line ends where the text does, not at the object's brace."""
    line = '{"host":"relay1","message":"DROP IN=eth1 OUT=eth0 SRC=10.1.1.5 DST=203.0.113.9 PROTO=TCP SPT=49152 DPT=443"}'
    detection = detect(line.encode())
    event = LineParser(detection, FileContext("case.log", head=[line])).parse(line, 1)
    assert event is not None
    assert (event.destination_port, event.observer) == (443, "relay1")
