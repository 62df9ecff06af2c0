"""Requests and log-ons that AD FS wrote into Windows' event log.

Source: Microsoft, "AD FS event reference" and the message table of `AD FS Auditing`: 403 (a request; its data have no names), 411 and 1200 to 1210 (audits, of
which the newer hold an XML document). Traps: `Client IP` may hold the address that a proxy forwarded and the proxy's own after it; `Local IP` is the
server's; the site that a query names was not called by the server; the device is the client, if it is an internal one.
"""

from __future__ import annotations

import re
from typing import Any

from lamsach.logs.events.direction import is_internal
from lamsach.logs.mappings.web_requests import request_event
from lamsach.logs.mappings.windows.record import WindowsRecord, machine_address, user_of
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Action, EventKind

REQUEST = 403
_REQUEST_DATA = (
    "instance id",
    "activity id",
    "date",
    "ipaddress",
    "method",
    "urlpath",
    "urlquery",
    "localport",
    "localip",
    "useragent",
)
_FAILED = frozenset({342, 364, 411, 412, 413, 516, 1201, 1203, 1205, 1207, 1210})
# <IpAddress>203.0.113.9</IpAddress>   <IpAddress>203.0.113.9,10.0.0.3</IpAddress>   <UserId>UNIT\\minh</UserId>
_ADDRESS = re.compile(r"<IpAddress>\s{0,9}([0-9A-Fa-f.:]{3,45})[,\s<]")
_PERSON = re.compile(r"<UserId>([^<]{1,256})</UserId>")
_LOOKED_AT = 65536


def federation(record: WindowsRecord) -> dict[str, Any]:
    """One request or audit."""
    if record.event_id == REQUEST:
        for name, text in zip(_REQUEST_DATA, record.unnamed, strict=False):
            record.data.setdefault(name, text)
    texts = "\n".join((*record.unnamed, record.message, *record.data.values()))[:_LOOKED_AT]
    client = _client(record, texts)
    person = _PERSON.search(texts)
    user = user_of(record.text("targetusername", "user") or (person[1] if person else None))
    inside = machine_address(client)
    device = inside if inside and is_internal(inside) else None
    fields: dict[str, Any] = {
        "kind": EventKind.LOGON,
        "observer": record.computer,
        "source_ip": client,
        "device_ip": device,
        "user": user,
        "action": Action.BLOCKED if record.event_id in _FAILED else Action.UNKNOWN,
    }
    if client is not None and device is None:
        fields |= {"device_name": record.computer, "inbound": True}
    path = record.text("urlpath")
    if path and path.startswith("/"):
        query = record.text("urlquery") or ""
        url = path + (f"?{query.lstrip('?')}" if query else "")
        event = request_event(
            client,
            url=url,
            server=ip_of(record.text("localip") or ""),
            server_port=port_of(record.text("localport")),
        )
        fields |= {
            "kind": event.kind,
            "url": event.url,
            "destination_ip": event.destination_ip,
            "destination_port": event.destination_port,
        }
    return fields


def _client(record: WindowsRecord, texts: str) -> str | None:
    stated = record.text("ipaddress", "clientip") or ""
    found = ip_of(stated.partition(",")[0].strip())
    if found is None and (match := _ADDRESS.search(texts)):
        found = ip_of(match[1].rstrip(".:"))
    lists = (text.partition(",")[0].strip() for text in record.unnamed)
    return found or next((address for text in lists if len(text) > 6 and (address := ip_of(text))), None)
