"""FortiGate: threat feeds (FortiOS Administration Guide, "Threat feeds"), and configuration to paste or restore (FortiOS CLI Reference: firewall
address, addrgrp; dnsfilter domain-filter; webfilter urlfilter).

In feeds a name stands for the whole site, `*.name` for those below it; a URL has no scheme, and with a path stands for itself and what lies below
it. Groups hold 300 members each, which every model takes. For more than some thousand values the threat feeds are the better way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from ipaddress import IPv6Network, ip_network

from lamsach.indicators.values.urls import split_url
from lamsach.indicators.writers.addresses import is_version
from lamsach.indicators.writers.base import (
    SYNTAX,
    VALUE_TOO_LONG,
    Stamp,
    Writer,
    framed,
    in_batches,
    of_types,
)
from lamsach.indicators.writers.plain import FEED_BYTES, FEED_ENTRIES, LineList
from lamsach.indicators.writers.safety import ascii_words, slug, wire
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import ADDRESSES


class FortigateAddress(LineList):
    """For `config system external-resource`, `set type address`."""

    name = "fortigate_address"
    title = "FortiGate threat feed: addresses"
    most_entries, part_bytes = FEED_ENTRIES, FEED_BYTES


class FortigateDomain(LineList):
    """For `config system external-resource`, `set type domain`, used in a DNS filter."""

    name = "fortigate_domain"
    title = "FortiGate threat feed: domains"
    most_entries, part_bytes = FEED_ENTRIES, FEED_BYTES

    def line(self, item: Indicator) -> str:
        """The name and the pattern of those below it."""
        return f"{item.value}\n*.{item.value}\n"


class FortigateUrl(LineList):
    """For `config system external-resource`, `set type category`, used in a web filter."""

    name = "fortigate_url"
    title = "FortiGate threat feed: URLs"
    most_entries, part_bytes = FEED_ENTRIES, FEED_BYTES

    def line(self, item: Indicator) -> str:
        """Without the scheme."""
        if item.type is IndicatorType.DOMAIN:
            return f"{item.value}\n*.{item.value}\n"
        _, host, rest = split_url(wire(item.value))
        return f"{host}{rest or '/'}\n"


MEMBERS = 300
LONGEST_URL = 511


class FortigateCli(Writer):
    """Address objects with their groups, a domain filter and a URL filter (both number 900), to be used in policies."""

    name = "fortigate_cli"
    title = "FortiGate configuration (CLI)"
    suffix = ".conf"

    def lost(self, item: Indicator) -> str | None:
        """A pasted `?` calls for help; an entry of a filter holds 511 characters."""
        if item.type is not IndicatorType.URL:
            return None
        if "?" in item.value or "'" in item.value:
            return SYNTAX
        return VALUE_TOO_LONG if len(_url(item)) > LONGEST_URL else None

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """Section by section."""
        yield f"# {stamp.text()}\n"
        for version, menu, group in ((4, "address", "addrgrp"), (6, "address6", "addrgrp6")):
            listed = (_address(item) for item in _of_version(items, version))
            yield from framed(f"config firewall {menu}\n", listed, "end\n")
            members = (_object(item.value) for item in _of_version(items, version))
            yield from framed(f"config firewall {group}\n", _groups(members), "end\n")
        names, urls = of_types(items, IndicatorType.DOMAIN), of_types(items, IndicatorType.URL)
        yield from _filter("dnsfilter", "domain-filter", _domains(names))
        yield from _filter("webfilter", "urlfilter", _urls(urls))


def _of_version(items: Collection[Indicator], version: int) -> Iterator[Indicator]:
    return (item for item in of_types(items, *ADDRESSES) if is_version(item, version))


def _object(value: str) -> str:
    return "lamsach-" + slug(value.replace(":", "_").replace("/", "_"))


def _address(item: Indicator) -> str:
    network = ip_network(item.value)
    if isinstance(network, IPv6Network):
        setting = f"set ip6 {network}"
    else:
        setting = f"set subnet {network.network_address} {network.netmask}"
    said = ascii_words(item.threat, 60)
    comment = f'        set comment "{said}"\n' if said else ""
    return f'    edit "{_object(item.value)}"\n        {setting}\n{comment}    next\n'


def _groups(names: Iterable[str]) -> Iterator[str]:
    for number, batch in enumerate(in_batches(names, MEMBERS), 1):
        members = " ".join(f'"{name}"' for name in batch)
        yield f'    edit "lamsach-{number:03d}"\n        set member {members}\n    next\n'


def _filter(kind: str, table: str, entries: Iterable[str]) -> Iterator[str]:
    head = f'config {kind} {table}\n    edit 900\n        set name "lamsach"\n        config entries\n'
    return framed(head, entries, "        end\n    next\nend\n")


def _domains(items: Iterable[Indicator]) -> Iterator[str]:
    for number, item in enumerate(items):
        for offset, (text, kind) in enumerate(((item.value, "simple"), (f"*.{item.value}", "wildcard")), 1):
            yield (
                f'            edit {number * 2 + offset}\n                set domain "{text}"\n'
                f"                set type {kind}\n                set action block\n            next\n"
            )


def _urls(items: Iterable[Indicator]) -> Iterator[str]:
    for number, item in enumerate(items, 1):
        yield (
            f'            edit {number}\n                set url "{_url(item)}"\n'
            "                set type simple\n                set action block\n            next\n"
        )


def _url(item: Indicator) -> str:
    """Host and path, as the filter has them."""
    _, host, rest = split_url(wire(item.value))
    return f"{host}{rest}"
