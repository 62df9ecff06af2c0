"""Requests that IIS wrote into Windows' event log instead of, or beside, its own files.

Source: the manifest of Microsoft-Windows-IIS-Logging (event 6200, log Microsoft-IIS-Logging/Logs; "Log File and ETW event" of IIS 8.5), whose data have
the names of IIS' columns. Traps: `cs-host` and others are `-` where they are not known; the computer is the server, and no device that called.
"""

from __future__ import annotations

from typing import Any

from lamsach.logs.mappings.web_requests import request_event
from lamsach.logs.mappings.windows.record import WindowsRecord
from lamsach.logs.text.values import port_of


def request(record: WindowsRecord) -> dict[str, Any]:
    """One request, as a row of IIS' own log tells it."""
    values = {name: value for name, value in record.data.items() if value not in ("", "-")}
    stem, query = values.get("cs-uri-stem"), values.get("cs-uri-query")
    event = request_event(
        values.get("c-ip"),
        site=values.get("cs-host"),
        url=f"{stem}?{query}" if stem and query else stem,
        user=values.get("cs-username"),
        status=values.get("sc-status"),
        server=values.get("s-ip"),
        server_port=port_of(values.get("s-port")),
    )
    return {
        "kind": event.kind,
        "observer": record.computer,
        "source_ip": event.source_ip,
        "destination_ip": event.destination_ip,
        "destination_port": event.destination_port,
        "device_ip": event.device_ip,
        "user": event.user,
        "domain": event.domain,
        "url": event.url,
        "action": event.action,
    }
