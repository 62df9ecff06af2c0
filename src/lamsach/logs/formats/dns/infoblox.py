"""Infoblox NIOS and BloxOne (Universal DDI): DNS questions and response-policy hits as CEF.

Plain syslog of NIOS has the formats of BIND and ISC DHCP.

Source: https://docs.infoblox.com "RPZ Hit CEF Logging" and "NIOS Administrator Guide: Infoblox CEF", "Data
Connector: CEF messages". Traps:
- NIOS states the question only in `msg="rpz QNAME NXDOMAIN rewrite bot-c2.xyz [A] via
  bot-c2.xyz.rpz.example"`.
- BloxOne states it as `destinationDnsDomain=`, and the action as `act=` or `InfobloxPolicyAction=`.
- Advanced DNS Protection (`NIOS Threat`) states it as `fqdn=`; a flood without a question has none.
- `dst` is the name server itself, not the machine that the name belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Role, changed, decide
from lamsach.logs.mappings.cef_events import cef_event
from lamsach.logs.mappings.sentences import stated_event
from lamsach.logs.text import cef
from lamsach.logs.text.dns_names import from_presentation
from lamsach.logs.text.key_value import first
from lamsach.logs.text.record_headers import header_before, within_json
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import ip_of, mac_of
from lamsach.model import Action, Event, EventKind

# CEF:0|Infoblox|NIOS|8.6.2|RPZ-QNAME|NXDOMAIN|7|app=DNS dst=10.1.1.2 src=10.1.1.1 spt=5353 view=_default ..
_RECORD = re.compile(r"CEF: ?[01]\|Infoblox\|", re.IGNORECASE)
_REWRITE = re.compile(
    r"(?a)rpz (\S{1,20}) (\S{1,20}) rewrite (\S{1,1100}?)(?:/[A-Z0-9]{1,16}/[A-Z]{2,5})?(?: "
    r"\[[A-Z0-9]{1,16}\])?(?= via |\"|$)"
)
_PASSING = frozenset({"PASSTHRU", "TCP-ONLY", "DISABLED", "LOG", "ALLOW", "ALLOWED", "LOG ONLY"})
_BLOCKING = frozenset({
    "NXDOMAIN", "NODATA", "DROP", "LOCAL-DATA", "CNAME", "BLOCK", "BLOCKED", "REDIRECT", "SUBSTITUTE",
    "BLOCK NO REDIRECT",
})  # fmt: skip
# 2026-05-04 10:20:30.123Z [admin]: Login_Allowed - - to=AdminConnector ip=10.1.2.3 auth=LOCAL ..
_AUDIT = re.compile(
    r"(?a)(\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?Z) "
    r"\[(?P<user>[^\]\s]{1,128})\]: (Login_Allowed"
    r"|Login_Denied|Logout|First_Login) - - (?:to=\w{1,40} )?ip=(?P<ip>[0-9A-Fa-f.:]{2,45})"
)
_ANSWER_BREAKS = re.compile(r"[\s,;|]+")


class Infoblox(LogFormat):
    """DNS questions and policy (RPZ) hits of NIOS and BloxOne; plain syslog is `bind` and `isc_dhcp`."""

    name = "infoblox"
    title = "Infoblox (CEF)"
    of_resolver = True
    gives = fields_named("contact nat machine user domain url answers hashes action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match CEF with Infoblox as vendor, or a log-on to the grid's own pages."""
        if "]: Log" in line or "]: First_Login" in line:
            return _AUDIT.search(line, 0, 400) is not None
        if "nfoblox|" not in line[:600] and "NFOBLOX|" not in line[:600]:
            return False
        start = cef.find(line)
        return start >= 0 and not within_json(line, start) and _RECORD.match(line, start) is not None

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`."""
        self.check(line)
        audit = _AUDIT.search(line, 0, 400) if "]: " in line[:400] else None
        if audit:
            return self._logon(line, audit)
        start = cef.find(line)
        record = cef.read(line[start:])
        header = header_before(line, start, self.context)
        event = cef_event(record, self.context, observer=header.host, otherwise=header.time)
        if _is_dns(record.extension, record.signature):
            event = _question(event, record.extension, record.name)
        return event

    def _logon(self, line: str, audit: re.Match[str]) -> Event:
        header = header_before(line, audit.start(), self.context)
        action = Action.BLOCKED if audit[3] == "Login_Denied" else Action.ALLOWED
        time = from_iso(audit[1], self.context.timezone)
        found = audit.groupdict()
        return stated_event(found, kind=EventKind.LOGON, action=action, time=time, observer=header.host)


def _is_dns(fields: Mapping[str, str], signature: str) -> bool:
    return (
        fields.get("app", "").upper() == "DNS"
        or signature.upper().startswith(("RPZ", "DNS"))
        or "destinationDnsDomain" in fields
        or "fqdn" in fields
    )


def _question(event: Event, fields: Mapping[str, str], name: str) -> Event:
    """Add the question, the answers and the policy's action to an event."""
    rewrite = _REWRITE.search(fields.get("msg", ""), 0, 3000)
    question = (
        rewrite[3]
        if rewrite
        else first(fields, "destinationDnsDomain", "fqdn", "dhost", "qname", "InfobloxB1QName")
    )
    done = (
        rewrite[2]
        if rewrite
        else first(fields, "act", "InfobloxPolicyAction", "InfobloxB1PolicyAction") or name
    ).upper()
    action = Action.ALLOWED if done in _PASSING else Action.BLOCKED if done in _BLOCKING else event.action
    answers: tuple[str, ...] = ()
    if action is not Action.BLOCKED:
        words = _ANSWER_BREAKS.split(fields.get("InfobloxRespData", fields.get("rdata", ""))[:8192])
        answers = tuple(dict.fromkeys(ip for word in words if (ip := ip_of(word))))
    event = changed(
        event,
        kind=EventKind.DNS,
        device_mac=event.device_mac or mac_of(fields.get("smac")),
        domain=from_presentation(question) if question else event.domain,
        answers=answers,
        action=action,
    )
    return decide(event, role=Role.SERVES_THE_UNIT, again=True)
