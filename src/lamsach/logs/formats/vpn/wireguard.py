"""WireGuard: messages of the kernel module and of wireguard-go, and `wg show all dump`.

Source: https://git.zx2c4.com/wireguard-linux `drivers/net/wireguard/receive.c`, `send.c`, `timers.c`
(net_dbg_ratelimited), wg(8) "show ... dump". Traps:
- A peer is a number, or its abbreviated key (`peer(AbCd…WxYz)`); its outer address follows in brackets.
- `Packet has unallowed src IP (10.0.0.3) from peer 1 (203.0.113.5:51820)`: the first address is the peer's
  claim.
- In a dump an interface's line begins with its private key: nothing of it is stored. A peer's public key
  identifies its user; its own address is the first single one of its allowed addresses; a handshake at 0
  never happened.
"""

from __future__ import annotations

import re

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import event_between
from lamsach.logs.mappings.sentences import found_in, stated_event
from lamsach.logs.text.pasted import bare
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.timestamps import from_epoch
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Action, Event, EventKind, LeaseAction

# wireguard: wg0: Packet has unallowed src IP (10.0.0.3) from peer 1 (203.0.113.5:51820)
# kernel: wg0: Invalid MAC of handshake, dropping packet from 203.0.113.5:51820
_KERNEL = re.compile(
    r"(?as)\b(?:wireguard: |kernel: (?:\[ {0,8}\d{1,10}\.\d{1,9}\] )?(?=wg))([\w.@-]{1,15}): (.*)"
)
# DEBUG: (wg0) 2026/06/20 08:35:15 peer(AbCd…WxYz) - Received handshake initiation
_GO = re.compile(r"(?:DEBUG|INFO|ERROR): \(([\w.@-]{1,15})\) \d{4}/\d\d/\d\d \d\d:\d\d:\d\d (.*)", re.DOTALL)
_GO_PEER = re.compile(r"peer\((?P<user>[A-Za-z0-9+/]{4}…[A-Za-z0-9+/]{4})\)")
_ENDPOINT = r"(?P<ip>\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:%.\w]{2,60}\]):(?P<port>\d{1,5})"
_PEER = re.compile(rf"\bpeer \d{{1,10}}(?: \({_ENDPOINT}\))?", re.ASCII)
_FROM = re.compile(rf"\b(?:from|to|with) {_ENDPOINT}", re.ASCII)
_REFUSED = re.compile(
    r"(?a)Invalid|unallowed|dropping|incorrect size|unaligned|neither IPv4 nor IPv6|not complete|could not"
    r"|unable|Unable|replay"
)
_KEY = r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="
# wg0 \t public key \t preshared key \t endpoint \t allowed addresses \t latest handshake \t received \t sent
# \t keepalive
_DUMP_PEER = re.compile(
    rf"(?a)(?:([\w.@-]{{1,15}})\t)?({_KEY})\t(?:\(none\)|{_KEY}|\(hidden\))\t(?:\(none\)"
    rf"|{_ENDPOINT})\t(\(none\)|[0-9A-Fa-f.:/,]{{2,2000}})\t(\d{{1,12}})\t\d{{1,20}}\t\d{{1,20}}\t(?:off"
    rf"|\d{{1,6}})\s*"
)
_DUMP_INTERFACE = re.compile(
    rf"(?a)(?:[\w.@-]{{1,15}}\t)?(?:\(none\)|{_KEY}|\(hidden\))\t(?:\(none\)|{_KEY})\t\d{{1,5}}\t(?:off"
    rf"|0x[0-9a-f]{{1,8}}|\d{{1,10}})\s*"
)


class WireGuard(LogFormat):
    """Kernel's messages, `wg show all dump`.

    A peer's public key identifies its user; private keys are not stored.
    """

    name = "wireguard"
    title = "WireGuard"
    gives = fields_named("time observer source_ip source_port device_ip user action")
    lease_markers = ("\t",)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a message of `wireguard:` (wireguard-go: `(wg0)` after its level), or a line of a dump."""
        if "\t" in line[:120]:
            return _DUMP_PEER.fullmatch(line) is not None or _DUMP_INTERFACE.fullmatch(line) is not None
        if "wireguard: " in line[:300]:
            return _KERNEL.search(line, 0, 400) is not None
        if "kernel: " in line[:200] and ("handshake" in line[:400] or " peer " in line[:400]):
            return _KERNEL.search(line, 0, 400) is not None
        return line.find(": (", 0, 200) > 0 and "peer(" in line[:400] and _GO.search(line, 0, 400) is not None

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. None for an interface's own line and for messages without an address."""
        line = line.rstrip("\r\n")
        if _DUMP_INTERFACE.fullmatch(line):
            return None
        if dump := _DUMP_PEER.fullmatch(line):
            return self._peer(dump)
        if not self.recognises(line):
            raise LineError("The line is not of this product.")
        header, message = split_header(bare(line), self.context)
        kernel = _KERNEL.search(line, 0, 400)
        text = line[kernel.start(2) :] if kernel else message
        event = stated_event(
            found_in(text[:1000], _PEER, _FROM, _GO_PEER),
            kind=EventKind.OTHER,
            action=Action.BLOCKED if _REFUSED.search(text, 0, 1000) else Action.UNKNOWN,
            time=header.time,
            observer=header.host,
        )
        return event if event.source_ip or event.user else None

    def _peer(self, match: re.Match[str]) -> Event:
        """Read a peer in a dump, which holds its address at its latest handshake."""
        single = (part for part in match[5].split(",") if part.endswith(("/32", "/128")))
        address = next((ip for part in single if (ip := ip_of(part))), None)
        handshake = int(match[6])
        return event_between(
            (ip_of(match[3] or ""), port_of(match[4])),
            time=from_epoch(match[6]) if handshake else None,
            kind=EventKind.LEASE if address and handshake else EventKind.OTHER,
            user=match[2],
            action=LeaseAction.RENEWED if address and handshake else Action.UNKNOWN,
            given=address,
        )
