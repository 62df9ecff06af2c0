"""Mail servers: Postfix, Sendmail, Exim, Dovecot, Courier, Zimbra.

Connections, log-ons and deliveries.

Source: Postfix, `smtpd(8)`, `smtp(8)`, `postscreen(8)`, `src/smtpd/smtpd.c`; Sendmail, "Installation and
Operation Guide", section 2.1; Exim, "Log files" (chapter 53); Dovecot, "Login processes"; Zimbra, "Log Files"
(`mailbox.log`, `audit.log`). Traps:
- The client is often a stranger, and then no machine of the unit; deliveries are the server's own
  connections: `forwarded`.
- Names and addresses of senders are a stranger's text: only the address that the server itself wrote in
  brackets counts.
- Exim and Sendmail write `[IPv6:2001:db8::1]`, Postfix `NAME[192.0.2.1]`, others `NAME [192.0.2.1]`; `oip` is
  Zimbra's original client.
"""

from __future__ import annotations

import re
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Role, placed
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.sentences import found_in, stated_event
from lamsach.logs.text.syslog import split_header, split_message
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import domain_of, in_order, ip_of
from lamsach.model import Event, EventKind

_APPS = in_order(
    "postfix dovecot sendmail sm-mta exim opendkim opendmarc imapd pop3d courier esmtpd imaplogin pop3login"
)
_IN_BRACKETS = r"\[(?:IPv6:)?(?P<%s>[0-9A-Fa-f:.]{2,45})\](?::(?P<%s>\d{1,5}))?"
_CLIENT_END, _SERVER_END = _IN_BRACKETS % ("ip", "port"), _IN_BRACKETS % ("to", "to_port")
# client=unknown[192.0.2.7]   connect from mail.example[192.0.2.7]   CONNECT from [192.0.2.7]:4455
# PASS NEW [192.0.2.7]:4455   DNSBL rank 3 for [192.0.2.7]:4455   relay=mail.example [192.0.2.7]
_CLIENT = re.compile(
    r"(?a)(?:\bclient=|\b[Ff]rom |\bwarning: |^statistics: |\bPASS (?:NEW|OLD) |\b(?:ALLOW|DENY)LISTED "
    r"|\b(?:WHITE|BLACK)LISTED |\bfor (?=\[)|\brelay=|\bH=|\bip=|authenticator failed for )"
    rf"(?:[\w.-]{{1,255}} ?)?(?:\([^()\s]{{0,255}}\) ?)?{_CLIENT_END}"
)
# to=<a@bad.example>, relay=mx.bad.example[192.0.2.9]:25,
_SERVER = re.compile(
    rf"(?:\brelay=|\bconnect to |\bH=|\bhost )(?P<host>[\w.-]{{1,255}}) ?{_SERVER_END}", re.ASCII
)
_LISTENING = re.compile(rf" to {_SERVER_END}$", re.ASCII)
# rip=192.0.2.7, lip=192.0.2.25   rip=192.0.2.7, rport=4455
_REMOTE = re.compile(r"\b(rip|lip|rport|lport)=([0-9A-Fa-f:.]{1,45})", re.ASCII)
# dovecot: auth: passwd-file(an@unit.example,192.0.2.7): unknown user
_AUTH = re.compile(r"\((?P<user>[^,()<>\s]{1,256}),(?P<ip>[0-9A-Fa-f:.]{2,45})(?:,[^()]{0,64})?\)", re.ASCII)
_USER = re.compile(
    r"(?a)\b(?:sasl_username=|user=|method=\w+, user=|set_id=|authid=)<?(?P<user>[^<>,\s()]{1,256})"
)
# 2026-05-04 10:20:30 1abcDE-000001-Ab <= a@example H=...
_EXIM = re.compile(
    r"(?a)(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?: [+-]\d{4})?) (?:\[\d{1,10}\] )?(?:\w{6}"
    r"-\w{6,11}-\w{2,4} (?:<=|=>|->|>>|\*>|\*\*|==|Completed)|\w{1,64} authenticator failed for |H="
    r"|no host name found for IP address |SMTP (?:connection|call|protocol|command|syntax|data)"
    r"|(?:unqualified|rejected|unexpected disconnection|TLS error) )"
)
# 2026-05-04 10:20:30,123 WARN  [qtp509886383-1234:https:https://mail.unit.example/service/soap/AuthRequest ..
_ZIMBRA = re.compile(
    r"(?a)(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}),(\d{3}) (?:TRACE|DEBUG|INFO|WARN|ERROR"
    r"|FATAL) {1,3}\[[^\]]{1,400}\] \[([^\]]{0,600})\] "
)
_ZIMBRA_ACCOUNT = re.compile(r"\baccount=(?P<user>[^;\s]{1,256});")
_REFUSED = re.compile(
    r"reject|authenticator failed|auth failed|authentication failed|unknown user|[Pp]assword mismatch"
    r"|Relay access denied|\brejected\b|DENYLISTED|BLACKLISTED|invalid password|^LOGIN FAILED"
)
# LOGIN, user=an, ip=[::ffff:192.0.2.7], port=[4455]   (Courier)
_COURIER_PORT = re.compile(r", port=\[(?P<port>\d{1,5})\]", re.ASCII)
_LOGON = re.compile(
    r"sasl_|SASL|: LOG(?:IN|OUT)\b|-login:|Login:|authenticator|auth(?:-worker)?: |AuthRequest|cmd=Auth"
)
_OUTWARD = re.compile(r"\b(?:to|mailer|ctladdr)=|^connect to |(?:=>|->|>>|\*\*|==) |, stat=|status=|\bhost ")
# from=<anything at all>
_IN_ANGLES = re.compile(r"<[^<>]{1,512}>")
_OF_ENDS = {"ip": "rip", "port": "rport", "to": "lip", "to_port": "lport"}
_LOOKED_AT = 4096


class MailServer(LogFormat):
    """Connections and log-ins, refusals, deliveries to other servers.

    A stranger who connects is no machine of the unit; the server's own deliveries name no client.
    """

    name = "mail_server"
    title = "Mail servers (Postfix, Sendmail, Exim, Dovecot, Courier, Zimbra)"
    gives = fields_named("contact user domain action forwarded")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the program's name in the syslog header, or a line's start in Exim's or Zimbra's files."""
        if line[:2] == "20" and (_EXIM.match(line) or _ZIMBRA.match(line)):
            return True
        if not any(app in line for app in _APPS):
            return False
        app = split_message(line)[0]
        return app is not None and app.startswith(_APPS)

    def read(self, line: str) -> Event | None:
        """Read one message. A message without an address proves that the server logged."""
        own = _ZIMBRA.match(line) if line[:2] == "20" else None
        if own:
            time = from_iso(f"{own[1]}.{own[2]}", self.context.timezone)
            return placed(_of_zimbra(own[3], line[own.end() :]), time, None)
        exim = _EXIM.match(line) if line[:2] == "20" else None
        stated_time: datetime | None
        if exim:
            stated_time, observer = from_iso(exim[1], self.context.timezone), None
            message, app = line[exim.end(1) + 1 :], "exim"
        else:
            header, message = split_header(line, self.context)
            stated_time, observer, app = header.time, header.host, header.app or ""
            if not app.startswith(_APPS):
                raise LineError("The line is not of this product.", line[:80])
        return placed(_event(message[:_LOOKED_AT], app), stated_time, observer)


def _event(message: str, app: str) -> Event:
    refused = _REFUSED.search(message) is not None
    found, ends = found_in(message, _USER), dict(_REMOTE.findall(message))
    kind = EventKind.LOGON if _LOGON.search(f"{app}: {message}") else EventKind.CONNECTION
    allowed = "user" in found and not refused
    written = _IN_ANGLES.sub("<>", message)  # without text of senders
    auth = _AUTH.search(message) if app.startswith("dovecot") else None
    server = _SERVER.search(written) if _OUTWARD.search(written) and "client=" not in written else None
    if ends.get("rip"):
        found |= {name: ends.get(key, "") for name, key in _OF_ENDS.items()}
        allowed = " Login: " in f" {message}"
        refused = refused and not allowed
    elif auth:
        found |= auth.groupdict()
        allowed = False
    elif server:
        return _delivery(message, server)
    elif client := _CLIENT.search(written):
        after = found_in(written[client.end() :], _COURIER_PORT, _LISTENING)
        found |= client.groupdict("") | after
    else:
        kind, allowed = EventKind.LOGON if "user" in found else EventKind.OTHER, False
    return stated_event(found, kind=kind, action=verdict(refused, allowed))


def _delivery(message: str, server: re.Match[str]) -> Event:
    """Read a delivery to another server, which names no client."""
    name = domain_of(server["host"].rstrip("."))
    sent = "status=sent" in message or "stat=Sent" in message or "=>" in message
    return stated_event(
        {**server.groupdict(), "host": name if name and "." in name else ""},
        kind=EventKind.CONNECTION,
        action=verdict(False, sent),
        role=Role.APART,
        forwarded=True,
    )


def _of_zimbra(attributes: str, message: str) -> Event:
    fields = dict(pair.partition("=")[::2] for pair in attributes.split(";")[:40])
    source = ip_of(fields.get("oip", "").split(",")[0]) or fields.get("ip")
    found = found_in(message[:_LOOKED_AT], _ZIMBRA_ACCOUNT)
    user = found.get("user") or fields.get("name")
    logon = "cmd=Auth" in message[:200]
    return stated_event(
        {"ip": source, "user": user},
        kind=EventKind.LOGON if logon else EventKind.OTHER,
        action=verdict(_REFUSED.search(message[:_LOOKED_AT]), logon),
    )
