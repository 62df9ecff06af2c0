"""Windows events among the searched logs that name address holders, without being stated as such."""

from __future__ import annotations

import json

import pytest

from lamsach.devices.holder_logs import HolderLogs
from lamsach.logs.opening.inputs import find_logs

LOGON = {
    "@timestamp": "2026-06-02T08:45:34.000Z",
    "winlog": {
        "channel": "Security", "event_id": 4624, "computer_name": "DC1.unit.example",
        "provider_name": "Microsoft-Windows-Security-Auditing",
        "event_data": {"TargetUserName": "an", "TargetDomainName": "UNIT", "LogonType": "3",
            "IpAddress": "10.1.1.5", "IpPort": "49152", "WorkstationName": "PC1"},
    },
}  # fmt: skip
XML = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider "
    "Name='Microsoft-Windows-Security-Auditing'/>"
    "<EventID>4624</EventID><TimeCreated SystemTime='2026-06-02T08:45:34.000Z'/>"
    "<Channel>Security</Channel><Computer>DC1.unit.example</Computer></System>"
    "<EventData><Data Name='TargetUserName'>an</Data><Data Name='LogonType'>3</Data><Data "
    "Name='IpAddress'>10.1.1.5</Data>"
    "<Data Name='WorkstationName'>PC1</Data></EventData></Event>"
)
SNARE = (
    "<14>Jun  2 15:45:34 DC1 MSWinEventLog\t1\tSecurity\t123\tTue Jun 02 15:45:34 "
    "2026\t4624\tMicrosoft-Windows-Security-Auditing\tUNIT\\an\tN/A\tSuccess Audit"
    "\tDC1.unit.example\tLogon\t\tAn account was successfully logged on.    Logon Type:   3    New "
    "Logon:   Account Name:  an    Network Information:"
    "   Workstation Name: PC1   Source Network Address: 10.1.1.5   Source Port:  49152\t1"
)


@pytest.mark.parametrize(
    "text", [json.dumps(LOGON), json.dumps(LOGON, indent=1), XML, f"<Events>{XML}{XML}</Events>", SNARE],
    ids=["json", "pretty", "xml", "document", "text"],
)  # fmt: skip
def test_log_ons_are_found_in_the_searched_logs(text, tmp_path):
    path = tmp_path / "events.log"
    path.write_text(f"{text}\n", encoding="utf-8")
    logs = list(find_logs([str(path)], on_problem=lambda _problem: None))
    events = list(HolderLogs((), logs).events())
    assert {(event.device_ip, event.user, event.device_name) for event in events} == {
        ("10.1.1.5", "an", "PC1")
    }


def test_a_log_without_log_ons_is_not_read_for_them(tmp_path):
    path = tmp_path / "events.log"
    path.write_text(json.dumps(LOGON).replace("4624", "4688") + "\n", encoding="utf-8")
    [log] = find_logs([str(path)], on_problem=lambda _problem: None)
    assert not HolderLogs((), [log]).has_holders(log)
