"""Cloud audit and security records: Microsoft 365, Entra ID, Defender XDR, Azure, AWS and Cloudflare.

Source:
https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema,
https://learn.microsoft.com/azure/azure-monitor/reference/tables/ (`SigninLogs`, `DnsEvents`),
https://learn.microsoft.com/defender-xdr/advanced-hunting-schema-tables,
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html,
https://developers.cloudflare.com/logs/logpush/, https://learn.microsoft.com/azure/firewall/diagnostic-logs.
Traps:
- `CreationTime` is in UTC without stating it.
- A sign-in from an external address is no device of the unit.
- `sourceIPAddress` of CloudTrail may be the name of an AWS service.
- `SrcIP` of Cloudflare Gateway is the public address of the site where `DeviceName` is.
- `Computer` of a DNS event is the server.
- Defender XDR puts names as JSON into the text `AdditionalFields`; `InboundConnectionAccepted` was opened
  by the `RemoteIP`.
- Azure Firewall's legacy logs (`AzureFirewallNetworkRule`, `..ApplicationRule`, `..DnsProxy`) have a
  sentence in `properties.msg`; the newer `AZFW..` tables have keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from lamsach.errors import LineError
from lamsach.logs.events.ends import Role, changed, decide, is_internal
from lamsach.logs.text.json_records import Record, child, read_object, text_of, texts_of
from lamsach.logs.text.values import ip_of
from lamsach.model import Action, Event, EventKind

MARK = '"AzureFirewall'
"""Part of the category of Azure Firewall's legacy records."""
_END = r"\[?([0-9A-Fa-f.:]{3,45}?)\]?"
# TCP request from 10.1.0.4:51000 to 203.0.113.9:443. Action: Deny.
# UDP request from 203.0.113.9:4000 to 198.51.100.7:53 was DNAT'ed to 10.1.0.5:53
_REQUEST = re.compile(
    rf"(?a)(?P<protocol>[A-Za-z]{{2,10}})(?: Type=\d{{1,3}})? request from {_END}:(\d{{0,5}}) to \[?"
    rf"([^\s\]]{{1,253}}?)\]?:(\d{{0,5}})(?=[.,/ ]|$)"
)
_URL = re.compile(r"\bUrl: (\S{1,2048}?)[.,]?(?: |$)", re.ASCII)
_ACTION = re.compile(r"\bAction: (\w{2,20})", re.ASCII)
# DNS Request: 10.1.0.4:51000 - 4711 A IN c2.example. udp 40 false 512 NOERROR qr,rd,ra 56 0.012s
_QUESTION = re.compile(rf"(?a)DNS Request: {_END}:(\d{{1,5}}) - \d{{1,5}} \w{{1,10}} \w{{2}} (\S{{1,255}}) ")


def values_of(sentence: str) -> dict[str, list[str]]:
    """Return the values in an Azure Firewall sentence by field of `column_names`; empty for other texts."""
    question = _QUESTION.match(sentence)
    if question:
        return {"source": [question[1]], "source_port": [question[2]], "query": [question[3]]}
    request = _REQUEST.match(sentence)
    if request is None:
        return {}
    _, source, source_port, destination, destination_port = request.groups()
    url, action = _URL.search(sentence), _ACTION.search(sentence)
    values = {
        "source": source,
        "source_port": source_port,
        "destination": destination,
        "destination_port": destination_port,
        "url": url[1] if url else "",
        "action": action[1] if action else "",
    }
    return {field: [value] for field, value in values.items() if value}


Values = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class CloudRecord:
    """A kind of record, recognized by its keys (`names`); `fields`: meanings of keys in it."""

    names: frozenset[str]
    fields: Mapping[str, str] = field(default_factory=dict)
    of_endpoint: bool = False
    """Whether it describes the machine that its keys name."""


AUDIT = CloudRecord(frozenset({"creationtime", "workload", "operation"}))
SIGN_IN = CloudRecord(
    frozenset({"userprincipalname", "ipaddress", "appdisplayname"}),
    {"ipaddress": "source", "userprincipalname": "user"},
)
DNS_EVENT = CloudRecord(
    frozenset({"subtype", "clientip", "name", "querytype"}),
    {"name": "query", "computer": "observer", "ipaddresses": "answers"},
)
DEFENDER = CloudRecord(
    frozenset({"actiontype", "devicename"}), {"fileoriginip": "destination"}, of_endpoint=True
)
TRAIL = CloudRecord(frozenset({"eventversion", "eventsource", "sourceipaddress"}))
GATEWAY = CloudRecord(frozenset({"resolverdecision", "queryname"}))
FIREWALL = CloudRecord(frozenset({"category", "resourceid", "msg"}))
_KINDS = (AUDIT, SIGN_IN, DNS_EVENT, DEFENDER, TRAIL, GATEWAY, FIREWALL)
_ADDITIONAL = {
    "DnsQueryString": "query", "query": "query", "answers": "answers", "server_name": "domain",
    "host": "domain", "uri": "path",
}  # fmt: skip
# 2026-06-05T00:31:12
_WITHOUT_ZONE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?", re.ASCII)


def kind_of(names: AbstractSet[str]) -> CloudRecord | None:
    """Return a record's kind by its keys (lower case, letters and digits), or None."""
    return next((kind for kind in _KINDS if kind.names <= names), None)


def complete(kind: CloudRecord, record: Record, values: Values) -> None:
    """Add values that records of this kind state in their own way."""
    if kind is AUDIT:
        values["time"] = [
            f"{text}Z" if _WITHOUT_ZONE.fullmatch(text) else text for text in values.get("time", ())
        ]
    elif kind is SIGN_IN:
        result = text_of(_of(record, "ResultType")) or text_of(child(record, "status").get("errorCode"))
        values["action"] = ["success" if result == "0" else "denied"] if result else []
    elif kind is TRAIL:
        values["source"] = [text for text in values.get("source", ()) if ip_of(text)]
        values["action"] = [_outcome(record)]
    elif kind is GATEWAY:
        decision = text_of(record.get("ResolverDecision")) or ""
        values["action"] = ["block" if decision.startswith(("block", "override")) else "allow"]
    elif kind is FIREWALL:
        for name, texts in values_of(text_of(_of(record, "msg")) or "").items():
            values[name] = texts
    elif kind is DEFENDER:
        for name, value in _additional(record):
            values.setdefault(_ADDITIONAL[name], []).extend(texts_of(value))


def finished(kind: CloudRecord, record: Record, event: Event) -> Event:
    """Correct a record's event: log-ons, and which end is the unit's."""
    if kind in (DEFENDER, DNS_EVENT, FIREWALL) or event.source_ip is None:
        return event
    if kind is GATEWAY:
        return event if is_internal(event.source_ip) else decide(event, role=Role.APART, again=True)
    operation = text_of(_of(record, "Operation")) or ""
    if (
        kind is SIGN_IN
        or operation.startswith("UserLog")
        or (kind is TRAIL and text_of(record.get("eventName")) == "ConsoleLogin")
    ):
        failed = operation == "UserLoginFailed"
        event = replace(event, kind=EventKind.LOGON, action=Action.BLOCKED if failed else event.action)
    if event.device_ip == event.source_ip and not is_internal(event.source_ip):
        return decide(changed(event, inbound=True), role=Role.APART, again=True)
    return event


def _outcome(record: Record) -> str:
    """Return the outcome of an AWS call: a log-on has it in its response, a refused call an error code."""
    stated = text_of(child(record, "responseElements").get("ConsoleLogin"))
    error = text_of(record.get("errorCode")) or ""
    if stated == "Failure" or "AccessDenied" in error or "Unauthorized" in error:
        return "denied"
    return "success" if stated or not error else ""


def _of(record: Record, key: str) -> object:
    """Return the value of a key, also inside Azure's `properties` wrapper."""
    inside = record.get("properties")
    if key in record or not isinstance(inside, dict):
        return record.get(key)
    return inside.get(key, inside.get(key[:1].lower() + key[1:]))


def _additional(record: Record) -> Iterator[tuple[str, object]]:
    found = _of(record, "AdditionalFields")
    if isinstance(found, str):
        try:
            found = read_object(found)[1]
        except LineError:
            return
    if isinstance(found, dict):
        yield from ((name, value) for name, value in found.items() if name in _ADDITIONAL)
