"""Firewalls and packet filters: FortiGate, MikroTik, Check Point; pf, nftables, iptables, ipset.

FortiGate (FortiOS CLI Reference: firewall address, addrgrp; dnsfilter domain-filter; webfilter urlfilter), to
paste or restore. Groups hold 300 members each, which every model accepts. For more than some thousand values
use threat feeds.

MikroTik RouterOS 7 script for `/import` (https://help.mikrotik.com/docs/spaces/ROS/pages/328134/Address-lists
and .../37748767/DNS). Entries of an earlier script of ours are removed first. `match-subdomain` needs
RouterOS 7.6.

Check Point custom intelligence feeds, the CSV of `ioc_feeds add` (Threat Prevention Administration Guide,
"Custom Intelligence Feeds").

pfSense's and OPNsense's alias of kind *URL Table (IPs)*, and pf's own `table <lamsach> persist file`
(pf.conf(5)). nftables (nft(8), "Sets"): a table of its own, which `nft -f FILE` replaces whole. iptables and
ip6tables (iptables-restore(8)): a chain `LAMSACH`; `iptables-restore --noflush FILE`, then jump to it from
FORWARD and OUTPUT. ipset (ipset(8), `ipset restore`, which accepts comment lines): sets `lamsach4` and
`lamsach6` for `iptables -m set --match-set`, replaced without a gap by `swap`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv6Network, ip_network

from lamsach.indicators.writers.addresses import Cidrs, is_version, merged_networks
from lamsach.indicators.writers.base import (
    SYNTAX,
    VALUE_TOO_LONG,
    WRONG_VERSION,
    Items,
    Stamp,
    Writer,
    in_batches,
    of_types,
    output,
    safe_ascii_words,
    slug,
    wire_form,
    with_frame,
    without_scheme,
)
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import ADDRESSES, BY_TYPE, DIGESTS

MAX_GROUP_MEMBERS = 300
MAX_URL_LENGTH = 511


def _lost_fortigate_cli(item: Indicator) -> str | None:
    """Refuse URLs with `?`, which calls for help when pasted, or longer than a filter's entry."""
    if item.type is not IndicatorType.URL:
        return None
    if "?" in item.value or "'" in item.value:
        return SYNTAX
    return VALUE_TOO_LONG if len(without_scheme(item.value)) > MAX_URL_LENGTH else None


@output("fortigate_cli", "FortiGate configuration (CLI)", ".conf", lost=_lost_fortigate_cli)
def fortigate_cli(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield address objects with their groups, a domain and a URL filter (both number 900), for policies."""
    for version, menu, group in ((4, "address", "addrgrp"), (6, "address6", "addrgrp6")):
        listed = (_address(item) for item in _of_version(items, version))
        yield from with_frame(f"config firewall {menu}\n", listed, "end\n")
        members = (_object(item.value) for item in _of_version(items, version))
        yield from with_frame(f"config firewall {group}\n", _groups(members), "end\n")
    names = (item.value for item in of_types(items, IndicatorType.DOMAIN))
    domains = ((text, form) for name in names for text, form in ((name, "simple"), (f"*.{name}", "wildcard")))
    yield from _filter("dnsfilter", "domain-filter", "domain", domains)
    urls = ((without_scheme(item.value), "simple") for item in of_types(items, IndicatorType.URL))
    yield from _filter("webfilter", "urlfilter", "url", urls)


def _of_version(items: Items, version: int) -> Iterator[Indicator]:
    return (item for item in of_types(items, *ADDRESSES) if is_version(item, version))


def _object(value: str) -> str:
    return "lamsach-" + slug(value.replace(":", "_").replace("/", "_"))


def _address(item: Indicator) -> str:
    network = ip_network(item.value)
    if isinstance(network, IPv6Network):
        setting = f"set ip6 {network}"
    else:
        setting = f"set subnet {network.network_address} {network.netmask}"
    comment_text = safe_ascii_words(item.threat, 60)
    comment = f'        set comment "{comment_text}"\n' if comment_text else ""
    return f'    edit "{_object(item.value)}"\n        {setting}\n{comment}    next\n'


def _groups(names: Iterable[str]) -> Iterator[str]:
    for number, batch in enumerate(in_batches(names, MAX_GROUP_MEMBERS), 1):
        members = " ".join(f'"{name}"' for name in batch)
        yield f'    edit "lamsach-{number:03d}"\n        set member {members}\n    next\n'


def _filter(kind: str, table: str, member: str, entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    head = f'config {kind} {table}\n    edit 900\n        set name "lamsach"\n        config entries\n'
    texts = (
        f'            edit {number}\n                set {member} "{text}"\n'
        f"                set type {form}\n                set action block\n            next\n"
        for number, (text, form) in enumerate(entries, 1)
    )
    return with_frame(head, texts, "        end\n    next\nend\n")


@output("mikrotik", "MikroTik RouterOS script", ".rsc")
def mikrotik(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield address lists `lamsach` and static DNS names, for use in a filter rule."""
    for version, menu in ((4, "/ip firewall address-list"), (6, "/ipv6 firewall address-list")):
        yield f"{menu}\nremove [find where list=lamsach]\n"
        for item in _of_version(items, version):
            yield f'add list=lamsach address={item.value} comment="{safe_ascii_words(item.threat)}"\n'
    yield '/ip dns static\nremove [find where comment~"^lamsach"]\n'
    for item in of_types(items, IndicatorType.DOMAIN):
        comment = safe_ascii_words(item.threat)
        yield f'add name={item.value} type=NXDOMAIN match-subdomain=yes comment="lamsach {comment}"\n'


@output("checkpoint", "Check Point custom intelligence feed", ".csv", comment=None)
def checkpoint(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield observables for Anti-Bot (contacts) and Anti-Virus (files), a line a value."""
    yield f"# {stamp.text().replace(',', ';')}\n"
    yield "#UNIQ-NAME,VALUE,TYPE,CONFIDENCE,SEVERITY,PRODUCT,COMMENT\n"
    for number, item in enumerate(items, 1):
        comment = safe_ascii_words(item.threat).replace(",", " ")
        product = "AV" if item.type in DIGESTS else "AB"
        kind, confidence = BY_TYPE[item.type].checkpoint, _confidence(item)
        yield f"lamsach{number},{_value(item)},{kind},{confidence},high,{product},{comment}\n"


def _value(item: Indicator) -> str:
    if item.type is IndicatorType.NETWORK:
        network = ip_network(item.value)
        return f"{network.network_address}-{network.broadcast_address}"
    if item.type is IndicatorType.URL:
        return wire_form(item.value).replace(",", "%2C")
    return item.value


def _confidence(item: Indicator) -> str:
    if item.confidence is None:
        return "medium"
    return "high" if item.confidence >= 70 else "medium" if item.confidence >= 30 else "low"


@output("pf_table", "pfSense and OPNsense alias (URL table)", ".txt")
def pf_table(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield a network a line, neighbouring and overlapping ones merged."""
    for networks in merged_networks(items):
        for network in networks:
            yield network.text + "\n"


@output("nftables", "nftables sets", ".nft", reads_back=False, comment=None)
def nftables(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield two sets of merged networks, checked before routing and on output, in one transaction."""
    found4, found6 = merged_networks(items)
    yield f"# {stamp.text()}\ntable inet lamsach\ndelete table inet lamsach\ntable inet lamsach {{\n"
    yield from _set("listed4", "ipv4_addr", found4)
    yield from _set("listed6", "ipv6_addr", found6)
    for chain, hook in (("forwarded", "forward"), ("sent", "output"), ("received", "input")):
        yield f"\tchain {chain} {{\n\t\ttype filter hook {hook} priority filter - 10; policy accept;\n"
        for side, direction in (("daddr", "to"), ("saddr", "from")):
            if (hook, side) in (("output", "saddr"), ("input", "daddr")):
                continue
            yield f'\t\tip {side} @listed4 counter log prefix "lamsach-{direction} " drop\n'
            yield f'\t\tip6 {side} @listed6 counter log prefix "lamsach-{direction} " drop\n'
        yield "\t}\n"
    yield "}\n"


def _set(name: str, kind: str, networks: Cidrs) -> Iterator[str]:
    yield f"\tset {name} {{\n\t\ttype {kind}\n\t\tflags interval\n"
    if networks:
        yield "\t\telements = {\n"
        for network in networks:
            yield f"\t\t\t{network.text},\n"
        yield "\t\t}\n"
    yield "\t}\n"


def _rules_of_version(name: str, title: str, version: int) -> Writer:
    """Return the writer of rules for the addresses of a version: a chain, refilled in one transaction."""

    def lost(item: Indicator) -> str | None:
        return None if is_version(item, version) else WRONG_VERSION

    def pieces(items: Items, stamp: Stamp) -> Iterator[str]:
        yield "*filter\n:LAMSACH - [0:0]\n"
        for network in (found.with_prefix for found in merged_networks(items)[0 if version == 4 else 1]):
            yield f"-A LAMSACH -d {network} -j DROP\n-A LAMSACH -s {network} -j DROP\n"
        yield "COMMIT\n"

    return Writer(name, title, ".rules", pieces=pieces, lost=lost, reads_back=False)


iptables = _rules_of_version("iptables", "iptables rules (IPv4)", 4)
ip6tables = _rules_of_version("ip6tables", "ip6tables rules (IPv6)", 6)


@output("ipset", "ipset sets", ".ipset", reads_back=False)
def ipset(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield merged networks of both versions: a new set is filled, then swapped with the old one."""
    found4, found6 = merged_networks(items)
    for networks, name, family in ((found4, "lamsach4", "inet"), (found6, "lamsach6", "inet6")):
        options = f"hash:net family {family} maxelem {max(65536, len(networks))}"
        yield f"create {name} {options} -exist\ncreate {name}-new {options} -exist\nflush {name}-new\n"
        for network in networks:
            yield f"add {name}-new {network.with_prefix} -exist\n"
        yield f"swap {name}-new {name}\ndestroy {name}-new\n"
