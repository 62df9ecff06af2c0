"""MikroTik RouterOS 6 and 7: firewall and NAT, DHCP leases, DNS, log-ins, PPP and hotspot, web proxy.

Source: MikroTik, "Log" (https://help.mikrotik.com/docs/spaces/ROS/pages/328094/Log: topics, BSD and CEF
remote formats), "Filter", "NAT", "DHCP", "DNS", "HotSpot", "PPP AAA" of the same documentation. The messages
themselves are in `messages.py` and `tunnels.py`. Traps:
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

from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.ends import Role, decide, placed
from lamsach.logs.formats.firewalls.mikrotik import messages as mikrotik_messages
from lamsach.logs.mappings.records import Records, Sentences
from lamsach.logs.text import cef
from lamsach.logs.text.key_value import first
from lamsach.logs.text.syslog import SyslogHeader, split_header
from lamsach.logs.text.times.timestamps import MONTHS, local_time, without_year
from lamsach.model import Event

# jun/02/2026 15:04:05 firewall,info ...   jun/02 15:04:05   2026-06-02 15:04:05   06-02 15:04:05   15:04:05
_TIME = re.compile(
    r"(?a)(?:(?:([A-Za-z][a-z]{2})/(\d{2})(?:/(\d{4}))?|(?:(\d{4})-)?(\d{2})-(\d{2})) )?(\d{2}):(\d{2}):"
    r"(\d{2})(?:\.(\d{1,6}))?[ \t]+(?:(?=\S+,)|(?=[a-z]))"
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
        if " out:" in line and mikrotik_messages.FIREWALL.search(line, 0, 600):
            return True
        return _find_topics(line) is not None

    def parse(self, line: str, number: int) -> Event | None:
        """Read one message. A message that names no machine proves that the router logged."""
        self.check(line)
        header, message = self._header(line)
        if _CEF.match(message):
            fields = cef.read(message).extension
            observer, message = first(fields, "dvchost", "dvc"), first(fields, "msg") or ""
            return placed(self._event(message), self, number, header.time, observer or header.host)
        topics = _TOPICS.match(message)
        text = message[topics.end() :] if topics else message
        return placed(self._event(text), self, number, header.time, header.host)

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
        name, day, year, other_year, month_number, other_day, hour, minute, second, fraction = match.groups()
        clock = int(hour), int(minute), int(second)
        micro = int(fraction.ljust(6, "0")) if fraction else 0
        if name is None and month_number is None:
            return self._today(*clock, micro)
        month = MONTHS.get(name.capitalize(), 0) if name else int(month_number)
        stated = year or other_year
        if stated:
            return local_time(int(stated), month, int(day or other_day), *clock, micro, self.context.timezone)
        return without_year(month, int(day or other_day), *clock, self.context, micro)

    def _today(self, hour: int, minute: int, second: int, micro: int) -> datetime | None:
        """Date a time of day on the file's day or the day before; None when the file's time is unknown."""
        written = self.context.modified
        if written.year >= 9999:
            return None
        day = written.astimezone(self.context.timezone)
        time = local_time(day.year, day.month, day.day, hour, minute, second, micro, self.context.timezone)
        return time if time <= written.astimezone(UTC) + timedelta(minutes=5) else time - timedelta(days=1)

    def _event(self, text: str) -> Event:
        """Read a message; a DNS answer goes to the client of its question's number."""
        event = mikrotik_messages.event_of(text)
        number = mikrotik_messages.question_number(text)
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
            return match if "," in match[1] or mikrotik_messages.is_dns(line[match.end() :]) else None
        space = _SPACES.search(line, position, _ROOM)
        if space is None:
            return None
        position = space.end()
    return None
