"""MikroTik RouterOS 6 and 7: firewall and NAT, DHCP leases, DNS, log-ins, PPP and hotspot, web proxy.

Source: MikroTik, "Log" (https://help.mikrotik.com/docs/spaces/ROS/pages/328094/Log: topics, BSD and CEF
remote formats), "Filter", "NAT", "DHCP", "DNS", "HotSpot", "PPP AAA" of the same documentation. Traps:
- RouterOS 6 prints the time `jun/02/2026 15:04:05`, `jun/02 15:04:05` or, for today, only `15:04:05`; 7
  prints `2026-06-02 15:04:05` or `06-02 15:04:05`; a remote log has a syslog header, or none at all.
- The topics (`firewall,info`) precede the message, but may be missing with `bsd-syslog=yes`.
- A DNS answer states only its question's `#id`: it belongs to the client of that number in the lines read so
  far, and to nobody when that line was not read.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.ends import Role, Way, decide, event_between, mac_of_device, own_end, placed
from lamsach.logs.mappings import sentences
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.records import Records, Sentences
from lamsach.logs.mappings.sentences import sentence
from lamsach.logs.text import cef
from lamsach.logs.text.key_value import first
from lamsach.logs.text.syslog import SyslogHeader, split_header
from lamsach.logs.text.times.timestamps import clock_time
from lamsach.logs.text.values import ip_of, mac_of, port_of
from lamsach.model import Action, Event, EventKind, LeaseAction

# BAN INPUT 80 input: in:ether1 out:(unknown 0), connection-state:new src-mac 02:..., proto TCP (SYN) ..
_FIREWALL = re.compile(r"\bin:(?:\([\w ]{1,20}\)|[^\s,]{1,60}) out:(?:\([\w ]{1,20}\)|[^\s,]{1,60})[,\s]")
_SOURCE_MAC = re.compile(r"src-mac ((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2})")
_END = r"(\[[0-9A-Fa-f:.]{2,45}\]|[0-9.]{7,15}|[0-9A-Fa-f:]{2,45}?)(?::(\d{1,5}))?"
# , 192.0.2.1:5->192.0.2.2:80,    [2001:db8::1]:5->[2001:db8::2]:80,   192.0.2.1->192.0.2.2,
_FLOW = re.compile(rf"[,\s]{_END}->{_END}(?=[,\s]|$)")
# NAT (10.0.0.5:1000->203.0.113.1:1000)->198.51.100.7:53
_SOURCE_NAT = re.compile(rf"[,\s]\({_END}->{_END}\)->\(?{_END}(?=[,\s]|$|->)")
# NAT 198.51.100.7:5->(203.0.113.1:80->10.0.0.9:80)     198.51.100.7:5->(203.0.113.1:80->10.0.0.9:80)
_DESTINATION_NAT = re.compile(rf"(?:[,\s]{_END}|\))->\({_END}->{_END}\)")
_BLOCKING = re.compile(
    r"(?i)(?<![a-z])(?:drop|dropped|block|blocked|deny|denied|reject|rejected|ban|banned|invalid|blacklist)"
    r"(?![a-z])"
)
_ALLOWING = re.compile(r"(?<![a-z])(?:accept|accepted|allow|allowed|permit|pass)(?![a-z])", re.I)


def _firewall_event(text: str) -> Event | None:
    """Read a packet with its interfaces and ends; None for any other message."""
    interfaces = _FIREWALL.search(text, 0, 600) if " out:" in text else None
    ends = _ends(text, interfaces.end() - 1) if interfaces else None
    if interfaces is None or ends is None:
        return None
    (source, source_port), (destination, destination_port), (nat, nat_port), inner = ends
    received = "out:(" in interfaces[0] and "in:(" not in interfaces[0]  # by the router itself
    way = Way.RECEIVED if received else Way.UNSTATED
    device = own_end(source, inner or destination, way)
    mac = _SOURCE_MAC.search(text, interfaces.end())
    return event_between(
        (source, source_port),
        (destination, destination_port),
        source_nat_ip=nat,
        source_nat_port=nat_port,
        source_mac=mac_of(mac[1]) if mac else None,
        device_mac=mac_of_device(device, source, mac_of(mac[1]) if mac else None),
        action=_decision_of(text[: interfaces.start()]),
        way=way,
        inner=inner,
    )


_Address = tuple[str | None, int | None]


def _ends(text: str, start: int) -> tuple[_Address, _Address, _Address, str | None] | None:
    """Find source, destination, the source's translation, and a published address's inner server."""
    flow = _FLOW.search(text, start)
    own = _SOURCE_NAT.search(text, start)
    published = _DESTINATION_NAT.search(text, start)
    source, destination = _pair(flow, 1), _pair(flow, 3)
    if flow is None and own:
        source, destination = _pair(own, 1), _pair(own, 5)
    elif flow is None and published:
        source, destination = _pair(published, 1), _pair(published, 3)
    if source[0] is None or destination[0] is None:
        return None
    return source, destination, _pair(own, 3), _pair(published, 5)[0]


def _pair(match: re.Match[str] | None, group: int) -> _Address:
    """Read the address in a group and the port in the next; IPv6 without brackets has no port."""
    if match is None or match[group] is None:
        return None, None
    if ":" in match[group] and not match[group].startswith("["):
        return ip_of(f"{match[group]}:{match[group + 1]}" if match[group + 1] else match[group]), None
    address = ip_of(match[group])
    return address, port_of(match[group + 1]) if address else None


def _decision_of(before: str) -> Action:
    """Outcome by the text before the interfaces: the administrator's prefix and the chain's name."""
    prefix = before.rpartition(" ")[0].replace("_", " ").replace("-", " ")
    return verdict(_BLOCKING.search(prefix), _ALLOWING.search(prefix))


_SERVES: dict[str, Any] = {"role": Role.SERVES_THE_UNIT}
_NO, _ASSIGNED, _RELEASED = Action.BLOCKED, LeaseAction.ASSIGNED, LeaseAction.RELEASED
_QUESTION = sentence("query",
    # query from 10.0.0.9: #5487 www.example. A      local query: #9 host.example. A
    r"^(?:dns )?(?:query from (?P<peer>{ADDRESS}?)(?:#\d{1,5})?|local query|query): "
    r"(?:#(?P<number>\d{1,10}) )?(?P<question>\S{1,255})(?: (?:[A-Z]{1,10}|UNKNOWN \(\d+\)))?\s*$",
    kind=EventKind.DNS, **_SERVES)  # fmt: skip
_NO_ANSWER = sentence("done query: ", r"^(?:dns )?done query: #\d{1,10} dns ",
    kind=EventKind.DNS, response=True)  # fmt: skip
_ANSWER = sentence("done query: ",
    # done query: #5487 www.example 198.51.100.7      done query: #5 dns name does not exist
    r"^(?:dns )?done query: #(?P<number>\d{1,10}) (?P<question>\S{1,255})(?: (?P<answer>\S{1,255}))?\s*$",
    kind=EventKind.DNS, response=True)  # fmt: skip
_PROXY = tuple(
    sentence(" action=", rf"^(?P<ip>{{ADDRESS}}) {request}(?: .{{0,40}})? action=(?P<word>\w{{1,20}})",
        {"deny": Action.BLOCKED, "allow": Action.ALLOWED}, kind=EventKind.WEB, **_SERVES)
    for request in (
        # 10.0.0.9 CONNECT www.example:443 action=allow     10.0.0.9 GET http://www.example/ action=allow ..
        r"CONNECT (?P<url>(?P<host>\[[0-9A-Fa-f:]{2,45}\]|[^\s:]{1,255})(?::(?P<to_port>\d{1,5}))?)",
        r"[A-Z]{3,10} (?P<url>\S{1,4096})",
    )
)  # fmt: skip
_PACKET_PEER = r"(?:udp|tcp)? ?%s (?:from|to) \[?(?P<%s>{ADDRESS})\]?:(?P<%s>\d{1,5})"
_PEERS = r"(?P<%s>{ADDRESS})\[(?P<%s>\d{1,5})\](?:<=>|-)(?P<%s>{ADDRESS})\[(?P<%s>\d{1,5})\]"
_SENTENCES = (
    # dhcp1 assigned 10.0.0.9 to 02:...   dhcp1 deassigned 10.0.0.9 from 02:...
    sentence("assigned ",
        r"^\S.{0,60}? (?P<word>assigned|deassigned) (?P<ip>[0-9.]{7,15}) (?:to|from|for) "
        r"(?P<mac>{MAC}|\S{1,60})(?: \(?(?P<name>[^\s(].{0,79}?)\)?)?$",
        {"assigned": _ASSIGNED, "deassigned": _RELEASED}, kind=EventKind.LEASE, role=Role.HOLDER),
    # dhcp1 offering lease 10.0.0.9 for 02:00:5e:00:53:01 without success   (proves no holder of the address)
    sentence(" without success", r"^\S.{0,60}? offering lease [0-9.]{7,15} for (?P<mac>{MAC}) without succ",
        kind=EventKind.OTHER),
    _QUESTION,
    _NO_ANSWER,
    _ANSWER,
    # question: www.example:A:IN      <www.example:A:60=198.51.100.7>      --- got query from 10.0.0.9:53543:
    sentence("question: ", r"^question: (?P<question>\S{1,255}?):[A-Z0-9]{1,10}:[A-Z]{2}",
        kind=EventKind.DNS),
    sentence("<", r"^<(?P<question>\S{1,255}?):[A-Z0-9]{1,10}:\d{1,10}=(?P<answer>\S{1,255}?)>",
        kind=EventKind.DNS, response=True),
    sentence("--- got ", "^--- got " + _PACKET_PEER % ("query", "ip", "port"), kind=EventKind.DNS, **_SERVES),
    sentence("--- sending ", "^--- sending " + _PACKET_PEER % ("query", "to", "to_port"), kind=EventKind.DNS,
        forwarded=True),
    sentence("--- ", "^--- (?:got|sending) " + _PACKET_PEER % ("(?:reply|answer)", "to", "to_port"),
        kind=EventKind.DNS, response=True),
    # user lan logged in from 10.0.0.9 via winbox      login failure for user lan from 203.0.113.7 via ssh
    sentence(" logged ", r"^user (?P<user>.{1,128}) logged (?P<word>in|out) from "
        r"(?P<peer>[0-9A-Fa-f:.%\w]{2,60}) via \S{1,20}", {"in": Action.ALLOWED}),
    sentence("login failure for ", r"^login failure for user (?P<user>.{0,128}) from "
        r"(?P<peer>[0-9A-Fa-f:.%\w]{2,60}) via \S{1,20}", _NO),
    # filter rule changed by winbox-3.41/tcp-msg(winbox):lan@10.0.0.9 (/ip firewall filter set 3 disabled=no)
    sentence(" by ", r" by [^\s()]{1,60}\([\w-]{1,20}\):(?P<user>[^\s@]{1,128})@(?P<ip>{ADDRESS})(?=[\s/]|$)",
        kind=EventKind.OTHER),
    # <203.0.113.7>: user lan authentication failed
    sentence(" authentication failed", r"^<(?P<peer>[^<>\s]{1,80})>: user (?P<user>.{1,128}?) "
        r"authentication failed\b", _NO),
    # lan logged in, 10.9.0.2 from 203.0.113.5      lan logged in, 10.9.0.2 from 02:00:5e:00:53:01
    sentence(" logged in, ", r"^(?:<\S{1,80}>: )?(?P<user>\S{1,128}) logged in, (?P<given>[0-9.]{7,15})(?: "
        r"from (?P<peer>{MAC}|{ADDRESS}))?\s*$", _ASSIGNED, kind=EventKind.LEASE),
    # acquired 10.9.0.2 address for 198.51.100.7[4500], lan
    sentence(" address for ", r"^acquired (?P<given>{ADDRESS}) address for (?P<peer>{ADDRESS})"
        r"(?:\[\d{1,5}\])?(?:, (?P<user>\S{1,128}))?\s*$", _ASSIGNED, kind=EventKind.LEASE),
    # lan logged out, 3600 1000 2000 10 20 from 02:00:5e:00:53:01
    sentence(" logged out, ", r"^(?:<\S{1,80}>: )?(?P<user>\S{1,128}) logged out, [\d ]{1,120} from "
        r"(?P<peer>{MAC}|{ADDRESS})\s*$"),
    # lan (10.5.50.2): logged in      ->: lan (10.5.50.2): login failed: invalid password
    sentence("): ", r"^(?:->: )?(?:(?P<mac>{MAC})|(?P<user>.{1,128}?)) \((?P<ip>{ADDRESS})\): "
        r"(?P<word>logged in|logged out|login failed|trying to log in)",
        {"logged in": Action.ALLOWED, "login failed": _NO}, **_SERVES),
    # respond new phase 1 (Identity Protection): OWN[500]<=>198.51.100.7[500]   (I): OWN opened it
    sentence(" (I): ", _PEERS % ("ip", "port", "to", "to_port"), kind=EventKind.CONNECTION, way=Way.UNSTATED),
    sentence("]", _PEERS % ("to", "to_port", "ip", "port"), kind=EventKind.CONNECTION, way=Way.RECEIVED),
    # first L2TP UDP packet received from 203.0.113.7      TCP connection established from 203.0.113.7
    sentence(" from ", r"(?:received|established|connection|connect) from (?P<mac>{MAC})(?=[\s,]|$)",
        kind=EventKind.OTHER),
    sentence(" from ", r"(?:received|established|connection|connect) from (?P<ip>{ADDRESS})(?:\[\d{1,5}\])?"
        r"(?=[\s,]|$)", kind=EventKind.CONNECTION),
    # 203.0.113.7 failed to pre-process ph1 packet (side: 1, status 1).
    sentence("failed", r"^(?P<ip>{ADDRESS})(?:\[\d{1,5}\])? (?:failed|phase1 negotiation failed|parsing "
        r"packet failed)\b", kind=EventKind.CONNECTION),
    # wg1: [peer1] kQ2=: Handshake for peer completed (203.0.113.7:51820)
    sentence("peer", r"\(\[?(?P<ip>{ADDRESS}?)\]?:(?P<port>\d{1,5})\)$", kind=EventKind.CONNECTION),
    # 02:00:5e:00:53:01@wlan1: connected
    sentence("@", r"^(?P<mac>{MAC})@\S{1,40}(?:\(.{0,40}?\))?:? (?:dis)?connected", kind=EventKind.OTHER),
)  # fmt: skip


def _is_dns(text: str) -> bool:
    """Return whether the DNS server wrote the message (its topic alone is a common word)."""
    return any(known.pattern.search(text) for known in (_QUESTION, _ANSWER, _NO_ANSWER, *_PROXY))


def _question_number(text: str) -> str | None:
    """The `#id` that joins a DNS question and its answer."""
    found = (known.pattern.search(text) for known in (_QUESTION, _ANSWER)) if "query" in text[:40] else ()
    return next((match["number"] for match in found if match), None)


# jun/02/2026 15:04:05 firewall,info ...   jun/02 15:04:05   2026-06-02 15:04:05   06-02 15:04:05   15:04:05
_TIME = re.compile(
    r"(?a)(?:(?:([A-Za-z][a-z]{2})/(\d{2})(?:/(\d{4}))?|(?:(\d{4})-)?(\d{2})-(\d{2})) )?"
    r"(\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)[ \t]+(?:(?=\S+,)|(?=[a-z]))"
)
# firewall,info   system,error,critical   dns   hotspot,account,info,debug   l2tp,ppp,info,account
# dhcp,info:   firewall, info (as WinBox copies them)
_TOPIC = (
    r"(?:account|arp|async|backup|bfd|bgp|bridge|calc|caps|certificate|container|critical|ddns|debug|dhcp"
    r"|discovery|dns|dot1x|dude|e-mail|error|event|fetch|firewall|gps|gsm|health|hotspot|igmp-proxy|info"
    r"|interface|ipsec|iscsi|isdn|kvm|l2tp|ldp|lora|lte|manager|mme|mpls|natpmp|netinstall|netwatch|ntp"
    r"|ospf|ovpn|packet|pim|poe-out|ppp|pppoe|pptp|ptp|queue|radius|radvd|raw|read|rip|romon|route|rpki"
    r"|rsvp|script|sertcp|simulator|smb|snmp|ssh|sstp|state|store|stp|system|telephony|tftp|timer|tr069"
    r"|update|upnp|ups|vpls|vrrp|warning|watchdog|web-proxy|wireguard|wireless|write|zerotier)"
)
_TOPICS = re.compile(rf"({_TOPIC}(?:, ?!?{_TOPIC}){{1,8}}:?|dns|web-proxy)[ \t]+(?=\S)", re.ASCII)
_MARKERS = (
    ",info", ",error", ",warning", ",critical", ",debug", ",account", ",packet", ",event", ",raw", ", info",
    ", error", ", warning", ", critical", ", debug", "dns ", "web-proxy ",
)  # fmt: skip
# CEF:0|MikroTik|CHR|7.18 (stable)|14|system,info,account|Low|dvchost=gw dvc=192.0.2.1 msg=user admin ..
_CEF = re.compile(r"(?:CEF: ?)?0\|MikroTik\|", re.ASCII)
# echo: system,error,critical login failure   memory firewall, info input: (the buffer that WinBox shows)
_BUFFER = re.compile(r"(?:echo:|memory|disk|remote)[ \t]+")
_SPACES = re.compile(r"[ \t]")
_ROOM = 400
_WORDS_BEFORE = 18
_MOST_QUESTIONS = 4096


class Mikrotik(LogFormat):
    """Firewall with NAT, DHCP leases, DNS, log-ins, PPP and hotspot sessions, web proxy; RouterOS 6 and 7,
    syslog, `/log print`, WinBox's copies, CEF.

    A DNS answer belongs to the client of the same `#id`.
    """

    name = "mikrotik"
    title = "MikroTik RouterOS"
    gives = fields_named("contact nat machine user domain url answers action response")
    # firewall,info forward: in:bridge out:ether1, connection-state:new src-mac 02:00:5e:10:00:01, proto ..
    records = Records(
        reader="sentences",
        sentences=Sentences(
            marks=("firewall,info ",), parting=" :,()->", idle=rb", len (\d+)$", rare=("|MikroTik|",)
        ),
    )
    lease_markers = (" assigned ", " deassigned ", " logged in, ", "acquired ")

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._questions: OrderedDict[str, str] = OrderedDict()

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match RouterOS's topics before the message, the firewall's own shape, or its CEF header."""
        if "|MikroTik|" in line:
            return _CEF.search(line, 0, _ROOM) is not None
        if " out:" in line and _FIREWALL.search(line, 0, 600):
            return True
        return _find_topics(line) is not None

    def read(self, line: str) -> Event | None:
        """Read one message. A message that names no machine proves that the router logged."""
        self.check(line)
        header, message = self._header(line)
        if _CEF.match(message):
            fields = cef.read(message).extension
            observer, message = first(fields, "dvchost", "dvc"), first(fields, "msg") or ""
            return placed(self._event(message), header.time, observer or header.host)
        topics = _TOPICS.match(message)
        text = message[topics.end() :] if topics else message
        return placed(self._event(text), header.time, header.host)

    def _header(self, line: str) -> tuple[SyslogHeader, str]:
        own = _TIME.match(line)
        if own:
            buffer = _BUFFER.match(line, own.end())
            return SyslogHeader(time=self._time(own)), line[buffer.end() if buffer else own.end() :]
        header, message = split_header(line, self.context)
        cef_start = _CEF.search(message, 0, _ROOM) if "|MikroTik|" in message else None
        if cef_start:
            return header, message[cef_start.start() :]
        topics = _find_topics(message)
        if topics and topics.start():
            own = _TIME.search(message, 0, topics.start() + 1)
            if own and header.time is None:
                header = replace(header, time=self._time(own))
            relayed = split_header(message[: topics.start()] + "-", self.context)[0]
            if relayed.host:
                header = replace(header, time=relayed.time or header.time, host=relayed.host)
            message = message[topics.start() :]
        elif header.app and not topics:
            message = f"{header.app}: {message}"
        return header, message

    def _time(self, match: re.Match[str]) -> datetime | None:
        name, day, year, other_year, month, other_day, clock = match.groups()
        if name is None and month is None:
            return self._today(clock)
        return clock_time(self.context, year or other_year, name or month, day or other_day, clock)

    def _today(self, clock: str) -> datetime | None:
        """Date a time of day on the file's day or the day before; None when the file's time is unknown."""
        written = self.context.modified
        if written.year >= 9999:
            return None
        day = written.astimezone(self.context.timezone)
        time = clock_time(self.context, str(day.year), str(day.month), str(day.day), clock)
        return time if time <= written.astimezone(UTC) + timedelta(minutes=5) else time - timedelta(days=1)

    def _event(self, text: str) -> Event:
        """Read a message; a DNS answer goes to the client of its question's number."""
        event = _firewall_event(text) or sentences.event_of((*_PROXY, *_SENTENCES), text) or Event()
        number = _question_number(text)
        if number is None:
            return event
        if event.response:
            client = self._questions.get(number)
            if client is None:
                return event
            return decide(replace(event, source_ip=client), role=Role.SERVES_THE_UNIT, again=True)
        if event.source_ip:
            self._questions[number] = event.source_ip
            self._questions.move_to_end(number)
            if len(self._questions) > _MOST_QUESTIONS:
                self._questions.popitem(last=False)
        return event


def _find_topics(line: str) -> re.Match[str] | None:
    """Find the topics at the start of a line, or after one or two syslog headers."""
    if not any(marker in line for marker in _MARKERS):
        return None
    position = 0
    for _ in range(_WORDS_BEFORE):
        if line.startswith("<", position):
            position = line.find(">", position, position + 8) + 1 or position
        match = _TOPICS.match(line, position)
        if match:
            return match if "," in match[1] or _is_dns(line[match.end() :]) else None
        space = _SPACES.search(line, position, _ROOM)
        if space is None:
            return None
        position = space.end()
    return None
