"""pfSense and OPNsense alias of kind *URL Table (IPs)*, and pf's own `table <lamsach> persist file` (pf.conf(5)): merged networks."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lamsach.indicators.writers.addresses import merged_networks, short
from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.model import Indicator


class PfTable(Writer):
    """Neighbouring and overlapping networks are written as one."""

    name = "pf_table"
    title = "pfSense and OPNsense alias (URL table)"
    suffix = ".txt"

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """One network a line."""
        yield f"# {stamp.text()}\n"
        for networks in merged_networks(items):
            for network in networks:
                yield short(network) + "\n"
