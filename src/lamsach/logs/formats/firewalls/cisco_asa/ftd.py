"""Security events of Firepower Threat Defense: `Key: value, Key: value`.

Source: Cisco, "Secure Firewall Threat Defense Syslog Messages", "Security Event Syslog Messages" (430001 intrusion, 430002 and 430003 begin and end of a
connection, 430004 file, 430005 malware). Traps: values are not quoted and may hold commas, so a value ends where the next known-looking `, Key: ` begins;
addresses stand before what a stranger can choose (URL, user agent, file name), and the first value of a key stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lamsach.logs.mappings.keyed_events import Keys

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
    domain=(
        "ReferencedHost",
        "SSLServerName",
        "TLSServerName",
        "SSLSubjectCommonName",
        "HTTP_Hostname",
        "SI_DNSName",
    ),
    url=("URL", "URI", "HTTP_URI"),
    answers=("DNSResponse", "DNS_Response"),
    hashes=("FileSHA256", "FileSHA", "SHA256"),
    action=("InlineResult", "AccessControlRuleAction", "FileAction", "Action"),
    observer=("SensorName", "DeviceName"),
)
_NOBODY = frozenset({"no authentication required", "unknown", "not found", "no authentication"})
"""What stands in place of a user's name."""
TIMES = ("FirstPacketSecond", "EventSecond", "FileEventSecond", "LastPacketSecond")


def security_fields(text: str) -> Mapping[str, str]:
    """The fields of a security event."""
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
