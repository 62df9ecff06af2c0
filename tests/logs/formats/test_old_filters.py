"""Hillstone, ipfw, pfSense, ipchains and the VPN 3000 Concentrator: traps as tables."""

from __future__ import annotations

import pytest

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.reading.detect import format_of_line


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
def test_foreign_lines_are_no_packets(line):
    assert format_of_line(line) is None


def test_an_impossible_time_does_not_stop_recognition():
    line = (
        "DNSBL-python,Jun 10 49:20:31,c2.example,10.20.1.5,Python,DNSBL_A,DNSBL_Malicious,c2.example,feed,+"
    )
    log_format = format_of_line(line)
    assert log_format is not None
    assert log_format.name == "pf_filterlog"
    with pytest.raises(LineError, match="impossible"):
        log_format(FileContext()).parse(line, 1)
