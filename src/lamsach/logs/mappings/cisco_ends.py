r"""The ends of a connection in Cisco's messages, with translation and user.

Source: Cisco, "Secure Firewall ASA Series Syslog Messages" and "Secure Firewall Threat Defense Syslog
Messages". An end is written `inside:192.0.2.5/49152 (203.0.113.9/49152)(LOCAL\an)`,
`inside/192.0.2.5(49152)`, `192.0.2.5/80`, `fw:192.0.2.5(type`, `192.0.2.5`, or with a name defined by the
command `name`. Plain searches only: linear in the message's length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lamsach.logs.text.values import domain_of, ip_of, port_of

ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|(?=[0-9A-Fa-f:]{0,6}:)[0-9A-Fa-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?)"
_INTERFACE = r"[^\s:/()<>,\"'=]{1,64}"
# inside:192.0.2.5/49152   inside/192.0.2.5(49152)   192.0.2.5:500   192.0.2.5/https   (192.0.2.5)
_END = re.compile(
    rf"(?a)\(?(?:(?P<interface>{_INTERFACE})(?:\([\w-]{{1,64}}\))?(?:: |[:/ ]))??(?P<address>{ADDRESS})"
    rf"(?![\w])"
    r"(?:[/:](?P<port>\d{1,5})(?!\d|\.\w)| ?\((?P<port2>\d{1,5})\)|/(?P<service>[A-Za-z][\w-]{0,30}))?"
)
_NAMED_END = re.compile(
    rf"(?a)(?:(?P<interface>{_INTERFACE})[:/])(?P<name>[A-Za-z][\w.-]{{0,252}})(?:/(?P<port>\d{{1,5}})"
    rf"|\((?P<port2>\d{{1,5}})\))?"
)
# (203.0.113.9/49152)   (203.0.113.9)
_MAPPED = re.compile(rf" ?\(({ADDRESS})(?:/(\d{{1,5}}))?\)", re.ASCII)
# 192.0.2.10(10.1.1.5)/80
_LATE_PORT = re.compile(r"/(\d{1,5})(?!\d)", re.ASCII)
# (LOCAL\an)   (EXAMPLE\an@unit.example)
_USER_AFTER = re.compile(r" ?\(((?![\d.]+/)(?!type )(?!no )[^()\s][^()]{0,127})\)")
_SERVICES = {
    "ssh": 22, "telnet": 23, "https": 443, "http": 80, "snmp": 161, "www": 80, "domain": 53, "ntp": 123,
    "smtp": 25, "ftp": 21, "tftp": 69
}  # fmt: skip
# from 192.0.2.5 to 2001:db8::5
_ADDRESS = re.compile(rf"(?<![\w.:]){ADDRESS}(?![\w])", re.ASCII)


@dataclass(frozen=True, slots=True)
class End:
    """An end of a connection: address or name, port, interface, translation, and user."""

    ip: str | None = None
    port: int | None = None
    name: str | None = None
    interface: str | None = None
    mapped_ip: str | None = None
    mapped_port: int | None = None
    user: str | None = None


def end_at(text: str, position: int) -> tuple[End | None, int]:
    """Parse the end at a position, after spaces; return it (or None) and the position after it."""
    while text.startswith(" ", position):
        position += 1
    match = _END.match(text, position)
    ip = ip_of(match["address"].rstrip(".:")) if match else None
    if match and ip:
        service = (match["service"] or "").lower()
        port = port_of(match["port"] or match["port2"] or "")
        end = End(ip, port if port is not None else _SERVICES.get(service), None, match["interface"])
    else:
        match = _NAMED_END.match(text, position)
        name = domain_of(match["name"]) if match else None
        if match is None or name is None:
            return None, position
        end = End(None, port_of(match["port"] or match["port2"] or ""), name, match["interface"])
    return _with_suffixes(text, match.end(), end)


def _with_suffixes(text: str, position: int, end: End) -> tuple[End, int]:
    mapped_ip = mapped_port = user = None
    mapped = _MAPPED.match(text, position)
    if mapped:
        mapped_ip, mapped_port, position = ip_of(mapped[1]), port_of(mapped[2] or ""), mapped.end()
        late = _LATE_PORT.match(text, position) if end.port is None and mapped_port is None else None
        if late:
            end, position = replace(end, port=port_of(late[1])), late.end()
    after = _USER_AFTER.match(text, position)
    if after:
        user, position = after[1], after.end()
    return End(end.ip, end.port, end.name, end.interface, mapped_ip, mapped_port, user), position


def end_after(text: str, word: str, start: int = 0) -> tuple[End | None, int]:
    """Return the first end after a word, and the position after it; (None, -1) without one."""
    position = text.find(word, start)
    for _ in range(8):
        if position < 0:
            break
        end, stop = end_at(text, position + len(word))
        if end is not None:
            return end, stop
        position = text.find(word, position + len(word))
    return None, -1


def first_address(text: str) -> str | None:
    """Return the first address in the text."""
    for count, match in enumerate(_ADDRESS.finditer(text)):
        address = ip_of(match[0].rstrip(".:"))
        if address:
            return address
        if count > 20:
            break
    return None
