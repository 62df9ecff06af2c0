"""Telephone servers: Asterisk (with FreePBX, Issabel and others) and FreeSWITCH.

Registrations, attempts, unauthorized calls.

Source: Asterisk "Logging", `res_security_log.c`, `chan_sip.c`, `res_pjsip_logger`; FreeSWITCH `sofia_reg.c`.
Traps:
- The caller's name and number are the caller's own text, even an address in them: the address after `failed
  for` counts.
- `RemoteAddress="IPV4/UDP/203.0.113.7/5060"`: family, transport, address, port.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import placed
from lamsach.logs.mappings.sentences import event_of, sentence, stated_event
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.times.timestamps import clock_time
from lamsach.model import Action, Event, EventKind

# [2026-06-07 09:00:01] NOTICE[812][C-00000001] chan_sip.c: ...
_ASTERISK = re.compile(
    r"(?a)(?:\[(?:(?P<time>\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:[+-]\d{4})?)"
    r"|(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2}) (?P<clock>\d{2}:\d{2}:\d{2}))\] )?(?:NOTICE|WARNING"
    r"|SECURITY|ERROR|VERBOSE)\[\d{1,10}\](?:\[C-[0-9a-f]{1,12}\])?:? (?P<source>[a-z_0-9/]{2,60})\.c: ?"
)
# 2026-06-07 09:00:01.123456 [WARNING] sofia_reg.c:1793 SIP auth failure (REGISTER) ...
_FREESWITCH = re.compile(
    r"(?a)(?P<time>\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{1,6}) (?:\d{1,3}\.\d{1,2}% )?\[[A-Z]{4,8}\] "
    r"sofia(?:_\w{1,20})?\.c:\d{1,6} "
)
_LOOKED_AT = 300
_NO = Action.BLOCKED
# SecurityEvent="InvalidPassword",...,AccountID="100",...,LocalAddress="IPV4/UDP/10.0.0.5/5060" ..
_PAIR = re.compile(r"([A-Za-z]{4,32})=\"([^\"]{0,255})\"", re.ASCII)
_DONE = {"SuccessfulAuth": Action.ALLOWED, "ChallengeSent": Action.UNKNOWN}
_SENTENCES = (
    # Registration from '"100" <sip:100@10.0.0.5>' failed for '203.0.113.7:5060' - Wrong password
    sentence("failed for '",
        r"(?:<sips?:(?P<user>[^@>']{1,128})@[^>']{1,255}>)?' failed for '{END}(?!.*' failed for ')", _NO),
    # Call from '' (203.0.113.7:5060) to extension '00441' rejected because extension not found in context ..
    sentence(" rejected because ",
        r"Call from '(?P<user>[^']{0,128})' \({END}\) to extension .{0,128} rejected because ", _NO),
    sentence(" failed to authenticate as ",
        r"Host {IP} failed to authenticate as '(?P<user>[^']{0,128})'", _NO),
    sentence("Rejecting ", r"Rejecting unknown SIP connection from {END}", _NO),
    # SIP auth failure (REGISTER) on sofia profile 'internal' for [100@10.0.0.5] from ip 203.0.113.7
    sentence("SIP auth failure", r"for \[(?P<user>[^@\]]{0,128})@[^\]]{1,255}\] from ip {IP}", _NO),
    sentence("SIP auth challenge", r"for \[(?P<user>[^@\]]{0,128})@[^\]]{1,255}\] from ip {IP}"),
    sentence("Can't find user", r"Can't find user \[(?P<user>[^@\]]{0,128})@[^\]]{1,255}\] from {IP}", _NO),
    sentence("Rejected by acl", r"IP {IP} Rejected by acl", _NO),
    sentence("register from ", r"register from {END}", _NO),
)  # fmt: skip


class VoipServers(LogFormat):
    """Registrations, refused calls, the security log.

    The caller's name may hold an address: the address written by the server counts.
    """

    name = "voip_servers"
    title = "Telephone servers (Asterisk, FreeSWITCH)"
    gives = fields_named("contact user action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the source file of Asterisk or of FreeSWITCH's SIP that wrote the line."""
        if ".c:" not in line[:_LOOKED_AT]:
            return False
        return (_ASTERISK.search(line, 0, _LOOKED_AT) or _FREESWITCH.search(line, 0, _LOOKED_AT)) is not None

    def read(self, line: str) -> Event | None:
        """Read one message. A message without an address proves that the server logged."""
        own = required(_ASTERISK.search(line, 0, _LOOKED_AT) or _FREESWITCH.search(line, 0, _LOOKED_AT), line)
        header = split_header(line[: own.start()] + "-", self.context)[0]
        found = own.groupdict()
        time = header.time
        if found["time"]:
            time = LooseTimes(self.context).read(found["time"])
        elif found.get("clock"):
            time = clock_time(self.context, None, found["month"], found["day"], found["clock"])
        message = line[own.end() :]
        event = (
            _security(message[:4096])
            if message.startswith("SecurityEvent=")
            else event_of(_SENTENCES, message)
        )
        return placed(event or Event(), time, header.host)


def _security(message: str) -> Event | None:
    """Read a line of Asterisk's security log."""
    fields = dict(_PAIR.findall(message))
    far, near = (fields.get(f"{side}Address", "").split("/") for side in ("Remote", "Local"))
    if len(far) != 4 or len(near) != 4:
        return None
    ends = {"ip": far[2], "port": far[3], "to": near[2], "to_port": near[3]}
    action = _DONE.get(fields.get("SecurityEvent", ""), _NO)
    event = stated_event({**ends, "user": fields.get("AccountID")}, kind=EventKind.LOGON, action=action)
    return event if event.source_ip else None
