"""The own networks and names, which a list must not hit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network

from lamsach.indicators.values.addresses import Span, host_address, span
from lamsach.indicators.values.domains import to_ascii_domain
from lamsach.indicators.values.urls import split_url
from lamsach.model import Indicator, IndicatorType, Problem


@dataclass(slots=True)
class Own:
    """The own networks and names."""

    networks: list[Span] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, texts: Iterable[str], on_problem: Callable[[Problem], None] = lambda _: None) -> Own:
        """Read addresses, networks and names as people write them; others go to `on_problem`."""
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
        """The own network or name that a value is, holds or lies within; None for neither."""
        if item.type in (IndicatorType.IP, IndicatorType.NETWORK):
            return self._network(item.value)
        if item.type is IndicatorType.DOMAIN:
            return self._name(item.value)
        if item.type is IndicatorType.EMAIL:
            return self._name(item.value.rpartition("@")[2], holds=False)
        if item.type is IndicatorType.URL:
            host = host_of(item.value)
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
    """Return whether a name is another one or lies below it, on a label boundary."""
    return name == above or name.endswith("." + above)


def host_of(url: str) -> str:
    """The host of a canonical URL without its port; an address of IPv6 keeps its brackets."""
    host = split_url(url)[1]
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
