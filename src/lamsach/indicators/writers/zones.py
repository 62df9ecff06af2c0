"""Zones and policies of DNS servers.

Response policy zones for BIND, Unbound, Knot and PowerDNS (draft-vixie-dnsop-dns-rpz-00, sections 4.1 and
4.2). Owners are relative, so the file is good under any zone name: BIND `zone "lamsach.rpz" { type primary;
file "..."; };` with `response-policy { zone "lamsach.rpz"; };`; Unbound `rpz: name: lamsach.rpz. zonefile:
...` with `module-config: "respip validator iterator"`.

Windows DNS Server 2016 and later: a PowerShell script that replaces the query resolution policies named
`Lamsach-*` (https://learn.microsoft.com/powershell/module/dnsserver/add-dnsserverqueryresolutionpolicy).
Policies answer by name only. Each holds 100 names; up to some ten thousand names the server starts in
reasonable time, for longer lists a zone of another resolver is the better way.
"""

from __future__ import annotations

from collections.abc import Iterator

from lamsach.indicators.values.addresses import span
from lamsach.indicators.writers.base import NAME_TOO_LONG, Items, Stamp, in_batches, output
from lamsach.indicators.writers.safety import words
from lamsach.model import Indicator, IndicatorType

LONGEST_NAME = 220
"""The zone's own name and `*.` have to fit into the 255 octets of a name too (RFC 1035 section 2.3.4)."""


def _lost_rpz(item: Indicator) -> str | None:
    """Very long names leave no room for the zone's."""
    return NAME_TOO_LONG if item.type is IndicatorType.DOMAIN and len(item.value) > LONGEST_NAME else None


@output(
    "rpz",
    "Response policy zone (BIND, Unbound, Knot, PowerDNS)",
    ".zone",
    facts=frozenset({"threat"}),
    lost=_lost_rpz,
    comment="; ",
)
def rpz(items: Items, stamp: Stamp) -> Iterator[str]:
    """Zone in which listed names, those below, and answers with listed addresses do not exist.

    SOA with the time as serial number, then record by record.
    """
    yield "$TTL 60\n"
    serial = int(stamp.made.timestamp()) & 0xFFFFFFFF
    yield f"@ IN SOA localhost. root.localhost. {serial} 3600 600 604800 60\n"
    yield "@ IN NS localhost.\n"
    for item in items:
        said = words(item.threat)
        note = f" ; {said}" if said else ""
        if item.type is IndicatorType.DOMAIN:
            yield f"{item.value} CNAME .{note}\n*.{item.value} CNAME .{note}\n"
        else:
            yield f"{_trigger(item.value)} CNAME .{note}\n"


def _trigger(value: str) -> str:
    """`203.0.113.0/24` is `24.0.113.0.203.rpz-ip`; `2001:db8::1` is `128.1.zz.db8.2001.rpz-ip`."""
    found = span(value)
    parts = value.partition("/")[0].split(".") if found.version == 4 else _groups(found.first)
    return ".".join([str(found.length), *reversed(parts), "rpz-ip"])


def _groups(number: int) -> list[str]:
    """The groups of an IPv6 address, its longest run of zero groups (of two or more) as one `zz`."""
    groups = [f"{number >> shift & 0xFFFF:x}" for shift in range(112, -1, -16)]
    runs = [
        (length, start)
        for start in range(8)
        for length in range(8 - start, 1, -1)
        if groups[start : start + length] == ["0"] * length
    ]
    if not runs:
        return groups
    length, start = max(runs, key=lambda run: (run[0], -run[1]))
    return [*groups[:start], "zz", *groups[start + length :]]


NAMES_IN_A_POLICY = 100


@output(
    "windows_dns", "Windows DNS Server policies (PowerShell)", ".ps1", most_entries=10_000, reads_back=False
)
def windows_dns(items: Items, stamp: Stamp) -> Iterator[str]:
    """A script to be run on the DNS server by an administrator."""
    yield "#Requires -Modules DnsServer\n"
    yield "$ErrorActionPreference = 'Stop'\n"
    yield "Get-DnsServerQueryResolutionPolicy | Where-Object { $_.Name -like 'Lamsach-*' } "
    yield "| Remove-DnsServerQueryResolutionPolicy -Force\n"
    for number, batch in enumerate(in_batches(items, NAMES_IN_A_POLICY), 1):
        criteria = ",".join(f"{item.value},*.{item.value}" for item in batch)
        policy = f"-Name 'Lamsach-{number:05d}' -Action DENY -FQDN 'EQ,{criteria}'"
        yield f"Add-DnsServerQueryResolutionPolicy {policy}\n"
