"""The information elements of which events are made, by number.

Source: https://www.iana.org/assignments/ipfix (NetFlow v9 numbers are the same up to 127 and, for most exporters, beyond); Cisco's
NetFlow Security Event Logging (NSEL) guide; nProbe's, YAF's and Palo Alto's lists for what they add. An enterprise's element is
(enterprise << 16 | number); nProbe's numbers in NetFlow v9 begin at 57472.
"""

from __future__ import annotations

SOURCE, DESTINATION, SOURCE_V6, DESTINATION_V6 = 8, 12, 27, 28
SOURCE_PORT, DESTINATION_PORT = 7, 11
UDP_SOURCE_PORT, UDP_DESTINATION_PORT, TCP_SOURCE_PORT, TCP_DESTINATION_PORT = 180, 181, 182, 183
PROTOCOL, FORWARDING = 4, 89
NAT_SOURCE, NAT_SOURCE_V6, NAT_SOURCE_PORT, NAT_EVENT = 225, 281, 227, 230
FIREWALL_EVENT = 233
CISCO_NAT_SOURCE, CISCO_NAT_SOURCE_PORT, CISCO_FIREWALL_EVENT, CISCO_USER = 40001, 40003, 40005, 40000
PORT_RANGE_START = 361
USER = 371
HTTP_HOST, HTTP_TARGET = 460, 461
PALO_ALTO_USER = 56702
_NPROBE, _NPROBE_V9, _YAF = 35632 << 16, 57472, 6871 << 16
NAMES = frozenset(
    {
        HTTP_HOST,
        *(base + number for base in (_NPROBE, _NPROBE_V9) for number in (187, 188, 205)),
        *(_YAF | number for number in (117, 179, 294)),
    }
)
"""Names of sites, of TLS servers and of DNS questions."""
URLS = frozenset({HTTP_TARGET, _NPROBE | 180, _NPROBE_V9 + 180})

ADDRESSES = frozenset(
    {SOURCE, DESTINATION, SOURCE_V6, DESTINATION_V6, NAT_SOURCE, NAT_SOURCE_V6, CISCO_NAT_SOURCE}
)
TEXTS = frozenset({USER, CISCO_USER, PALO_ALTO_USER, *NAMES, *URLS})
WANTED = frozenset(
    {
        *ADDRESSES,
        *TEXTS,
        *(SOURCE_PORT, DESTINATION_PORT, PROTOCOL, FORWARDING, NAT_SOURCE_PORT, NAT_EVENT, FIREWALL_EVENT),
        *(UDP_SOURCE_PORT, UDP_DESTINATION_PORT, TCP_SOURCE_PORT, TCP_DESTINATION_PORT),
        *(CISCO_NAT_SOURCE_PORT, CISCO_FIREWALL_EVENT, PORT_RANGE_START),
    }
)
"""Elements that are decoded; all others are skipped."""
