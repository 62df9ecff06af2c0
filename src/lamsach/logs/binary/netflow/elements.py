"""The information elements of which events are made, by number.

Source: https://www.iana.org/assignments/ipfix (NetFlow v9 numbers are the same up to 127 and, for most exporters, beyond); Cisco's
NetFlow Security Event Logging (NSEL) guide and its application visibility (AVC) field guide; nProbe's, YAF's, Palo Alto's, Citrix' and Barracuda's lists
for what they add. An enterprise's element is
(enterprise << 16 | number); nProbe's numbers in NetFlow v9 begin at 57472.
"""

from __future__ import annotations

SOURCE, DESTINATION, SOURCE_V6, DESTINATION_V6 = 8, 12, 27, 28
SOURCE_PORT, DESTINATION_PORT = 7, 11
_CISCO, _CISCO_V9 = 9 << 16, 1 << 15
"""Cisco's own elements have their highest bit set in NetFlow v9."""
CLIENT_PORTS, SERVER_PORTS = (_CISCO | 12240, _CISCO_V9 | 12240), (_CISCO | 12241, _CISCO_V9 | 12241)
SOURCE_PORTS, DESTINATION_PORTS = (
    (SOURCE_PORT, 180, 182, *CLIENT_PORTS),
    (DESTINATION_PORT, 181, 183, *SERVER_PORTS),
)
"""Ports of any protocol, of UDP, of TCP, and of a connection's client and server."""
CLIENTS = (_CISCO | 12236, _CISCO_V9 | 12236, _CISCO | 12238, _CISCO_V9 | 12238)
SERVERS = (_CISCO | 12237, _CISCO_V9 | 12237, _CISCO | 12239, _CISCO_V9 | 12239)
SOURCES, DESTINATIONS = (SOURCE, SOURCE_V6, *CLIENTS), (DESTINATION, DESTINATION_V6, *SERVERS)
"""Addresses of the packets' ends, and those of a connection's client and server where a device reports connections."""
EXPORTER, EXPORTER_V6 = 130, 131
PROTOCOL, FORWARDING = 4, 89
NAT_SOURCE, NAT_SOURCE_V6, NAT_SOURCE_PORT, NAT_EVENT = 225, 281, 227, 230
FIREWALL_EVENT = 233
CISCO_NAT_SOURCE, CISCO_NAT_SOURCE_PORT, CISCO_FIREWALL_EVENT, CISCO_USER = 40001, 40003, 40005, 40000
PORT_RANGE_START = 361
_BARRACUDA, _CITRIX = 10704 << 16, 5951 << 16
BARRACUDA_NAT_SOURCE, BARRACUDA_NAT_SOURCE_PORT = _BARRACUDA | 8, _BARRACUDA | 9
USER = 371
HTTP_HOST, HTTP_TARGET = 460, 461
PALO_ALTO_USER = 56702
_NPROBE, _NPROBE_V9, _YAF = 35632 << 16, 57472, 6871 << 16
CISCO_NAMES = (_CISCO | 12235, _CISCO_V9 | 12235)
"""A Host header or a server's name behind six bytes of application (AVC); of several such elements in a record the first counts."""
CISCO_NAME_HEAD_BYTES = 6
NAMES = frozenset(
    {
        HTTP_HOST,
        _CITRIX | 142,
        *(base + number for base in (_NPROBE, _NPROBE_V9) for number in (187, 188, 205)),
        *(_YAF | number for number in (117, 179, 294)),
    }
)
"""Names of sites, of TLS servers and of DNS questions."""
URLS = frozenset({HTTP_TARGET, _CITRIX | 130, _NPROBE | 180, _NPROBE_V9 + 180})

ADDRESSES = frozenset(
    {
        *SOURCES,
        *DESTINATIONS,
        NAT_SOURCE,
        NAT_SOURCE_V6,
        CISCO_NAT_SOURCE,
        BARRACUDA_NAT_SOURCE,
        EXPORTER,
        EXPORTER_V6,
    }
)
TEXTS = frozenset({USER, CISCO_USER, PALO_ALTO_USER, *NAMES, *CISCO_NAMES, *URLS})
WANTED = frozenset(
    {
        *ADDRESSES,
        *TEXTS,
        *SOURCE_PORTS,
        *DESTINATION_PORTS,
        *(PROTOCOL, FORWARDING, NAT_SOURCE_PORT, NAT_EVENT, FIREWALL_EVENT),
        *(CISCO_NAT_SOURCE_PORT, BARRACUDA_NAT_SOURCE_PORT, CISCO_FIREWALL_EVENT, PORT_RANGE_START),
    }
)
"""Elements that are decoded; all others are skipped."""
