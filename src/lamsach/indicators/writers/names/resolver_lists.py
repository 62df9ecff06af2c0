"""Lists of names for resolvers, and for a machine that asks none of ours: Adblock syntax, as Pi-hole (since FTL 5.22) and AdGuard Home take it
(https://adguard-dns.io/kb/general/dns-filtering-syntax/); dnsmasq (dnsmasq(8), `--address`: an address left empty answers NXDOMAIN), by
`conf-file=/etc/dnsmasq.d/lamsach.conf`; hosts(5), which knows no names below a name; Unbound's local zones (unbound.conf(5), `local-zone`), by
`include: "/etc/unbound/lamsach.conf"` in the section `server:`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.indicators.writers.plain import LineList
from lamsach.indicators.writers.safety import words
from lamsach.model import Indicator


class Adblock(LineList):
    """A listed name and all below it."""

    name = "adblock"
    title = "Pi-hole and AdGuard Home filter list"
    comment = "! "

    def line(self, item: Indicator) -> str:
        """`||evil.example^`."""
        return f"||{item.value}^\n"


class Dnsmasq(LineList):
    """A listed name and all below it do not exist."""

    name = "dnsmasq"
    title = "dnsmasq (also OpenWrt)"
    suffix = ".conf"

    def line(self, item: Indicator) -> str:
        """`address=/evil.example/`."""
        return f"address=/{item.value}/\n"


class Hosts(LineList):
    """A listed name leads nowhere."""

    name = "hosts"
    title = "hosts file"
    facts = frozenset({"threat"})

    def line(self, item: Indicator) -> str:
        """`0.0.0.0 evil.example # Mirai`."""
        said = words(item.threat)
        return f"0.0.0.0 {item.value}{f' # {said}' if said else ''}\n"


class Unbound(Writer):
    """A listed name and all below it do not exist."""

    name = "unbound"
    title = "Unbound local zones"
    suffix = ".conf"
    facts = frozenset({"threat"})

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """One zone a name."""
        yield f"# {stamp.text()}\nserver:\n"
        for item in items:
            said = words(item.threat)
            yield f'local-zone: "{item.value}." always_nxdomain{f" # {said}" if said else ""}\n'
