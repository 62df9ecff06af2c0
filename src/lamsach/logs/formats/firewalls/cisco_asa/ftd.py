r"""Security events of Firepower (`Key: value, Key: value`), and users in Cisco's sentences.

Source: Cisco, "Secure Firewall Threat Defense Syslog Messages", "Security Event Syslog Messages" (430001
intrusion, 430002 and 430003 begin and end of a connection, 430004 file, 430005 malware); "Secure Firewall ASA
Series Syslog Messages" 9.x. Traps:
- Values are not quoted and may hold commas: a value ends at the next known-looking `, Key: `. Addresses
  precede fields that an attacker controls (URL, user agent, file name), so the first value of a key counts.
- A user is `Username = an`, `User <an>`, `user 'an'`, `Uname: an`, `Add IP-User mapping 10.1.1.5 - CORP\an`;
  often the text after *user* is no name (`user authentication`), and tunnels between sites state a peer's
  address instead of a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lamsach.logs.mappings.keyed_events import Keys
from lamsach.logs.text.values import among, in_order, ip_of

# SrcIP: 192.0.2.5, DstIP: 198.51.100.7, Prefilter Policy: Unknown
_KEY = re.compile(r"(?:^|(?<=, )|(?<=,))([A-Z][A-Za-z0-9_]{0,40}(?: [A-Z][A-Za-z0-9]{0,30}){0,2}): ?")
KEYS = Keys(
    source=("SrcIP", "InitiatorIP", "SenderIP"),
    source_port=("SrcPort", "InitiatorPort"),
    source_nat=("NAT_InitiatorIP",),
    source_nat_port=("NAT_InitiatorPort",),
    source_user=("User", "OriginalUser"),
    destination=("DstIP", "ResponderIP"),
    destination_port=("DstPort", "ResponderPort"),
    query=("DNSQuery",),
    domain=in_order(
        "ReferencedHost SSLServerName TLSServerName SSLSubjectCommonName HTTP_Hostname SI_DNSName"
    ),
    url=("URL", "URI", "HTTP_URI"),
    answers=("DNSResponse", "DNS_Response"),
    hashes=("FileSHA256", "FileSHA", "SHA256"),
    action=("InlineResult", "AccessControlRuleAction", "FileAction", "Action"),
    observer=("SensorName", "DeviceName"),
)
_NOBODY = frozenset({"no authentication required", "unknown", "not found", "no authentication"})
"""Placeholders of a missing user name."""
TIMES = ("FirstPacketSecond", "EventSecond", "FileEventSecond", "LastPacketSecond")


def security_fields(text: str) -> Mapping[str, str]:
    """Read the fields of a security event."""
    fields: dict[str, str] = {}
    key, start = "", 0
    for match in _KEY.finditer(text):
        if key:
            fields.setdefault(key, text[start : match.start()].rstrip(", "))
        key, start = match[1].replace(" ", ""), match.end()
    if key:
        fields.setdefault(key, text[start:].strip())
    if fields.get("User", "").casefold() in _NOBODY:
        del fields["User"]
    return fields


_USER = re.compile(
    r"\b(?:Username|User(?: ?name)?|user|Uname|username is|username,?)(?: ?= ?|: ?| )"
    r"(?:<([^<>]{1,128})>|'([^']{1,128})'|\"([^\"]{1,128})\"|([^\s,;:<>'\"()]{1,128}))"
)
_NO_USERS = among(
    "authentication authorization ip is of groups specific added deleted was logged session unknown user for "
    "has accounting executed priv transitioning from with name identity attempted = * ***** <unknown> -"
)
# Group = VPN, Username = Nguyen Van An, IP = 192.0.2.5,
_NAMED = re.compile(r"\bUsername = ([^,<>=*]{1,128}), ")
# domain\an mapped to the address: `Add IP-User mapping 10.1.1.5 - CORP\an Succeeded`
_MAPPING = re.compile(r" - ([^\s,]{1,128})")


def logged_on(text: str | None) -> str | None:
    """User in the brackets after an end; None for a tunnel, whose brackets hold the peer's address."""
    name = text.removeprefix("user=").strip() if text else None
    return name if name and ip_of(name) is None else None


def user_of(text: str) -> str | None:
    """Find the user in a message without header and number; None without one."""
    if " - " in text and "mapping" in text:
        mapping = _MAPPING.search(text)
        return mapping[1] if mapping else None
    named = _NAMED.search(text) if "Username = " in text else None
    if named and named[1].strip().lower() not in _NO_USERS and ip_of(named[1].strip()) is None:
        return named[1].strip()
    for count, match in enumerate(_USER.finditer(text)):
        name = (match[1] or match[2] or match[3] or match[4]).strip().rstrip(".")
        if name and name.lower() not in _NO_USERS and "*" not in name and ip_of(name) is None:
            return name
        if count > 20:
            break
    return None
