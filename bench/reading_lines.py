"""Lines of the products that only `bench.reading` reads.

The lines that firewalls, proxies, name servers, web servers and Windows write all day, in the layouts of the
makers' documentation, named by the reader of each format (`src/lamsach/logs/formats/`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from bench.reading_dhcp import AUDIT_HEAD, dhcpd_messages, kea_messages, windows_dhcp_audit
from bench.reading_json import adguard_home, ecs_sessions, winlogbeat, zeek_dns_json

Line = Callable[["Values"], str]
_ICT = timezone(timedelta(hours=7))
_SEED = 20_260_610


@dataclass
class Values:
    """Random values, and a clock that advances by 40 ms per line on average."""

    random: random.Random
    names: Sequence[str]
    inside: Sequence[str]
    outside: Sequence[str]
    paths: Sequence[str]
    seconds: float = 1_781_000_000.0

    @classmethod
    def build(cls, seed: int = _SEED) -> Values:
        """Return the values of a unit with two thousand machines."""
        draw = random.Random(seed)
        words = [
            f"{draw.choice('bcdghklmnpst')}{draw.choice('aeiou')}{draw.choice('nmtpl')}{n}"
            for n in range(4000)
        ]
        tops = ("example", "com.example", "net.example", "vn.example")
        return cls(
            draw,
            [f"{draw.choice(('www', 'api', 'cdn', 'mail'))}.{word}.{draw.choice(tops)}" for word in words
             for _ in range(5)],
            [f"10.{draw.randrange(8)}.{draw.randrange(32)}.{draw.randrange(2, 250)}" for _ in range(2000)],
            [(f"{draw.choice((13, 20, 34, 52, 104, 142))}.{draw.randrange(1, 255)}.{draw.randrange(255)}."
              f"{draw.randrange(1, 255)}") for _ in range(20000)],
            [f"/{draw.choice(words)}/{draw.choice(words)}.html" for _ in range(3000)]
            + [f"/q?id={draw.randrange(10**9)}" for _ in range(3000)],
        )  # fmt: skip

    def tick(self) -> datetime:
        """Return the next moment, by the clock of Viet Nam."""
        self.seconds += self.random.random() * 0.08
        return datetime.fromtimestamp(self.seconds, _ICT)

    def pick(self, items: Sequence[str]) -> str:
        """Return one of the items."""
        return items[int(self.random.random() * len(items))]

    def below(self, limit: int) -> int:
        """Return a number from 0 to below the limit."""
        return int(self.random.random() * limit)

    @property
    def port(self) -> int:
        """Return a client port."""
        return 1024 + self.below(64000)


def _syslog(v: Values, host: str = "fw01") -> str:
    moment = v.tick()
    return f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S} {host} "


def paloalto_csv(v: Values) -> str:
    moment = v.tick()
    day, inside, outside = f"{moment:%Y/%m/%d %H:%M:%S}", v.pick(v.inside), v.pick(v.outside)
    exact = f"{moment:%Y-%m-%dT%H:%M:%S}.{v.below(1000):03d}+07:00"
    ends = (
        f"{inside},{outside},203.0.113.10,{outside},LAN-Internet,unit\\lan{v.below(900)},,ssl,vsys1,"
        f"trust,untrust,ethernet1/2,ethernet1/1,syslog,{day},{v.below(10**6)},1,"
        f"{v.port},443,{v.port},443,0x400053,tcp"
    )
    head = f"{_syslog(v, 'PA-850')}1,{day},012801096514"
    if v.below(3):
        return (
            f"{head},TRAFFIC,end,2561,{day},{ends},allow,{v.below(99999)},{v.below(9999)},"
            f"{v.below(99999)},{v.below(99)},{day},{v.below(600)},business-systems,,"
            f"{v.below(10**15)},0x8000000000000000,10.0.0.0-10.255.255.255,United "
            f"States,,{v.below(99)},{v.below(99)},tcp-fin,0,0,0,0,,PA-850,from-policy,,,0,,0,,N/A,0,0,0,"
            "0,"
            f"9f1c7f1e-1c1b-41ec-9b1e-5b1a2c3d4e5f,0,0,,,,,,,,,,,,,,,,,,,,,,,,,,,,{exact},,,"
            "encrypted-tunnel,networking,browser-based,4,,,ssl,no,no,0,NonProxyTraffic"
        )
    return (
        f'{head},THREAT,url,2561,{day},{ends},alert,"{v.pick(v.names)}{v.pick(v.paths)}",(9999),'
        f"business-and-economy,informational,client-to-server,{v.below(10**15)},"
        "0x8000000000000000,10.0.0.0-10.255.255.255,United "
        "States,,text/html,0,,,1,,,,,,,,0,0,0,0,0,,PA-850,,,,get,0,,0,,N/A,unknown,AppThreat-0-0,0x0,0,"
        "4294967295,,"
        '"business-and-economy,low-risk",9f1c7f1e-1c1b-41ec-9b1e-5b1a2c3d4e5f,0,,,,,,,,,,,,,,,,,,,,,,,,'
        f",,,{exact},,,,encrypted-tunnel,networking,browser-based,4,,,ssl,no,no,,"
    )


def cef_sessions(v: Values) -> str:
    return (
        f"{_syslog(v)}CEF:0|Maker|Gateway|7.2|traffic|session closed|3|rt={int(v.seconds * 1000)} "
        f"src={v.pick(v.inside)} spt={v.port} dst={v.pick(v.outside)} dpt=443 proto=TCP act=allow "
        "app=https dvchost=gw-01 deviceInboundInterface=lan deviceOutboundInterface=wan1 "
        f"suser=unit\\\\lan{v.below(900)} cs1Label=Policy cs1=LAN to Internet cn1Label=Duration "
        f"cn1={v.below(600)} in={v.below(99999)} out={v.below(99999)} "
        f"request=https://{v.pick(v.names)}{v.pick(v.paths).replace('=', chr(92) + '=')} "
        "requestMethod=GET cat=Information Technology"
    )


def leef_sessions(v: Values) -> str:
    moment = v.tick()
    return (
        f"<134>{_syslog(v)}LEEF:1.0|Maker|Gateway|7.2|traffic|devTime={moment:%b %d %Y %H:%M:%S}\t"
        f"devTimeFormat=MMM dd yyyy HH:mm:ss\tsrc={v.pick(v.inside)}\tdst={v.pick(v.outside)}"
        f"\tsrcPort={v.port}\tdstPort=443\tproto=TCP\tusrName=lan{v.below(900)}\taction=allowed\t"
        f"url=https://{v.pick(v.names)}{v.pick(v.paths)}\tpolicy=LAN to Internet\tsev=3"
    )


def sophos_firewall(v: Values) -> str:
    moment = v.tick()
    head = (
        f'device="SFW" date={moment:%Y-%m-%d} time={moment:%H:%M:%S} timezone="+07" device_name="XG230" '
        "device_id=C01001XXXXXXX "
    )
    ends = (
        f'src_ip={v.pick(v.inside)} dst_ip={v.pick(v.outside)} protocol="TCP" src_port={v.port} '
        f"dst_port=443 sent_bytes={v.below(9999)} recv_bytes={v.below(99999)} "
    )
    if v.below(3):
        return (
            f'{head}log_id=010101600001 log_type="Firewall" log_component="Firewall Rule" '
            f'log_subtype="Allowed" status="Allow" priority=Information duration={v.below(600)} '
            f'fw_rule_id=5 policy_type=1 user_name="lan{v.below(900)}" user_gp="Staff" iap=2 '
            'application="Secure Web" application_risk=1 in_interface="Port1" out_interface="Port2" '
            f"src_mac=02:00:5e:10:{v.below(256):02x}:{v.below(256):02x} src_country_code=R1 "
            f"dst_country_code=USA {ends}tran_src_ip=203.0.113.10 tran_src_port=0 tran_dst_ip= "
            'tran_dst_port=0 srczonetype="LAN" srczone="LAN" dstzonetype="WAN" dstzone="WAN" '
            f'dir_disp="" connevent="Stop" connid="{v.below(10**9)}" vconnid=""'
        )
    name = v.pick(v.names)
    return (
        f'{head}log_id=050901616001 log_type="Content Filtering" log_component="HTTP" '
        'log_subtype="Allowed" status="" priority=Information fw_rule_id=5 user_name="" user_gp="" '
        'iap=2 category="Information Technology" category_type="Acceptable" '
        f'url="https://{name}{v.pick(v.paths)}" contenttype="text/html" override_token="" '
        'httpresponsecode="" '
        f'{ends}domain={name} exceptions="" activityname="" reason="" user_agent="Mozilla/5.0 (Windows '
        'NT 10.0; Win64; x64)" status_code="200"'
    )


def srx_structured(v: Values) -> str:
    inside, outside, port = v.pick(v.inside), v.pick(v.outside), v.port
    return (
        f"<14>1 {v.tick():%Y-%m-%dT%H:%M:%S}.{v.below(1000):03d}+07:00 srx01 RT_FLOW - "
        f'RT_FLOW_SESSION_CLOSE [junos@2636.1.1.1.2.129 reason="TCP FIN" source-address="{inside}" '
        f'source-port="{port}" destination-address="{outside}" destination-port="443" '
        'connection-tag="0" service-name="junos-https" nat-source-address="203.0.113.10" '
        f'nat-source-port="{v.port}" nat-destination-address="{outside}" nat-destination-port="443" '
        'src-nat-rule-type="source rule" src-nat-rule-name="r1" protocol-id="6" '
        'policy-name="internet" source-zone-name="trust" destination-zone-name="untrust" '
        f'session-id-32="{v.below(10**8)}" packets-from-client="{v.below(99)}" '
        f'bytes-from-client="{v.below(9999)}" elapsed-time="{v.below(600)}" application="SSL" '
        'username="N/A" roles="N/A" encrypted="Yes"]'
    )


def checkpoint_syslog(v: Values) -> str:
    inside, outside, moment = v.pick(v.inside), v.pick(v.outside), v.tick()
    return (
        f'<134>1 {moment:%Y-%m-%dT%H:%M:%S}Z gw1 CheckPoint 12345 - [action:"Accept"; '
        'conn_direction:"Outgoing"; contextnum:"1"; flags:"4606212"; ifdir:"inbound"; ifname:"eth1"; '
        f'logid:"0"; loguid:"{{0x{v.below(2**32):x},0x0,0x1,0xc0000000}}"; origin:"192.0.2.1"; '
        f'originsicname:"CN=gw1,O=mgmt.example.abc123"; sequencenum:"{v.below(99)}"; '
        f'time:"{int(v.seconds)}"; version:"5"; dst:"{outside}"; inzone:"Internal"; '
        'layer_name:"Network"; match_id:"5"; outzone:"External"; product:"VPN-1 & FireWall-1"; '
        f'proto:"6"; rule_uid:"9f1c7f1e-1c1b-41ec-9b1e-5b1a2c3d4e5f"; s_port:"{v.port}"; service:"443"; '
        f'service_id:"https"; src:"{inside}"; user:"lan{v.below(900)}"]'
    )


def cisco_asa(v: Values) -> str:
    head = f"<166>{_syslog(v, 'asa01')}"
    inside, outside = f"inside:{v.pick(v.inside)}/{v.port}", f"outside:{v.pick(v.outside)}/443"
    kind = v.below(8)
    if kind < 3:
        mapped = outside.partition(":")[2]
        return (
            f"{head}%ASA-6-302013: Built outbound TCP connection {v.below(10**8)} for {outside} ({mapped}) "
            f"to {inside} (203.0.113.10/{v.port})"
        )
    if kind < 6:
        return (
            f"{head}%ASA-6-302014: Teardown TCP connection {v.below(10**8)} for {outside} to {inside} "
            f"duration 0:00:{v.below(60):02d} bytes {v.below(99999)} TCP FINs"
        )
    if kind == 6:
        return (
            f"{head}%ASA-6-305011: Built dynamic TCP translation from {inside} to "
            f"outside:203.0.113.10/{v.port}"
        )
    return f'{head}%ASA-4-106023: Deny tcp src {inside} dst {outside} by access-group "inside_in" [0x0, 0x0]'


def iptables_packets(v: Values) -> str:
    proto = (
        f"PROTO=TCP SPT={v.port} DPT=443 WINDOW=64240 RES=0x00 SYN URGP=0 "
        if v.below(4)
        else f"PROTO=UDP SPT={v.port} DPT=53 LEN=53"
    )
    return (
        f"{_syslog(v)}kernel: [{v.below(10**6)}.{v.below(10**6):06d}] [UFW BLOCK] IN=eth1 OUT=eth0 "
        f"MAC=02:00:5e:10:00:01:02:00:5e:20:{v.below(256):02x}:{v.below(256):02x}:08:00 "
        f"SRC={v.pick(v.inside)} DST={v.pick(v.outside)} LEN=60 TOS=0x00 PREC=0x00 TTL=63 "
        f"ID={v.below(65536)} DF {proto}"
    )


def nginx_combined(v: Values) -> str:
    return (
        f'{v.pick(v.outside)} - - [{v.tick():%d/%b/%Y:%H:%M:%S +0700}] "GET {v.pick(v.paths)} HTTP/1.1" '
        f"{(200, 200, 304, 404, 403)[v.below(5)]} {v.below(99999)} "
        f'"https://www.unit.example{v.pick(v.paths)}" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) '
        'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"'
    )


_IIS_HEAD = (
    "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n"
    "#Date: 2026-06-09 00:00:00\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port "
    "cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken"
)


def iis_rows(v: Values) -> str:
    stem, _, query = v.pick(v.paths).partition("?")
    return (
        f"{v.tick():%Y-%m-%d %H:%M:%S} 10.0.0.80 GET {stem} {query or '-'} 443 - {v.pick(v.outside)} "
        f"Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36 - 200 0 0 {v.below(999)}"
    )


def windows_dns_debug(v: Values) -> str:
    moment = v.tick()
    labels = "".join(f"({len(label)}){label}" for label in v.pick(v.names).split(".")) + "(0)"
    flags = ("Rcv", "  Q [0001   D   NOERROR]") if v.below(2) else ("Snd", "R Q [8081   DR  NOERROR]")
    return (
        f"{moment.month}/{moment.day}/{moment.year} {moment:%I:%M:%S %p} 0D48 PACKET  {v.below(2**40):016X} "
        f"UDP {flags[0]} {v.pick(v.inside):15s} {v.below(65536):04x} {flags[1]} A      {labels}"
    )


def dnsmasq_queries(v: Values) -> str:
    name, head = v.pick(v.names), f"{_syslog(v, 'gw')}dnsmasq[812]: "
    return (
        f"{head}query[A] {name} from {v.pick(v.inside)}",
        f"{head}forwarded {name} to 203.0.113.53",
        f"{head}reply {name} is {v.pick(v.outside)}",
    )[v.below(3)]


def unbound_queries(v: Values) -> str:
    return f"{_syslog(v, 'gw')}unbound: [812:0] info: {v.pick(v.inside)} {v.pick(v.names)}. A IN"


def mikrotik_forward(v: Values) -> str:
    return (
        f"{_syslog(v, 'router')}firewall,info forward: in:bridge out:ether1, connection-state:new "
        f"src-mac 02:00:5e:10:{v.below(256):02x}:{v.below(256):02x}, proto TCP (SYN), "
        f"{v.pick(v.inside)}:{v.port}->{v.pick(v.outside)}:443, len 52"
    )


def zyxel_sessions(v: Values) -> str:
    return (
        f'<142>{_syslog(v, "usg")}src="{v.pick(v.inside)}:{v.port}" dst="{v.pick(v.outside)}:443" '
        'msg="Match default rule, DROP" note="ACCESS BLOCK" user="unknown" '
        'devID="02005e005301" cat="Firewall" class="Access Control" ob="0" ob_mac="000000000000" '
        'dir="LAN1:WAN" protoID=6 proto="https"'
    )


_FIREWALL_HEAD = (
    "#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Time Format: Local\n"
    "#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin "
    "icmptype icmpcode info path\n"
)


def windows_firewall(v: Values) -> str:
    return (
        f"{v.tick():%Y-%m-%d %H:%M:%S} ALLOW TCP {v.pick(v.inside)} {v.pick(v.outside)} {v.port} 443 0 - 0 "
        "0 0 - - - SEND"
    )


def plain_csv(v: Values) -> str:
    return (
        f"{v.tick():%Y-%m-%d %H:%M:%S},{v.pick(v.inside)},{v.port},{v.pick(v.outside)},443,"
        f"{v.pick(v.names)},allow"
    )


def pf_packets(v: Values) -> str:
    ends, tcp = f"{v.pick(v.inside)},{v.pick(v.outside)}", v.below(4)
    rest = (
        f"6,tcp,60,{ends},{v.port},443,0,S,{v.below(2**32)},,64240,,mss"
        if tcp
        else f"17,udp,92,{ends},{v.port},53,72"
    )
    return (
        f"<134>{_syslog(v)}filterlog[5231]: {v.below(90)},,,10000001{v.below(90):02d},igb1,match,pass,in,4,"
        f"0x0,,128,{v.below(65536)},0,DF,{rest}"
    )


LINES: Mapping[str, tuple[str, Line]] = {
    "paloalto_csv": ("", paloalto_csv),
    "cef": ("", cef_sessions),
    "leef": ("", leef_sessions),
    "sophos": ("", sophos_firewall),
    "checkpoint": ("", checkpoint_syslog),
    "juniper_srx": ("", srx_structured),
    "zyxel": ("", zyxel_sessions),
    "cisco_asa": ("", cisco_asa),
    "iptables": ("", iptables_packets),
    "mikrotik": ("", mikrotik_forward),
    "nginx_combined": ("", nginx_combined),
    "iis_w3c": (_IIS_HEAD + "\n", iis_rows),
    "windows_dns_debug": ("", windows_dns_debug),
    "dnsmasq": ("", dnsmasq_queries),
    "unbound": ("", unbound_queries),
    "windows_dhcp_audit": (AUDIT_HEAD + "\n", windows_dhcp_audit),
    "windows_firewall": (_FIREWALL_HEAD, windows_firewall),
    "plain_csv": ("time,source_ip,source_port,destination_ip,destination_port,domain,action\n", plain_csv),
    "pf_filterlog": ("", pf_packets),
    "zeek_dns_json": ("", zeek_dns_json),
    "winlogbeat_json": ("", winlogbeat),
    "isc_dhcp": ("", dhcpd_messages),
    "kea": ("", kea_messages),
    "json_lines": ("", ecs_sessions),
    "adguardhome": ("", adguard_home),
}
"""The header lines of a log, and the function that makes each line."""


def write_log(folder: Path, name: str, size_mb: int) -> Path:
    """Write a product's log of `size_mb` MB, unless it exists."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{size_mb}.log"
    if not path.exists():
        head, line = LINES[name]
        values = Values.build()
        size = 0
        with path.open("w", encoding="utf-8") as file:
            size += file.write(head)
            while size < size_mb * 1_000_000:
                size += file.write(line(values) + "\n")
    return path
