r"""Samba: log-ons (`auth_audit`, as text and JSON), connections to shares, `vfs_full_audit`.

Source: https://wiki.samba.org/index.php/Setting_up_Audit_Logging, `auth/auth_log.c`
(log_authentication_event_human_readable, log_successful_authz_event_human_readable), vfs_fullaudit(8),
`source3/smbd/smb2_service.c`. Traps:
- In Samba's own files a line `[2021/10/14 15:24:12.024,  2] ../auth/auth_log.c:653(...)` with the local time
  precedes the message, which is indented and states its time with the zone.
- An address is `ipv4:192.0.2.7:44890` or `ipv6:2001:db8::7:44890`; the workstation is the client's own name
  for itself.
- `(null)` is no name; `PC-7$` is a machine. The name in a Kerberos log-on has the realm.
- The prefix of `vfs_full_audit` is the administrator's choice; usual ones begin with user and address
  (`%u|%I|...`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.ends import Role, Way, event_between, is_internal
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.radius import machine_name
from lamsach.logs.text.json_records import child, read_object, text_of
from lamsach.logs.text.pasted import bare
from lamsach.logs.text.syslog import NO_HEADER, split_header
from lamsach.logs.text.times.timestamps import clock_time, from_iso, zone_of
from lamsach.logs.text.values import ip_of, port_of, stated
from lamsach.model import Action, Event, EventKind

_ENDPOINT = re.compile(r"(?:ipv[46]:)?(.{2,60}?)(?::(\d{1,5}))?", re.ASCII)
# pc-7 (ipv4:192.0.2.7:44890) connect to service docs initially as user alice (uid=1000, gid=100) (pid 1234)
_SERVICE = re.compile(
    r"(\S{1,64}) \((?:ipv[46]:)?([0-9A-Fa-f.:]{2,60})\) (?:signed )?(connect to service"
    r"|closed connection to service|couldn't find service|Can't become|denied connection) ?'?([^\s']{0,128}"
    r")'?(?:.{0,40}? as user (\S{1,128}))?"
)
# check_ntlm_password:  Authentication for user [alice] -> [alice] FAILED with error ..
_CHECKED = re.compile(
    r"check_ntlm_password: {1,4}[Aa]uthentication for user \[([^\]\n]{0,256})\](?: -> \[[^\]\n]{0,256}"
    r"\]){0,2} (FAILED|succeeded)"
)
# alice|192.0.2.7|pc-7|docs|openat|ok|r|plans.docx     alice|192.0.2.7|unlinkat|fail (Permission denied)|x
_INNER_TIME = re.compile(r"^\[[\d/: .,]{10,40}\] ", re.ASCII)
_AUDIT_FIELDS = 8
_AUDIT_RESULT = re.compile(r"ok|fail(?: \(.{0,120}\))?")
_NOBODY = frozenset({"(null)", "null", "", "anonymous", "anonymous logon", "nobody"})


def _endpoint(text: str) -> tuple[str | None, int | None]:
    """Split `ipv4:192.0.2.7:44890` into address and port."""
    match = _ENDPOINT.fullmatch(text.strip())
    return (ip_of(match[1]), port_of(match[2])) if match else (None, None)


def _named(text: str | None) -> str | None:
    """Return a name, unless it means nobody."""
    text = stated(text)
    return None if text is None or text.lower() in _NOBODY else text


def _share_connection(message: str) -> Event | None:
    """Read a connection to a share."""
    match = _SERVICE.search(message, 0, 500)
    if match is None:
        return None
    allowed = match[3] in ("connect to service", "closed connection to service")
    return event_between(
        _endpoint(match[2]),
        kind=EventKind.LOGON if match[3] == "connect to service" else EventKind.OTHER,
        device_name=_named(match[1]),
        user=_named(match[5]),
        action=Action.ALLOWED if allowed else Action.BLOCKED,
        role=Role.SERVES_THE_UNIT,
    )


def _password_check(message: str) -> Event | None:
    """Read a password check of older versions, which names a user and no address."""
    match = _CHECKED.search(message, 0, 500)
    if match is None:
        return None
    action = Action.BLOCKED if match[2] == "FAILED" else Action.ALLOWED
    return Event(kind=EventKind.LOGON, user=_named(match[1]), action=action)


def _file_audit(message: str) -> Event | None:
    """Read a record of `vfs_full_audit`; None without an address in its prefix."""
    record = _INNER_TIME.sub("", message[:4000], count=1)
    fields = [field.strip() for field in record.split("|", _AUDIT_FIELDS)][:_AUDIT_FIELDS]
    results = [at for at, field in enumerate(fields) if at > 1 and _AUDIT_RESULT.fullmatch(field)]
    if not results:
        return None
    prefix = fields[: results[0] - 1]
    at = next((at for at, field in enumerate(prefix) if ip_of(field)), None)
    if at is None:
        return None
    remaining = [field for index, field in enumerate(prefix) if index != at]
    user = _named(remaining[0].rsplit("\\", 1)[-1]) if remaining else None
    address = ip_of(prefix[at])
    # %u|%I|%m|%S: the machine's name is between the address and the share
    machine = prefix[at + 1] if len(prefix) == at + 3 and not ip_of(prefix[at + 1]) else ""
    return event_between(
        address,
        kind=EventKind.FILE,
        device_name=_named(machine),
        user=user,
        action=Action.ALLOWED if fields[results[0]] == "ok" else Action.BLOCKED,
        role=Role.SERVES_THE_UNIT,
    )


# [2021/10/14 15:24:12.023984,  2] ../../auth/auth_log.c:653(log_authentication_event_human_readable)
_OWN_HEADER = re.compile(
    r"(?a)\[(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?), {1,3}\d{1,2}(?:, [^\]\n]{1,120})?\] "
    r"[\w./-]{1,120}:\d{1,6}\([\w ]{1,100}\)"
)
_PAIR = r"\[([^\]\n]{0,256})\](?:\\\[([^\]\n]{0,256})\])?"
# Auth: [SMB2,(null)] user [UNIT]\[alice] at [Thu, 14 Oct 2021 15:24:12.023984 UTC] with [NTLMv2] status ..
_AUTH = re.compile(
    rf"(?as)(Auth|Successful AuthZ): \[([^\]\n]{{0,200}})\] user {_PAIR}(?: \[[^\]\n]{{0,200}}\])? at \["
    rf"([^\]\n]{{0,80}})\](.{{0,3000}})"
)
_FACT = re.compile(r" (status|workstation|remote host|local host) \[([^\]\n]{0,256})\]", re.IGNORECASE)
# Thu, 14 Oct 2021 15:24:12.023984 UTC
_AUTH_TIME = re.compile(
    r"(?a)[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d(?:\.\d{1,6})?) ?(\S{0,12})"
)
_JSON_TYPE = re.compile(r'"type"\s*:\s*"(Authentication|Authorization)"', re.ASCII)
_ACCOUNTS = ("clientAccount", "account", "mappedAccount")
_JSON_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)([+-]\d{2}):?(\d{2})", re.ASCII)


class Samba(LogFormat):
    """Log-ons as text and JSON, connections to shares, `vfs_full_audit`."""

    name = "samba"
    title = "Samba"
    gives = fields_named("contact device_name user action")
    multiline = True
    lease_markers = (
        "Auth: [", "Successful AuthZ: [", '"Authentication"', '"Authorization"', "connect to service",
    )  # fmt: skip

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match Samba's own header, its audit of log-ons, or a message of `smbd` about a client."""
        if "uth" in line[:400] and (_auth_start(line) >= 0 or _is_json(line)):
            return True
        if line[:1] == "[" and _OWN_HEADER.match(line):
            return True
        if " service" in line[:400] and (" (ipv" in line[:300] or "smbd" in line[:120]):
            return _share_connection(line) is not None
        return "|" in line[:400] and "smbd" in line[:160] and _file_audit(_message(line)) is not None

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Match every line that is not indented."""
        return line[:1] not in (" ", "\t", "")

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. None for messages about no client."""
        own = _OWN_HEADER.match(line)
        event, host, time = self._event(line)
        if own and event is not None:
            time = from_iso(own[1], self.context.timezone)
        if event is None:
            if own or self.recognises(line.partition("\n")[0]):
                return None
            raise LineError("The line is not of this product.", line.partition("\n")[0][:80])
        return replace(
            event,
            time=event.time or time,
            observer=host,
        )

    def _event(self, line: str) -> tuple[Event | None, str | None, datetime | None]:
        at = _auth_start(line)
        if at >= 0 and (match := _AUTH.match(line, at)):
            header = split_header(bare(line), self.context)[0] if at and line[0] not in "[ " else NO_HEADER
            return _authentication(match, self.context), header.host, header.time
        if _is_json(line):
            before, record = read_object(
                line.partition("\n")[2].lstrip() if line[:1] == "[" and "\n" in line else line
            )
            header = split_header(line, self.context)[0] if before.strip() and line[0] != "[" else NO_HEADER
            return _json(record), header.host, header.time
        if line[:1] == "[" and "\n" in line:
            text = line.partition("\n")[2].strip()
            return _share_connection(text) or _password_check(text), None, None
        header, message = split_header(bare(line), self.context)
        return (
            _share_connection(message) or _password_check(message) or _file_audit(message),
            header.host,
            header.time,
        )


def _message(line: str) -> str:
    at = line.find(": ", 0, 260)
    return line[at + 2 :] if at >= 0 else line


def _auth_start(line: str) -> int:
    """Find the start of a log-on's text; -1 without one."""
    for start in ("Auth: [", "Successful AuthZ: ["):
        at = line.find(start, 0, 600)
        if at >= 0:
            return at if _AUTH.match(line, at) else -1
    return -1


def _is_json(line: str) -> bool:
    return ("remoteAddress" in line and "serviceDescription" in line) and _JSON_TYPE.search(
        line, 0, 2000
    ) is not None


def _authentication(match: re.Match[str], context: FileContext) -> Event:
    facts: dict[str, str] = {}
    for name, value in _FACT.findall(match[6]):
        facts.setdefault(name.lower(), value)
    return _log_on(
        _auth_time(match[5], context),
        match[4] or match[3],
        facts.get("workstation"),
        facts.get("remote host", ""),
        facts.get("local host", ""),
        facts.get("status", "NT_STATUS_OK" if match[1] != "Auth" else None),
    )


def _auth_time(text: str, context: FileContext) -> datetime | None:
    """Read the stated time; an ambiguous zone abbreviation counts as the server's own."""
    match = _AUTH_TIME.match(text)
    if match is None:
        return None
    day, month, year, clock, zone = match.groups()
    return clock_time(context, year, month, day, clock, zone=UTC if zone == "Z" else zone_of(zone))


def _json(record: Mapping[str, object]) -> Event:
    kind = text_of(record.get("type")) or ""
    values = child(record, kind)
    time = _JSON_TIME.match(text_of(record.get("timestamp")) or "")
    return _log_on(
        from_iso(f"{time[1]}{time[2]}:{time[3]}", UTC) if time else None,
        next(filter(None, (text_of(values.get(key)) for key in _ACCOUNTS)), None),
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
    source = _endpoint(remote)
    account = _named(user)
    machine = machine_name(account)
    action = verdict(status not in (None, "NT_STATUS_OK"), status)
    blocked = action is Action.BLOCKED
    # its name is no machine's of the unit
    stranger = blocked and source[0] is not None and not is_internal(source[0])
    return event_between(
        source,
        _endpoint(local),
        time=time,
        kind=EventKind.LOGON,
        device_name=None if stranger else _named((workstation or "").lstrip("\\")) or machine,
        user=None if machine else (account or "").partition("@")[0] or None,
        action=action,
        way=Way.CALLED if blocked else Way.UNSTATED,
    )
