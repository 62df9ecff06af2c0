"""dnsmasq (dnsmasq(8), `--address`): `conf-file=/etc/dnsmasq.d/lamsach.conf`. An address left empty answers NXDOMAIN."""

from __future__ import annotations

from lamsach.indicators.writers.plain import LineList
from lamsach.model import Indicator


class Dnsmasq(LineList):
    """A listed name and all below it do not exist."""

    name = "dnsmasq"
    title = "dnsmasq (also OpenWrt)"
    suffix = ".conf"

    def line(self, item: Indicator) -> str:
        """`address=/evil.example/`."""
        return f"address=/{item.value}/\n"
