"""Where the fields of Palo Alto's comma-separated logs stand.

Source: Palo Alto Networks, "Syslog Field Descriptions" of PAN-OS 8.0, 8.1, 9.0, 9.1, 10.0, 10.1, 10.2, 11.0 and 11.1. Newer versions append
columns; those before keep their place, so that one table serves all. Only GlobalProtect moved: until 9.0 it wrote SYSTEM records.
Places are 0-based: 0 is the unused first column, 3 the type, 4 the subtype, 6 the time at which the record was made.
"""

from __future__ import annotations

from collections.abc import Mapping

RECEIVED, SERIAL, TYPE, SUBTYPE, GENERATED = 1, 2, 3, 4, 6
KIND_KEY, SUBTYPE_KEY, TIME_KEYS = "|kind", "|subtype", ("|exact", "|generated")
"""The keys of the type, the subtype, the time with an offset and the firewall's own, where columns are known by names."""

_SESSION = {
    "source": 7,
    "destination": 8,
    "source_nat": 9,
    "source_user": 12,
    "destination_user": 13,
    "from_zone": 16,
    "to_zone": 17,
    "source_port": 24,
    "destination_port": 25,
    "source_nat_port": 26,
    "action": 30,
}
_CARRIED = {
    key: place
    for key, place in _SESSION.items()
    if not key.startswith("source_nat") and not key.endswith("_user")
}
_AUTHENTICATION = {"source": 8, "source_user": 9, "message": 18, "observer": 29}
_TRAFFIC = {
    **_SESSION,
    "observer": 52,
    "source_name": 82,
    "source_mac": 83,
    "destination_name": 90,
    "destination_mac": 91,
}
_THREAT = {
    **_SESSION,
    "misc": 31,
    "threat": 32,
    "hash": 43,
    "observer": 59,
    "source_name": 86,
    "source_mac": 87,
    "destination_name": 94,
    "destination_mac": 95,
}
_SYSTEM = {"event": 8, "object": 9, "message": 14, "observer": 22}
PLACES: Mapping[str, Mapping[str, int]] = {
    "TRAFFIC": _TRAFFIC,
    "START": _TRAFFIC,
    "END": _TRAFFIC,
    "TUNNEL": {**_SESSION, "observer": 52},
    "THREAT": _THREAT,
    "URL": _THREAT,
    "DATA": _THREAT,
    "WILDFIRE": _THREAT,
    "DECRYPTION": {**_SESSION, "domain": 63, "observer": 97},
    "SCTP": {**_CARRIED, "observer": 36},
    "GTP": _CARRIED,
    "CONFIG": {"source": 7, "source_user": 10, "observer": 21},
    "SYSTEM": _SYSTEM,
    "HIPMATCH": {
        "source_user": 7,
        "source_name": 9,
        "source": 11,
        "observer": 24,
        "source_ipv6": 26,
        "source_mac": 29,
    },
    "GLOBALPROTECT": {
        "event": 8,
        "source_user": 12,
        "source_name": 14,
        "source": 15,
        "source_ipv6": 16,
        "given": 17,
        "given_ipv6": 18,
        "status": 28,
        "observer": 47,
    },
    "USERID": {
        "source": 8,
        "source_user": 9,
        "event": 4,
        "source_port": 14,
        "destination_port": 15,
        "observer": 25,
    },
    "IPTAG": {"source": 8, "event": 10, "observer": 23},
    "AUTHENTICATION": _AUTHENTICATION,
    "AUTH": _AUTHENTICATION,
    "CORRELATION": {"source": 7, "source_user": 8, "observer": 17},
    "AUDIT": {},
}
"""Type of record: field and its column."""
