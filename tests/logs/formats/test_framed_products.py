"""Check Point, Palo Alto, Cisco, Kaspersky, ESET, CEF and LEEF: traps as tables."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.events.ends import as_opened
from lamsach.logs.formats.dns.cisco_umbrella import CiscoUmbrella
from lamsach.logs.formats.endpoints.eset import Eset
from lamsach.logs.formats.endpoints.kaspersky import Kaspersky
from lamsach.logs.formats.firewalls.checkpoint import CheckPoint
from lamsach.logs.formats.firewalls.cisco_asa.format import CiscoAsa
from lamsach.logs.formats.firewalls.cisco_ios import CiscoIos
from lamsach.logs.formats.firewalls.paloalto.format import PaloAlto
from lamsach.logs.formats.generic.cef import Cef, Leef
from lamsach.model import Action, Event, EventKind

FORMATS = (Cef, CheckPoint, CiscoAsa, CiscoIos, CiscoUmbrella, Eset, Kaspersky, Leef, PaloAlto)
WRITTEN = datetime(2026, 7, 1, tzinfo=UTC)


def parse(log_format: type[LogFormat], line: str) -> Event:
    event = log_format(FileContext("case.log", modified=WRITTEN)).parse(line, 1)
    assert event is not None
    return event


def asa(message: str) -> Event:
    return parse(CiscoAsa, f"%ASA-6-302013: {message}")


@pytest.mark.parametrize(
    ("message", "source", "destination", "device"),
    [
        (("Built outbound TCP connection 1 for outside:203.0.113.7/443 (203.0.113.7/443) to "
            "inside:10.1.1.5/50000 (198.51.100.1/9)"), "10.1.1.5", "203.0.113.7", "10.1.1.5"),
        (("Built inbound TCP connection 1 for outside:203.0.113.7/50000 (203.0.113.7/50000) to "
            "dmz:10.1.1.5/443 (198.51.100.1/443)"), "203.0.113.7", "10.1.1.5", "10.1.1.5"),
        ("Teardown TCP connection 1 for outside:203.0.113.7/443 to inside:10.1.1.5/50000 duration 0:00:01",
            "10.1.1.5", "203.0.113.7", "10.1.1.5"),
        ("Teardown TCP connection 1 for outside:203.0.113.7/50000 to inside:10.1.1.5/443 duration 0:00:01",
            "203.0.113.7", "10.1.1.5", "10.1.1.5"),
        ("Built inbound ICMP connection for faddr 203.0.113.7/9 gaddr 198.51.100.1/0 laddr 10.1.1.5/0",
            "203.0.113.7", "10.1.1.5", "10.1.1.5"),
        ("Teardown ICMP connection for faddr 203.0.113.7/0 gaddr 198.51.100.1/9 laddr 10.1.1.5/9", "10.1.1.5",
            "203.0.113.7", "10.1.1.5"),
        ("Deny inbound UDP from 203.0.113.7/5 to 198.51.100.1/5 on interface outside", "203.0.113.7",
            "198.51.100.1", "198.51.100.1"),
        ("access-list A denied tcp outside/203.0.113.7(5) -> dmz/198.51.100.1(22) hit-cnt 1", "203.0.113.7",
            "198.51.100.1", "198.51.100.1"),
    ],
)  # fmt: skip
def test_cisco_states_the_opener_of_a_connection(message, source, destination, device):
    event = as_opened(asa(message))
    assert (event.source_ip, event.destination_ip, event.device_ip) == (source, destination, device)


def test_a_stranger_at_the_vpn_is_no_device():
    event = asa("Group <RA> User <an> IP <203.0.113.5> AnyConnect parent session started.")
    assert (event.kind, event.source_ip, event.device_ip, event.user) == (
        EventKind.LOGON,
        "203.0.113.5",
        None,
        "an",
    )


@pytest.mark.parametrize(
    ("log_format", "line"),
    [
        (Cef, ("CEF:0|A|B|1|2|n|3|src=10.1.1.5 request=http://a.example/?src=203.0.113.66 dst=198.51.100.7 "
            "src=203.0.113.66")),
        (CheckPoint, (r"loguid={1}|product=Firewall|ifdir=inbound|origin=CheckPoint|src=10.1.1.5|"
            r"resource=http://a.example/\|src\=203.0.113.66|src=203.0.113.66")),
        (CheckPoint, (r'[loguid:"{1}"; product:"VPN-1 & FireWall-1"; ifdir:"inbound"; src:"10.1.1.5"; '
            r'resource:"a\"; src:\"203.0.113.66\"; "; src:"203.0.113.66";]')),
        (PaloAlto, ("1,2026/06/05 07:31:12,1,THREAT,url,1,2026/06/05 "
            '07:31:12,10.1.1.5,198.51.100.7,,,r,,,a,v,t,u,i,j,l,t,1,1,1,2,0,0,0,tcp,alert,"a.example/,'
            '203.0.113.66,"",x",(9999)')),
        (CiscoAsa, ("%FTD-6-430003: SrcIP: 10.1.1.5, DstIP: 198.51.100.7, URL: http://a.example/, SrcIP: "
            "203.0.113.66")),
        (Leef, "LEEF:1.0|A|B|1|2|src=10.1.1.5\turl=http://a.example/?src=203.0.113.66\tsrc=203.0.113.66"),
    ],
)  # fmt: skip
def test_text_of_a_stranger_never_forges_the_source(log_format, line):
    assert parse(log_format, line).source_ip == "10.1.1.5"


@pytest.mark.parametrize("log_format", FORMATS)
@pytest.mark.parametrize(
    "line",
    [
        "",
        "a line of prose about CEF and LEEF: nothing else",
        (
            '{"message":"%ASA-6-302013: Built outbound TCP connection 1 for outside:203.0.113.7/443 to '
            'inside:10.1.1.5/50000"}'
        ),
        '{"message":"CEF:0|A|B|1|2|n|3|src=10.1.1.5"}',
        "100%-CPU-5-LOAD is high",
        "Jun  5 07:31:12 gw sshd[1]: Failed password for an from 203.0.113.5 port 5 ssh2",
        "1,2026/06/05 07:31:12,1,NOTHING,url,1,2026/06/05 07:31:12,10.1.1.5,198.51.100.7",
        '"2026-06-05 07:31:12","a","b"',
    ],
)
def test_foreign_lines_are_not_recognised(log_format, line):
    assert not log_format.recognises(line)
    with pytest.raises(LineError):
        log_format(FileContext()).parse(line, 1)


@pytest.mark.parametrize(
    ("verb", "action"),
    [
        *((text, Action.BLOCKED) for text in ("drop", "Reject", "block-url", "reset-both", "Block with reset",
            "sinkhole", "Prevent", "drop-icmp")),
        *((text, Action.ALLOWED) for text in ("Accept", "allow", "alert", "Detect", "Encrypt", "HTTPS Bypass",
            "Trust")),
        *((text, Action.UNKNOWN) for text in ("", "not blocked", "ask user", "Log In failed")),
    ],
)  # fmt: skip
def test_cef_verbs_are_allowed_or_blocked(verb, action):
    assert parse(Cef, f"CEF:0|A|B|1|2|n|3|src=10.1.1.5 act={verb}").action is action


@pytest.mark.parametrize(
    ("stated", "time"),
    [
        ("rt=1780619472000", "2026-06-05T00:31:12"),
        ("rt=Jun 05 2026 07:31:12", "2026-06-05T00:31:12"),
        ("rt=Jun 05 2026 07:31:12 UTC", "2026-06-05T07:31:12"),
        ("rt=Jun 05 2026 07:31:12 dtz=Europe/Paris", "2026-06-05T05:31:12"),
        ("rt=Jun 05 2026 07:31:12 dtz=GMT+7", "2026-06-05T00:31:12"),
        ("rt=Jun 05 07:31:12.500", "2026-06-05T00:31:12.500000"),
        ("rt=2026-06-05T07:31:12Z", "2026-06-05T07:31:12"),
        ("rt=Jun 05 2026 07:31:12 CEST", "2026-06-05T05:31:12"),
        ("start=Jan 01 1970 00:00:00 rt=1780619472000", "2026-06-05T00:31:12"),
        ("rt=nonsense end=1780619472000", "2026-06-05T00:31:12"),
    ],
)
def test_cef_times_are_read_in_every_spelling(stated, time):
    assert parse(Cef, f"CEF:0|A|B|1|2|n|3|src=10.1.1.5 {stated}").time == datetime.fromisoformat(
        time
    ).replace(tzinfo=UTC)
