"""ip6tables (ip6tables-restore(8)): the same chain for IPv6."""

from __future__ import annotations

from lamsach.indicators.writers.firewalls.iptables import Iptables


class Ip6tables(Iptables):
    """IPv6 of the list."""

    name = "ip6tables"
    title = "ip6tables rules (IPv6)"
    version = 6
