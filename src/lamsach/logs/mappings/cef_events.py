"""Events of CEF and LEEF records from any vendor.

CEF: "Implementing ArcSight Common Event Format (CEF)", "CEF key names for event producers", version 26.
Traps:
- The meaning of `cs1` to `cs6`, `flexString1`, `deviceCustomString...` is in their `...Label`:
  `cs4Label=processSha1`.
- `start` is when the activity began, `rt` when the device or its collector wrote it, `end` may be much later.
- `dhost` is the remote end's name for outgoing contacts, the device's own for incoming ones.
- `deviceDirection` (0 inbound, 1 outbound) decides only when the addresses do not.

LEEF: IBM, "Predefined LEEF event attributes"; QRadar's guides for the keys of single products. `devTime`
comes with `devTimeFormat`, a SimpleDateFormat pattern of Java that shows whether the month is first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from datetime import datetime

from lamsach.logs.base import FileContext
from lamsach.logs.events.ends import Role, changed, decide
from lamsach.logs.mappings.column_names import field_of
from lamsach.logs.mappings.keyed_events import Keys, event_of, kind_of
from lamsach.logs.text.cef import CefRecord
from lamsach.logs.text.key_value import first, first_ip
from lamsach.logs.text.leef import LeefRecord
from lamsach.logs.text.times.loose_times import first_time
from lamsach.logs.text.values import domain_of, hash_of, host_and_port, ip_of
from lamsach.model import Action, Event, EventKind

KEYS = Keys(
    source=("src", "c6a2", "sourceAddress", "sourceIpAddress", "shost", "c6a1"),
    source_port=("spt", "sourcePort"),
    source_nat=("sourceTranslatedAddress",),
    source_nat_port=("sourceTranslatedPort",),
    source_name=("shost", "sourceHostName"),
    source_mac=("smac", "sourceMacAddress"),
    source_user=("suser", "suid", "sourceUserName", "susr"),
    destination=("dst", "c6a3", "destinationAddress"),
    destination_port=("dpt", "destinationPort"),
    destination_name=("dhost", "destinationHostName"),
    destination_mac=("dmac", "destinationMacAddress"),
    destination_user=("duser", "duid", "destinationUserName"),
    query=("query", "queryName", "dnsQuery"),
    domain=("destinationDnsDomain", "dhost", "destinationHostName"),
    url=("request", "requestUrl", "url"),
    answers=("answers", "dnsAnswer"),
    hashes=(
        *("fileHash", "sha256", "sha1", "md5", "fileHashSha256", "fileHashSha1", "fileHashMd5"),
        "oldFileHash",
    ),
    action=("act", "deviceAction", "outcome", "categoryOutcome"),
    observer=("dvchost", "deviceHostName"),
)
TIME_ORDER = ("start", "rt", "deviceReceiptTime", "eventTime", "startTime", "end", "art")
# cs4Label=processSha1 cs4=...   c6a2Label=Source IPv6 Address
LABEL = re.compile(r"(cs\d|cn\d|c6a\d|flexString\d|deviceCustom[A-Z][A-Za-z0-9]{3,20}?\d)Label", re.ASCII)
BY_LABEL = {
    "query": "query", "domain": "destinationDnsDomain", "url": "request", "mac": "smac", "name": "shost",
    "host": "shost", "user": "suser"
}  # fmt: skip
_LABELS = {"cnchost": "destinationDnsDomain", "cncport": "dpt", "link": None, "linktomalop": None}
"""Labels that are no usual column name; a link leads to the reporting console."""
_NAMED = re.compile(r"\.[a-z][a-z0-9-]+$", re.IGNORECASE)
VENDOR_KEYS = frozenset({"cpt", "snat", "source_info_ip"})
"""Vendor-specific keys that change the meaning of others."""
# fileHash   TrendMicroDsFileSHA256
HASH_KEY = re.compile(r"hash|sha-?1|sha-?256|md5", re.IGNORECASE)
_CLEANED = frozenset({"clean", "delete", "remove", "move", "terminate", "kill", "repair"})
NUMERIC_ID = re.compile(r"[\d-]{1,12}|S-1-[\d-]+")


def meaning_of(label: str) -> str | None:
    """Return the standard key for a custom key's label."""
    key = label.lower().replace(" ", "")
    return _LABELS[key] if key in _LABELS else BY_LABEL.get(field_of(label) or "")


def apply_labels(fields: MutableMapping[str, str]) -> None:
    """Copy custom keys' values to the standard keys that their labels mean, without overwriting."""
    for key, custom_key in [(key, match[1]) for key in fields if (match := LABEL.fullmatch(key))]:
        meaning = meaning_of(fields[key])
        value = (
            fields.get(custom_key) if meaning or not custom_key.startswith("cn") else None
        )  # `cn1` is a number
        if not value:
            continue
        digest = hash_of(value)
        if digest:
            fields.setdefault({32: "md5", 40: "sha1"}.get(len(digest), "sha256"), digest)
        elif meaning and not fields.get(meaning):
            fields[meaning] = value
    if fields.keys() & VENDOR_KEYS:
        _correct_vendor_keys(fields)
    for key in ("suid", "duid"):
        if NUMERIC_ID.fullmatch(fields.get(key, "")):
            del fields[key]


def _correct_vendor_keys(fields: MutableMapping[str, str]) -> None:
    """Correct vendor-specific keys.

    Imperva: `cpt` is the client's port, `sip` and `spt` are the server. SonicWALL: `snat` is address and
    port. Sophos Central: `source_info_ip` is the endpoint's address, `dhost` its name."""
    if "cpt" in fields:
        fields.setdefault("dst", fields.get("sip", ""))
        if fields.get("spt") != fields["cpt"]:
            fields.setdefault("dpt", fields.get("spt", ""))
        fields["spt"] = fields["cpt"]
    if "source_info_ip" in fields:
        fields.setdefault("src", fields["source_info_ip"])
        fields.setdefault("shost", fields.pop("dhost", ""))
    address, port = host_and_port(fields.get("snat", ""))
    if address and ip_of(address):
        fields.setdefault("sourceTranslatedAddress", address)
        fields.setdefault("sourceTranslatedPort", str(port or ""))


def remote_name(text: str) -> str | None:
    """Return a name given instead of the destination's address, else None."""
    name = domain_of(text)
    return name if name and _NAMED.search(name) else None


def cef_time(
    fields: Mapping[str, str], context: FileContext, order: tuple[str, ...] = TIME_ORDER
) -> datetime | None:
    """Return the record's own time, from the first of these keys that has one."""
    return first_time(
        (fields.get(key) for key in order), context, fields.get("dtz") or fields.get("deviceTimeZone")
    )


def cef_event(
    record: CefRecord, context: FileContext, *, observer: str | None = None, otherwise: datetime | None = None
) -> Event:
    """Return a CEF record's event; a syslog header gives `observer` and the fallback time `otherwise`."""
    fields = record.extension
    apply_labels(fields)
    event = event_of(
        fields,
        KEYS,
        time=cef_time(fields, context) or otherwise,
        observer=observer or fields.get("dvc") or None,
        inward=fields.get("deviceDirection") == "0",
    )
    hashes = _all_hashes(event, fields)
    is_query = (
        "dns" in f"{record.name} {record.product}".lower() and event.domain is not None and event.url is None
    )
    kind = kind_of(
        query=event.domain if is_query else None,
        url=event.url,
        hashes=hashes,
        destination=event.destination_ip,
    )
    own_record = event.destination_ip is None and fields.get("dhost", "-") == fields.get("dvchost")
    # written by the endpoint's own agent
    if (hashes or own_record) and event.device_ip is None and event.device_name is None:
        event = changed(event, device_name=first(fields, "dvchost", "deviceHostName"))
        event = decide(event, role=Role.APART, given=first_ip(fields, "dvc", "c6a1"))
        if event.action is Action.UNKNOWN and fields.get("act", "").lower() in _CLEANED:
            event = changed(event, action=Action.BLOCKED)
    domain = event.domain or (remote_name(fields.get("dst", "")) if event.destination_ip is None else None)
    if domain and event.source_ip is None and domain == (event.device_name or "").lower():
        domain = None  # an endpoint console: `dst` and `dhost` are the endpoint
    return changed(event, kind=kind, hashes=hashes, domain=domain)


def _all_hashes(event: Event, fields: Mapping[str, str]) -> tuple[str, ...]:
    """Return the event's hashes, and those of any key with a hash's name."""
    extra = (digest for key in fields if HASH_KEY.search(key) and (digest := hash_of(fields.get(key, ""))))
    return tuple(dict.fromkeys((*event.hashes, *extra)))


LEEF_KEYS = Keys(
    source=("src", "sourceip", "srcip", "source", "identsrc", "client_ip", "clientip"),
    source_port=("srcport", "sourceport", "spt"),
    source_nat=("srcpostnat", "sourcetranslatedaddress"),
    source_nat_port=("srcpostnatport",),
    source_name=(
        *("identhostname", "srchost", "shost", "hostname", "computername", "devicename", "machinename"),
    ),
    source_mac=("srcmac", "identmac", "smac", "mac"),
    source_user=("usrname", "accountname", "username", "user", "suser"),
    destination=("dst", "destinationip", "dstip", "destination"),
    destination_port=("dstport", "destinationport", "dpt"),
    destination_name=("dsthost", "dhost"),
    destination_mac=("dstmac", "dmac"),
    query=("query", "dnsquery", "queryname", "question"),
    domain=("dhost", "dsthost", "domainname", "requesthost", "requested_host", "host", "dstname"),
    url=("url", "requesturl", "request", "uri"),
    hashes=("sha256", "sha1", "md5", "filehash", "filesha256", "filesha1", "filemd5", "hash", "filesha"),
    action=("action", "act", "devaction", "disposition", "policyaction", "disp"),
    observer=("dvchost", "devname", "devicehostname"),
)
MONTH_FIRST = ("MM/dd", "M/d", "MM-dd")
"""Beginnings of a `devTimeFormat` with the month before the day."""
TIMES = ("devtime", "eventtime", "rt", "starttime", "timestamp", "time", "start")
FAR_HOSTNAME = "|Zscaler|"
"""Header of the vendor whose `hostname` is the visited site, and `srcPostNAT` the internal client."""


def leef_time(record: LeefRecord, context: FileContext) -> datetime | None:
    """Return the record's own time."""
    fields = record.attributes
    pattern = fields.get("devtimeformat", "")
    month_first = pattern.startswith(MONTH_FIRST)
    return first_time(
        (fields.get(key) for key in TIMES),
        context,
        fields.get("devtimezone") or fields.get("timezone"),
        month_first=month_first,
    )


def leef_event(
    record: LeefRecord,
    context: FileContext,
    *,
    observer: str | None = None,
    otherwise: datetime | None = None,
) -> Event:
    """Return a LEEF record's event; a syslog header gives `observer` and the fallback time `otherwise`."""
    fields: Mapping[str, str] = record.attributes
    if record.vendor == FAR_HOSTNAME.strip("|"):
        fields = _of_zscaler(fields)
    event = event_of(fields, LEEF_KEYS, time=leef_time(record, context) or otherwise, observer=observer)
    hashes = _all_hashes(event, fields)
    if not hashes or hashes == event.hashes:
        return event
    event = replace(
        event, hashes=hashes, kind=EventKind.FILE if event.kind is EventKind.OTHER else event.kind
    )
    if event.device_ip is None and event.device_name is None:  # written by the endpoint's own agent
        event = changed(event, device_name=first(fields, "dvchost"))
        return decide(event, role=Role.APART, given=first_ip(fields, "dvc"))
    return event


def _of_zscaler(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Rename Zscaler's keys to those of other vendors."""
    internal_client = fields.get("srcpostnat", "")
    fields = {key: value for key, value in fields.items() if key not in ("hostname", "srcpostnat")} | {
        "dsthost": fields.get("hostname", "")
    }
    return (
        fields | {"src": internal_client, "srcpostnat": fields.get("src", "")}
        if ip_of(internal_client)
        else fields
    )
