"""Squid (http://www.squid-cache.org/Doc/config/acl/): `include /etc/squid/lamsach.conf` before the first `http_access allow`.

Squid takes names below a listed name for a mistake, so those are left out: the name above covers them. `-n` spares it the question for
the name of every address.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from lamsach.indicators.releases.spool import Spool
from lamsach.indicators.urls import split_url
from lamsach.indicators.writers.addresses import merged_networks, short, topmost
from lamsach.indicators.writers.base import WHOLE, Stamp, Writer, of_types
from lamsach.indicators.writers.safety import wire
from lamsach.model import Indicator, IndicatorType


class Squid(Writer):
    """Access lists by name, address and URL, and the lines that deny them."""

    name = "squid"
    title = "Squid access lists"
    suffix = ".conf"
    holds = {
        IndicatorType.IP: WHOLE,
        IndicatorType.NETWORK: WHOLE,
        IndicatorType.DOMAIN: WHOLE,
        IndicatorType.URL: WHOLE,
    }
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
    """The URL itself and what lies below its path, as an extended regular expression."""
    scheme, host, rest = split_url(wire(url))
    start = f"^{scheme}://" if scheme else "^[a-z]+://"
    port = "" if re.search(r":\d+$", host) else "(:[0-9]+)?"
    return f"{start}{_quoted(host)}{port}{_quoted(rest)}([/?]|$)"


def _quoted(text: str) -> str:
    """The text as a POSIX extended regular expression that matches it alone."""
    return "".join(
        f"[{letter}]" if letter in "$()*+.?{}|" else f"\\{letter}" if letter in "[]^\\" else letter
        for letter in text
    )
