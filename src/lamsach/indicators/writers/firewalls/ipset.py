"""ipset (ipset(8), `ipset restore`): sets `lamsach4` and `lamsach6` for `iptables -m set --match-set`, replaced without a gap by `swap`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lamsach.indicators.writers.addresses import Cidrs, merged_networks, whole
from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.model import Indicator


class Ipset(Writer):
    """Merged networks of both versions. `ipset restore` takes comment lines."""

    name = "ipset"
    title = "ipset sets"
    suffix = ".ipset"
    reads_back = False

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """A new set beside the old one, filled, then swapped in."""
        yield f"# {stamp.text()}\n"
        found4, found6 = merged_networks(items)
        sets: tuple[tuple[Cidrs, str, str], ...] = (
            (found4, "lamsach4", "inet"),
            (found6, "lamsach6", "inet6"),
        )
        for networks, name, family in sets:
            options = f"hash:net family {family} maxelem {max(65536, len(networks))}"
            yield f"create {name} {options} -exist\ncreate {name}-new {options} -exist\nflush {name}-new\n"
            for network in networks:
                yield f"add {name}-new {whole(network)} -exist\n"
            yield f"swap {name}-new {name}\ndestroy {name}-new\n"
