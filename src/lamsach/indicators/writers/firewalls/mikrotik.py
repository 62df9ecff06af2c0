"""MikroTik RouterOS 7 script for `/import` (https://help.mikrotik.com/docs/spaces/ROS/pages/328134/Address-lists and .../37748767/DNS).

What an earlier script of ours put there is removed first. `match-subdomain` needs RouterOS 7.6.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lamsach.indicators.writers.addresses import is_version
from lamsach.indicators.writers.base import Stamp, Writer, of_types
from lamsach.indicators.writers.safety import ascii_words
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import ADDRESSES


class MikroTik(Writer):
    """Address lists `lamsach` and static DNS names, to be used in a filter rule."""

    name = "mikrotik"
    title = "MikroTik RouterOS script"
    suffix = ".rsc"

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """Menu by menu."""
        yield f"# {stamp.text()}\n"
        for version, menu in ((4, "/ip firewall address-list"), (6, "/ipv6 firewall address-list")):
            yield f"{menu}\nremove [find where list=lamsach]\n"
            for item in of_types(items, *ADDRESSES):
                if is_version(item, version):
                    yield f'add list=lamsach address={item.value} comment="{_comment(item)}"\n'
        yield '/ip dns static\nremove [find where comment~"^lamsach"]\n'
        for item in of_types(items, IndicatorType.DOMAIN):
            yield f'add name={item.value} type=NXDOMAIN match-subdomain=yes comment="lamsach {_comment(item)}"\n'


def _comment(item: Indicator) -> str:
    return ascii_words(item.threat)
