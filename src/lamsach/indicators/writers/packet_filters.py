"""Merged networks for packet filters: pf, nftables, iptables, ipset.

pfSense's and OPNsense's alias of kind *URL Table (IPs)*, and pf's own `table <lamsach> persist file`
(pf.conf(5)). nftables (nft(8), "Sets"): a table of its own, which `nft -f FILE` replaces whole. iptables and
ip6tables (iptables-restore(8)): a chain `LAMSACH`; `iptables-restore --noflush FILE`, then jump to it from
FORWARD and OUTPUT. ipset (ipset(8), `ipset restore`, which takes comment lines): sets `lamsach4` and
`lamsach6` for `iptables -m set --match-set`, replaced without a gap by `swap`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lamsach.indicators.writers.addresses import Cidrs, is_version, merged_networks, short, whole
from lamsach.indicators.writers.base import WRONG_VERSION, Items, Stamp, Writer, output
from lamsach.model import Indicator


@output("pf_table", "pfSense and OPNsense alias (URL table)", ".txt")
def pf_table(items: Items, stamp: Stamp) -> Iterator[str]:
    """Neighbouring and overlapping networks are written as one."""
    for networks in merged_networks(items):
        for network in networks:
            yield short(network) + "\n"


@output("nftables", "nftables sets", ".nft", reads_back=False, comment=None)
def nftables(items: Items, stamp: Stamp) -> Iterator[str]:
    """Two sets of merged networks, checked before routing and on the way out.

    The table, replaced in one transaction.
    """
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


def _of_version(name: str, title: str, version: int) -> Writer:
    """Rules for the addresses of a version: a chain, emptied and filled in one transaction."""

    def lost(item: Indicator) -> str | None:
        return None if is_version(item, version) else WRONG_VERSION

    def pieces(items: Items, stamp: Stamp) -> Iterator[str]:
        yield "*filter\n:LAMSACH - [0:0]\n"
        for network in map(whole, merged_networks(items)[0 if version == 4 else 1]):
            yield f"-A LAMSACH -d {network} -j DROP\n-A LAMSACH -s {network} -j DROP\n"
        yield "COMMIT\n"

    return Writer(name, title, ".rules", pieces=pieces, lost=lost, reads_back=False)


iptables = _of_version("iptables", "iptables rules (IPv4)", 4)
ip6tables = _of_version("ip6tables", "ip6tables rules (IPv6)", 6)


@output("ipset", "ipset sets", ".ipset", reads_back=False)
def ipset(items: Items, stamp: Stamp) -> Iterator[str]:
    """Merged networks of both versions. A new set beside the old one, filled, then swapped in."""
    found4, found6 = merged_networks(items)
    for networks, name, family in ((found4, "lamsach4", "inet"), (found6, "lamsach6", "inet6")):
        options = f"hash:net family {family} maxelem {max(65536, len(networks))}"
        yield f"create {name} {options} -exist\ncreate {name}-new {options} -exist\nflush {name}-new\n"
        for network in networks:
            yield f"add {name}-new {whole(network)} -exist\n"
        yield f"swap {name}-new {name}\ndestroy {name}-new\n"
