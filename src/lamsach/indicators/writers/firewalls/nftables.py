"""nftables (nft(8), "Sets"): a table of its own that drops what goes to or comes from the listed networks; `nft -f FILE` replaces it whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lamsach.indicators.writers.addresses import Cidrs, merged_networks, short
from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.model import Indicator


class Nftables(Writer):
    """Two sets of merged networks, checked before routing and on the way out."""

    name = "nftables"
    title = "nftables sets"
    suffix = ".nft"
    reads_back = False

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """The table, replaced in one transaction."""
        found4, found6 = merged_networks(items)
        yield f"# {stamp.text()}\ntable inet lamsach\ndelete table inet lamsach\ntable inet lamsach {{\n"
        yield from _set("listed4", "ipv4_addr", found4)
        yield from _set("listed6", "ipv6_addr", found6)
        for chain, hook in (("forwarded", "forward"), ("sent", "output"), ("received", "input")):
            yield f"\tchain {chain} {{\n\t\ttype filter hook {hook} priority filter - 10; policy accept;\n"
            for side, way in (("daddr", "to"), ("saddr", "from")):
                if (hook, side) in (("output", "saddr"), ("input", "daddr")):
                    continue
                yield f'\t\tip {side} @listed4 counter log prefix "lamsach-{way} " drop\n'
                yield f'\t\tip6 {side} @listed6 counter log prefix "lamsach-{way} " drop\n'
            yield "\t}\n"
        yield "}\n"


def _set(name: str, kind: str, networks: Cidrs) -> Iterator[str]:
    yield f"\tset {name} {{\n\t\ttype {kind}\n\t\tflags interval\n"
    if networks:
        yield "\t\telements = {\n"
        for network in networks:
            yield f"\t\t\t{short(network)},\n"
        yield "\t\t}\n"
    yield "\t}\n"
