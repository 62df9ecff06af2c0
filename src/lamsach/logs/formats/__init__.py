"""The log formats, in the order in which detection breaks a tie: the more particular before the more general.

One more format is one file in this folder and one line in FORMATS. Detection takes the format whose `score` over the
file's first lines is best; of two equal ones the earlier wins. So a product that writes JSON stands before
JSON lines, and a product that writes columns before CSV.
"""

from __future__ import annotations

from lamsach.logs.base import LogFormat
from lamsach.logs.binary import BinaryFormat
from lamsach.logs.formats.adguardhome import AdGuardHome
from lamsach.logs.formats.argus import Argus
from lamsach.logs.formats.arrow import Arrow
from lamsach.logs.formats.azure_flow import AzureFlow
from lamsach.logs.formats.bind import Bind
from lamsach.logs.formats.cef import Cef
from lamsach.logs.formats.checkpoint import CheckPoint
from lamsach.logs.formats.cisco_asa import CiscoAsa
from lamsach.logs.formats.cisco_esa import CiscoEsa
from lamsach.logs.formats.cisco_ios import CiscoIos
from lamsach.logs.formats.cisco_ise import CiscoIse
from lamsach.logs.formats.cisco_umbrella import CiscoUmbrella
from lamsach.logs.formats.cisco_vpn3000 import CiscoVpn3000
from lamsach.logs.formats.container_lines import ContainerLines
from lamsach.logs.formats.coredns import CoreDns
from lamsach.logs.formats.csv_columns import CsvColumns
from lamsach.logs.formats.dnsmasq import Dnsmasq
from lamsach.logs.formats.draytek import Draytek
from lamsach.logs.formats.eset import Eset
from lamsach.logs.formats.evtx import Evtx
from lamsach.logs.formats.exchange import Exchange
from lamsach.logs.formats.f5_apm import F5Apm
from lamsach.logs.formats.fail2ban import Fail2ban
from lamsach.logs.formats.fortigate import FortiGate
from lamsach.logs.formats.framed_lines import FramedLines
from lamsach.logs.formats.freeradius import FreeRadius
from lamsach.logs.formats.ftp_servers import FtpServers
from lamsach.logs.formats.hillstone import Hillstone
from lamsach.logs.formats.hostapd import Hostapd
from lamsach.logs.formats.infoblox import Infoblox
from lamsach.logs.formats.ipfw import Ipfw
from lamsach.logs.formats.iptables import Iptables
from lamsach.logs.formats.isc_dhcp import IscDhcp
from lamsach.logs.formats.json_document import JsonDocument
from lamsach.logs.formats.json_lines import JsonLines
from lamsach.logs.formats.juniper_srx import JuniperSrx
from lamsach.logs.formats.kaspersky import Kaspersky
from lamsach.logs.formats.kaspersky_xml import KasperskyXml
from lamsach.logs.formats.kea import Kea
from lamsach.logs.formats.kerio import Kerio
from lamsach.logs.formats.key_value import KeyValue
from lamsach.logs.formats.leef import Leef
from lamsach.logs.formats.linux_audit import LinuxAudit
from lamsach.logs.formats.mail_server import MailServer
from lamsach.logs.formats.meraki import Meraki
from lamsach.logs.formats.mikrotik import Mikrotik
from lamsach.logs.formats.modsecurity import ModSecurity
from lamsach.logs.formats.neighbour_tables import NeighbourTables
from lamsach.logs.formats.netflow import NetFlow
from lamsach.logs.formats.netscaler import NetScaler
from lamsach.logs.formats.nfcapd import NfCapd
from lamsach.logs.formats.nfdump import Nfdump
from lamsach.logs.formats.nps import Nps
from lamsach.logs.formats.openvpn import OpenVpn
from lamsach.logs.formats.paloalto import PaloAlto
from lamsach.logs.formats.parquet import Parquet
from lamsach.logs.formats.pcap import Pcap
from lamsach.logs.formats.pcapng import PcapNg
from lamsach.logs.formats.pf_filterlog import PfFilterlog
from lamsach.logs.formats.powerdns import PowerDns
from lamsach.logs.formats.pulse_secure import PulseSecure
from lamsach.logs.formats.samba import Samba
from lamsach.logs.formats.server_logons import ServerLogons
from lamsach.logs.formats.silk import Silk
from lamsach.logs.formats.skyhigh_web import SkyhighWeb
from lamsach.logs.formats.snort_fast import SnortFast
from lamsach.logs.formats.sonicwall import SonicWall
from lamsach.logs.formats.sophos import Sophos
from lamsach.logs.formats.squid import Squid
from lamsach.logs.formats.sshd import Sshd
from lamsach.logs.formats.strongswan import StrongSwan
from lamsach.logs.formats.suricata_eve import SuricataEve
from lamsach.logs.formats.suricata_text import SuricataText
from lamsach.logs.formats.tcpdump_text import TcpdumpText
from lamsach.logs.formats.technitium import Technitium
from lamsach.logs.formats.trellix_epo import TrellixEpo
from lamsach.logs.formats.udhcpd import Udhcpd
from lamsach.logs.formats.unbound import Unbound
from lamsach.logs.formats.vmware_nsx import VmwareNsx
from lamsach.logs.formats.voip_servers import VoipServers
from lamsach.logs.formats.vpc_flow import VpcFlow
from lamsach.logs.formats.watchguard import WatchGuard
from lamsach.logs.formats.web_access import WebAccess
from lamsach.logs.formats.windows_dhcp_audit import WindowsDhcpAudit
from lamsach.logs.formats.windows_dns_debug import WindowsDnsDebug
from lamsach.logs.formats.windows_event_csv import WindowsEventCsv
from lamsach.logs.formats.windows_event_document import WindowsEventDocument
from lamsach.logs.formats.windows_event_json import WindowsEventJson
from lamsach.logs.formats.windows_event_json_pretty import WindowsEventJsonPretty
from lamsach.logs.formats.windows_event_listing import WindowsEventListing
from lamsach.logs.formats.windows_event_text import WindowsEventText
from lamsach.logs.formats.windows_event_xml import WindowsEventXml
from lamsach.logs.formats.windows_firewall import WindowsFirewall
from lamsach.logs.formats.wireguard import WireGuard
from lamsach.logs.formats.wireshark_list import WiresharkList
from lamsach.logs.formats.zeek_json import ZeekJson
from lamsach.logs.formats.zeek_tsv import ZeekTsv
from lamsach.logs.formats.zyxel import Zyxel

FORMATS: tuple[type[LogFormat], ...] = (
    # products
    FortiGate,
    Sophos,
    WindowsDnsDebug,
    WindowsDhcpAudit,
    Infoblox,
    Bind,
    Squid,
    ZeekTsv,
    ZeekJson,
    SuricataEve,
    WindowsEventXml,
    WindowsEventJson,
    WindowsEventJsonPretty,
    WindowsEventText,
    WindowsEventCsv,
    WindowsEventListing,
    IscDhcp,
    Udhcpd,
    Dnsmasq,
    Unbound,
    AdGuardHome,
    Technitium,
    PowerDns,
    CoreDns,
    Kea,
    OpenVpn,
    WireGuard,
    StrongSwan,
    PulseSecure,
    NetScaler,
    F5Apm,
    Hostapd,
    FreeRadius,
    Nps,
    Samba,
    NeighbourTables,
    Iptables,
    PfFilterlog,
    Ipfw,
    Mikrotik,
    Draytek,
    Zyxel,
    JuniperSrx,
    Hillstone,
    SonicWall,
    WatchGuard,
    Meraki,
    Kerio,
    Sshd,
    LinuxAudit,
    FtpServers,
    Fail2ban,
    VoipServers,
    MailServer,
    CiscoEsa,
    Exchange,
    TcpdumpText,
    WiresharkList,
    Nfdump,
    Argus,
    Silk,
    VpcFlow,
    SuricataText,
    SnortFast,
    VmwareNsx,
    WindowsFirewall,
    ContainerLines,
    ModSecurity,
    SkyhighWeb,
    WebAccess,
    CheckPoint,
    PaloAlto,
    CiscoAsa,
    CiscoIos,
    CiscoIse,
    CiscoUmbrella,
    CiscoVpn3000,
    Kaspersky,
    KasperskyXml,
    Eset,
    TrellixEpo,
    ServerLogons,
    # lines of these behind something that they do not expect
    FramedLines,
    # frames that any product may write
    Cef,
    Leef,
    # shapes that any product may write
    KeyValue,
    CsvColumns,
    JsonLines,
)
"""Every format, the particular first. `unknown_text` is not in it: it is what a file of none of these is read with."""
JSON_FORMATS: tuple[type[LogFormat], ...] = (
    *(
        ZeekJson,
        SuricataEve,
        WindowsEventJson,
        WindowsEventJsonPretty,
        AdGuardHome,
        Technitium,
        Samba,
        Nfdump,
    ),
    *(
        SnortFast,
        ModSecurity,
        WebAccess,
        FortiGate,
        Sophos,
        CheckPoint,
        PaloAlto,
        Eset,
        ServerLogons,
        JsonLines,
    ),
)
"""The formats that a JSON object can be of. What an object carries as text (`"message":"<134>..."`) is for `json_lines` to take out."""
JsonDocument.inner_formats = JSON_FORMATS
JsonLines.inner_formats = tuple(f for f in FORMATS if f not in (CsvColumns, JsonLines))
CsvColumns.inner_formats = tuple(f for f in FORMATS if f is not CsvColumns)

ContainerLines.inner_formats = tuple(f for f in FORMATS if f not in (CsvColumns, ContainerLines))
FramedLines.inner_formats = tuple(
    f for f in FORMATS if f not in (CsvColumns, KeyValue, ContainerLines, FramedLines)
)

BINARY_FORMATS: tuple[type[BinaryFormat], ...] = (
    Evtx,
    WindowsEventDocument,
    Pcap,
    PcapNg,
    NetFlow,
    NfCapd,
    Parquet,
    Arrow,
    AzureFlow,
    JsonDocument,
)
"""Every binary format, told by a file's first bytes before anything is taken for text."""


def format_by_name(name: str) -> type[LogFormat] | None:
    """The format of this `--format` name, or None."""
    return next((log_format for log_format in FORMATS if log_format.name == name), None)


def binary_format_by_name(name: str) -> type[BinaryFormat] | None:
    """The binary format of this `--format` name, or None."""
    return next((binary for binary in BINARY_FORMATS if binary.name == name), None)


def binary_format_of(head: bytes) -> type[BinaryFormat] | None:
    """The binary format of a file that begins with these bytes, or None."""
    return next((binary for binary in BINARY_FORMATS if not binary.of_text and binary.recognises(head)), None)


def document_format_of(head: bytes) -> type[BinaryFormat] | None:
    """The format of a text that begins with these bytes in UTF-8 and is one document without lines of its own, or None."""
    return next((binary for binary in BINARY_FORMATS if binary.of_text and binary.recognises(head)), None)
