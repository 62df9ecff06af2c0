"""Registry of the list outputs, by name.

To add one: its function in its subject's file (a line a value: a row of `line_lists`), its supported types in
`lamsach.model.indicator_types`, and its rows in docs/blocking.md. Names missing from `_ORDER` are shown last.
"""

from lamsach.indicators.writers import exchange, firewalls, gateways, rules
from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.indicators.writers.line_lists import LINE_LISTS

__all__ = ["BY_NAME", "WRITERS", "Stamp", "Writer"]

_ORDER = """
    rpz unbound dnsmasq adblock hosts windows_dns fortigate_address fortigate_domain fortigate_url
    fortigate_cli edl edl_domain edl_url checkpoint pf_table mikrotik squid haproxy nginx nftables iptables
    ip6tables ipset suricata suricata_datasets snort zeek stix misp openioc csv text sigma kql elastic wazuh
    clamav_hdb clamav_hsb yara
"""
_DECLARED = (part for subject in (exchange, firewalls, gateways, rules) for part in vars(subject).values())
_NAMED = {writer.name: writer for writer in (*LINE_LISTS, *_DECLARED) if isinstance(writer, Writer)}
WRITERS: tuple[Writer, ...] = tuple(_NAMED[name] for name in dict.fromkeys((*_ORDER.split(), *_NAMED)))
BY_NAME = {writer.name: writer for writer in WRITERS}
