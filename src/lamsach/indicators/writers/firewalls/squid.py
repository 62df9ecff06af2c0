"""Squid (http://www.squid-cache.org/Doc/config/acl/): `include /etc/squid/lamsach.conf` before the first `http_access allow`.

Squid takes names below a listed name for a mistake, so those are left out: the name above covers them. `-n` spares it the question for
the name of every address. `url_regex` sees a URL whose percent-encoding is undone (`rfc1738_unescape`), so the expressions are of that form.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from lamsach.indicators.releases.spool import Spool
from lamsach.indicators.values.urls import split_url
from lamsach.indicators.writers.addresses import merged_networks, short, topmost
from lamsach.indicators.writers.base import Stamp, Writer, of_types
from lamsach.indicators.writers.safety import wire
from lamsach.model import Indicator, IndicatorType


class Squid(Writer):
    """Access lists by name, address and URL, and the lines that deny them."""

    name = "squid"
    title = "Squid access lists"
    suffix = ".conf"
    reads_back = False

    def merged(self, items: Spool) -> Spool:
        """Without the names below listed names."""
        return topmost(items)

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """Access list by access list."""
        yield f"# {stamp.text()}\n"
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
    """The URL itself and what lies below its path, as an extended regular expression of what Squid compares."""
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
    """The bytes as a POSIX extended regular expression that matches them alone; bytes that no configuration can hold match any."""
    return "".join(map(_letter, text))


def _letter(byte: int) -> str:
    letter = chr(byte)
    if letter == " ":
        return "[[:space:]]"
    if not 0x20 < byte < 0x7F:
        return "."
    return f"[{letter}]" if letter in "$()*+.?{}|" else f"\\{letter}" if letter in "[]^\\" else letter
