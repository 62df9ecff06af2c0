"""Log-ons at servers (Linux audit, FTP, telephones, Fail2ban, applications): traps as tables."""

from __future__ import annotations

import pytest

from lamsach.logs.base import FileContext
from lamsach.logs.formats.servers.fail2ban import Fail2ban
from lamsach.logs.formats.servers.ftp_servers import FtpServers
from lamsach.logs.formats.servers.linux_audit import LinuxAudit
from lamsach.logs.formats.servers.server_logons import ServerLogons
from lamsach.logs.formats.servers.voip_servers import VoipServers


@pytest.mark.parametrize(
    ("log_format", "line"),
    [
        (VoipServers, ("[2026-06-04 09:00:01] NOTICE[812] chan_sip.c: Registration from '\"x' failed for "
                       "'192.0.2.66' <sip:1@10.0.0.5>' failed for '203.0.113.7:5060' - Wrong password")),
        (FtpServers, ("Jun  4 09:00:01 ftp proftpd[812]: ftp (pc.example[203.0.113.7]) - USER "
                      "(x[192.0.2.66]) - a: no such user found from "
                      "pc.example [203.0.113.7] to 10.0.0.5:21")),
        (ServerLogons,
         "Jun  4 09:00:01 host webmin[812]: Invalid login as x from 192.0.2.66 from 203.0.113.7"),
        (ServerLogons, ("2026/06/04 09:00:01 auth.go:202:SignInPost() [W] Failed authentication attempt "
                        "for a from 192.0.2.66:0: x from 203.0.113.7:0: no [uid: 0, name: a from "
                        "192.0.2.66:0: x]")),
    ],
)  # fmt: skip
def test_a_clients_own_name_is_no_address(log_format, line):
    event = log_format(FileContext()).parse(line, 1)
    assert event is not None
    assert event.source_ip == "203.0.113.7"


@pytest.mark.parametrize(
    "packed", ["0100", "02", "020001BB", "0200ZZZZCB007109", "0A0001BB00", "020000000000000000000000"]
)
def test_other_socket_addresses_are_no_events(packed):
    line = f"type=SOCKADDR msg=audit(1780542001.123:457): saddr={packed}"
    assert LinuxAudit(FileContext()).parse(line, 1) is None


def test_a_stranger_who_logs_on_is_no_machine_of_the_unit():
    line = "2026-06-04 09:00:01,123 fail2ban.actions [812]: NOTICE [sshd] Ban {}"
    found = [
        Fail2ban(FileContext()).parse(line.format(address), 1) for address in ("203.0.113.7", "10.1.2.3")
    ]
    assert [event and event.device_ip for event in found] == [None, "10.1.2.3"]
