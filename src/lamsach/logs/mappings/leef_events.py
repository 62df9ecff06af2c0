"""Attributes of a LEEF record.

Source: IBM, "Predefined LEEF event attributes"; QRadar's guides for the products that write LEEF, for the
keys they add. `devTime` comes with `devTimeFormat`, a pattern of Java's SimpleDateFormat: it tells whether
the month stands first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from lamsach.logs.base import FileContext
from lamsach.logs.events.ends import Role, decide
from lamsach.logs.events.stamping import changed
from lamsach.logs.mappings.cef_events import HASH_KEY
from lamsach.logs.mappings.keyed_events import Keys, event_of
from lamsach.logs.text.key_value import first, first_ip
from lamsach.logs.text.leef import LeefRecord
from lamsach.logs.text.times.record_times import first_time
from lamsach.logs.text.values import hash_of, ip_of
from lamsach.model import Event, EventKind

KEYS = Keys(
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
"""How a `devTimeFormat` begins that puts the month before the day."""
TIMES = ("devtime", "eventtime", "rt", "starttime", "timestamp", "time", "start")
FAR_HOSTNAME = "|Zscaler|"
"""Header of the maker whose `hostname` is the visited site, `srcPostNAT` the inner client."""


def leef_time(record: LeefRecord, context: FileContext) -> datetime | None:
    """The record's own time."""
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
    """The event of any maker's LEEF record; `observer` and the time `otherwise` come from a syslog header."""
    fields: Mapping[str, str] = record.attributes
    if record.vendor == FAR_HOSTNAME.strip("|"):
        fields = _of_zscaler(fields)
    event = event_of(fields, KEYS, time=leef_time(record, context) or otherwise, observer=observer)
    extra = (digest for key in fields if HASH_KEY.search(key) and (digest := hash_of(fields.get(key, ""))))
    hashes = tuple(dict.fromkeys((*event.hashes, *extra)))
    if not hashes or hashes == event.hashes:
        return event
    event = replace(
        event, hashes=hashes, kind=EventKind.FILE if event.kind is EventKind.OTHER else event.kind
    )
    if event.device_ip is None and event.device_name is None:  # an endpoint's own agent wrote it
        event = changed(event, device_name=first(fields, "dvchost"))
        return decide(event, role=Role.APART, given=first_ip(fields, "dvc"))
    return event


def _of_zscaler(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Zscaler's keys under the names that other makers use."""
    inside = fields.get("srcpostnat", "")
    fields = {key: value for key, value in fields.items() if key not in ("hostname", "srcpostnat")} | {
        "dsthost": fields.get("hostname", "")
    }
    return fields | {"src": inside, "srcpostnat": fields.get("src", "")} if ip_of(inside) else fields
