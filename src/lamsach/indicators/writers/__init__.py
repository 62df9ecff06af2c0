"""The outputs of lists, by name. One more: its file here, its line below, a row in docs/blocking.md."""

from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.indicators.writers.exchange.csv_table import CsvTable
from lamsach.indicators.writers.exchange.misp import Misp
from lamsach.indicators.writers.exchange.openioc import OpenIoc
from lamsach.indicators.writers.exchange.stix import Stix
from lamsach.indicators.writers.firewalls.checkpoint import Checkpoint
from lamsach.indicators.writers.firewalls.edl import Edl, EdlDomain, EdlUrl
from lamsach.indicators.writers.firewalls.fortigate import (
    FortigateAddress,
    FortigateCli,
    FortigateDomain,
    FortigateUrl,
)
from lamsach.indicators.writers.firewalls.ipset import Ipset
from lamsach.indicators.writers.firewalls.iptables import Ip6tables, Iptables
from lamsach.indicators.writers.firewalls.mikrotik import MikroTik
from lamsach.indicators.writers.firewalls.nftables import Nftables
from lamsach.indicators.writers.firewalls.pf_table import PfTable
from lamsach.indicators.writers.firewalls.squid import Squid
from lamsach.indicators.writers.names.resolver_lists import Adblock, Dnsmasq, Hosts, Unbound
from lamsach.indicators.writers.names.rpz import Rpz
from lamsach.indicators.writers.names.windows_dns import WindowsDns
from lamsach.indicators.writers.plain import Text
from lamsach.indicators.writers.sensors.clamav import ClamavHdb, ClamavHsb
from lamsach.indicators.writers.sensors.elastic import Elastic
from lamsach.indicators.writers.sensors.kql import Kql
from lamsach.indicators.writers.sensors.rules import Snort, Suricata
from lamsach.indicators.writers.sensors.sigma import Sigma
from lamsach.indicators.writers.sensors.suricata_datasets import SuricataDatasets
from lamsach.indicators.writers.sensors.wazuh import Wazuh
from lamsach.indicators.writers.sensors.yara import Yara
from lamsach.indicators.writers.sensors.zeek import Zeek

__all__ = ["BY_NAME", "WRITERS", "Stamp", "Writer"]

WRITERS: tuple[type[Writer], ...] = (
    Rpz,
    Unbound,
    Dnsmasq,
    Adblock,
    Hosts,
    WindowsDns,
    FortigateAddress,
    FortigateDomain,
    FortigateUrl,
    FortigateCli,
    Edl,
    EdlDomain,
    EdlUrl,
    Checkpoint,
    PfTable,
    MikroTik,
    Squid,
    Nftables,
    Iptables,
    Ip6tables,
    Ipset,
    Suricata,
    SuricataDatasets,
    Snort,
    Zeek,
    Stix,
    Misp,
    OpenIoc,
    CsvTable,
    Text,
    Sigma,
    Kql,
    Elastic,
    Wazuh,
    ClamavHdb,
    ClamavHsb,
    Yara,
)

BY_NAME = {writer.name: writer for writer in WRITERS}
