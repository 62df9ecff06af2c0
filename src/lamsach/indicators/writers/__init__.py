"""The outputs of lists, by name.

One more: its class in its subject's file (a line a value: a row of `line_lists`) and its line in `_CLASSES`;
what it can hold in `lamsach.model.indicator_types`; a row in docs/blocking.md. Those that `_ORDER` does not
name are shown last.
"""

from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.indicators.writers.exchange import CsvTable, Misp, OpenIoc
from lamsach.indicators.writers.firewall_config import Checkpoint, FortigateCli, MikroTik
from lamsach.indicators.writers.line_lists import LINE_LISTS
from lamsach.indicators.writers.packet_filters import Ip6tables, Ipset, Iptables, Nftables, PfTable
from lamsach.indicators.writers.proxies import HaProxy, Nginx, Squid
from lamsach.indicators.writers.queries import Elastic, Kql, Sigma
from lamsach.indicators.writers.rules import Snort, Suricata, SuricataDatasets, Yara
from lamsach.indicators.writers.stix import Stix
from lamsach.indicators.writers.zones import Rpz, WindowsDns

__all__ = ["BY_NAME", "WRITERS", "Stamp", "Writer"]

_ORDER = """
    rpz unbound dnsmasq adblock hosts windows_dns fortigate_address fortigate_domain fortigate_url
    fortigate_cli edl edl_domain edl_url checkpoint pf_table mikrotik squid haproxy nginx nftables iptables
    ip6tables ipset suricata suricata_datasets snort zeek stix misp openioc csv text sigma kql elastic wazuh
    clamav_hdb clamav_hsb yara
"""
_CLASSES: tuple[type[Writer], ...] = (
    *LINE_LISTS, Checkpoint, CsvTable, Elastic, FortigateCli, HaProxy, Ip6tables, Ipset, Iptables, Kql,
    MikroTik, Misp, Nftables, Nginx, OpenIoc, PfTable, Rpz, Sigma, Snort, Squid, Stix, Suricata,
    SuricataDatasets, WindowsDns, Yara,
)  # fmt: skip
_NAMED = {writer.name: writer for writer in _CLASSES}
WRITERS: tuple[type[Writer], ...] = tuple(_NAMED[name] for name in dict.fromkeys((*_ORDER.split(), *_NAMED)))
BY_NAME = {writer.name: writer for writer in WRITERS}
