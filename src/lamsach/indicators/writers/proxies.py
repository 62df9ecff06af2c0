"""Access lists and maps of proxies and web servers: Squid, HAProxy, nginx.

Squid (http://www.squid-cache.org/Doc/config/acl/): `include /etc/squid/lamsach.conf` before the first
`http_access allow`. Squid takes names below a listed name for a mistake, so those are left out: the name
above covers them. `-n` spares it the question for the name of every address. `url_regex` sees a URL whose
percent-encoding is undone (`rfc1738_unescape`), so the expressions are of that form.

HAProxy (https://docs.haproxy.org/3.0/configuration.html, `map_ip`, `map_end`): two maps, whose values are the
threats. Keys of names begin with a point, so that what is looked up has to begin with one:

    http-request set-var(txn.host) req.hdr(host),field(1,:),lower
    http-request deny if { src,map_ip(/etc/haproxy/lamsach-addresses.map) -m found }
    http-request deny if { str(.),concat(,txn.host),map_end(/etc/haproxy/lamsach-names.map) -m found }

nginx (https://nginx.org/en/docs/http/ngx_http_geo_module.html, .../ngx_http_map_module.html): `include
lamsach.conf;` in `http`, then `if ($lamsach_address) { return 403; }`, `if ($lamsach_name) { return 403; }`
where it is to hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lamsach.indicators.releases.rows import Spool
from lamsach.indicators.values.urls import split_url
from lamsach.indicators.writers.addresses import merged_networks, short, topmost, whole
from lamsach.indicators.writers.base import Items, Stamp, archive, of_types, output
from lamsach.indicators.writers.safety import ascii_words, slug, wire
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import ADDRESSES


@archive("haproxy", "HAProxy maps", reads_back=False)
def haproxy(items: Items, stamp: Stamp) -> Iterator[tuple[str, Iterator[str]]]:
    """`lamsach-addresses.map` for `map_ip`, `lamsach-names.map` for `map_end`; either may be empty.

    Yield both maps, so that a configuration which names them always loads.
    """
    yield "lamsach-addresses.map", _map(stamp, "", of_types(items, *ADDRESSES))
    yield "lamsach-names.map", _map(stamp, ".", of_types(items, IndicatorType.DOMAIN))


def _map(stamp: Stamp, before: str, items: Iterator[Indicator]) -> Iterator[str]:
    yield f"# {stamp.text()}\n"
    for item in items:
        yield f"{before}{item.value} {slug(ascii_words(item.threat)) or 'listed'}\n"


@output("nginx", "nginx geo and map", ".conf", reads_back=False)
def nginx(items: Items, stamp: Stamp) -> Iterator[str]:
    """Variables `$lamsach_address` (the client) and `$lamsach_name` (the host): 1 for what is listed.

    Yield networks, then names; the table's sizes hold the longest name and all of them.
    """
    yield "geo $lamsach_address {\n    default 0;\n"
    for networks in merged_networks(items):
        for network in networks:
            yield f"    {whole(network)} 1;\n"
    count = sum(1 for _ in of_types(items, IndicatorType.DOMAIN))
    yield f"}}\nmap_hash_bucket_size 512;\nmap_hash_max_size {max(2048, 2 * count)};\n"
    yield "map $host $lamsach_name {\n    hostnames;\n    default 0;\n"
    for item in of_types(items, IndicatorType.DOMAIN):
        yield f"    .{item.value} 1;\n"
    yield "}\n"


def _merged_squid(items: Spool) -> Spool:
    """Without the names below listed names."""
    return topmost(items)


@output("squid", "Squid access lists", ".conf", reads_back=False, merged=_merged_squid)
def squid(items: Items, stamp: Stamp) -> Iterator[str]:
    """Access lists by name, address and URL, and the lines that deny them."""
    used = []
    names = (f".{item.value}" for item in of_types(items, IndicatorType.DOMAIN))
    networks = (short(network) for part in merged_networks(items) for network in part)
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
    """Extended regular expression of the URL and what is below its path, as Squid compares them."""
    scheme, host, rest = split_url(wire(url))
    start = f"^{scheme}://" if scheme else "^[a-z]+://"
    port = "" if re.search(r":\d+$", host) else "(:[0-9]+)?"
    return f"{start}{_quoted(host.encode())}{port}{_quoted(_unescaped(rest))}([/?]|$)"


# %2F   %%, but no %00
_ESCAPE = re.compile(rb"%(?:%|(?!00)[0-9A-Fa-f]{2})")


def _unescaped(text: str) -> bytes:
    """The bytes that `rfc1738_unescape` leaves: escapes undone once, `%%` as `%`, `%00` as it is."""
    return _ESCAPE.sub(
        lambda found: b"%" if found[0] == b"%%" else bytes.fromhex(found[0][1:].decode()), text.encode()
    )


def _quoted(text: bytes) -> str:
    """POSIX extended regular expression of the bytes; those that no configuration can hold match any."""
    return "".join(map(_letter, text))


def _letter(byte: int) -> str:
    letter = chr(byte)
    if letter == " ":
        return "[[:space:]]"
    if not 0x20 < byte < 0x7F:
        return "."
    return f"[{letter}]" if letter in "$()*+.?{}|" else f"\\{letter}" if letter in "[]^\\" else letter
