"""Signs of DNS servers, proxies and NAT gateways: machines whose contacts are those of others.

- An address that at least ASKED_BY machines query on port 53 (or in a DNS record), or the machine whose DNS
  log contains its own questions to an upstream.
- An address that asks outside servers for FORWARDER_NAMES names or more, while at most one in FORWARDER_RATIO
  of the other internal machines asks outside itself.
- An address with nearly all names asked outside (SHARE_NAMES at least), or nearly all hosts of web requests,
  while the others have some, but at most one in SHARE_RATIO.
- An address that at least ASKED_BY machines use on a proxy port, for as many different names where the port
  is also an ordinary web server's.
- An address that an observer substituted for another source, or to which NAT records translate.

The share counts different names in the lines parsed for coverage and in candidate lines: a machine that calls
one address repeatedly has no share, and one that is alone in its log (a machine's own log, an extract for it)
has no other clients.

`lamsach.devices.role_rules` derives the roles; `lamsach.devices.forwarders` finds more forwarders in the
sightings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from zlib import crc32

from lamsach.devices.names import address, host_key, mac_address
from lamsach.errors import UsageError
from lamsach.logs.events.ends import is_internal
from lamsach.model import Action, Event, EventKind


class DistinctCounter:
    """Counter of the distinct values seen with each of many keys, up to `cap`.

    Holds at most `limit` keys: those with the smallest checksums. A key held was held from its first
    appearance, so the result does not depend on the order of the input.
    """

    def __init__(self, cap: int, limit: int = 65536) -> None:
        self._cap = cap
        self._limit = limit
        self._threshold: tuple[int, str] | None = None
        self._values: dict[str, set[str]] = {}

    def add(self, key: str, value: str) -> None:
        """Count a value with a key."""
        values = self._values.get(key)
        if values is None:
            if self._threshold is not None and _rank(key) > self._threshold:
                return
            values = self._values[key] = set()
            if len(self._values) > 2 * self._limit:
                self._prune()
        if len(values) < self._cap:
            values.add(value)

    def count(self, key: str) -> int:
        """Return the count of distinct values seen with the key, at most `cap`."""
        if len(self._values) > self._limit:
            self._prune()
        return len(self._values.get(key, ()))

    def keys(self) -> Iterator[str]:
        """Iterate over the keys held."""
        if len(self._values) > self._limit:
            self._prune()
        return iter(self._values)

    def _prune(self) -> None:
        smallest = sorted(self._values, key=_rank)[: self._limit]
        self._threshold = _rank(smallest[-1])
        self._values = {key: self._values[key] for key in smallest}


def _rank(key: str) -> tuple[int, str]:
    return crc32(key.encode("utf-8", "surrogatepass")), key


ASKED_BY = 3
FORWARDER_NAMES = 30
FORWARDER_RATIO = 5
SHARE_NAMES = 60
"""Minimum number of different names asked by a machine before its share of all names is judged."""
SHARE_RATIO = 20
SHARE_CAP = 400
"""Maximum number of different names counted per machine."""
_SHARE_SOURCES = 4096
ROUTER_ADDRESSES = 4
"""Addresses per hour at which a hardware address is a router's, not a machine's."""

DNS_PORTS = frozenset({53, 853})
NEIGHBOUR_PORTS = frozenset({137, 5353, 5355})
"""NetBIOS, mDNS and LLMNR: protocols in which machines ask each other for names."""
PROXY_PORTS = frozenset({1080, 3128})
WEB_PROXY_PORTS = frozenset({8000, 8080, 8888})
_ALL_PROXY_PORTS = sorted(PROXY_PORTS | WEB_PROXY_PORTS)
_WEB_REQUESTS = frozenset({EventKind.WEB, EventKind.TLS})
_WEB = frozenset({EventKind.WEB, EventKind.TLS, EventKind.CONNECTION})
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.\-]{0,251}[a-z0-9_])?\$?\.?", re.IGNORECASE)


class Infrastructure:
    """Signs of machines that speak for others. `stated`: addresses, networks (CIDR) and host names.

    Raises UsageError for any other stated text. The answers do not depend on the order of the observed
    events; memory is bounded.
    """

    def __init__(self, stated: Iterable[str] = ()) -> None:
        self._stated_networks: list[IPv4Network | IPv6Network] = []
        self._stated_names: set[str] = set()
        for text in stated:
            self._state(text.strip())
        self._asked_dns = DistinctCounter(ASKED_BY)
        self._asked_proxy = DistinctCounter(ASKED_BY)
        self._proxy_names = DistinctCounter(ASKED_BY)
        self._asks_outside = DistinctCounter(SHARE_CAP, _SHARE_SOURCES)
        self._visits_outside = DistinctCounter(SHARE_CAP, _SHARE_SOURCES)
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
        """Note an event's signs of infrastructure; cheap, for a sample of events and every candidate."""
        source, destination = event.source_ip, event.destination_ip
        if event.source_nat_ip and source and event.source_nat_ip != source:
            self._translates.add(event.source_nat_ip, "")
        if event.forwarded:
            self._observe_own_question(event)
        if event.device_mac and event.device_ip and event.time and event.kind is not EventKind.LEASE:
            self._observe_mac(event)
        if source is None or source == destination:
            return
        if not is_internal(source):
            if destination is not None and is_answered_question(event):
                self._asked_dns.add(destination, source)
            return
        self._sources.add(source, "")
        if destination is None or event.kind is EventKind.LEASE:
            return
        refused = event.action is Action.BLOCKED and event.kind is not EventKind.DNS
        if refused or _is_loopback(source):
            return
        if is_question(event):
            self._observe_question(source, destination, event)
        elif is_internal(destination) and event.kind in _WEB:
            self._observe_proxy(source, destination, event)
        elif is_visit_outside(event) and event.domain:
            self._visits_outside.add(source, event.domain)

    def _observe_question(self, source: str, destination: str, event: Event) -> None:
        if is_internal(destination):
            self._asked_dns.add(destination, source)
        elif event.domain and not event.forwarded and is_outside(destination):
            self._asks_outside.add(source, event.domain)

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
        """Return whether the hardware address had ROUTER_ADDRESSES addresses in an hour (`YYYYmmddHH`)."""
        return any(self._router_macs.count(f"{mac} {hour}") >= ROUTER_ADDRESSES for hour in hours)

    def translates(self, addresses: Iterable[str]) -> None:
        """Note addresses that NAT records translate to."""
        for text in addresses:
            self._translates.add(text, "")

    def is_stated(self, ip: str | None, name: str | None) -> bool:
        """Return whether the user stated the address (canonical) or host name (see `names.host_key`)."""
        if name in self._stated_names or not self._stated_networks or ip is None:
            return name in self._stated_names
        try:
            value = ip_address(ip)
        except ValueError:
            return False
        return any(value.version == network.version and value in network for network in self._stated_networks)

    def is_translated_to(self, ip: str) -> bool:
        """Return whether translations replaced other sources with the address."""
        return self._translates.count(ip) > 0

    def is_used_as_proxy(self, ip: str) -> bool:
        """Return whether ASKED_BY machines use the address as a proxy."""
        places = [f"{ip} {port}" for port in _ALL_PROXY_PORTS]
        return any(
            self._asked_proxy.count(place) >= ASKED_BY and self._proxy_names.count(place) >= ASKED_BY
            for place in places
        )

    def is_asked(self, ip: str) -> bool:
        """Return whether ASKED_BY machines ask the address for names."""
        return self._asked_dns.count(ip) >= ASKED_BY

    def wrote_own_questions(self, key: str) -> bool:
        """Return whether this address or host name logged its own questions to an upstream DNS server."""
        return self._own_questions.count(key) > 0

    def asks_for_others(self, ip: str) -> bool:
        """Return whether it asks the outside for FORWARDER_NAMES names while nearly no other machine does."""
        if self._asks_outside.count(ip) < FORWARDER_NAMES:
            return False
        others = [source for source in self._sources.keys() if source != ip]  # noqa: SIM118 - not a dict
        asking = sum(self._asks_outside.count(source) > 0 for source in others)
        return len(others) >= FORWARDER_RATIO and asking * FORWARDER_RATIO <= len(others)

    def has_most_questions(self, ip: str) -> bool:
        """Return whether it asked outside for nearly all names asked, SHARE_NAMES at least."""
        return _has_most(self._asks_outside, ip)

    def has_most_visits(self, ip: str) -> bool:
        """Return whether it called nearly all hosts of web requests to the outside, SHARE_NAMES at least."""
        return _has_most(self._visits_outside, ip)


def _has_most(names: DistinctCounter, ip: str) -> bool:
    own = names.count(ip)
    if own < SHARE_NAMES:
        return False
    others = sum(names.count(source) for source in names.keys() if source != ip)  # noqa: SIM118 - not a dict
    return 0 < others * SHARE_RATIO <= own


def is_question(event: Event) -> bool:
    """Return whether an event is a question to a name server, not to a neighbour."""
    port = event.destination_port
    return port in DNS_PORTS or (event.kind is EventKind.DNS and port not in NEIGHBOUR_PORTS)


def is_answered_question(event: Event) -> bool:
    """Return whether an event is an answered question, to any address outside."""
    return event.kind is EventKind.DNS and is_question(event) and (event.response or bool(event.answers))


def is_visit_outside(event: Event) -> bool:
    """Return whether an event is a request to a named host outside."""
    named = bool(event.domain) and event.kind in _WEB_REQUESTS and address(event.domain or "") is None
    return named and event.destination_ip is not None and is_outside(event.destination_ip)


def is_outside(text: str) -> bool:
    """Return whether an address is a single machine's outside the local networks."""
    try:
        ip = ip_address(text)
    except ValueError:
        return False
    return not (is_internal(text) or ip.is_multicast or ip.is_unspecified or ip.is_reserved)


def _is_loopback(ip: str) -> bool:
    return ip.startswith("127.") or ip == "::1"
