"""strongSwan (charon), Libreswan (pluto) and OpenConnect (ocserv): VPN clients and their addresses.

Source: strongSwan, "Logger configuration" and the messages of `libcharon`; Libreswan, `pluto(8)`; ocserv,
`ocserv(8)`. Traps:
- `05[IKE] assigning virtual IP 10.9.8.7 to peer 'an'` assigns the address; `lease 10.9.8.7 by 'an' went
  offline` releases it.
- Addresses with ports are `203.0.113.9[4500]`; identities are in the same brackets: `203.0.113.9[an]`.
- A number with a keyword in brackets is the thread: `05[NET]`. With names of connections: `05[IKE] <rw|7>
  ...`.
- ocserv: `main[an]:203.0.113.9:4512 user logged in`; `worker[an]: 203.0.113.9 sending IPv4 10.9.8.7`.
"""

from __future__ import annotations

import re
from typing import Any

from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Role, placed
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.sentences import event_of, found_in, sentence, stated_event
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.values import ip_of
from lamsach.model import Action, Event, EventKind, LeaseAction

_ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})"
# 05[IKE] 203.0.113.9 is initiating   charon: 05[NET] <rw|7>   pluto[1]: "rw"[1] 203.0.113.9
_CHARON = re.compile(
    r"(?a)(?:^|[\s:])\d{2,3}\[(?:IKE|NET|CFG|ENC|KNL|DMN|JOB|LIB|MGR|CHD|ESP|TNC|APP|ASN|TLS|IMC|IMV|PTS"
    r"|JRN)\] ?(?:<[^>]{1,80}> ?)?"
)
_PLUTO = re.compile(
    rf'(?:^|[\s:])"[\w.@/-]{{1,64}}"(?:\[\d{{1,6}}\] (?P<ip>{_ADDRESS}))?,? #\d{{1,9}}', re.ASCII
)
_OCSERV = re.compile(
    r"\bocserv(?:\[\d{1,10}\])?: (?:main|worker|sec-mod)(?:\[(?P<user>[^\]\s]{0,128})\])?:", re.ASCII
)
_ENDS = rf"packet: from (?P<%s>{_ADDRESS})\[(?P<%s>\d{{1,5}})\] to (?P<%s>{_ADDRESS})\[(?P<%s>\d{{1,5}})\]"
_BETWEEN = (
    rf"between (?P<to>{_ADDRESS})\[[^\]]{{0,128}}\]\.\.\.(?P<ip>{_ADDRESS})\[(?:{_ADDRESS}\]"
    r"|(?P<user>[^\]]{0,128})\])"
)
_LEASE: dict[str, Any] = {"kind": EventKind.LEASE, "role": Role.HOLDER}
_SENTENCES = (
    # assigning virtual IP 10.9.8.7 to peer 'an'     lease 10.9.8.7 by 'an' went offline
    sentence("went offline", rf"lease (?P<ip>{_ADDRESS}) by '(?P<user>[^']{{1,128}})' went offline",
        LeaseAction.RELEASED, **_LEASE),
    sentence("assigning ",
        rf"assigning (?:new lease|virtual IP) (?:to '[^']{{1,128}}' )?(?P<ip>{_ADDRESS})(?: to peer '"
        r"(?P<user>[^']{1,128})')?", LeaseAction.ASSIGNED, **_LEASE),
    # ocserv[1]: worker[an]: 203.0.113.9 sending IPv4 10.9.8.7
    sentence("ocserv",
        rf"{_OCSERV.pattern}.*?(?:(?P<peer>{_ADDRESS})(?::\d{{1,5}})? ?)?sending IPv[46] "
        rf"(?P<given>{_ADDRESS})",
        LeaseAction.ASSIGNED, kind=EventKind.LEASE),
    # received packet: from 203.0.113.9[500] to 198.51.100.4[500]
    sentence("received packet", _ENDS % ("ip", "port", "to", "to_port"), kind=EventKind.CONNECTION),
    sentence("sending packet", _ENDS % ("to", "to_port", "ip", "port"), kind=EventKind.CONNECTION),
    # established between 198.51.100.4[vpn]...203.0.113.9[an]
    sentence("established", _BETWEEN, Action.ALLOWED),
    sentence("between", _BETWEEN),
)  # fmt: skip
# 203.0.113.9 is initiating a Main Mode IKE_SA     main[an]:203.0.113.9:4512 user logged in
_FROM = re.compile(
    rf"(?a)(?P<ip>{_ADDRESS})(?::(?P<port>\d{{1,5}})(?![\w:]))? ?"
    rf"(?:is initiating|user logged|user disconnected|sending "
    rf"IPv[46]|worker|new user|suggesting|user '|authentication|connected|adding|tun)"
)
_USER = re.compile(
    r"(?a)(?:EAP|XAuth) authentication of '(?P<user>[^']{1,128})'"
    r"|authentication of '(?P<user2>[^']{1,128})' with"
    r"|user '(?P<user3>[^']{1,128})'"
)
_LONGEST = 2048
_OPENED = ("logged in", "successful", "established")
_FAILED = ("failed", "rejected", "no peer config", "no matching", "invalid", "denied", "error")


class StrongSwan(LogFormat):
    """Sessions of IPsec and OpenConnect servers.

    States the address assigned to a client, from when to when.
    """

    name = "strongswan"
    title = "strongSwan, Libreswan, ocserv"
    gives = fields_named("contact user action")
    lease_markers = (
        "assigning virtual IP", "assigning new lease", "went offline", "sending IPv4 ", "sending IPv6 ",
    )  # fmt: skip

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a thread of charon, a connection of pluto, or a process of ocserv."""
        if "ocserv" in line:
            return _OCSERV.search(line, 0, 300) is not None
        if "pluto" in line:
            return _PLUTO.search(line, 0, 400) is not None
        return ("charon" in line or "ipsec" in line or "strongswan" in line) and _CHARON.search(
            line, 0, 300
        ) is not None

    def read(self, line: str) -> Event | None:
        """Read one message. A message without an address proves that the server logged."""
        self.check(line)
        header, message = split_header(line, self.context)
        return placed(_event(line[:_LONGEST], message[:_LONGEST]), header.time, header.host)


def _event(line: str, message: str) -> Event:
    if known := event_of(_SENTENCES, line):
        return known
    found = found_in(line, _FROM, *((_PLUTO,) if "pluto" in line else ()), _USER, _OCSERV)
    words = message.lower()
    return stated_event(
        found,
        kind=EventKind.LOGON if found.get("user") or ip_of(found.get("ip", "")) else EventKind.OTHER,
        action=verdict(any(word in words for word in _FAILED), any(word in words for word in _OPENED)),
    )
