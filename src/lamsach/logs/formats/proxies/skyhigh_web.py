"""Skyhigh Secure Web Gateway (McAfee Web Gateway): access log in its delivered columns.

Source: Skyhigh Security, "Secure Web Gateway Product Guide", "Access log": `#time_stamp "auth_user" src_ip
status_code "req_line" "categories" "rep_level" "media_type" bytes_to_client "user_agent" "virus_name"
"block_res"`. Traps:
- `block_res` is 0 for an allowed request, else the number of the blocking rule; older logs lack the column.
- A CONNECT shows only host and port. CEF and LEEF are read as such.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Role, event_between, placed
from lamsach.logs.mappings.web_requests import target_of, web_time
from lamsach.logs.text.record_headers import header_before
from lamsach.logs.text.values import host_and_port, host_of_url, ip_of, port_of, stated
from lamsach.model import Action, Event, EventKind

# [04/May/2026:10:20:30 +0700] "nvan" 10.1.2.3 200 "GET http://files.example/a HTTP/1.1" "Business" ..
_ROW = re.compile(
    r"(?a)\[(\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] \"([^\"]{0,256})\" "
    r"((?=[0-9A-Fa-f]{0,4}[.:])[0-9A-Fa-f:.]{2,45}) (\d{1,3}) \"((?:[^\"\\]|\\.){0,8192})\" \""
)
_LAST = re.compile(r"\"(\d{1,6})\"\s*$", re.ASCII)
_REFUSED = frozenset({"403", "407"})


class SkyhighWeb(LogFormat):
    """Access log in its delivered columns; CEF is read as such.

    A `block_res` other than 0 is a block.
    """

    name = "skyhigh_web"
    title = "Skyhigh (McAfee) Web Gateway"
    gives = fields_named("hosts destination_port user domain url action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the first columns: the time in brackets, the user in quotes, the client, the status."""
        if line.startswith("#time_stamp "):
            return True
        return '] "' in line and _ROW.search(line, 0, 1200) is not None

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. None for the heading."""
        if line.startswith("#time_stamp "):
            return None
        row = required(_ROW.search(line, 0, 12000) if self.recognises(line) else None, line)
        header = header_before(line, row.start(), self.context)
        url = target_of(row[5])
        tunnel = row[5].startswith("CONNECT ")
        host, port = host_and_port(url or "") if tunnel else (host_of_url(url or ""), None)
        source, last = ip_of(row[3]), _LAST.search(line, max(0, len(line) - 40))
        stopped = row[4] in _REFUSED or (last is not None and last[1] not in ("0", "00"))
        event = event_between(
            source,
            (ip_of(host or ""), port_of(port)),
            time=web_time(row[1], self.context.timezone),
            kind=EventKind.WEB,
            user=stated(row[2]),
            domain=host,
            url=stated(url),
            action=Action.BLOCKED if stopped else Action.ALLOWED,
            role=Role.SERVES_THE_UNIT,
        )
        return placed(event, None, header.host)
