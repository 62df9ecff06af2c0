"""Mail servers and gateways, web gateways, application firewalls, containers, modems: traps as tables."""

from __future__ import annotations

import pytest

from lamsach.logs.base import FileContext
from lamsach.logs.formats.generic.carried_lines import ContainerLines
from lamsach.logs.formats.servers.exchange import Exchange
from lamsach.logs.formats.servers.mail_server import MailServer
from lamsach.logs.formats.web.modsecurity import ModSecurity
from lamsach.model import Event


@pytest.mark.parametrize(
    "line",
    [
        (
            "May  4 10:20:30 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[203.0.113.7]: 554 no; "
            "from=<x client=a[192.0.2.66]@b.example> helo=<from [192.0.2.66]>"
        ),
        (
            "May  4 10:20:30 mx sendmail[1]: q4: from=<relay=[192.0.2.66]@b.example>, size=1, "
            "relay=mail.bad.example [203.0.113.7]"
        ),
    ],
)
def test_a_senders_own_text_is_no_address(line):
    event = MailServer(FileContext()).parse(line, 1) or Event()
    assert (event.source_ip, event.device_ip) == ("203.0.113.7", None)


def test_a_transaction_without_its_first_part_is_no_event():
    assert ModSecurity(FileContext()).parse("--a1b2c3d4-H--\nMessage: x", 1) is None


def test_exchange_rows_follow_the_columns_of_their_own_header():
    reader = Exchange(FileContext())
    reader.header("#Fields: dateTime,sessionId,seqNumber,sIp,cIp,user,duration,command")
    event = reader.parse("2026-05-04T03:20:30.123Z,s,1,192.0.2.25:993,203.0.113.7:4455,an,5,login", 1)
    assert event is not None
    assert (event.source_ip, event.source_port, event.destination_ip, event.destination_port, event.user) == (
        "203.0.113.7",
        4455,
        "192.0.2.25",
        993,
        "an",
    )


@pytest.mark.parametrize(
    "line", ["a | b | c", "web-1  | starting up", "[pod/web-0/nginx] ready", "name | address"]
)
def test_a_containers_line_of_no_product_is_not_recognised(line):
    assert not ContainerLines.recognises(line)
