"""Registry of the list outputs, by name.

To add one: its function in its subject's file (a line a value: a row of `line_lists`), its name in
`_WRITERS`, its supported types in `lamsach.model.indicator_types`, and a row in docs/blocking.md. Names
missing from `_ORDER` are shown last.
"""

from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.indicators.writers.exchange import csv_table, misp, openioc, stix_bundle
from lamsach.indicators.writers.firewalls import (
    checkpoint,
    fortigate_cli,
    ip6tables,
    ipset,
    iptables,
    mikrotik,
    nftables,
    pf_table,
)
from lamsach.indicators.writers.gateways import haproxy, nginx, rpz, squid, windows_dns
from lamsach.indicators.writers.line_lists import LINE_LISTS
from lamsach.indicators.writers.rules import elastic, kql, sigma, snort, suricata, suricata_datasets, yara

__all__ = ["BY_NAME", "WRITERS", "Stamp", "Writer"]

_ORDER = """
    rpz unbound dnsmasq adblock hosts windows_dns fortigate_address fortigate_domain fortigate_url
    fortigate_cli edl edl_domain edl_url checkpoint pf_table mikrotik squid haproxy nginx nftables iptables
    ip6tables ipset suricata suricata_datasets snort zeek stix misp openioc csv text sigma kql elastic wazuh
    clamav_hdb clamav_hsb yara
"""
_WRITERS: tuple[Writer, ...] = (
    *LINE_LISTS, checkpoint, csv_table, elastic, fortigate_cli, haproxy, ip6tables, ipset, iptables, kql,
    mikrotik, misp, nftables, nginx, openioc, pf_table, rpz, sigma, snort, squid, stix_bundle, suricata,
    suricata_datasets, windows_dns, yara,
)  # fmt: skip
_NAMED = {writer.name: writer for writer in _WRITERS}
WRITERS: tuple[Writer, ...] = tuple(_NAMED[name] for name in dict.fromkeys((*_ORDER.split(), *_NAMED)))
BY_NAME = {writer.name: writer for writer in WRITERS}
