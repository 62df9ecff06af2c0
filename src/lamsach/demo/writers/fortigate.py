"""FortiGate logs of FortiOS 7 (FortiOS 7.2 Log Reference, "Traffic", "UTM: webfilter, dns, virus")."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from lamsach.demo.clock import CLOCK, DAY_S, EPOCH_S, day_of
from lamsach.demo.world import PUBLIC_NAT_IP

DEVICE_NAME = "FGT-DONVI-MAU"
DEVICE_ID = "FG100FTK22000000"

_DATES = tuple(day_of(day).isoformat() for day in range(31))
_POLICY = "0b1c2d3e-4f50-51ec-9a8b-7c6d5e4f3a2b"


@dataclass(frozen=True, slots=True)
class Flow:
    """A connection at the firewall: `nat_ip` replaces the source, `inside_ip` a published address."""

    time: float
    source_ip: str
    destination_ip: str
    destination_port: int
    interface: str
    out_interface: str = "wan1"
    protocol: int = 6
    service: str = "HTTPS"
    country: str = "United States"
    source_country: str = "Reserved"
    action: str = "close"
    duration_s: int = 1
    sent: int = 0
    received: int = 0
    nat_ip: str | None = PUBLIC_NAT_IP
    inside_ip: str | None = None


class FortiGate:
    """Writer of log lines, with random session numbers and source ports."""

    def __init__(self, rng: Random) -> None:
        self._random = rng.random
        self._session = 1_000_000

    def _head(self, time: float) -> str:
        day, second = divmod(int(time), DAY_S)
        nanoseconds = EPOCH_S * 1_000_000_000 + int(time * 1_000_000) * 1000
        return (
            f'date={_DATES[day]} time={CLOCK[second]} devname="{DEVICE_NAME}" devid="{DEVICE_ID}" '
            f'eventtime={nanoseconds} tz="+0700"'
        )

    def _next(self) -> tuple[int, int]:
        self._session += 1 + int(self._random() * 9)
        return self._session, 49152 + int(self._random() * 16000)

    def traffic(self, flow: Flow) -> str:
        """Return a forward traffic line, written when the session ends."""
        session, port = self._next()
        denied = flow.action == "deny"
        outside = flow.source_country != "Reserved"
        packets = 0 if denied else 1 + (flow.sent >> 9)
        if flow.inside_ip:
            nat = f'trandisp="dnat" tranip={flow.inside_ip} tranport={flow.destination_port}'
        elif flow.nat_ip and not denied:
            nat = f'trandisp="snat" transip={flow.nat_ip} transport={port}'
        else:
            nat = 'trandisp="noop"'
        risk = ' crscore=30 craction=131072 crlevel="high"' if denied else ""
        return (
            f'{self._head(flow.time)} logid="0000000013" type="traffic" subtype="forward" '
            f'level="{"warning" if denied else "notice"}" vd="root" srcip={flow.source_ip} srcport={port} '
            f'srcintf="{flow.interface}" srcintfrole="{"wan" if outside else "lan"}" '
            f"dstip={flow.destination_ip} "
            f'dstport={flow.destination_port} dstintf="{flow.out_interface}" '
            f'dstintfrole="{"wan" if flow.out_interface == "wan1" else "lan"}" '
            f'srccountry="{flow.source_country}" '
            f'dstcountry="{flow.country}" sessionid={session} proto={flow.protocol} action="{flow.action}" '
            f'policyid={0 if denied else 12} policytype="policy" poluuid="{_POLICY}" '
            f'service="{flow.service}" {nat} '
            f"duration={flow.duration_s} sentbyte={flow.sent} rcvdbyte={flow.received} sentpkt={packets} "
            f'rcvdpkt={0 if denied else packets + 1} appcat="unscanned"{risk}'
        )

    def web(self, flow: Flow, host: str, url: str, category: str, *, agent: str = "") -> str:
        """Return a web-filter line of a visit, allowed or blocked (`flow.action` "blocked")."""
        session, port = self._next()
        blocked = flow.action == "blocked"
        browser = f' agent="{agent}"' if agent else ""
        log_id, event, level = (
            ("0316013056", "ftgd_blk", "warning") if blocked else ("0317013312", "ftgd_allow", "notice")
        )
        message = (
            "URL belongs to a denied category in policy"
            if blocked
            else "URL belongs to an allowed category in policy"
        )
        return (
            f'{self._head(flow.time)} logid="{log_id}" type="utm" subtype="webfilter" '
            f'eventtype="{event}" level="{level}" '
            f'vd="root" policyid=12 poluuid="{_POLICY}" policytype="policy" sessionid={session} '
            f"srcip={flow.source_ip} "
            f'srcport={port} srccountry="Reserved" srcintf="{flow.interface}" srcintfrole="lan" '
            f"dstip={flow.destination_ip} "
            f'dstport={flow.destination_port} dstcountry="{flow.country}" dstintf="wan1" '
            f'dstintfrole="wan" proto=6 '
            f'service="{flow.service}" hostname="{host}"{browser} profile="loc-web-co-quan" '
            f'action="{"blocked" if blocked else "passthrough"}" reqtype="direct" url="{url}" '
            f"sentbyte={flow.sent} "
            f'rcvdbyte={flow.received} direction="outgoing" msg="{message}" ratemethod="domain" '
            f"cat={_CATEGORIES[category]} "
            f'catdesc="{category}"'
        )

    def dns_query(self, flow: Flow, name: str) -> str:
        """Return a DNS-filter line of an outgoing query."""
        session, port = self._next()
        return (
            f'{self._head(flow.time)} logid="1500054000" type="utm" subtype="dns" '
            f'eventtype="dns-query" level="information" '
            f'vd="root" policyid=5 poluuid="{_POLICY}" policytype="policy" sessionid={session} '
            f"srcip={flow.source_ip} "
            f'srcport={port} srccountry="Reserved" srcintf="{flow.interface}" srcintfrole="lan" '
            f"dstip={flow.destination_ip} "
            f'dstport=53 dstcountry="{flow.country}" dstintf="wan1" dstintfrole="wan" proto=17 '
            f'profile="theo-doi-dns" '
            f'xid={int(self._random() * 65536)} qname="{name}" qtype="A" qtypeval=1 qclass="IN"'
        )

    def dns_answer(self, flow: Flow, name: str, answer: str) -> str:
        """Return a DNS-filter line of an incoming answer."""
        session, port = self._next()
        return (
            f'{self._head(flow.time)} logid="1501054802" type="utm" subtype="dns" '
            f'eventtype="dns-response" level="notice" '
            f'vd="root" policyid=9 poluuid="{_POLICY}" policytype="policy" sessionid={session} '
            f"srcip={flow.source_ip} "
            f'srcport={port} srccountry="Reserved" srcintf="{flow.interface}" srcintfrole="lan" '
            f"dstip={flow.destination_ip} "
            f'dstport=53 dstcountry="{flow.country}" dstintf="wan1" dstintfrole="wan" proto=17 '
            f'profile="theo-doi-dns" '
            f'xid={int(self._random() * 65536)} qname="{name}" qtype="A" qtypeval=1 qclass="IN" '
            f'ipaddr="{answer}" '
            f'msg="Domain is monitored" action="pass" cat=52 catdesc="Information Technology"'
        )

    def virus(self, flow: Flow, host: str, url: str, file_name: str, sha256: str, virus: str) -> str:
        """Return an antivirus line of an incoming file (`flow.action` "blocked" or "passthrough")."""
        session, port = self._next()
        return (
            f'{self._head(flow.time)} logid="0211008192" type="utm" subtype="virus" '
            f'eventtype="infected" level="warning" '
            f'vd="root" policyid=12 poluuid="{_POLICY}" policytype="policy" msg="File is '
            f'infected." action="{flow.action}" '
            f'service="{flow.service}" sessionid={session} srcip={flow.source_ip} '
            f"dstip={flow.destination_ip} srcport={port} "
            f'dstport={flow.destination_port} srccountry="Reserved" dstcountry="{flow.country}" '
            f'srcintf="{flow.interface}" '
            f'srcintfrole="lan" dstintf="wan1" dstintfrole="wan" proto=6 direction="incoming" '
            f'filename="{file_name}" '
            f'quarskip="Quarantine-disabled" virus="{virus}" viruscat="Virus" dtype="av-engine" '
            f'ref="https://fortigate.{_REF}" '
            f'virusid=8158132 hostname="{host}" url="{url}" profile="loc-virus" analyticscksum="{sha256}" '
            f'filehash="{sha256}" analyticssubmit="false" crscore=50 craction=2 crlevel="critical"'
        )


_REF = "donvi-mau.example/ve"
_CATEGORIES = {
    "Information Technology": 52,
    "Search Engines and Portals": 41,
    "News and Media": 36,
    "Government and Legal Organizations": 49,
    "Social Networking": 37,
    "Streaming Media and Download": 25,
    "Business": 49,
    "Malicious Websites": 26,
    "Unrated": 0,
}
