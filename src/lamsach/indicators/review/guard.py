"""What must never be blocked by a typo: state bodies' names, the own network, names of everybody, private and reserved addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network

from lamsach.indicators.addresses import SHORTEST_PREFIX, host_address, internal_reason, may_be_internal
from lamsach.indicators.domains import to_ascii_domain
from lamsach.indicators.spans import Span, span
from lamsach.indicators.suffixes import INTERNAL_TOP_LEVELS, suffixes
from lamsach.indicators.urls import split_url
from lamsach.model import Indicator, IndicatorType, Problem

STATE_NAMES = ("gov.vn",)

GUARD_STATE = "A name of a state body (gov.vn) is never blocked without --force."
GUARD_OWN = "An address or name of the own network is never blocked without --force."
GUARD_SUFFIX = "A name under which everybody has names is never blocked without --force."
GUARD_INTERNAL = "A private or reserved address, or an internal name, is never blocked without --force."
GUARD_WIDE = "A network as large as a provider's is never blocked without --force."


@dataclass(slots=True)
class Own:
    """The own networks and names."""

    networks: list[Span] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, texts: Iterable[str], on_problem: Callable[[Problem], None] = lambda _: None) -> Own:
        """From addresses, networks and names as people write them; what is neither is told."""
        own = cls()
        for text in texts:
            try:
                own.networks.append(span(str(ip_network(text.strip(), strict=False))))
            except ValueError:
                name = to_ascii_domain(text.strip().removeprefix("*.").strip("."))
                if name is None or "." not in name:
                    on_problem(
                        Problem(
                            text,
                            "This is neither an address, a network nor a name.",
                            "Write one value for each --own.",
                        )
                    )
                else:
                    own.names.add(name)
        return own

    def touches(self, item: Indicator) -> str | None:
        """The own network or name that a value is, holds or lies within; None when it has nothing to do with them."""
        if item.type in (IndicatorType.IP, IndicatorType.NETWORK):
            return self._network(item.value)
        if item.type is IndicatorType.DOMAIN:
            return self._name(item.value)
        if item.type is IndicatorType.URL:
            host = _host(item.value)
            address = host_address(host)
            return self._name(host, holds=False) if address is None else self._network(str(address))
        return None

    def _network(self, value: str) -> str | None:
        if not self.networks:
            return None
        found = span(value)
        return next((_text(own) for own in self.networks if own.overlaps(found)), None)

    def _name(self, name: str, *, holds: bool = True) -> str | None:
        for own in self.names:
            if is_at_or_below(name, own) or (holds and is_at_or_below(own, name)):
                return own
        return None


def _text(found: Span) -> str:
    return str((IPv4Network if found.version == 4 else IPv6Network)((found.first, found.length)))


def is_at_or_below(name: str, above: str) -> bool:
    """Whether a name is another one or lies below it, on a label boundary."""
    return name == above or name.endswith("." + above)


def _host(url: str) -> str:
    """The host of a canonical URL without its port; an address of IPv6 keeps its brackets."""
    host = split_url(url)[1]
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


def guarded(item: Indicator, own: Own) -> str | None:
    """Why a value must not be blocked without force, or None."""
    if own.touches(item) is not None:
        return GUARD_OWN
    if item.type in (IndicatorType.IP, IndicatorType.NETWORK):
        return _guarded_network(item.value)
    if item.type is IndicatorType.DOMAIN:
        return _guarded_name(item.value)
    if item.type is IndicatorType.URL:
        return _guarded_url(item.value)
    return None


def _guarded_network(value: str) -> str | None:
    if "." in value and "/" not in value and not may_be_internal(value):
        return None
    network = ip_network(value, strict=False)
    if internal_reason(network.network_address) or internal_reason(network.broadcast_address):
        return GUARD_INTERNAL
    return GUARD_WIDE if network.prefixlen <= SHORTEST_PREFIX[network.version] else None


def _guarded_name(name: str) -> str | None:
    if any(is_at_or_below(name, state) for state in STATE_NAMES):
        return GUARD_STATE
    if name.rpartition(".")[2] in INTERNAL_TOP_LEVELS:
        return GUARD_INTERNAL
    return GUARD_SUFFIX if suffixes().is_public(name) or "." not in name else None


def _guarded_url(url: str) -> str | None:
    """One page of a state body's site may be blocked (it may have been broken into), the whole site not."""
    host, rest = _host(url), split_url(url)[2]
    if (address := host_address(host)) is not None:
        return GUARD_INTERNAL if internal_reason(address) is not None else None
    reason = _guarded_name(host)
    return None if reason is GUARD_STATE and rest not in ("", "/") else reason
