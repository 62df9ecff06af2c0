"""A product's line within a JSON object belongs to its text: the envelope's reader extracts it."""

from __future__ import annotations

import json

import pytest
from golden import DATA, lines_of

from lamsach.logs.base import FileContext
from lamsach.logs.formats import FORMATS
from lamsach.logs.reading.detect import detect, format_of_line
from lamsach.logs.reading.lines import LineParser

BY_PRODUCT = {
    "adguardhome": "its marks are in the text of its own JSON object",
    "samba": "its own JSON has its marks",
    "windows_event_xml": "events in XML within JSON are an export of Windows events",
    "windows_event_json": "events within JSON",
    "windows_event_listing": "a heading",
    "suricata_eve": "JSON within JSON",
    "zeek_json": "JSON within JSON",
    "zeek_tsv": "headings mean nothing without the file",
    "openvpn": "headings of the status file",
    "json_lines": "the envelope itself",
    "csv_columns": "rows mean nothing without the file",
    "key_value": "any line of named values",
}


@pytest.mark.parametrize(
    "log_format", [f for f in FORMATS if f.name not in BY_PRODUCT], ids=lambda log_format: log_format.name
)
def test_the_envelope_is_recognised(log_format):
    lines = [line for log in sorted((DATA / log_format.name).glob("*.log")) for line in lines_of(log)[:60]]
    carried = [
        line for line in lines if line.strip() and not line.startswith("{") and log_format.recognises(line)
    ]
    wrong = []
    for line in carried:
        text = json.dumps({"@timestamp": "2026-06-02T08:45:34Z", "host": {"name": "relay1"}, "message": line})
        found = format_of_line(text)
        if found is None or found.name != "json_lines":
            wrong.append((found, line[:80]))
    assert wrong == []


def test_the_end_of_the_line_is_not_cut():
    """The last value of a carried line ends where the text does, not at the object's brace."""
    line = (
        '{"host":"relay1","message":"DROP IN=eth1 OUT=eth0 SRC=10.1.1.5 DST=203.0.113.9 PROTO=TCP SPT=49152 '
        'DPT=443"}'
    )
    detection = detect(line.encode())
    event = LineParser(detection, FileContext("case.log", head=[line])).parse(line, 1)
    assert event is not None
    assert (event.destination_port, event.observer) == (443, "relay1")


EVE = (
    '{"timestamp":"2026-06-02T08:45:34.000000+0000","flow_id":1,"event_type":"alert",'
    '"src_ip":"10.1.1.5","src_port":49152,'
    '"dest_ip":"203.0.113.9","dest_port":443,"proto":"TCP","alert":{"action":"allowed","signature":"x"}}'
)
ZEEK = (
    '{"_path":"conn","ts":"2026-06-02T08:45:34.000000Z","uid":"CHhAvVGS1DHFjwGM9",'
    '"id.orig_h":"10.1.1.5","id.orig_p":49152,'
    '"id.resp_h":"203.0.113.9","id.resp_p":443,"proto":"tcp"}'
)
SYSMON = (
    '{"EventID":3,"SourceName":"Microsoft-Windows-Sysmon",'
    '"Channel":"Microsoft-Windows-Sysmon/Operational","UtcTime":"2026-06-02 08:45:34.000",'
    '"SourceIp":"10.1.1.5","SourcePort":"49152","DestinationIp":"203.0.113.9","DestinationPort":"443",'
    '"Initiated":"true"}'
)
PALO_ALTO = (
    '{"LogType":"TRAFFIC","Subtype":"end","DeviceSN":"1","ConfigVersion":"10.2",'
    '"TimeReceived":"2026-06-02T08:45:39.000000Z",'
    '"TimeGenerated":"2026-06-02T08:45:34.000000Z","SourceAddress":"10.1.1.5","SourcePort":49152,'
    '"DestinationAddress":"203.0.113.9",'
    '"DestinationPort":443,"VendorName":"Palo Alto Networks","Action":"allow"}'
)
AROUND = {
    "shipper": lambda text: {"@timestamp": "2026-06-02T08:50:00Z", "message": text},
    "gelf": lambda text: {"version": "1.1", "host": "r", "short_message": text, "timestamp": 1780390200.5},
    "docker": lambda text: {"log": text + "\n", "stream": "stdout", "time": "2026-06-02T08:50:00.1Z"},
    "journal": lambda text: {"_HOSTNAME": "r", "MESSAGE": text, "__REALTIME_TIMESTAMP": "1780390200000000"},
    "splunk": lambda text: {"preview": False, "result": {"_raw": text, "_time": "2026-06-02T08:50:00Z"}},
}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("text", [EVE, ZEEK, SYSMON, PALO_ALTO], ids=["eve", "zeek", "sysmon", "paloalto"])
def test_nested_json_is_read_by_its_product(text, around):
    """Ends and time are the product's own, not the collector's, in any surroundings."""
    line = json.dumps(AROUND[around](text))
    event = LineParser(detect(line.encode()), FileContext("case.log", head=[line])).parse(line, 1)
    assert event is not None
    assert (event.source_ip, event.source_port) == ("10.1.1.5", 49152)
    assert (event.destination_ip, event.destination_port) == ("203.0.113.9", 443)
    assert event.time is not None
    assert event.time.isoformat() == "2026-06-02T08:45:34+00:00"
