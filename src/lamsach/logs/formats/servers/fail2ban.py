"""Fail2ban and CrowdSec: addresses that were found, banned and unbanned.

Source: Fail2ban `server/actions.py`, `server/filter.py`; CrowdSec "Log levels and types". Traps:
- `Found 192.0.2.7 - 2026-06-07 09:00:01`: the second time is the attack's, in the watched log; the line's own
  counts.
- A banned internal address is a machine of the unit that attacks; a stranger is none.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import placed
from lamsach.logs.mappings.sentences import event_of, sentence
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.model import Action, Event

# 2026-06-07 09:00:01,123 fail2ban.actions        [812]: NOTICE  [sshd] Ban 203.0.113.7
_OWN = re.compile(
    r"(?a)(?:(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})(,\d{3})? )?fail2ban\.(?P<part>[a-z]{2,20}) {0,20}"
    r"\[\d{1,10}\]: ?"
)
_LOOKED_AT = 300
# [sshd] Ban 203.0.113.7     [sshd] Restore Ban 203.0.113.7     [sshd] Found 203.0.113.7 - 2026-06-07 09:00:01
_SENTENCES = (
    sentence("] Restore Ban ", r"\] Restore Ban {IP}", Action.BLOCKED),
    sentence("] Ban ", r"\] Ban {IP}", Action.BLOCKED),
    sentence("already banned", r"\] {IP} already banned", Action.BLOCKED),
    sentence("] Unban ", r"\] Unban {IP}"),
    sentence("] Ignore ", r"\] Ignore {IP}"),
    sentence("] Found ", r"\] Found {IP}"),
    # (localhost/crowdsec) crowdsecurity/ssh-bf by ip 203.0.113.7 (US/64496) : 4h ban on Ip 203.0.113.7
    sentence(" ban on Ip ", r" ban on Ip {IP}", Action.BLOCKED),
    sentence("Ip ", r"\bIp {IP} performed '"),
)
# time="2026-06-07T09:00:01Z" level=info msg="Ip 203.0.113.7 performed 'crowdsecurity/ssh-bf' (6 events ..
_CROWDSEC = re.compile(
    r"(?a)time=\"?(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2}))\"? level=[a-z]{4,7} msg=\""
    r"(?=[^\"]{0,400}(?: performed '| ban on Ip ))([^\"]{0,600})"
)


class Fail2ban(LogFormat):
    """Bans and the findings that led to them.

    A banned internal address is a machine of the unit that attacks.
    """

    name = "fail2ban"
    title = "Fail2ban and CrowdSec"
    gives = fields_named("time observer source_ip device_ip action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the program's part in its own spelling, or CrowdSec's two sentences."""
        if "fail2ban." in line[:_LOOKED_AT]:
            return _OWN.search(line, 0, _LOOKED_AT) is not None
        return "level=" in line[:200] and _CROWDSEC.search(line, 0, 1500) is not None

    def read(self, line: str) -> Event | None:
        """Read one message. A message without an address proves that the program ran."""
        own = _OWN.search(line, 0, _LOOKED_AT)
        if own is None:
            crowd = required(_CROWDSEC.search(line, 0, 1500), line)
            event = event_of(_SENTENCES, crowd[2]) or Event()
            return placed(event, from_iso(crowd[1], self.context.timezone), None)
        event = event_of(_SENTENCES, line[own.end() :]) or Event()
        header = split_header(line[: own.start()] + "-", self.context)[0]
        time = (
            from_iso(own[1] + (own[2] or "").replace(",", "."), self.context.timezone)
            if own[1]
            else header.time
        )
        return placed(event, time, header.host)
