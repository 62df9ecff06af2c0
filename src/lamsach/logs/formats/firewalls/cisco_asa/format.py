r"""Cisco ASA, Firepower Threat Defense, PIX and FWSM.

Source: Cisco, "Secure Firewall ASA Series Syslog Messages" 9.x; "Secure Firewall Threat Defense Syslog
Messages" 7.x. Traps:
- The tag is `%ASA-6-302013:`, `%FTD-6-...`, `%PIX-...`, `%FWSM-...`, `%NGIPS-1-430003:`; some relays cut the
  `%`, the product or the whole tag off, ASDM writes `6|Nov 28 2026 12:59:03|302021: `, version 9.16 and later
  may omit the colon.
- Time and host before it vary: `Jun 07 2026 16:16:20: %ASA`, `gw01 : %ASA`, an event-logging prefix.
- A connection that ends was allowed; one that `could not be established` was not; an attacker on the shun
  list is blocked.
- `messages.py` decides who opened a connection; `ftd.py` reads the security events.
"""

from __future__ import annotations

import re
from datetime import datetime

from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import (
    Role,
    Way,
    as_opened,
    changed,
    decide,
    event_between,
    is_internal,
    own_end,
)
from lamsach.logs.events.leases import lease_event
from lamsach.logs.formats.firewalls.cisco_asa.ftd import KEYS, TIMES, security_fields
from lamsach.logs.formats.firewalls.cisco_asa.messages import TIMED_SENTENCE, CiscoContact, contact_of
from lamsach.logs.mappings.cisco_ends import ADDRESS, End
from lamsach.logs.mappings.keyed_events import event_of, host_in
from lamsach.logs.mappings.records import Records, Sentences
from lamsach.logs.text.record_headers import header_before, within_json
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import domain_of
from lamsach.model import Action, Event, EventKind, LeaseAction

# Deny udp reverse path check from 203.0.113.9 to 198.51.100.7 on interface outside
_ARRIVED_AT = re.compile(r" on (?:interface ([\w.-]{1,64})|([\w.-]{1,64}) interface)(?![\w-])", re.ASCII)
_OUTSIDE = ("outside", "wan", "internet", "untrust", "isp", "extern", "public", "ngoai")


def _role_and_way(contact: CiscoContact, text: str) -> tuple[Role, Way]:
    """Decide role and direction of a contact, which determine the unit's own end."""
    source, destination = contact.source, contact.destination
    if source.ip and destination.ip is None:
        return Role.BETWEEN, Way.CALLED
    if source.ip and destination.ip and not is_internal(source.ip) and not is_internal(destination.ip):
        return Role.BETWEEN, Way.INWARD if _is_inward(source, destination, text) else Way.UNSTATED
    if text.startswith("AAA ") and not (source.ip and is_internal(source.ip)):
        return Role.APART, Way.UNSTATED  # the authentication server is no party
    return Role.BETWEEN, Way.UNSTATED


def _is_inward(source: End, destination: End, text: str) -> bool:
    """Return whether a contact of two public addresses came in, by wording, interfaces or target."""
    if " inbound " in text[:60] or text.startswith(("Inbound ", "IPSEC: Received ")):
        return True
    if source.interface is None and destination.interface is not None:
        return True
    arrived = _ARRIVED_AT.search(text) if source.interface is None else None
    if arrived:
        return _leads_outside(arrived[1] or arrived[2])
    return _leads_inside(source, destination)


def _leads_inside(source: End, destination: End) -> bool:
    """Return whether a contact came from outside, by the names of both interfaces."""
    return [_leads_outside(end.interface or "") for end in (source, destination)] == [True, False]


def _leads_outside(interface: str) -> bool:
    """Return whether an interface leads to the Internet, by its name."""
    return any(word in interface.lower() for word in _OUTSIDE)


_ALLOWED = (
    "Built ", "permitted", "Permitted", "est-allowed", "Accessed URL", "established", "Succeeded",
    "succeeded", "Login permitted", "Successful", "ACCEPT ", ": successful",
)  # fmt: skip
_BLOCKED = (
    "Deny ", "denied", "Denied", "ropping", "Dropped", "dropped", "Rejected", "rejected", "discarded",
    "blocked", "Shun", "No translation group", "uthentication failed", "uthorization failed",
    "Reset connection", "Resetting connection", "requested to drop", "to shun list", "adding shun",
    "password incorrect",
)  # fmt: skip
_ENDED = ("Teardown ", "torn down")


def _action_of_message(text: str) -> Action:
    """Outcome of the contact in a message without header and number."""
    if text.startswith(_ENDED):
        return Action.ALLOWED
    if "could not be established" in text or "creation failed" in text:
        return Action.BLOCKED
    if any(word in text for word in _BLOCKED):
        return Action.BLOCKED
    if any(word in text for word in _ALLOWED):
        return Action.ALLOWED
    return Action.UNKNOWN


# %ASA-6-302013: Built   %ASA-session-6-302013:   %FTD-4-750003 Local:   ASA-6-302013: Built
_TAG = re.compile(
    r"(?<![\w-])%?(?:(?:ASA|FTD|PIX|FWSM|NGIPS|SFIMS)-(?:[a-z]{0,20}-)?([0-7])-(\d{6}):? ?"
    r"|SFIMS ?: (?=Protocol: \w{1,20}, SrcIP: |[^{}]{0,600}\{[\w-]{1,16}\} [\d.:A-Fa-f]{3,45}))"
)
# 6|Nov 28 2026 12:59:03|302021: Teardown   302020: Built inbound
_ASDM = re.compile(
    r"^([0-7])[|\t]([A-Z][a-z]{2} \d{1,2} \d{4})[| \t](\d{2}:\d{2}:\d{2})([|\t])(\d{6})(?:: ?|[|\t])"
)
_NUMBER = re.compile(r"(?:^|(?<=\s))(\d{6}): (?=[A-Z])")
_BARE = (
    "Built inbound ", "Built outbound ", "Built dynamic ", "Built static ", "Built local-host ",
    "Built ICMP ", "Teardown ", "Deny ", "Group <", "Group = ", "No matching connection ",
    "Inbound TCP connection denied ", "access-list ", "Denied ICMP type", "Denied IPv6-ICMP type",
    "TunnelGroup <", "(WebVPN-Primary) ", "(WebVPN-Secondary) ", "FTP connection from ", "SSH session from ",
    "No translation group found ", "Dynamic filter ", "Dynamic Filter ", "IPSEC: ", "Duplicate TCP SYN ",
    "Dropping TCP packet ", "Invalid transport field ", "AAA user ", "DAP: User ", "UAUTH: Session",
    "WebVPN session ", "TCP access ", "UDP access ", "UDP request ", "Failed to locate egress interface for ",
    "Routing failed to locate next hop for ", "portmap translation creation failed ",
    "Asymmetric NAT rules matched ", "Login permitted from ", "Login denied from ", "SSL client ",
    "IPAA: Session", "SSL session with ", "Device failed SSL handshake ", "Device chooses cipher ",
    "Device selects trust-point ", "user-identity: ", "Threat-detection ", "Begin configuration: ",
    "Shunned packet: ", "Starting SSL handshake with client ", "Device completed SSL handshake with client ",
    "Routing failed to locate next hop ", "Local:", "Access denied URL ", "Auth start for user ",
    "Authorization denied (acl=", "Bad TCP hdr length ", "Built H245 ", "Built TCP state-bypass ",
    "DHCP daemon interface ", "Denied ICMPv6 type=", "Denied invalid ICMP", "Discard IP fragment set ",
    "Dropped UDP DNS ", "Dropped UDP SNMP ", "ESP request discarded ", "Embryonic connection limit ",
    "Fragment database limit ", "IDS:", "IPv6 No matching connection ", "Pre-allocate SIP ", "SFR requested ",
    "TCP connection limit exceeded ", "AccessControlRuleAction: ", "DeviceUUID: ", "EventPriority: ",
    "SrcIP: ",
)  # fmt: skip
_NUMBERED = re.compile(r"\s*(?:\d{6}:)?\s*")
_BARE_SIGN = re.compile(
    r"connection|translation|ICMP|local-host|dst |dst=|from \S|User <|Username = |Group = |->|denied"
    r"|permitted|faddr|IP ?= |with client |IP address|Remote:|SPI= |on interface|Assigned IP="
    r"|Client assigned|Freeing local pool|IP-User mapping|adds host|reading from|src = |server = +\d"
    r"|to resume |for client |address granted|^IDS:\d{4} |, DstIP: "
)
# 304001: an@10.1.1.5(CORP\an) Accessed URL 203.0.113.9:http://c2.example/   [10.1.1.5] drop rate-1 exceeded.
_BARE_START = re.compile(
    rf"(?a)(?:\d{{6}}: ?)?(?=(?:[^\s@]{{1,128}}@)?{ADDRESS}(?:\([^()]{{1,128}}\))? Accessed (?:JAVA )?URL "
    rf"|\[ ?[\w.:-]{{3,45}}\] drop rate-\d exceeded|User '[^']{{1,64}}', running ')"
)
_SECURITY = re.compile(r"\b(?:EventPriority|DeviceUUID|SrcIP|DstIP|InstanceID|AccessControlRule\w+): ")
_SESSION_IDS = ("113", "109", "716", "722", "734", "737", "746", "611", "605", "713", "725", "603", "315")
# Intercepted DNS reply for domain c2.example from outside:203.0.113.53/53 to inside:10.1.1.5/51000 ..
_REPLY = re.compile(r"Intercepted DNS reply for (?:domain|name) ([\w.-]{1,253}) from ", re.ASCII)


class CiscoAsa(LogFormat):
    """Connections, denials, translations, VPN sessions, log-ons, leases; security events 430001 to 430005;
    with the tag, without it, from ASDM.

    The words *inbound* and *outbound* show who opened a connection, else the ports.
    """

    name = "cisco_asa"
    title = "Cisco ASA and Firepower"
    gives = fields_named("contact nat machine user domain url answers hashes action forwarded")
    # Built outbound TCP connection 7 for outside:203.0.113.9/443 (203.0.113.9/443) to inside:10.1.1.5/51000
    records = Records(
        reader="sentences",
        sentences=Sentences(
            marks=("%ASA-", "%FTD-"),
            parting=" :/()",
            first="^%(?:ASA|FTD)-[0-7]-[0-9]{6}$",
            idle=rb" connection (\d+) for | duration ([\d:]{5,12})(?: bytes (\d+))?(?= |$)",
            rare=("-430", "SFIMS"),
        ),
    )
    lease_markers = (
        "address granted", "address released", "assigned to session", "Assigned private IP", "Assigned IP=",
        "Session disconnected",
    )  # fmt: skip

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the product's tag, or a sentence that only these firewalls write."""
        if any(tag in line for tag in ("ASA-", "FTD-", "PIX-", "FWSM-", "NGIPS-", "SFIMS")):
            match = _TAG.search(line, 0, 700)
            if match:
                return not within_json(line, match.start())
        return _untagged(line) >= 0

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. A message without an address is an event too: the firewall logged."""
        self.check(line)
        time: datetime | None = None
        identifier = ""
        tag = _TAG.search(line, 0, 700)
        start = _untagged(line) if tag is None else tag.start()
        header = header_before(line if tag else f"{line[:start]}%", start, self.context)
        observer = header.host
        if tag:
            identifier, text = tag[2] or "", line[tag.end() :]
        else:
            asdm = _ASDM.match(line)
            text = line[asdm.end() :] if asdm else _NUMBER.sub("", line[start:], count=1).lstrip(": ")
            identifier = asdm[5] if asdm else ""
            # source, its port, destination, its port, the message
            columns = text.split(asdm[4], 4) if asdm else []
            text = columns[4] if len(columns) == 5 else text
            time = first_time((f"{asdm[2]} {asdm[3]}",), self.context) if asdm else None
            observer = None if asdm else observer
        time = time or header.time
        return (
            self._security(text, time, observer)
            if _SECURITY.search(text, 0, 300)
            else _event(text, identifier, time, observer)
        )

    def _security(self, text: str, time: datetime | None, observer: str | None) -> Event:
        fields = security_fields(text)
        stated = first_time((fields.get(key) for key in TIMES), self.context)
        return event_of(fields, KEYS, time=stated or time, observer=observer)


def _untagged(line: str) -> int:
    """Find the start of a message without a tag; -1 for another line."""
    if _ASDM.match(line):
        return 0
    head = line[:300]
    if " Accessed " in head or " drop rate-" in head or "', running '" in head:
        bare = _BARE_START.match(line)
        if bare:
            return bare.end()
    if not head.lstrip().startswith("<"):
        number = _NUMBERED.match(head)
        position = number.end() if number else 0
        if head.startswith(_BARE, position) and _BARE_SIGN.search(line, position):
            return position
        timed = TIMED_SENTENCE.match(line)
        return timed.end() if timed and _BARE_SIGN.search(line, timed.end()) else -1
    for sentence in _BARE:
        position = head.find(sentence)
        if position >= 0 and _starts_message(head, position) and _BARE_SIGN.search(line, position):
            return position
    return -1


def _starts_message(head: str, position: int) -> bool:
    """Return whether only a syslog header precedes this position."""
    before = head[:position].rstrip()
    return (
        before.lstrip().startswith("<") and not any(c in before for c in '="|{;') and before.count(" ") <= 8
    )


def _event(text: str, identifier: str, time: datetime | None, observer: str | None) -> Event:
    contact = contact_of(text)
    if contact.lease:
        granted = LeaseAction.ASSIGNED if contact.lease == "granted" else LeaseAction.RELEASED
        return lease_event(contact.given, granted, mac=contact.mac, time=time, observer=observer)
    source, destination = contact.source, contact.destination
    if contact.domain and source == End():  # the firewall's own question, for a rule with a host name
        answers = (contact.answer,) if contact.answer else ()
        return Event(time, EventKind.DNS, observer, domain=contact.domain, answers=answers, forwarded=True)
    if reply := _REPLY.match(text):
        return _reply(contact, reply, time, observer)
    role, way = _role_and_way(contact, text)
    device = contact.given or own_end(source.ip, destination.ip, way, role)
    inward = device is not None and device == destination.ip and device != source.ip
    if source.ip is None and destination.ip is None and _leads_inside(source, destination):
        inward = True  # both ends are names: the interfaces show which is the unit's
    mapped = (source.mapped_ip, source.mapped_port) != (source.ip, source.port)
    event = event_between(
        (source.ip or (contact.given if destination.ip is None else None), source.port),
        (destination.ip, destination.port),
        time=time,
        kind=_kind(contact, identifier, text),
        observer=observer,
        source_nat_ip=source.mapped_ip if mapped else None,
        source_nat_port=source.mapped_port if mapped and source.mapped_ip else None,
        device_name=destination.name if inward or (device is None and source.ip) else source.name,
        device_mac=contact.mac,
        user=contact.user,
        domain=_domain(contact, inward),
        url=contact.url,
        action=_action_of_message(text),
        way=way,
        role=role,
        given=contact.given,
    )
    if session := _session(event, contact, text):
        return session
    if contact.far_first:
        return changed(as_opened(changed(event, outbound=True)), outbound=True)
    return event


def _domain(contact: CiscoContact, inward: bool) -> str | None:
    """Return the stated domain, the URL's host, or the far end's name."""
    if domain := contact.domain or (host_in(contact.url) if contact.url else None):
        return domain
    far = contact.source if inward and contact.source.ip is None else contact.destination
    return domain_of(far.name) if far.ip is None and far.name and "." in far.name else None


def _session(event: Event, contact: CiscoContact, text: str) -> Event | None:
    """Turn an event of a VPN client's session into a lease; None for any other."""
    if contact.given and contact.user and "mapping" not in text and "Failed " not in text:
        removed = "removed" in text or "torn down" in text
        action = LeaseAction.RELEASED if removed else LeaseAction.ASSIGNED
        return changed(event, kind=EventKind.LEASE, action=action)
    if "Session disconnected" in text and contact.user and contact.source.ip:
        event = changed(event, kind=EventKind.LEASE, action=LeaseAction.RELEASED)
        return decide(event, role=Role.APART, again=True)
    return None


def _reply(contact: CiscoContact, reply: re.Match[str], time: datetime | None, observer: str | None) -> Event:
    """Read a DNS server's answer, written from the server to the client."""
    server, client = contact.source, contact.destination
    return event_between(
        (client.ip, client.port),
        (server.ip, server.port),
        time=time,
        kind=EventKind.DNS,
        observer=observer,
        domain=domain_of(reply[1]),
        response=True,
        action=_action_of_message(reply.string),
        role=Role.SERVES_THE_UNIT,
    )


def _kind(contact: CiscoContact, identifier: str, text: str) -> EventKind:
    if contact.url:
        return EventKind.WEB
    if (
        contact.given
        or identifier.startswith(_SESSION_IDS)
        or text.lstrip().startswith(("Group <", "Group = ", "AAA user"))
    ):
        return EventKind.LOGON
    return (
        EventKind.CONNECTION
        if contact.source.ip and (contact.destination.ip or contact.destination.name)
        else EventKind.OTHER
    )
