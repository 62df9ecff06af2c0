"""Whose machine a record names, where the addresses alone do not tell.

A server's own log (web, ssh) tells who connected to it. A stranger outside is no machine of the unit, and what the stranger
wrote (a Host header, a URL) must not accuse the server; so such a record has no `device_ip`, and a listed client is matched
to the server by `destination_ip`.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address

from lamsach.logs.events.direction import is_internal, own_side


def calling(client: str | None) -> str | None:
    """The unit's own machine in the log of a server that this client called: the client when it is internal."""
    return client if client and is_internal(client) else None


def own_end(source: str | None, destination: str | None, *, received: bool) -> str | None:
    """The unit's own machine of two ends. `received`: the machine that logs is itself the destination, which decides when both are public."""
    if received and source and destination and not is_internal(source) and is_public_machine(destination):
        return destination
    return own_side(source, destination)


@lru_cache(maxsize=65536)
def is_public_machine(address: str) -> bool:
    """Return whether the address can be one machine's outside of local networks: no group's, and not everybody's."""
    if is_internal(address):
        return False
    ip = ip_address(address)
    return not (ip.is_multicast or ip.is_unspecified or address == "255.255.255.255")


def mac_of_device(device: str | None, source: str | None, source_mac: str | None) -> str | None:
    """The device's hardware address, of a record that states only the source's.

    None when the device is the other side: then the frame came from the router towards the internet, and its address
    would make one machine of all that are reached from outside.
    """
    return source_mac if device is not None and device == source else None
