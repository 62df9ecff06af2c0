"""Hillstone, ipfw, ipchains and the VPN 3000 Concentrator: golden cases, and what a table shows better."""

from __future__ import annotations

import golden
import pytest
from reading_of_cases import records_of

from lamsach.logs.detect import detect, recognising
from lamsach.logs.formats.cisco_vpn3000 import CiscoVpn3000
from lamsach.logs.formats.hillstone import Hillstone
from lamsach.logs.formats.ipfw import Ipfw

CASES = [(kind, log) for kind in (Hillstone, Ipfw, CiscoVpn3000) for log in golden.cases(kind.name)]


@pytest.mark.parametrize(("log_format", "log"), CASES, ids=[f"{kind.name}-{log.stem}" for kind, log in CASES])
def test_golden(log_format, log):
    assert detect(log.read_bytes()).format is log_format
    assert records_of(log_format, log) == golden.expected(log)


@pytest.mark.parametrize(
    "line",
    [
        "Jun  2 09:26:53 fw01 kernel: ipfw: limit 100 reached on entry 300",
        "Jun  2 09:26:53 fw01 kernel: ipfw2 (+ipv6) initialized, divert loadable, default to deny",
        "Jun  2 09:26:53 fw01 kernel: ipfw: 100 Deny MAC in via em0",
        "Jun  2 09:26:53 mac1 Firewall[38]: Skype is listening from 0.0.0.0:63415 uid = 501 proto=6",
        "Jun  2 09:26:53 fw01 kernel: Packet log: input",
        "note SEV=4 of RPT=5",
    ],
)
def test_other_lines_are_nobodys_packet(line):
    assert recognising(line) is None
