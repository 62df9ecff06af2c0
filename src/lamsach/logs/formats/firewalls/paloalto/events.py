"""Events of Palo Alto's columns and of its JSON (see `format.py`).

The JSON's keys are those of the "Log Forwarding App Schema Reference"; its times are in UTC.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from datetime import datetime

from lamsach.logs.base import FileContext
from lamsach.logs.events.ends import Role, Way, changed, decide
from lamsach.logs.formats.firewalls.paloalto.columns import PLACES, ends_of, lease_of
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.keyed_events import Keys, event_of
from lamsach.logs.text.json_records import read_object, text_of, texts_of, walk
from lamsach.logs.text.key_value import first_ip
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import domain_of, in_order, question_of, stated
from lamsach.model import Action, Event, EventKind, LeaseAction

_SAME = in_order(
    "source_port source_nat source_nat_port source_name source_mac source_user destination destination_port "
    "destination_name destination_mac destination_user query domain url observer"
)
COLUMN_KEYS = Keys(
    source=("source", "source_ipv6"),
    hashes=("hash",),
    action=("action", "status", "event"),
    **{name: (name,) for name in _SAME},
)
_JSON_KEYS = Keys(
    source=("SourceAddress", "PublicIPv4", "PublicIPv6", "SourceIP", "ClientIP", "UserIP"),
    source_port=("SourcePort",),
    source_nat=("NATSource",),
    source_nat_port=("NATSourcePort",),
    source_name=("SourceDeviceHost", "EndpointDeviceName", "SourceDeviceName", "MachineName"),
    source_mac=("SourceDeviceMac",),
    source_user=("SourceUser", "SourceUserName", "User", "UserName", "Users", "AdminUserName", "Admin"),
    destination=("DestinationAddress", "DNSResolverIP", "DestinationIP"),
    destination_port=("DestinationPort",),
    destination_name=("DestinationDeviceHost",),
    destination_mac=("DestinationDeviceMac",),
    destination_user=("DestinationUser", "DestinationUserName"),
    query=("DNSRequest", "DNSQuery", "DNSDomain", "QueryName", "FQDN"),
    domain=("SNI", "ServerNameIndication", "URLDomain", "CommonName", "DomainName"),
    url=("URL",),
    answers=("DNSResponse",),
    hashes=("FileHash", "FileSHA256", "SHA256"),
    action=("Action", "EventStatus", "Status", "EventName"),
    observer=("DeviceName", "LogSourceName"),
)
_TIMES = ("EventTime", "TimeGenerated", "TimeGeneratedHighResolution", "TimeReceived", "LogTime")
# generic:bad.example(109000001)   Suspicious DNS Query (generic:bad.example)(3800005)
# Tunneling:bad.example(109001001)
_THREAT_DOMAIN = re.compile(r"[(:]([\w-]{1,63}(?:\.[\w-]{1,63})+)\)?\(?", re.ASCII)
_LOGONS = frozenset({"USERID", "GLOBALPROTECT", "AUTHENTICATION", "HIPMATCH", "AUTH"})
_REFUSED = re.compile(r"\b(?:fail(?:ed|ure)|denied|rejected|locked|invalid)\b", re.IGNORECASE)
_ADMITTED = re.compile(r"^authenticated\b|\b(?:logged in|success(?:ful|fully)?|succeeded)\b", re.IGNORECASE)
_SESSION_STAGES = {
    "gateway-connected": LeaseAction.ASSIGNED, "gateway-switch-to-ssl": LeaseAction.ASSIGNED,
    "gateway-switch-to-ipsec": LeaseAction.ASSIGNED, "gateway-tunnel-latency": LeaseAction.RENEWED,
    "gateway-logout": LeaseAction.RELEASED, "gateway-config-release": LeaseAction.RELEASED,
    "globalprotectgateway-config-succ": LeaseAction.ASSIGNED,
    "globalprotectgateway-switch-to-ssl-vpn": LeaseAction.ASSIGNED
}  # fmt: skip
"""GlobalProtect's events that assign a client a tunnel address, or release it."""
_QUESTIONS = ("spyware", "dns", "dns-security")
_OUTSIDE = ("untrust", "outside", "internet", "wan", "external")


def event_of_columns(kind: str, cells: Sequence[str], time: datetime | None, observer: str | None) -> Event:
    """Read a record of a known type; columns that its version lacks are omitted."""
    columns = PLACES.get(kind, {})
    fields = {
        name: cells[index] for name, index in columns.items() if index < len(cells) and stated(cells[index])
    }
    return event_of_fields(kind, cells[4] if len(cells) > 4 else "", fields, time, observer)


def event_of_fields(
    kind: str, subtype: str, fields: MutableMapping[str, str], time: datetime | None, observer: str | None
) -> Event:
    """Read a record by the names of its columns."""
    _assign_misc(fields, subtype)
    inward = is_outside(fields.get("from_zone")) and not is_outside(fields.get("to_zone"))
    event = event_of(fields, COLUMN_KEYS, time=time, observer=observer, inward=inward)
    event = with_status(event, fields.get("status"))
    if kind == "USERID":  # the ports of a terminal server's user, 0 for all others
        event = changed(
            event, source_port=event.source_port or None, destination_port=event.destination_port or None
        )
    return completed(
        event, kind, fields.get("message"), fields.get("given"), fields.get("given_ipv6"), fields.get("event")
    )


def with_status(event: Event, status: str | None) -> Event:
    """Mark an event of unknown action as blocked when its status is a failure."""
    refused = event.action is Action.UNKNOWN and (status or "").lower() == "failure"
    return changed(event, action=Action.BLOCKED) if refused else event


def with_question(event: Event, subtype: str, *texts: str | None) -> Event:
    """Add the DNS question of a threat, in the file's column or the threat's name."""
    if event.domain or event.url or subtype not in _QUESTIONS:
        return event
    fields = {"misc": texts[0] or "", "threat": " ".join(text for text in texts[1:] if text)}
    _assign_misc(fields, subtype)
    name = question_of(fields.get("query"))
    return changed(event, kind=EventKind.DNS, domain=name) if name else event


def is_outside(zone: str | None) -> bool:
    """Return whether a zone leads to the Internet, by its name."""
    return zone is not None and any(word in zone.lower() for word in _OUTSIDE)


def _assign_misc(fields: MutableMapping[str, str], subtype: str) -> None:
    """Move `misc` and `threat` to a URL, a DNS question, or drop them (a file's name)."""
    misc, threat = fields.pop("misc", ""), fields.pop("threat", "")
    if subtype == "url":
        fields["url"] = misc
    elif subtype in _QUESTIONS or "dns" in threat.lower():
        name = domain_of(misc) if "." in misc and "/" not in misc else None
        match = _THREAT_DOMAIN.search(threat) or _THREAT_DOMAIN.search(misc) if name is None else None
        if name or match:
            fields["query"] = name or (match[1] if match else "")
    elif "://" in misc or (
        subtype in ("vulnerability", "virus", "wildfire", "file")
        and "/" in misc
        and "." in misc.partition("/")[0]
    ):
        fields["url"] = misc


def json_event(line: str, context: FileContext) -> Event:
    """Read a JSON record, with or without a syslog header."""
    record = read_object(line)[1]
    fields: dict[str, str] = {}
    for key, value in walk(record):
        text = text_of(value) or " ".join(texts_of(value))
        if text and stated(text):
            fields.setdefault(key.rsplit(".", 1)[-1], text)
    kind = fields.get("LogType", "").upper()
    time = first_time((_in_utc(fields.get(key)) for key in _TIMES), context)
    inward = is_outside(fields.get("FromZone")) and not is_outside(fields.get("ToZone"))
    event = event_of(fields, _JSON_KEYS, time=time, inward=inward)
    if kind == "DNS" and event.kind is not EventKind.DNS:
        event = changed(event, kind=EventKind.DNS)
    if kind == "DNS":
        event = changed(event, response=bool(event.answers))
        event = decide(event, role=Role.SERVES_THE_UNIT, again=True)
    if kind == "THREAT":
        subtype = fields.get("Subtype") or fields.get("SubType") or ""
        event = with_question(
            event, subtype.lower(), fields.get("FileName"), fields.get("ThreatID"), fields.get("ThreatName")
        )
    return completed(
        with_status(event, fields.get("EventStatus")),
        kind,
        fields.get("EventDescription"),
        fields.get("PrivateIPv4"),
        fields.get("PrivateIPv6"),
        fields.get("EventIDValue") or fields.get("EventID") or fields.get("Stage"),
    )


def _in_utc(text: str | None) -> str | None:
    return f"{text}Z" if text and re.fullmatch(r"\d{4}-\d\d-\d\d[T ][\d:.]{8,16}", text) else text


def completed(
    event: Event,
    kind: str,
    message: str | None,
    given: str | None,
    given_ipv6: str | None,
    stage: str | None = None,
) -> Event:
    """Add the ends of a system record's message and a VPN client's address; turn sessions into leases."""
    if message and (lease := lease_of(message, event.time, event.observer)):
        return lease
    if message:
        event = _with_ends(event, message)
    session = _SESSION_STAGES.get((stage or "").lower())
    if session and kind == "SYSTEM" and event.device_ip and event.user:
        return changed(event, kind=EventKind.LEASE, action=session)
    inner = first_ip({"given": given or "", "given_ipv6": given_ipv6 or ""}, "given", "given_ipv6")
    if kind == "GLOBALPROTECT":
        event = decide(event, Way.CALLED, given=inner, again=True)
        if inner and event.user and session and event.action is not Action.BLOCKED:
            return changed(event, kind=EventKind.LEASE, action=session)
    if kind in _LOGONS or (message and event.user):
        outcome = event.action
        if message and outcome is Action.UNKNOWN:
            outcome = verdict(_REFUSED.search(message, 0, 400), _ADMITTED.search(message, 0, 400))
        return changed(event, kind=EventKind.LOGON, action=outcome)
    return event


def _with_ends(event: Event, message: str) -> Event:
    """Add the client, server and user of a system record's message."""
    found = ends_of(message)
    port = event.source_port if event.source_ip else found["source_port"]
    found = {name: getattr(event, name) or value for name, value in found.items()}
    return decide(changed(event, **found | {"source_port": port}), Way.CALLED)
