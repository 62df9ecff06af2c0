"""iptables and ip6tables (iptables-restore(8)): a chain `LAMSACH` of merged networks; `iptables-restore --noflush FILE`, then jump to it from FORWARD and OUTPUT."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import ClassVar

from lamsach.indicators.writers.addresses import is_version, merged_networks, whole
from lamsach.indicators.writers.base import WRONG_VERSION, Stamp, Writer
from lamsach.model import Indicator


class Iptables(Writer):
    """IPv4 of the list."""

    name = "iptables"
    title = "iptables rules (IPv4)"
    suffix = ".rules"
    reads_back = False
    version: ClassVar[int] = 4

    def lost(self, item: Indicator) -> str | None:
        """Each of the two programs has its own version of IP."""
        return None if is_version(item, self.version) else WRONG_VERSION

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """The chain, emptied and filled in one transaction."""
        networks = merged_networks(items)[0 if self.version == 4 else 1]
        yield f"# {stamp.text()}\n*filter\n:LAMSACH - [0:0]\n"
        for network in map(whole, networks):
            yield f"-A LAMSACH -d {network} -j DROP\n-A LAMSACH -s {network} -j DROP\n"
        yield "COMMIT\n"


class Ip6tables(Iptables):
    """IPv6 of the list."""

    name = "ip6tables"
    title = "ip6tables rules (IPv6)"
    version = 6
