"""Packets as printed by tcpdump: ends with ports, DNS and HTTP; also in packet filter logs.

Source: `tcpdump(1)`, section "Output format". Tools without `-n` (`ra`, `tcpdump`) print ports by name; the
likely ones are listed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from lamsach.logs.events.ends import Role, changed, decide, event_between
from lamsach.logs.text.dns_names import from_presentation
from lamsach.logs.text.values import domain_of, host_and_port, host_of_url, ip_of, mac_of, port_of
from lamsach.model import Action, Event, EventKind

# Source: Debian's /etc/services (IANA's names), and a few of other systems' (`pop-3`, `loc-srv`, `rfb`).
_NAMES = """
ftp-data=20 ftp=21 ssh=22 telnet=23 smtp=25 time=37 whois=43 tacacs=49 domain=53 bootps=67 bootpc=68 tftp=69
gopher=70 finger=79 http=80 www=80 kerberos=88 iso-tsap=102 pop3=110 pop-3=110 sunrpc=111 auth=113 ident=113
nntp=119 ntp=123 epmap=135 loc-srv=135 netbios-ns=137 netbios-dgm=138 netbios-ssn=139 imap2=143 imap=143
snmp=161 snmp-trap=162 snmptrap=162 bgp=179 irc=194 ldap=389 svrloc=427 https=443 microsoft-ds=445
kpasswd=464 isakmp=500 exec=512 login=513 shell=514 syslog=514 printer=515 submissions=465 ssmtp=465 urd=465
smtps=465 rtsp=554 dhcpv6-client=546 dhcpv6-server=547 nntps=563 submission=587 ipp=631 ldaps=636
domain-s=853 rsync=873 ftps-data=989 ftps=990 telnets=992 imaps=993 pop3s=995 socks=1080 openvpn=1194
ms-sql-s=1433 ms-sql-m=1434 l2f=1701 l2tp=1701 pptp=1723 radius=1812 radius-acct=1813 ssdp=1900
cisco-sccp=2000 nfs=2049 http-proxy=8080 http-alt=8080 webcache=8080 mysql=3306 ms-wbt-server=3389
squid=3128 sip=5060 sip-tls=5061 sips=5061 xmpp-client=5222 xmpp-server=5269 postgresql=5432 mdns=5353
hostmon=5355 llmnr=5355 x11=6000 ircd=6667 https-alt=8443 ipsec-nat-t=4500 git=9418 redis=6379 amqp=5672
amqps=5671 mqtt=1883 vnc=5900 tproxy=8081 svn=3690 route=520 rfb=5900
"""
_PORTS = {name: int(port) for name, _, port in (pair.partition("=") for pair in _NAMES.split())}


def port_or_service(text: str) -> int | None:
    """Return a port, given as number or well-known service name; None for other texts."""
    return _PORTS.get(text.strip()) if text[:1].isalpha() else port_of(text)


FLOW = re.compile(
    r"(?a)(?:^|[ :!\n])(?P<source>[\w.:%-]{2,255}) > (?P<destination>[\w.:%-]{1,254}[\w%-]):(?=\s)"
)
_IPV4 = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3})(?:\.([\w-]{1,40}))?", re.ASCII)
# 12345+ [1au] A? www.example. (33)     0 [2q] PTR (QM)? _ipp._tcp.local. A (QU)? printer.local. (45)
_QUESTION = re.compile(
    r"(?a) (?:TYPE\d{1,5}|Type\d{1,5}|[A-Z][A-Z0-9-]{0,9})(?: \((?:QM|QU)\))?\? (\S{1,300})"
)
# 12345 2/0/0 A 192.0.2.80, A 192.0.2.81 (65)     12345 NXDomain* 0/1/0 (100)
_ANSWER = re.compile(
    r"(?a)(?:^|[ :])\d{1,5}[*|$%-]{0,4}(?: (?P<code>[A-Z][A-Za-z]{2,12})[*|$%-]{0,4})?(?: \[[^\]]{1,20}"
    r"\]){0,2}(?: q:(?P<questions>.{1,400}?))? (?P<count>\d{1,4})/\d{1,4}/\d{1,4}(?= |$)(?P<records>.*)"
)
_RECORD = re.compile(r"(?:^|[ ,])(?:AAAA|A|CNAME|PTR|NS|DNAME) ([^\s,]{1,300})")
# BOOTP/DHCP, Request from 00:1a:2b:3c:4d:5e (oui Unknown), length 300
_BOOTP = re.compile(r" ?BOOTP/DHCP, Request from ((?:[0-9a-f]{2}:){5}[0-9a-f]{2})(?![0-9a-f:])", re.ASCII)
_NO_ADDRESS = "0.0.0.0"  # noqa: S104 - of a machine that has none yet
_NAME_SERVICES = frozenset({53, 5353, 5355})
_REQUEST = re.compile(r"(?:HTTP: |\n\s{0,8})(?:GET|POST|PUT|HEAD|DELETE|OPTIONS|CONNECT|PATCH) (\S{1,8000})")
_HOST = re.compile(r"\n\s{0,8}[Hh]ost: (\S{1,300})")


def printed_packet(text: str, time: datetime | None) -> Event | None:
    """Return the event of a packet printed as `192.0.2.5.51514 > 198.51.100.7.443: ...`."""
    flow = FLOW.search(text, 0, 3000)
    if flow is None:
        return None
    message = text[flow.end() :]
    has_ports = not message.startswith(("ICMP", "igmp", "ip-proto-", "OSPF", "GRE", "ESP", "IP "))
    source_ip, source_name, source_port = _end(flow["source"], has_ports=has_ports)
    destination_ip, destination_name, destination_port = _end(flow["destination"], has_ports=has_ports)
    event = event_between(
        (source_ip, source_port),
        (destination_ip, destination_port),
        time=time,
        device_name=source_name,
        domain=destination_name,
    )
    if _NAME_SERVICES & {source_port, destination_port}:
        return _dns(event, message)
    bootp = _BOOTP.match(message) if "BOOTP" in message[:10] else None
    if bootp and source_ip == _NO_ADDRESS:
        return decide(changed(event, device_mac=mac_of(bootp[1])), role=Role.APART, again=True)
    request = _REQUEST.search(message)
    if request:
        host = _HOST.search(message)
        target = request[1]
        domain = host_of_url(target) or (host_and_port(host[1])[0] if host else destination_name)
        return changed(event, kind=EventKind.WEB, domain=domain, url=target)
    return event


def _end(text: str, *, has_ports: bool) -> tuple[str | None, str | None, int | None]:
    """Return address, name and port of `192.0.2.5.443`, `2001:db8::5.443`, `pc.example.https`."""
    match = _IPV4.fullmatch(text)
    if match:
        return ip_of(match[1]), None, _port(match[2]) if has_ports else None
    if ":" in text:
        address = ip_of(text)
        if address and not ("." in text and has_ports):
            return address, None, None
        before, _, last = text.rpartition(".")
        return ip_of(before) or address, None, _port(last)
    before, _, last = text.rpartition(".")
    port = _port(last) if has_ports else None
    return None, domain_of(before if port is not None else text), port


def _port(text: str | None) -> int | None:
    return port_or_service(text) if text else None


def _dns(event: Event, message: str) -> Event:
    answer = _ANSWER.search(message[:4000])
    questions = list(_names(answer["questions"] or "" if answer else message[:4000]))
    if answer is None:
        if not questions:
            return event
        return changed(event, kind=EventKind.DNS, domain=questions[0])
    records = re.split(r" (?:ns|ar): ", answer["records"])[0]
    values = [match[1].rstrip(")") for match in _RECORD.finditer(records)][: int(answer["count"])]
    answers = tuple(dict.fromkeys(filter(None, (ip_of(value) or domain_of(value) for value in values))))
    group = event.destination_ip is not None and event.destination_ip.startswith(("224.", "ff0"))
    event = changed(
        event,
        kind=EventKind.DNS,
        device_name=None,
        domain=questions[0] if questions else None,
        answers=answers,
        response=True,
        action=Action.UNKNOWN if answer["code"] else Action.ALLOWED,
    )
    return decide(event, role=Role.SERVES_THE_UNIT, turned=not group, again=True)


def _names(text: str) -> Iterator[str]:
    for match in _QUESTION.finditer(text):
        name = from_presentation(match[1].rstrip(","))
        if name:
            yield name
