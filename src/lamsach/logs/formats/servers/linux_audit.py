"""Linux audit records (auditd, audisp, kernel): log-ons, remote addresses, command lines.

Source: Red Hat "Understanding Audit Log Files", audit-userspace `auparse` and `lib/audit_logging.c`,
`linux/audit.h`. Traps:
- `msg='...'` holds the user space program's own fields; a name with spaces or quotes is in hexadecimal
  without quotes.
- `addr` and `hostname` are the client's, `?` when it was not on the network.
- SOCKADDR's `saddr` is the kernel's structure in hexadecimal (family, port, address) of a connection's far
  side.
- `type=1112` and the like are the same types by number; `ausearch -i` writes the time on the local clock,
  month first.
"""

from __future__ import annotations

import re

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import Way, event_between, placed
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.script_mentions import mentions
from lamsach.logs.mappings.sentences import stated_event
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.times.timestamps import from_epoch
from lamsach.logs.text.values import among, host_of_url, ip_of, port_of, stated
from lamsach.model import Event, EventKind

# type=USER_LOGIN msg=audit(1780542001.123:456): pid=812 ...
_RECORD = re.compile(
    r"(?a)(?:node=(?P<node>\S{1,255}) )?type=(?P<type>[A-Z0-9_]{2,32}) (?:msg=)?"
    r"audit\((?P<time>[\d./ :-]{8,30}):\d{1,12}\) ?: ?"
)
# audit[812]: USER_LOGIN pid=812 uid=0 auid=1000 ses=3 msg='op=login ...'   (the journal)
_JOURNAL = re.compile(r"(?P<type>[A-Z][A-Z_]{3,30}) (?=pid=\d)", re.ASCII)
_LOOKED_AT = 300
_FIELD = re.compile(r"(?<![\w-])([a-z][a-z0-9_-]{0,30})=(\"[^\"]{0,4096}\"|[^\s\"'{}]{1,4096})", re.ASCII)
_LOGONS = among(
    "USER_LOGIN USER_AUTH USER_ACCT USER_START USER_END USER_LOGOUT USER_ERR CRED_ACQ CRED_DISP "
    "CRED_REFR CRYPTO_SESSION CRYPTO_KEY_USER USER_CMD USER_CHAUTHTOK ANOM_LOGIN_FAILURES LOGIN 1100 "
    "1101 1103 1104 1105 1106 1110 1112 1113 2404 2407"
)
_REFUSED = frozenset({"failed", "no", "0"})
_RUN = frozenset({"EXECVE", "PROCTITLE", "1309", "1327"})
_FAMILIES = {"0200": (8, 16), "0A00": (16, 48)}
_NOBODY = frozenset({"0.0.0.0", "::", "127.0.0.1", "::1"})  # noqa: S104 - addresses in a log
_HEXADECIMAL = re.compile(r"(?:[0-9A-F]{2}){2,512}", re.ASCII)


class LinuxAudit(LogFormat):
    """`audit.log`, audisp, the journal: log-ons, remote addresses of programs (`SOCKADDR`), command lines
    that name addresses.

    `saddr` and names in hexadecimal are decoded; `addr=?` is nobody.
    """

    name = "linux_audit"
    title = "Linux audit (auditd)"
    gives = fields_named("contact device_name user domain url action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a record's type and number, or the journal's `audit[812]: TYPE pid=`."""
        if "audit(" in line[:_LOOKED_AT]:
            return _RECORD.search(line, 0, _LOOKED_AT) is not None
        start = line.find("audit[", 0, _LOOKED_AT)
        position = line.find("]: ", start, start + 20) if start >= 0 else -1
        return position > 0 and _JOURNAL.match(line, position + 3) is not None

    def read(self, line: str) -> Event | None:
        """Read one record; None when it names neither an address nor a host."""
        record = _RECORD.search(line, 0, _LOOKED_AT)
        if record is None and not self.recognises(line):
            raise LineError("The line is not of this product.", line[:80])
        before = line[: record.start()] if record else line
        header, message = split_header(before + "-" if record else line, self.context)
        if record is None:
            journal = required(_JOURNAL.match(message), line)
            kind, text, time = journal["type"], message[journal.end() :], header.time
        else:
            kind, text, written = record["type"], line[record.end() :], record["time"]
            if "/" in written or "-" in written:
                time = LooseTimes(self.context, month_first=True).read(written)
            else:
                time = from_epoch(written)
        host = (record["node"] if record else None) or header.host
        event = _event(kind, text[:65536], host)
        return placed(event, time, host) if event else None


def _event(kind: str, text: str, host: str | None) -> Event | None:
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(text):
        fields.setdefault(name, value)
    if kind in _LOGONS:
        return _logon(fields)
    if kind in ("SOCKADDR", "1306"):
        return _contact(fields, host)
    if kind in ("NETFILTER_PKT", "1324"):
        source, destination = ip_of(fields.get("saddr", "")), ip_of(fields.get("daddr", ""))
        ports = port_of(fields.get("sport")), port_of(fields.get("dport"))
        return event_between((source, ports[0]), (destination, ports[1]), way=Way.WITHIN)  # fmt: skip
    return _command(kind, fields, host) if kind in _RUN else None


def _logon(fields: dict[str, str]) -> Event | None:
    source = ip_of(fields.get("addr", "")) or ip_of(fields.get("hostname", ""))
    if source is None:
        return None
    result = fields.get("res", "")
    server = fields.get("laddr") if ip_of(fields.get("laddr", "")) else None
    ends = {
        "ip": source,
        "port": fields.get("rport"),
        "to": server,
        "to_port": server and fields.get("lport"),
    }
    action = verdict(result in _REFUSED, result)
    return stated_event({**ends, "user": _name(fields.get("acct"))}, kind=EventKind.LOGON, action=action)


def _name(value: str | None) -> str | None:
    """Decode an account, in hexadecimal when it holds unusual characters: `(unknown user)`."""
    if value is None:
        return None
    if value[:1] != '"' and _HEXADECIMAL.fullmatch(value) and len(value) > 12:
        value = bytes.fromhex(value).decode("utf-8", "replace")
        value = "" if value.startswith("(") else value
    return stated(value.strip('"'))


def _contact(fields: dict[str, str], host: str | None) -> Event | None:
    """Read the far side: `saddr=02000050CB007109..`, or interpreted `laddr=203.0.113.9 lport=80`."""
    address, port = ip_of(fields.get("laddr", "")), port_of(fields.get("lport"))
    packed = fields.get("saddr", "").upper()
    position = _FAMILIES.get(packed[:4])
    if position and len(packed) >= position[1] and _HEXADECIMAL.fullmatch(packed[: position[1]]):
        address = ip_of(_spelled(bytes.fromhex(packed[position[0] : position[1]])))
        port = int(packed[4:8], 16)
    if address is None or address in _NOBODY:
        return None
    return Event(
        kind=EventKind.CONNECTION, destination_ip=address, destination_port=port or None, device_name=host
    )


def _spelled(packed: bytes) -> str:
    if len(packed) == 4:
        return ".".join(map(str, packed))
    return ":".join(f"{packed[at]:02x}{packed[at + 1]:02x}" for at in range(0, 16, 2))


def _command(kind: str, fields: dict[str, str], host: str | None) -> Event | None:
    """Read a command line that names addresses."""
    names = ("proctitle",) if kind in ("PROCTITLE", "1327") else [f"a{at}" for at in range(40)]
    words = [_argument(fields[name]) for name in names if name in fields]
    found = mentions(" ".join(words))
    if not found:
        return None
    url = next((value for value in found if "://" in value), None)
    return Event(
        device_name=host,
        url=url,
        domain=host_of_url(url) if url else None,
        mentioned=tuple(value for value in found if value != url),
    )


def _argument(value: str) -> str:
    if value[:1] == '"' or not _HEXADECIMAL.fullmatch(value):
        return value.strip('"')
    return bytes.fromhex(value).decode("utf-8", "replace").replace("\0", " ")
