"""Registry of log formats in the order that breaks a tie of detection: the particular first.

A new format is one file in this folder and one row here: module and class, name, and marks, one of which its
logs usually hold (a line begins with a line feed). Detection tries the formats with a mark in the file's
first lines first, so that a known product's log loads no other module; else all. The best `score` over the
first lines wins; of equal ones the earlier. So a product that writes JSON precedes JSON lines, and a product
that writes columns precedes CSV.
"""

from __future__ import annotations

from lamsach.logs.base import LogFormat
from lamsach.logs.binary.base import BinaryFormat
from lamsach.runtime.registry import Registry, Row

_ROWS = (
    # products
    Row("firewalls.fortigate.format:FortiGate", "fortigate", ('type="traffic" subtype', 'devid="F',
        "devid=F", "device_id=FG", "|Fortinet|", '"subtype"', " subtype=")),
    Row("firewalls.sophos:Sophos", "sophos", ("log_component=", '" severity="', '"log_type"',
        " exim[", " httpd[")),
    Row("dns.windows_dns_debug:WindowsDnsDebug", "windows_dns_debug", (" PACKET ",
        "DNS Server log file creation")),
    Row("dhcp.windows_dhcp_audit:WindowsDhcpAudit", "windows_dhcp_audit", ("DHCP Service Activity",
        "\nID,Date,Time,Description")),
    Row("dns.infoblox:Infoblox", "infoblox", ("nfoblox|", "NFOBLOX|", "]: Login", "]: Logout",
        "]: First_Login")),
    Row("dns.bind:Bind", "bind", ("client @0x", " client ", "named[", " named: ")),
    Row("proxies.squid:Squid", "squid", ("TCP_", "UDP_MISS", "NONE_NONE", "NONE/", "HIER_", "TAG_NONE")),
    Row("sensors.zeek_tsv:ZeekTsv", "zeek_tsv", ("\n#separator ", "\n#fields\t", ".000000\t")),
    Row("sensors.zeek_json:ZeekJson", "zeek_json", ('"id.orig_h"', '"id_orig_h"', '"_path":', '"uid":"C')),
    Row("sensors.suricata_eve.format:SuricataEve", "suricata_eve", ('"event_type"', "[**] [")),
    Row("windows.windows_event_xml:WindowsEventXml", "windows_event_xml", ("<Event>", "<Event xmlns")),
    Row("windows.windows_event_json:WindowsEventJson", "windows_event_json", ('"EventID"', '"EventId"',
        '"event_id"', '"eventID"', '"event.code"', '"Id"', '"winlog"')),
    Row("windows.windows_event_json:WindowsEventJsonPretty", "windows_event_json_pretty", ("\n{\n", "\n[\n")),
    Row("windows.windows_event_text:WindowsEventText", "windows_event_text", ("MSWinEventLog", "WinEvtLog",
        "EventID", "AgentDevice=")),
    Row("windows.windows_event_exports:WindowsEventCsv", "windows_event_csv", ("Event ID", "EventID",
        "Date and Time")),
    Row("windows.windows_event_exports:WindowsEventListing", "windows_event_listing", ("\nLog Name:",
        "\nEvent[", "\nTimeCreated ", "\nMessage ")),
    Row("dhcp.isc_dhcp:IscDhcp", "isc_dhcp", ("dhcpd[", "dhcpd:", "dhcpd6", "\nlease ")),
    Row("dhcp.udhcpd:Udhcpd", "udhcpd", ("udhcpd",)),
    Row("dns.dnsmasq:Dnsmasq", "dnsmasq", ("dnsmasq", "pihole")),
    Row("dns.unbound:Unbound", "unbound", ("unbound",)),
    Row("dns.adguardhome:AdGuardHome", "adguardhome", ('"QH"', '"elapsedMs"')),
    Row("dns.technitium:Technitium", "technitium", ("questionName", "QNAME: ", "RowNumber")),
    Row("dns.powerdns:PowerDns", "powerdns", ("question for '", " wants '", 'qname="', "Packet from ",
        "Query from ", "Got query for ")),
    Row("dns.coredns:CoreDns", "coredns", ("plugin/errors: ", ' - ["', " IN ")),
    Row("dhcp.kea:Kea", "kea", ("kea-dhcp", "kea.", "DHCP4_", "DHCP6_", "address,hwaddr")),
    Row("vpn.openvpn:OpenVpn", "openvpn", ("openvpn", "ovpn", "CLIENT_LIST", "OpenVPN", "AF_INET")),
    Row("vpn.wireguard:WireGuard", "wireguard", ("wireguard: ", "peer(", "\nwg")),
    Row("vpn.strongswan:StrongSwan", "strongswan", ("charon", "pluto", "ocserv", "strongswan")),
    Row("vpn.pulse_secure:PulseSecure", "pulse_secure", ("PulseSecure", "] - ")),
    Row("vpn.netscaler:NetScaler", "netscaler", ("-PPE-",)),
    Row("vpn.f5_apm:F5Apm", "f5_apm", (": 0149", ": 0117")),
    Row("access.hostapd:Hostapd", "hostapd", ("hostapd", "AP-STA")),
    Row("access.freeradius:FreeRadius", "freeradius", ("radiusd", "Acct-", "acctsessionid", "Login OK",
        "Login incorrect", "onnect: [")),
    Row("access.nps:Nps", "nps", ('"IAS"', ",IAS,", "<Event><Timestamp data_type")),
    Row("servers.samba:Samba", "samba", ("smbd", "winbindd", '"Authentication"', '"Authorization"',
        "Auth: [")),
    Row("dhcp.neighbour_tables:NeighbourTables", "neighbour_tables", ("[ether]", " at 0")),
    Row("firewalls.iptables:Iptables", "iptables", (" DST=", "Packet log:", "|Ubiquiti|")),
    Row("firewalls.pf_filterlog:PfFilterlog", "pf_filterlog", ("filterlog", "DNSBL", "OPNsense", "php-fpm")),
    Row("firewalls.ipfw:Ipfw", "ipfw", ("ipfw: ", " Firewall[")),
    Row("firewalls.mikrotik:Mikrotik", "mikrotik", ("firewall,info", "dhcp,info", "system,info",
        "dns,packet", "dns ", "web-proxy", "|MikroTik|", " out:")),
    Row("firewalls.draytek:Draytek", "draytek", ("Local User", "DrayTek", " PR ")),
    Row("firewalls.zyxel:Zyxel", "zyxel", (' dst="', "|Zy")),
    Row("firewalls.juniper_srx:JuniperSrx", "juniper_srx", ("RT_FLOW", "RT_UTM", "RT_IDP", "RT_SCREEN",
        "APPTRACK_", "junos@", "SSHD_LOGIN_")),
    Row("firewalls.hillstone:Hillstone", "hillstone", ("FLOW: ", "NAT: ")),
    Row("firewalls.sonicwall:SonicWall", "sonicwall", (" sn=",)),
    Row("firewalls.watchguard:WatchGuard", "watchguard", ('msg_id="',)),
    Row("firewalls.meraki:Meraki", "meraki", (" flows ", " urls ", " ids-alerts ", " security_event ",
        " events ")),
    Row("firewalls.kerio:Kerio", "kerio", ("] [Rule]", "] [ID]")),
    Row("servers.sshd:Sshd", "sshd", ("sshd", "dropbear")),
    Row("servers.linux_audit:LinuxAudit", "linux_audit", ("audit(", "audit[")),
    Row("servers.ftp_servers:FtpServers", "ftp_servers", ("ftpd",)),
    Row("servers.fail2ban:Fail2ban", "fail2ban", ("fail2ban.", "crowdsec")),
    Row("servers.voip_servers:VoipServers", "voip_servers", (".c:",)),
    Row("servers.mail_server:MailServer", "mail_server", ("postfix", "dovecot", "exim", "sendmail",
        "zimbra", "sm-mta", "amavis")),
    Row("servers.cisco_esa:CiscoEsa", "cisco_esa", (" ICID ", " MID ", " DCID ")),
    Row("servers.exchange:Exchange", "exchange", ("#Software: Microsoft E",)),
    Row("flows.tcpdump_text:TcpdumpText", "tcpdump_text", (" IP ", " IP6 ", "ethertype")),
    Row("flows.wireshark_list:WiresharkList", "wireshark_list", ("No.  ", '"No."')),
    Row("flows.nfdump:Nfdump", "nfdump", ("\nts,te,", "Date first seen", '"src4_addr"', '"src6_addr"')),
    Row("flows.argus:Argus", "argus", ("SrcAddr",)),
    Row("flows.silk:Silk", "silk", ("sIP|", "|FS ")),
    Row("cloud.vpc_flow:VpcFlow", "vpc_flow", (" eni-", "srcaddr")),
    Row("sensors.suricata_text:SuricataText", "suricata_text", ("[**]", " TLS: ")),
    Row("sensors.snort_fast:SnortFast", "snort_fast", ("[**] [", "(Event)", '"gid"')),
    Row("firewalls.vmware_nsx:VmwareNsx", "vmware_nsx", (" INET match", " INET TERM", " INET6 ")),
    Row("windows.windows_firewall:WindowsFirewall", "windows_firewall", ("Microsoft Windows Firewall",
        "src-ip")),
    Row("generic.carried_lines:ContainerLines", "container_lines", (" | ", "\n[pod/")),
    Row("web.modsecurity:ModSecurity", "modsecurity", ("\n--", '\n{"transaction"')),
    Row("proxies.skyhigh_web:SkyhighWeb", "skyhigh_web", ("#time_stamp ",)),
    Row("web.web_access.format:WebAccess", "web_access", ("HTTP/1", "HTTP/2", "#Software:", "#Fields:")),
    Row("firewalls.checkpoint:CheckPoint", "checkpoint", ("Check Point", "CheckPoint", "loguid",
        "origin_sic_name", 'product:"', '"product"')),
    Row("firewalls.paloalto.format:PaloAlto", "paloalto", (",TRAFFIC,", ",THREAT,", ",GLOBALPROTECT,",
        ",SYSTEM,", "Palo Alto")),
    Row("firewalls.cisco_asa.format:CiscoAsa", "cisco_asa", ("%ASA-", "%FTD-", "%PIX-", "%FWSM-", "%NGIPS-",
        "SFIMS")),
    Row("firewalls.cisco_ios:CiscoIos", "cisco_ios", (": %",)),
    Row("access.cisco_ise:CiscoIse", "cisco_ise", ("CISE_", "CSCOacs_")),
    Row("dns.cisco_umbrella:CiscoUmbrella", "cisco_umbrella", ('\n"20',)),
    Row("vpn.cisco_vpn3000:CiscoVpn3000", "cisco_vpn3000", (" SEV=",)),
    Row("endpoints.kaspersky:Kaspersky", "kaspersky", ("aspersky", "KASPERSKY", "@23668")),
    Row("endpoints.kaspersky:KasperskyXml", "kaspersky_xml", ()),
    Row("endpoints.eset:Eset", "eset", ('_Event"', "|ESET|")),
    Row("endpoints.trellix_epo:TrellixEpo", "trellix_epo", ("<EPO", "<UpdateEvents")),
    Row("servers.server_logons:ServerLogons", "server_logons", ()),
    # lines of these after unexpected text
    Row("generic.carried_lines:FramedLines", "framed_lines", ()),
    # frames that any product may write
    Row("generic.cef:Cef", "cef", ("CEF:",)),
    Row("generic.cef:Leef", "leef", ("LEEF:",)),
    # shapes that any product may write
    Row("generic.key_value:KeyValue", "key_value", ()),
    Row("generic.csv_columns:CsvColumns", "csv_columns", ()),
    Row("generic.json_lines:JsonLines", "json_lines", ()),
)  # fmt: skip
FORMATS: Registry[type[LogFormat]] = Registry(__name__, _ROWS)
"""Every format, the particular first; `unknown_text` is the fallback."""
JSON_FORMATS = FORMATS.only(
    "zeek_json", "suricata_eve", "windows_event_json", "windows_event_json_pretty", "adguardhome",
    "technitium", "samba", "nfdump", "snort_fast", "modsecurity", "web_access", "fortigate", "sophos",
    "checkpoint", "paloalto", "eset", "server_logons", "json_lines",
)  # fmt: skip
"""Formats of JSON objects; text carried by an object (`"message":"<134>.."`) is `json_lines`' task."""

_BINARY_ROWS = (
    Row("windows.evtx:Evtx", "evtx", rb"\AElf(?:File|Chnk)\0"),
    Row(
        "windows.windows_event_xml:WindowsEventDocument",
        "windows_event_document",
        rb'\A[\xef\xbb\xbf\xff\xfe\s\0\x1c-\x1f\x85\xa0]*(?:[<\[]|\{[\s\0\x1c-\x1f\x85\xa0]*"\0?[rvdeE])',
    ),
    Row(
        "flows.captures:Pcap",
        "pcap",
        rb"\A(?:snoop\0\0\0|\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x4d\x3c\xb2\xa1|\xa1\xb2\x3c\x4d"
        rb"|\x34\xcd\xb2\xa1|\xa1\xb2\xcd\x34)",
    ),
    Row("flows.captures:PcapNg", "pcapng", rb"\A\n\r\r\n"),
    Row("flows.netflow:NetFlow", "netflow", rb"\A\0"),
    Row("flows.netflow:NfCapd", "nfcapd", rb"\A\x0c\xa5"),
    Row("generic.column_files:Parquet", "parquet", rb"\APAR[1E]"),
    Row("generic.column_files:Arrow", "arrow", rb"\A(?:ARROW1\0\0|FEA1|\xff\xff\xff\xff)"),
    Row(
        "cloud.azure_flow:AzureFlow",
        "azure_flow",
        rb'"flowTuples"|"NetworkSecurityGroupFlowEvent|"FlowLogFlowEvent"',
    ),
    Row("generic.json_lines:JsonDocument", "json_document", rb"\A[^!-~]*[\[{]"),
)
BINARY_FORMATS: Registry[type[BinaryFormat]] = Registry(__name__, _BINARY_ROWS)
"""Binary formats, tried on a file's first bytes before it counts as text; each has its mark."""


def format_by_name(name: str) -> type[LogFormat] | None:
    """Find the format of a `--format` name; None for another."""
    return FORMATS.named(name)


def binary_format_by_name(name: str) -> type[BinaryFormat] | None:
    """Find the binary format of a `--format` name; None for another."""
    return BINARY_FORMATS.named(name)


def binary_format_of(head: bytes) -> type[BinaryFormat] | None:
    """Find the binary format of a file that begins with these bytes; None for text."""
    return next((f for f in BINARY_FORMATS.marked("", head) if not f.is_text and f.recognises(head)), None)


def document_format_of(head: bytes) -> type[BinaryFormat] | None:
    """Find the format of a text of one document without lines that begins with these bytes, or None."""
    return next((f for f in BINARY_FORMATS.marked("", head) if f.is_text and f.recognises(head)), None)
