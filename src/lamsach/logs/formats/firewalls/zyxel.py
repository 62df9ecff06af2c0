"""Zyxel ZyWALL, USG, USG FLEX, ATP and VPN: `src="a:p" dst="b:p" msg="..." note="..."`, and CEF.

Source: Zyxel, "ZyWALL / USG / ATP Series: Log Reference" and the user's guides' appendix "Log Descriptions"
(ZLD 4 and 5); remote server formats "VRPT/Syslog" and "CEF/Syslog". Traps:
- Address and port are one value, IPv6 in brackets; `0.0.0.0:0` is none.
- The outcome is in `note` (`ACCESS BLOCK`, `ACCESS FORWARD`, `WEB BLOCK`), for a rule's log also at the end
  of `msg`.
- The web filter puts the site at the start of `msg`: `www.example: Business, rule_name:...`.
- `ob_mac` is zero for routed traffic. DHCP messages state address, name and hardware address in words.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from lamsach.logs.events.ends import Way
from lamsach.logs.layouts import Layout, Made, Of, Shape
from lamsach.logs.layouts.kinds import END_MACHINE, END_MACHINE_PORT, MAC, MACHINE, PORT, TEXT, Kind
from lamsach.logs.layouts.line import LayoutFormat, Texts
from lamsach.logs.text import cef
from lamsach.logs.text.key_value import first
from lamsach.logs.text.record_headers import header_before
from lamsach.logs.text.values import domain_of, host_and_port
from lamsach.model import Action, EventKind, LeaseAction

# src="10.0.0.5:51000" dst="203.0.113.9:443" msg="Match default rule, DROP" note="ACCESS BLOCK" user="lan" ..
_START = r'(?:^|[\s:])src="[0-9A-Fa-f:.\[\]]{0,60}" dst="[0-9A-Fa-f:.\[\]]{0,60}" msg="'
_CEF = re.compile(r"(?:CEF: ?)?0\|(?i:Zyxel)\|")
_LEASES = {
    "assigned": LeaseAction.ASSIGNED,
    "renewed": LeaseAction.RENEWED,
    "released": LeaseAction.RELEASED,
    "expired": LeaseAction.EXPIRED,
}
_SITE = re.compile(r"(?a)(?:https?://)?([A-Za-z0-9][\w.-]{1,252})(?::\d{1,5})?(/\S{0,2048})?\s?(?::|,|$)")
_BLOCKING = re.compile(
    r"(?i)\b(?:block|blocked|drop|dropped|deny|denied|reject|rejected|failed login|destroy)\b"
)
_ALLOWING = re.compile(r"\b(?:forward|accept|allow|pass|permit|has logged in|traffic log)\b", re.IGNORECASE)


_SITED = ("cat", "msg", "dhost", "hostname", "request", "url")


@lru_cache(maxsize=1024)
def _site(
    cat: str | None,
    msg: str | None,
    dhost: str | None,
    hostname: str | None,
    request: str | None,
    url: str | None,
) -> tuple[str | None, str | None]:
    """Find the site at the start of a web or name filter's message, and its URL if it has a path."""
    stated_url = first({"request": request or "", "url": url or ""}, "request", "url")
    host = domain_of(first({"dhost": dhost or "", "hostname": hostname or ""}, "dhost", "hostname") or "")
    if host or stated_url:
        return host or host_and_port(re.sub("^[a-z]+://|/.*", "", stated_url or ""))[0], stated_url
    if not any(
        word in (cat or "").lower() for word in ("web", "content", "url", "dns", "reputation", "threat")
    ):
        return None, None
    match = _SITE.match(msg or "")
    name = domain_of(match[1]) if match else None
    if match is None or name is None or "." not in name:
        return None, None
    return name, f"{match[1]}{match[2]}" if match[2] else None


def _domain(*texts: str | None) -> str | None:
    return _site(*texts)[0]


def _url(*texts: str | None) -> str | None:
    return _site(*texts)[1]


def _way(cat: str | None, msg: str | None) -> Way:
    login = (
        (cat or "").lower() == "user" or "login" in (msg or "")[:40].lower() or "has logged" in (msg or "")
    )
    return Way.CALLED if login else Way.UNSTATED


def _kind(source: str | None, destination: str | None, *site: str | None) -> EventKind:
    if _way(*site[:2]) is Way.CALLED:
        return EventKind.LOGON
    if _domain(*site):
        return EventKind.WEB
    both = END_MACHINE.read(source or "") and END_MACHINE.read(destination or "")
    return EventKind.CONNECTION if both else EventKind.OTHER


def _action(*texts: str | None) -> Action:
    """Outcome by the first text with a known word."""
    for text in texts:
        if _BLOCKING.search((text or "")[:600]):
            return Action.BLOCKED
        if _ALLOWING.search((text or "")[:600]):
            return Action.ALLOWED
    return Action.UNKNOWN


def _translated(address: str | None, source: str | None) -> str | None:
    nat = MACHINE.read(address or "")
    return nat if nat != END_MACHINE.read(source or "") else None


def _cef_texts(log_format: Zyxel, match: re.Match[str]) -> Texts:
    record = cef.read(match.string[match.start() :])
    return {"cat": record.name, "note": record.name, **record.extension}


_FIELDS = {
    "kind": Made(_kind, ("src", "dst", *_SITED)),
    "way": Made(_way, ("cat", "msg")),
    "sender": Of(TEXT, ("dvchost", "devID")),
    "source_ip": Of(END_MACHINE, ("src",)),
    "source_port": Of(END_MACHINE_PORT, ("src",)),
    "destination_ip": Of(END_MACHINE, ("dst",)),
    "destination_port": Of(END_MACHINE_PORT, ("dst",)),
    "source_mac": Of(MAC, ("ob_mac", "smac", "src_mac")),
    "user": Of(TEXT, ("user", "suser")),
    "domain": Made(_domain, _SITED),
    "url": Made(_url, _SITED),
    "action": Made(_action, ("act", "note", "msg")),
}
_OF_CEF = {
    "source_port": Of(PORT, ("spt",)),
    "destination_port": Of(PORT, ("dpt",)),
    "source_nat_ip": Made(_translated, ("sourceTranslatedAddress", "src")),
    "source_nat_port": Of(PORT, ("sourceTranslatedPort",)),
}


class Zyxel(LayoutFormat):
    """Firewall, traffic, web filter, log-ins, DHCP leases; syslog and CEF."""

    layout = Layout(
        name="zyxel",
        title="Zyxel ZyWALL, USG, ATP",
        marks=(' dst="', "|Zy"),
        room=600,
        anywhere=True,
        leases=("DHCP server assigned", "DHCP released", "DHCP server renewed"),
        shapes=(
            # DHCP server assigned 10.0.0.9 to PC-KETOAN(02:00:5E:00:53:09)
            Shape(
                rf"{_START}(?i:DHCP (?:server )?(?P<word>assigned|released|renewed|expired) "
                rf"(?P<source_ip>[0-9.]{{7,15}}) (?:to|with|from|for) ?(?P<device_name>[^\"\\]{{0,64}}?) ?"
                rf"\(?(?P<device_mac>(?:[0-9A-F]{{2}}[:-]){{5}}[0-9A-F]{{2}})\)?)",
                {
                    "kind": EventKind.LEASE,
                    "device_ip": Of(MACHINE, ("source_ip",)),
                    "action": Of(Kind("lease", lambda word: _LEASES[word.lower()]), ("word",)),
                },
                also=(r' devID="(?P<sender>[^"]*)"',),
                lead=_START,
            ),
            Shape(_START, _FIELDS, pairs=True),
            Shape(_CEF.pattern, _FIELDS | _OF_CEF, apart=_cef_texts),
        ),
        examples=(
            (
                'src="10.0.0.5:51000" dst="203.0.113.9:443" msg="Match default rule, DROP" note="ACCESS '
                'BLOCK" user="lan" devID="02005e005301" cat="Firewall"',
                {"device_ip": "10.0.0.5", "destination_port": 443, "user": "lan", "observer": "02005e005301",
                    "action": "blocked"},
            ),
            (
                'src="0.0.0.0:0" dst="0.0.0.0:0" msg="DHCP server assigned 10.0.0.9 to '
                'PC-KETOAN(02:00:5E:00:53:09)" note="DHCP" user="" devID="02005e005301" cat="DHCP"',
                {"device_ip": "10.0.0.9", "device_name": "PC-KETOAN", "device_mac": "02:00:5e:00:53:09",
                    "action": "assigned"},
            ),
        ),
    )  # fmt: skip

    def head(self, line: str, start: int) -> tuple[datetime | None, str | None]:
        """Read a syslog header, or a collector's: `2026-03-01 10:00:01 192.0.2.1 usg src="...`."""
        time, host = super().head(line, start)
        if time is not None or "src=" not in line[start : start + 6]:
            return time, host
        header = header_before(line, line.find('src="'), self.context)
        return header.time, header.host
