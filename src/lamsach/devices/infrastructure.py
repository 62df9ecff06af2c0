"""DNS servers, proxies and NAT gateways: machines that speak for others, so that a contact of theirs accuses nobody.

They are stated (`--infrastructure`) or recognised from the data:

- *dns*: an internal address that at least ASKED_BY internal machines ask on port 53 (or in a DNS record), or the
  machine that wrote questions of its own to an upstream into its DNS log;
- *dns* again: an internal address that asks the outside for FORWARDER_NAMES names or more, while of the other
  internal machines no more than one in FORWARDER_RATIO asks the outside itself;
- *proxy*: an internal address that at least ASKED_BY internal machines use on a proxy's port, for as many different
  names where the port is also an ordinary web server's;
- *nat*: an address that an observer put in the place of another source, or to which NAT records translate.

More are found from the sightings themselves: see `lamsach.devices.forwarding`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from lamsach.devices.bounded import DistinctCounter
from lamsach.devices.names import address, host_key, mac_address
from lamsach.errors import UsageError
from lamsach.logs.direction import is_internal
from lamsach.model import Action, Event, EventKind, Identity

ASKED_BY = 3
FORWARDER_NAMES = 30
FORWARDER_RATIO = 5
ROUTER_ADDRESSES = 4
"""A hardware address on so many addresses within one hour is a router's, not a machine's."""

DNS_PORTS = frozenset({53, 853})
PROXY_PORTS = frozenset({1080, 3128})
WEB_PROXY_PORTS = frozenset({8000, 8080, 8888})
_ALL_PROXY_PORTS = sorted(PROXY_PORTS | WEB_PROXY_PORTS)
_WEB = frozenset({EventKind.WEB, EventKind.TLS, EventKind.CONNECTION})
_NAMES_LIMIT = 4096
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.\-]{0,251}[a-z0-9_])?\$?\.?", re.IGNORECASE)


class Infrastructure:
    """What is known of machines that speak for others. `stated`: addresses, networks (CIDR) and host names.

    Raises UsageError for a stated text that is none of these. What `observe` was shown, in whatever order, gives
    the same answers; its memory is bounded.
    """

    def __init__(self, stated: Iterable[str] = ()) -> None:
        self._stated_networks: list[IPv4Network | IPv6Network] = []
        self._stated_names: set[str] = set()
        for text in stated:
            self._state(text.strip())
        self._asked_dns = DistinctCounter(ASKED_BY)
        self._asked_proxy = DistinctCounter(ASKED_BY)
        self._proxy_names = DistinctCounter(ASKED_BY)
        self._asks_outside = DistinctCounter(FORWARDER_NAMES)
        self._sources = DistinctCounter(1)
        self._translates = DistinctCounter(1)
        self._own_questions = DistinctCounter(1)
        self._router_macs = DistinctCounter(ROUTER_ADDRESSES)

    def _state(self, text: str) -> None:
        try:
            self._stated_networks.append(ip_network(text, strict=False))
        except ValueError:
            key = host_key(text)
            if key is None or not _HOST.fullmatch(text) or not re.search("[a-zA-Z]", text) or ":" in text:
                raise UsageError(
                    "A stated piece of infrastructure is no address, network or host name.",
                    text,
                    "State it like 10.0.0.2, 10.0.1.0/24 or dns01.",
                ) from None
            self._stated_names.add(key)

    def observe(self, event: Event) -> None:
        """Take an event's signs of infrastructure into account; cheap, for a sample of all events and every
        candidate.
        """
        source, destination = event.source_ip, event.destination_ip
        if event.source_nat_ip and source and event.source_nat_ip != source:
            self._translates.add(event.source_nat_ip, "")
        if event.forwarded:
            self._observe_own_question(event)
        if event.device_mac and event.device_ip and event.time and event.kind is not EventKind.LEASE:
            self._observe_mac(event)
        if source is None or source == destination or not is_internal(source):
            return
        self._sources.add(source, "")
        if destination is None or event.kind is EventKind.LEASE:
            return
        refused = event.action is Action.BLOCKED and event.kind is not EventKind.DNS
        if refused or _is_loopback(source):
            return
        if event.kind is EventKind.DNS or event.destination_port in DNS_PORTS:
            if is_internal(destination):
                self._asked_dns.add(destination, source)
            elif event.domain and not event.forwarded:
                self._asks_outside.add(source, event.domain)
        elif is_internal(destination) and event.kind in _WEB:
            self._observe_proxy(source, destination, event)

    def _observe_proxy(self, source: str, destination: str, event: Event) -> None:
        port = event.destination_port
        if port in PROXY_PORTS:
            self._asked_proxy.add(f"{destination} {port}", source)
            for number in range(ASKED_BY):
                self._proxy_names.add(f"{destination} {port}", str(number))
        elif port in WEB_PROXY_PORTS and event.domain and address(event.domain) != destination:
            self._asked_proxy.add(f"{destination} {port}", source)
            self._proxy_names.add(f"{destination} {port}", ".".join(event.domain.rsplit(".", 2)[-2:]))

    def _observe_own_question(self, event: Event) -> None:
        for value in (event.source_ip, event.device_ip):
            if value and is_internal(value):
                self._own_questions.add(value, "")
        if event.observer:
            key = address(event.observer) or host_key(event.observer)
            if key is not None:
                self._own_questions.add(key, "")

    def _observe_mac(self, event: Event) -> None:
        mac = mac_address(event.device_mac or "")
        if mac and event.time and event.device_ip and ":" not in event.device_ip:
            self._router_macs.add(f"{mac} {event.time:%Y%m%d%H}", event.device_ip)

    def is_router(self, mac: str, hours: Iterable[str]) -> bool:
        """Whether the hardware address stood on ROUTER_ADDRESSES addresses within one of the hours (`YYYYmmddHH`,
        UTC).
        """
        return any(self._router_macs.count(f"{mac} {hour}") >= ROUTER_ADDRESSES for hour in hours)

    def translates(self, addresses: Iterable[str]) -> None:
        """Take note of addresses that NAT records translate to."""
        for text in addresses:
            self._translates.add(text, "")

    def role_of(self, ip: str) -> str | None:
        """`stated`, `nat`, `proxy` or `dns` for an address (canonical text) that speaks for others, else None."""
        if self._is_stated(ip):
            return "stated"
        if self._translates.count(ip):
            return "nat"
        if self._is_proxy(ip):
            return "proxy"
        if (
            self._asked_dns.count(ip) >= ASKED_BY
            or self._own_questions.count(ip)
            or self._asks_for_others(ip)
        ):
            return "dns"
        return None

    def role_of_identity(self, identity: Identity) -> str | None:
        """The role of a machine, by its address or its host name."""
        name = host_key(identity.name or "")
        if name is not None and name in self._stated_names:
            return "stated"
        role = self.role_of(identity.ip) if identity.ip else None
        if role is None and name is not None and self._own_questions.count(name):
            role = "dns"
        return role

    def _is_stated(self, ip: str) -> bool:
        if not self._stated_networks:
            return False
        try:
            value = ip_address(ip)
        except ValueError:
            return False
        return any(value.version == network.version and value in network for network in self._stated_networks)

    def _is_proxy(self, ip: str) -> bool:
        places = [f"{ip} {port}" for port in _ALL_PROXY_PORTS]
        return any(
            self._asked_proxy.count(place) >= ASKED_BY and self._proxy_names.count(place) >= ASKED_BY
            for place in places
        )

    def _asks_for_others(self, ip: str) -> bool:
        if self._asks_outside.count(ip) < FORWARDER_NAMES:
            return False
        others = [source for source in self._sources.keys() if source != ip]  # noqa: SIM118 - not a dict
        asking = sum(self._asks_outside.count(source) > 0 for source in others)
        return len(others) >= FORWARDER_RATIO and asking * FORWARDER_RATIO <= len(others)


def _is_loopback(ip: str) -> bool:
    return ip.startswith("127.") or ip == "::1"
