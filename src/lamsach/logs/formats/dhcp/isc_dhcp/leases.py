"""The blocks of dhcpd's lease file. Source and traps: `lamsach.logs.formats.dhcp.isc_dhcp.format`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from lamsach.errors import LineError
from lamsach.logs.events.ends import Role, decide
from lamsach.logs.text.times.timestamps import from_epoch, local_time
from lamsach.logs.text.values import ip_of, mac_of, mac_of_duid
from lamsach.model import Event, EventKind, LeaseAction

LEASE_START = re.compile(r"\s*(?:lease|iaaddr) ([0-9A-Fa-f.:]{2,45}) \{", re.ASCII)
#   starts 4 2026/10/01 01:02:03;   ends epoch 1790000000; # ...   ends never;
_LEASE_TIME = re.compile(
    r"^\s*(starts|ends|cltt) (?:\d (\d{4})/(\d{1,2})/(\d{1,2}) (\d{1,2}):(\d{2}):(\d{2})(?: ?[A-Z]{1,4})?|epoch (\d{1,12})|never);",
    re.MULTILINE | re.ASCII,
)
_HARDWARE = re.compile(r"^\s*hardware [\w-]{1,20} ([0-9A-Fa-f:]{11,60});", re.MULTILINE | re.ASCII)
_CLIENT_NAME = re.compile(r'^\s*client-hostname "((?:[^"\\]|\\.){1,255})";', re.MULTILINE)
_STATE = re.compile(r"^\s*binding state ([a-z]{1,20});", re.MULTILINE | re.ASCII)
_IA = re.compile(r'^\s*ia-(?:na|ta|pd) "((?:[^"\\]|\\.){1,400})"')
_IAADDR = re.compile(r"^\s*iaaddr ([0-9A-Fa-f:.]{2,45}) \{", re.MULTILINE | re.ASCII)
_NO_HOLDER = frozenset({"abandoned", "backup", "reset", "bootp"})


def lease_block(text: str) -> Event | None:
    """A block of the lease file: who held the address from `starts` to `ends`."""
    start = LEASE_START.match(text)
    ia = None if start else _IA.match(text)
    found = start or (_IAADDR.search(text) if ia else None)
    address = ip_of(found[1]) if found else None
    if address is None:
        if ia or text.startswith("ia-"):
            return None
        raise LineError("The lease names no address.", text[:80])
    times = _lease_times(text)
    state = _STATE.search(text)
    hardware = _HARDWARE.search(text)
    mac = mac_of(hardware[1]) if hardware else _mac_of_ia(ia[1]) if ia else None
    if (state and state[1] in _NO_HOLDER) or (mac is None and ia is None):
        return None
    name = _CLIENT_NAME.search(text)
    return decide(
        Event(
            time=times.get("starts") or times.get("cltt"),
            kind=EventKind.LEASE,
            source_ip=address,
            device_mac=mac,
            device_name=_unquote(name[1]) if name else None,
            action=LeaseAction.ASSIGNED,
            lease_until=times.get("ends"),
        ),
        role=Role.HOLDER,
    )


def _lease_times(text: str) -> dict[str, datetime]:
    times: dict[str, datetime] = {}
    for match in _LEASE_TIME.finditer(text):
        if match[8]:
            times[match[1]] = from_epoch(match[8])
        elif match[2]:
            year, month, day, hour, minute, second = map(int, match.groups()[1:7])
            times[match[1]] = local_time(year, month, day, hour, minute, second, 0, UTC)
    return times


def _mac_of_ia(quoted: str) -> str | None:
    """The MAC address in the DUID of `ia-na "..."`: four bytes of IAID, then the DUID, with octal escapes."""
    raw = re.sub(
        r"\\(?:([0-3][0-7]{2})|(.))", lambda m: chr(int(m[1], 8)) if m[1] else m[2], quoted, flags=re.DOTALL
    )
    return mac_of_duid(":".join(f"{ord(c) & 255:02x}" for c in raw[4:]))


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
