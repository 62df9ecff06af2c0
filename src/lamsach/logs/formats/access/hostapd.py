"""hostapd on access points (OpenWrt, UniFi, TP-Link): wireless clients and their users.

Source: hostapd's `hostapd_logger` and control events (`AP-STA-CONNECTED`), `src/ap/ap_drv_ops.c`,
`ieee802_1x.c`, 2.4 to 2.11; UniFi's `stahtd`. Traps:
- The line states a hardware address and no IP address; the DHCP server's log has both.
- The access point's interface precedes `AP-STA-CONNECTED`, in UniFi's spelling `ath0:`; elsewhere `STA`
  precedes the client.
- An identity has its own line (`STA identity 'an'`), or follows the EAP type.
"""

from __future__ import annotations

import re

from lamsach.logs.base import LogFormat, fields_named, required
from lamsach.logs.events.ends import decide, placed
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.values import ip_of, mac_of
from lamsach.model import Action, Event, EventKind

_MAC = r"((?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2})"
# hostapd: wlan0: STA 02:00:00:00:00:01 IEEE 802.11: associated
_EVENT = re.compile(
    rf"(?a)(?:\bhostapd(?:\[\d{{1,10}}\])?: |^)(?:\d{{9,10}}\.\d{{6}}: )?(?:[\w.@-]{{1,32}}: )?(?:<\d>)?"
    rf"(?:STA {_MAC} (?:IEEE 802\.1[1X]|WPA|RADIUS|DRIVER|MLME|IAPP): |(?:AP-STA-(?:DIS)?CONNECTED"
    rf"|AP-STA-POSSIBLE-PSK-MISMATCH|CTRL-EVENT-EAP-(?:SUCCESS2?|FAILURE2?|STARTED)|WPS-REG-SUCCESS) {_MAC}"
    rf")"
)
_IDENTITY = re.compile(r"(?:identity|user(?:name)?)[ =:]{1,2}'([^']{1,128})'", re.IGNORECASE)
_SESSION_IP = re.compile(r"\bip(?:_addr)?=([0-9a-fA-F.:]{7,45})", re.ASCII)
_REFUSED = ("MISMATCH", "FAILURE", "denied", "rejected", "failed", "unauthorizing port", "timed out")
_OPENED = (
    "AP-STA-CONNECTED", "EAP-SUCCESS", "associated (aid", "handshake completed", "authenticated - EAP",
    "authorizing port",
)  # fmt: skip
_ROOM = 400


class Hostapd(LogFormat):
    """Stations that join and leave a wireless network, by hardware address and 802.1X identity.

    No IP address is stated.
    """

    name = "hostapd"
    title = "hostapd (Wi-Fi access points)"
    gives = fields_named("time observer device_ip device_mac user action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a client's hardware address after one of hostapd's keywords."""
        return ("STA" in line or "EAP" in line or "WPS" in line) and _EVENT.search(line, 0, _ROOM) is not None

    def read(self, line: str) -> Event | None:
        """Read one message about a client."""
        match = required(_EVENT.search(line, 0, _ROOM) if self.recognises(line) else None, line)
        header, _ = split_header(line, self.context)
        text = line[match.start() : match.start() + 2000]
        named, address = _IDENTITY.search(text), _SESSION_IP.search(text)
        refused = any(word in text for word in _REFUSED)
        opened = any(word in text for word in _OPENED)
        event = Event(
            kind=EventKind.LOGON,
            device_mac=mac_of(match[1] or match[2]),
            user=named[1] if named else None,
            action=Action.BLOCKED if refused else Action.ALLOWED if opened else Action.UNKNOWN,
        )
        return placed(decide(event, given=ip_of(address[1]) if address else None), header.time, header.host)
