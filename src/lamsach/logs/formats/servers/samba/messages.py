"""What Samba says of shares and passwords: who connected to a share, what `vfs_full_audit` tells of files, whom the password check refused.

Source and traps: `lamsach.logs.formats.servers.samba.format`.
"""

from __future__ import annotations

import re

from lamsach.logs.events.ends import Role, decide
from lamsach.logs.text.values import ip_of, port_of, stated
from lamsach.model import Action, Event, EventKind

_ENDPOINT = re.compile(r"(?:ipv[46]:)?(.{2,60}?)(?::(\d{1,5}))?", re.ASCII)
# pc-7 (ipv4:192.0.2.7:44890) connect to service docs initially as user alice (uid=1000, gid=100) (pid 1234)
_SERVICE = re.compile(
    r"(\S{1,64}) \((?:ipv[46]:)?([0-9A-Fa-f.:]{2,60})\) (?:signed )?(connect to service|closed connection to service|couldn't find service|Can't become|denied connection)"
    r" ?'?([^\s']{0,128})'?(?:.{0,40}? as user (\S{1,128}))?",
)
# check_ntlm_password:  Authentication for user [alice] -> [alice] FAILED with error NT_STATUS_NO_SUCH_USER, authoritative=1
_CHECKED = re.compile(
    r"check_ntlm_password: {1,4}[Aa]uthentication for user \[([^\]\n]{0,256})\](?: -> \[[^\]\n]{0,256}\]){0,2} (FAILED|succeeded)"
)
# alice|192.0.2.7|pc-7|docs|openat|ok|r|plans.docx     alice|192.0.2.7|unlinkat|fail (Permission denied)|x
_INNER_TIME = re.compile(r"^\[[\d/: .,]{10,40}\] ", re.ASCII)
_AUDIT_FIELDS = 8
_AUDIT_RESULT = re.compile(r"ok|fail(?: \(.{0,120}\))?")
_NOBODY = frozenset({"(null)", "null", "", "anonymous", "anonymous logon", "nobody"})


def endpoint(text: str) -> tuple[str | None, int | None]:
    """Address and port of `ipv4:192.0.2.7:44890`."""
    match = _ENDPOINT.fullmatch(text.strip())
    return (ip_of(match[1]), port_of(match[2])) if match else (None, None)


def named(text: str | None) -> str | None:
    """A name, unless it means nobody."""
    text = stated(text)
    return None if text is None or text.lower() in _NOBODY else text


def service(message: str) -> Event | None:
    """A connection to a share, as the share's client names itself."""
    match = _SERVICE.search(message, 0, 500)
    if match is None:
        return None
    address, port = endpoint(match[2])
    allowed = match[3] in ("connect to service", "closed connection to service")
    return decide(
        Event(
            kind=EventKind.LOGON if match[3] == "connect to service" else EventKind.OTHER,
            source_ip=address,
            source_port=port,
            device_name=named(match[1]),
            user=named(match[5]),
            action=Action.ALLOWED if allowed else Action.BLOCKED,
        ),
        role=Role.SERVES_THE_UNIT,
    )


def refused(message: str) -> Event | None:
    """The password check of older versions, which names a user and no address."""
    match = _CHECKED.search(message, 0, 500)
    if match is None:
        return None
    action = Action.BLOCKED if match[2] == "FAILED" else Action.ALLOWED
    return Event(kind=EventKind.LOGON, user=named(match[1]), action=action)


def audit(message: str) -> Event | None:
    """A record of `vfs_full_audit`; None when no address stands in its prefix."""
    record = _INNER_TIME.sub("", message[:4000], count=1)
    fields = [field.strip() for field in record.split("|", _AUDIT_FIELDS)][:_AUDIT_FIELDS]
    results = [at for at, field in enumerate(fields) if at > 1 and _AUDIT_RESULT.fullmatch(field)]
    if not results:
        return None
    prefix = fields[: results[0] - 1]
    at = next((at for at, field in enumerate(prefix) if ip_of(field)), None)
    if at is None:
        return None
    others = [field for place, field in enumerate(prefix) if place != at]
    user = named(others[0].rsplit("\\", 1)[-1]) if others else None
    address = ip_of(prefix[at])
    # %u|%I|%m|%S: what stands between the address and the share is the machine's name
    machine = prefix[at + 1] if len(prefix) == at + 3 and not ip_of(prefix[at + 1]) else ""
    return decide(
        Event(
            kind=EventKind.FILE,
            source_ip=address,
            device_name=named(machine),
            user=user,
            action=Action.ALLOWED if fields[results[0]] == "ok" else Action.BLOCKED,
        ),
        role=Role.SERVES_THE_UNIT,
    )
