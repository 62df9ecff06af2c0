"""Zones and policies of DNS servers; access lists and maps of proxies and web servers.

Response policy zones for BIND, Unbound, Knot and PowerDNS (draft-vixie-dnsop-dns-rpz-00, sections 4.1 and
4.2). Owners are relative, so the file works under any zone name: BIND `zone "lamsach.rpz" { type primary;
file "..."; };` with `response-policy { zone "lamsach.rpz"; };`; Unbound `rpz: name: lamsach.rpz. zonefile:
...` with `module-config: "respip validator iterator"`.

Windows DNS Server 2016 and later: a PowerShell script that replaces the query resolution policies named
`Lamsach-*` (https://learn.microsoft.com/powershell/module/dnsserver/add-dnsserverqueryresolutionpolicy).
Policies answer by name only. Each holds 100 names; up to some ten thousand names the server starts in
reasonable time, for longer lists use a zone of another resolver.

Squid (http://www.squid-cache.org/Doc/config/acl/): `include /etc/squid/lamsach.conf` before the first
`http_access allow`. Squid reports names below a listed name as a mistake, so those are omitted: the name
above covers them. `-n` avoids a reverse look-up of every address. `url_regex` sees a URL with its
percent-encoding decoded (`rfc1738_unescape`), so the expressions are of that form.

HAProxy (https://docs.haproxy.org/3.0/configuration.html, `map_ip`, `map_end`): two maps, whose values are the
threats. Keys of names begin with a point, so the looked-up name must begin with one:

    http-request set-var(txn.host) req.hdr(host),field(1,:),lower
    http-request deny if { src,map_ip(/etc/haproxy/lamsach-addresses.map) -m found }
    http-request deny if { str(.),concat(,txn.host),map_end(/etc/haproxy/lamsach-names.map) -m found }

nginx (https://nginx.org/en/docs/http/ngx_http_geo_module.html, .../ngx_http_map_module.html): `include
lamsach.conf;` in `http`, then `if ($lamsach_address) { return 403; }`, `if ($lamsach_name) { return 403; }`
where it applies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lamsach.indicators.values.addresses import span
from lamsach.indicators.values.names import split_url
from lamsach.indicators.writers.addresses import merged_networks, topmost
from lamsach.indicators.writers.base import (
    NAME_TOO_LONG,
    Items,
    Stamp,
    archive,
    in_batches,
    of_types,
    output,
    safe_ascii_words,
    safe_words,
    slug,
    wire_form,
)
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import ADDRESSES

MAX_NAME_LENGTH = 220
"""Room for the zone's name and `*.` within the 255 octets of a name (RFC 1035 section 2.3.4)."""


@output(
    "rpz",
    "Response policy zone (BIND, Unbound, Knot, PowerDNS)",
    ".zone",
    facts=frozenset({"threat"}),
    lost=lambda item: (
        NAME_TOO_LONG if item.type is IndicatorType.DOMAIN and len(item.value) > MAX_NAME_LENGTH else None
    ),
    comment="; ",
)
def rpz(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield a zone in which listed names, those below, and answers with listed addresses do not exist."""
    yield "$TTL 60\n"
    serial = int(stamp.made.timestamp()) & 0xFFFFFFFF
    yield f"@ IN SOA localhost. root.localhost. {serial} 3600 600 604800 60\n"
    yield "@ IN NS localhost.\n"
    for item in items:
        threat = safe_words(item.threat)
        note = f" ; {threat}" if threat else ""
        if item.type is IndicatorType.DOMAIN:
            yield f"{item.value} CNAME .{note}\n*.{item.value} CNAME .{note}\n"
        else:
            yield f"{_trigger(item.value)} CNAME .{note}\n"


def _trigger(value: str) -> str:
    """Return the trigger of an address: `24.0.113.0.203.rpz-ip`, `128.1.zz.db8.2001.rpz-ip`."""
    found = span(value)
    parts = value.partition("/")[0].split(".") if found.version == 4 else _groups(found.first)
    return ".".join([str(found.length), *reversed(parts), "rpz-ip"])


def _groups(number: int) -> list[str]:
    """Return the groups of an IPv6 address, its longest run of zero groups (of two or more) as `zz`."""
    text = "".join(f":{number >> shift & 0xFFFF:x}" for shift in range(112, -1, -16))
    longest = max(re.findall(r"(?::0){2,}(?![^:])", text), key=len, default=None)
    return (text if longest is None else text.replace(longest, ":zz", 1))[1:].split(":")


MAX_POLICY_NAMES = 100


@output(
    "windows_dns", "Windows DNS Server policies (PowerShell)", ".ps1", most_entries=10_000, reads_back=False
)
def windows_dns(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield a script to be run on the DNS server by an administrator."""
    yield "#Requires -Modules DnsServer\n"
    yield "$ErrorActionPreference = 'Stop'\n"
    yield "Get-DnsServerQueryResolutionPolicy | Where-Object { $_.Name -like 'Lamsach-*' } "
    yield "| Remove-DnsServerQueryResolutionPolicy -Force\n"
    for number, batch in enumerate(in_batches(items, MAX_POLICY_NAMES), 1):
        criteria = ",".join(f"{item.value},*.{item.value}" for item in batch)
        policy = f"-Name 'Lamsach-{number:05d}' -Action DENY -FQDN 'EQ,{criteria}'"
        yield f"Add-DnsServerQueryResolutionPolicy {policy}\n"


@archive("haproxy", "HAProxy maps", reads_back=False)
def haproxy(items: Items, stamp: Stamp) -> Iterator[tuple[str, Iterator[str]]]:
    """Yield `lamsach-addresses.map` for `map_ip` and `lamsach-names.map` for `map_end`.

    Both maps are yielded even if empty, so that a configuration that names them always loads.
    """
    yield "lamsach-addresses.map", _map(stamp, "", of_types(items, *ADDRESSES))
    yield "lamsach-names.map", _map(stamp, ".", of_types(items, IndicatorType.DOMAIN))


def _map(stamp: Stamp, before: str, items: Iterator[Indicator]) -> Iterator[str]:
    yield f"# {stamp.text()}\n"
    for item in items:
        yield f"{before}{item.value} {slug(safe_ascii_words(item.threat)) or 'listed'}\n"


@output("nginx", "nginx geo and map", ".conf", reads_back=False)
def nginx(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield variables `$lamsach_address` (the client) and `$lamsach_name` (the host): 1 if listed.

    Networks, then names; the table's sizes hold the longest name and all of them.
    """
    yield "geo $lamsach_address {\n    default 0;\n"
    for networks in merged_networks(items):
        for network in networks:
            yield f"    {network.with_prefix} 1;\n"
    count = sum(1 for _ in of_types(items, IndicatorType.DOMAIN))
    yield f"}}\nmap_hash_bucket_size 512;\nmap_hash_max_size {max(2048, 2 * count)};\n"
    yield "map $host $lamsach_name {\n    hostnames;\n    default 0;\n"
    for item in of_types(items, IndicatorType.DOMAIN):
        yield f"    .{item.value} 1;\n"
    yield "}\n"


@output("squid", "Squid access lists", ".conf", reads_back=False, merged=topmost)
def squid(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield access lists by name, address and URL, and the lines that deny them."""
    used = []
    names = (f".{item.value}" for item in of_types(items, IndicatorType.DOMAIN))
    networks = (network.text for part in merged_networks(items) for network in part)
    urls = (_pattern(item.value) for item in of_types(items, IndicatorType.URL))
    for acl, kind, values in (
        ("lamsach_names", "dstdomain -n", names),
        ("lamsach_addresses", "dst", networks),
        ("lamsach_urls", "url_regex", urls),
    ):
        for number, value in enumerate(values):
            if not number:
                used.append(acl)
            yield f"acl {acl} {kind} {value}\n"
    for acl in used:
        yield f"http_access deny {acl}\n"


def _pattern(url: str) -> str:
    """Return an extended regular expression of the URL and all below its path, as Squid compares them."""
    scheme, host, rest = split_url(wire_form(url))
    start = f"^{scheme}://" if scheme else "^[a-z]+://"
    port = "" if re.search(r":\d+$", host) else "(:[0-9]+)?"
    return f"{start}{_quoted_regex(host.encode())}{port}{_quoted_regex(_unescaped(rest))}([/?]|$)"


# %2F   %%, but no %00
_ESCAPE = re.compile(rb"%(?:%|(?!00)[0-9A-Fa-f]{2})")


def _unescaped(text: str) -> bytes:
    """Return the bytes that `rfc1738_unescape` leaves: escapes decoded once, `%%` as `%`, `%00` unchanged."""
    return _ESCAPE.sub(
        lambda found: b"%" if found[0] == b"%%" else bytes.fromhex(found[0][1:].decode()), text.encode()
    )


def _quoted_regex(text: bytes) -> str:
    """Return a POSIX extended regular expression of the bytes, `.` for those unfit for a configuration."""
    return "".join(map(_letter, text))


def _letter(byte: int) -> str:
    letter = chr(byte)
    if letter == " ":
        return "[[:space:]]"
    if not 0x20 < byte < 0x7F:
        return "."
    return f"[{letter}]" if letter in "$()*+.?{}|" else f"\\{letter}" if letter in "[]^\\" else letter
