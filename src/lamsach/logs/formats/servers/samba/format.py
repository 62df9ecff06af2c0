r"""Samba: log-ons (`auth_audit`, as text and as JSON), connections to shares, and what `vfs_full_audit` tells of files.

Source: https://wiki.samba.org/index.php/Setting_up_Audit_Logging, `auth/auth_log.c` (log_authentication_event_human_readable,
log_successful_authz_event_human_readable), vfs_fullaudit(8), `source3/smbd/smb2_service.c`. Traps:
- In Samba's own files a line with `[2021/10/14 15:24:12.024,  2] ../auth/auth_log.c:653(...)` comes before, with the local time; the
  message itself stands indented below it, and states its time with the zone.
- An address is `ipv4:192.0.2.7:44890` or `ipv6:2001:db8::7:44890`; the workstation is what the client calls itself.
- `(null)` is no name; `PC-7$` is a machine. Of a Kerberos log-on the name has the realm.
- The prefix of `vfs_full_audit` is the administrator's choice; the usual ones begin with user and address (`%u|%I|...`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat
from lamsach.logs.events.direction import is_internal
from lamsach.logs.events.ends import Way, decide
from lamsach.logs.formats.servers.samba.messages import audit, endpoint, named, refused, service
from lamsach.logs.mappings.radius import machine_name
from lamsach.logs.text.json_records import child, read_object, text_of
from lamsach.logs.text.pasted import bare
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.timestamps import MONTHS, from_iso
from lamsach.logs.text.times.zone_names import zone_of
from lamsach.model import Action, Event, EventKind

# [2021/10/14 15:24:12.023984,  2] ../../auth/auth_log.c:653(log_authentication_event_human_readable)   [2021/10/14 15:24:12,  1, pid=12] smbd/...
_OWN_HEADER = re.compile(
    r"\[(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?), {1,3}\d{1,2}(?:, [^\]\n]{1,120})?\] [\w./-]{1,120}:\d{1,6}\([\w ]{1,100}\)",
    re.ASCII,
)
_PAIR = r"\[([^\]\n]{0,256})\](?:\\\[([^\]\n]{0,256})\])?"
# Auth: [SMB2,(null)] user [UNIT]\[alice] at [Thu, 14 Oct 2021 15:24:12.023984 UTC] with [NTLMv2] status [NT_STATUS_OK] workstation [PC-7] remote host [ipv4:192.0.2.7:44890]
_AUTH = re.compile(
    rf"(Auth|Successful AuthZ): \[([^\]\n]{{0,200}})\] user {_PAIR}(?: \[[^\]\n]{{0,200}}\])? at \[([^\]\n]{{0,80}})\](.{{0,3000}})",
    re.ASCII | re.DOTALL,
)
_STATUS = re.compile(r" status \[(\w{1,80})\]", re.ASCII)
_WORKSTATION = re.compile(r" workstation \[([^\]\n]{0,256})\]")
_REMOTE = re.compile(r" [Rr]emote host \[([^\]\n]{0,80})\]")
_LOCAL = re.compile(r" local host \[([^\]\n]{0,80})\]")
# Thu, 14 Oct 2021 15:24:12.023984 UTC
_AUTH_TIME = re.compile(
    r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))? ?(\S{0,12})",
    re.ASCII,
)
_JSON_TYPE = re.compile(r'"type"\s*:\s*"(Authentication|Authorization)"', re.ASCII)
_JSON_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)([+-]\d{2}):?(\d{2})", re.ASCII)


class Samba(LogFormat):
    """Who logged on to a Samba server, from which machine, and what was done there."""

    name: ClassVar[str] = "samba"
    title: ClassVar[str] = "Samba"
    gives: ClassVar[tuple[str, ...]] = (
        *(
            "time",
            "observer",
            "source_ip",
            "source_port",
            "destination_ip",
            "destination_port",
            "device_ip",
            "device_name",
        ),
        *("user", "action"),
    )
    multiline: ClassVar[bool] = True
    lease_markers: ClassVar[tuple[str, ...]] = (
        "Auth: [",
        "Successful AuthZ: [",
        '"Authentication"',
        '"Authorization"',
        "connect to service",
    )

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Samba's own header, its audit of log-ons, or a message of `smbd` about a client."""
        if "uth" in line[:400] and (_auth_start(line) >= 0 or _is_json(line)):
            return True
        if line[:1] == "[" and _OWN_HEADER.match(line):
            return True
        if " service" in line[:400] and (" (ipv" in line[:300] or "smbd" in line[:120]):
            return service(line) is not None
        return "|" in line[:400] and "smbd" in line[:160] and audit(_message(line)) is not None

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Every line that is not indented."""
        return line[:1] not in (" ", "\t", "")

    def parse(self, line: str, number: int) -> Event | None:
        """See `LogFormat.parse`. None for messages about no client."""
        own = _OWN_HEADER.match(line)
        event, host, time = self._event(line)
        if own and event is not None:
            time = from_iso(own[1], self.context.timezone)
        if event is None:
            if own or self.recognises(line.partition("\n")[0]):
                return None
            raise LineError("The line is not of this format.", line.partition("\n")[0][:80])
        return replace(
            event,
            time=event.time or time,
            observer=host,
            format=self.name,
            file=self.context.file,
            line=number,
        )

    def _event(self, line: str) -> tuple[Event | None, str | None, datetime | None]:
        at = _auth_start(line)
        if at >= 0 and (match := _AUTH.match(line, at)):
            header = split_header(bare(line), self.context)[0] if at and line[0] not in "[ " else None
            return (
                _authentication(match, self.context.timezone),
                header.host if header else None,
                header.time if header else None,
            )
        if _is_json(line):
            before, record = read_object(
                line.partition("\n")[2].lstrip() if line[:1] == "[" and "\n" in line else line
            )
            header = split_header(line, self.context)[0] if before.strip() and line[0] != "[" else None
            return _json(record), header.host if header else None, header.time if header else None
        if line[:1] == "[" and "\n" in line:
            text = line.partition("\n")[2].strip()
            return service(text) or refused(text), None, None
        header, message = split_header(bare(line), self.context)
        return service(message) or refused(message) or audit(message), header.host, header.time


def _message(line: str) -> str:
    at = line.find(": ", 0, 260)
    return line[at + 2 :] if at >= 0 else line


def _auth_start(line: str) -> int:
    """Return where the text of a log-on begins; -1 when nowhere."""
    for start in ("Auth: [", "Successful AuthZ: ["):
        at = line.find(start, 0, 600)
        if at >= 0:
            return at if _AUTH.match(line, at) else -1
    return -1


def _is_json(line: str) -> bool:
    return ("remoteAddress" in line and "serviceDescription" in line) and _JSON_TYPE.search(
        line, 0, 2000
    ) is not None


def _authentication(match: re.Match[str], zone: tzinfo) -> Event:
    rest = match[6]
    status, workstation = _STATUS.search(rest), _WORKSTATION.search(rest)
    remote, local = _REMOTE.search(rest), _LOCAL.search(rest)
    return _log_on(
        _auth_time(match[5], zone),
        match[4] or match[3],
        workstation[1] if workstation else None,
        remote[1] if remote else "",
        local[1] if local else "",
        status[1] if status else ("NT_STATUS_OK" if match[1] != "Auth" else None),
    )


def _auth_time(text: str, local: tzinfo) -> datetime | None:
    """The time that a message states; an abbreviation that may mean several zones is taken for the server's own."""
    match = _AUTH_TIME.match(text)
    if match is None:
        return None
    day, month, year, hour, minute, second, fraction, zone = match.groups()
    micro = int((fraction or "0").ljust(6, "0"))
    date = f"{year}-{MONTHS.get(month, 0):02}-{day}T{hour}:{minute}:{second}.{micro:06}"
    return from_iso(date, UTC if zone == "Z" else zone_of(zone) or local)


def _json(record: Mapping[str, object]) -> Event:
    kind = text_of(record.get("type")) or ""
    values = child(record, kind)
    time = _JSON_TIME.match(text_of(record.get("timestamp")) or "")
    return _log_on(
        from_iso(f"{time[1]}{time[2]}:{time[3]}", UTC) if time else None,
        text_of(values.get("clientAccount"))
        or text_of(values.get("account"))
        or text_of(values.get("mappedAccount")),
        text_of(values.get("workstation")),
        text_of(values.get("remoteAddress")) or "",
        text_of(values.get("localAddress")) or "",
        text_of(values.get("status")) or ("NT_STATUS_OK" if kind == "Authorization" else None),
    )


def _log_on(
    time: datetime | None,
    user: str | None,
    workstation: str | None,
    remote: str,
    local: str,
    status: str | None,
) -> Event:
    source, source_port = endpoint(remote)
    destination, destination_port = endpoint(local)
    account = named(user)
    machine = machine_name(account)
    action = (
        Action.UNKNOWN if status is None else Action.ALLOWED if status == "NT_STATUS_OK" else Action.BLOCKED
    )
    blocked = action is Action.BLOCKED
    # whose name is no machine's of the unit
    stranger = blocked and source is not None and not is_internal(source)
    return decide(
        Event(
            time=time,
            kind=EventKind.LOGON,
            source_ip=source,
            source_port=source_port,
            destination_ip=destination,
            destination_port=destination_port,
            device_name=None if stranger else named((workstation or "").lstrip("\\")) or machine,
            user=None if machine else (account or "").partition("@")[0] or None,
            action=action,
        ),
        Way.CALLED if blocked else Way.UNSTATED,
    )
