"""The outputs of lists, by name. One more: its file here, its line below, a row in docs/blocking.md."""

from lamsach.indicators.writers.adblock import Adblock
from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.indicators.writers.checkpoint import Checkpoint
from lamsach.indicators.writers.clamav_hdb import ClamavHdb
from lamsach.indicators.writers.clamav_hsb import ClamavHsb
from lamsach.indicators.writers.csv_table import CsvTable
from lamsach.indicators.writers.dnsmasq import Dnsmasq
from lamsach.indicators.writers.edl import Edl
from lamsach.indicators.writers.edl_domain import EdlDomain
from lamsach.indicators.writers.edl_url import EdlUrl
from lamsach.indicators.writers.elastic import Elastic
from lamsach.indicators.writers.fortigate_address import FortigateAddress
from lamsach.indicators.writers.fortigate_cli import FortigateCli
from lamsach.indicators.writers.fortigate_domain import FortigateDomain
from lamsach.indicators.writers.fortigate_url import FortigateUrl
from lamsach.indicators.writers.hosts import Hosts
from lamsach.indicators.writers.ip6tables import Ip6tables
from lamsach.indicators.writers.ipset import Ipset
from lamsach.indicators.writers.iptables import Iptables
from lamsach.indicators.writers.kql import Kql
from lamsach.indicators.writers.mikrotik import MikroTik
from lamsach.indicators.writers.misp import Misp
from lamsach.indicators.writers.nftables import Nftables
from lamsach.indicators.writers.openioc import OpenIoc
from lamsach.indicators.writers.pf_table import PfTable
from lamsach.indicators.writers.rpz import Rpz
from lamsach.indicators.writers.sigma import Sigma
from lamsach.indicators.writers.snort import Snort
from lamsach.indicators.writers.squid import Squid
from lamsach.indicators.writers.stix import Stix
from lamsach.indicators.writers.suricata import Suricata
from lamsach.indicators.writers.suricata_datasets import SuricataDatasets
from lamsach.indicators.writers.text import Text
from lamsach.indicators.writers.unbound import Unbound
from lamsach.indicators.writers.wazuh import Wazuh
from lamsach.indicators.writers.windows_dns import WindowsDns
from lamsach.indicators.writers.yara import Yara
from lamsach.indicators.writers.zeek import Zeek

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
