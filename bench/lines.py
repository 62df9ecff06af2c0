"""Log lines of the benchmark: six formats, each with a harmless line and one with an indicator.

The layouts are those of the products' documentation: Zeek (docs.zeek.org, dns.log and conn.log), Suricata EVE
(docs.suricata.io, EVE JSON format), FortiOS log message reference, BIND 9 ARM (queries category) and Squid
(native access.log).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FORMATS = ("zeek_dns", "zeek_conn", "suricata_eve", "fortigate", "bind", "squid")
START = datetime(2022, 9, 1, tzinfo=UTC)
SECONDS_PER_BLOCK = 7200
Maker = Callable[[], str]


@dataclass(frozen=True)
class Pools:
    """Values for lines; `bad_*` are from the list."""

    names: Sequence[str]
    inside: Sequence[str]
    outside: Sequence[str]
    paths: Sequence[str]
    bad_names: Sequence[str]
    bad_addresses: Sequence[str]
    bad_urls: Sequence[str]
    bad_hashes: Sequence[str]

    @classmethod
    def build(cls, values: Mapping[str, Sequence[str]], seed: int) -> Pools:
        """Return harmless values of separate ranges, and the list's values."""
        rng = random.Random(f"{seed}-pools")
        bad_names = [
            name if rng.random() < 0.5 else f"{rng.choice(('www', 'x1', 'ns2.srv', 'd-7'))}.{name}"
            for name in values["domain"][:50_000]
        ]
        addresses = list(values["address"][:9_000])
        addresses += [
            network.split("/")[0].rsplit(".", 1)[0] + f".{rng.randrange(16)}"
            for network in values["network"][:1_000]
        ]
        return cls(
            names=_names(rng, 60_000),
            inside=[
                f"10.{rng.randrange(8)}.{rng.randrange(32)}.{rng.randrange(2, 250)}" for _ in range(2_000)
            ],
            outside=[
                (
                    f"{rng.choice((13, 20, 23, 31, 34, 52, 104, 142, 151, 172, 203))}."
                    f"{rng.randrange(200, 256)}.{rng.randrange(256)}.{rng.randrange(256)}"
                )
                for _ in range(80_000)
            ],
            paths=[_path(rng) for _ in range(20_000)],
            bad_names=bad_names,
            bad_addresses=addresses,
            bad_urls=values["url"][:5_000],
            bad_hashes=[value for value in values["hash"] if len(value) == 64][:2_000],
        )


_WORD_LIST = (
    "tin tuc bao thoi su kinh te van hoa du lich mua sam ngan hang cong dan dich vu so giao thong nong "
    "nghiep truong hoc benh vien "
    "cloud static media image update storage login mail calendar search video music sport market travel "
    "weather office print backup"
)
_WORDS = _WORD_LIST.split()
_HOST_LIST = "www api cdn static img mail edge-12 s3-ap-southeast-1 settings-win ocsp clients4 i-ams-3"
_HOSTS = (*_HOST_LIST.split(), "")
_TLD_LIST = "com com.vn vn gov.vn net org edu.vn io googleapis.example cloudfront.example"
_TLDS = _TLD_LIST.split()


def _names(rng: random.Random, count: int) -> list[str]:
    # Harmless names have a hyphen in the registered label; the list's have none.
    names = []
    for number in range(count):
        name = f"{rng.choice(_WORDS)}-{rng.choice(_WORDS)}{rng.choice(('', number % 97))}.{rng.choice(_TLDS)}"
        host = rng.choice(_HOSTS)
        names.append(f"{host}.{name}" if host else name)
    return names


def _path(rng: random.Random) -> str:
    parts = "/".join(rng.choice(_WORDS) for _ in range(rng.randrange(1, 4)))
    tail = rng.choice(
        (".html", ".js?v=" + str(rng.randrange(10**6)), ".png", "", "?id=" + f"{rng.getrandbits(64):016x}")
    )
    return f"/{parts}{tail}"


def headers_of(name: str) -> str:
    """Return the lines before the first record."""
    fields = {"zeek_dns": ("dns", _DNS_FIELDS), "zeek_conn": ("conn", _CONN_FIELDS)}.get(name)
    if not fields:
        return ""
    path, columns = fields
    return (
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"
        f"#path\t{path}\n#open\t2022-09-01-00-00-00\n#fields\t" + columns.replace(" ", "\t") + "\n"
    )


_DNS_FIELDS = (
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id rtt query qclass qclass_name qtype "
    "qtype_name "
    "rcode rcode_name AA TC RD RA Z answers TTLs rejected"
)
_CONN_FIELDS = (
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes "
    "conn_state local_orig "
    "local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents"
)


def line_maker(name: str, pools: Pools, rng: random.Random, block: int) -> tuple[Maker, Maker]:
    """Return two functions that return the next harmless line, and the next line with an indicator."""
    clock = _Clock(rng, block)
    return _MAKERS[name](pools, rng, clock)


class _Clock:
    """A clock that advances, from the block's start."""

    def __init__(self, rng: random.Random, block: int) -> None:
        self._random = rng.random
        self.seconds = START.timestamp() + block * SECONDS_PER_BLOCK
        self._text_of = -1
        self._second = START

    def tick(self) -> float:
        self.seconds += self._random() * 0.04
        return self.seconds

    def date(self) -> datetime:
        """Return the current second."""
        second = int(self.seconds)
        if second != self._text_of:
            self._text_of = second
            self._second = START + timedelta(seconds=second - START.timestamp())
        return self._second


_BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _quick(
    rng: random.Random,
) -> tuple[Callable[[int], int], Callable[[Sequence[str]], str], Callable[[], str]]:
    """Return fast draws: a number below n, an item of a sequence, a Zeek-like identifier."""
    draw = rng.random

    def below(n: int) -> int:
        return int(draw() * n)

    def pick(items: Sequence[str]) -> str:
        return items[int(draw() * len(items))]

    def uid() -> str:
        bits = int(draw() * 2**52)
        return "C" + "".join(
            [
                _BASE62[(bits >> s) % 62]
                for s in (0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 46, 47, 43, 37, 31)
            ]
        )

    return below, pick, uid


def _zeek_dns(pools: Pools, rng: random.Random, clock: _Clock) -> tuple[Maker, Maker]:
    below, pick, uid = _quick(rng)

    def line(name: str) -> str:
        kind = "1\tA" if below(3) else "28\tAAAA"
        return (
            f"{clock.tick():.6f}\t{uid()}\t{pick(pools.inside)}\t{1024 + below(64000)}\t10.0.0.53\t53\t"
            f"udp\t{below(65536)}\t0.0{below(99999):05d}\t"
            f"{name}\t1\tC_INTERNET\t{kind}\t0\tNOERROR\tF\tF\tT\tT\t0\t"
            f"{pick(pools.outside)},{pick(pools.outside)}\t300.000000,300.000000\tF\n"
        )

    return lambda: line(pick(pools.names)), lambda: line(pick(pools.bad_names))


def _zeek_conn(pools: Pools, rng: random.Random, clock: _Clock) -> tuple[Maker, Maker]:
    below, pick, uid = _quick(rng)

    def line(address: str) -> str:
        service, port = ("ssl", 443) if below(4) else ("http", 80)
        sent, back = below(5000), below(90000)
        return (
            f"{clock.tick():.6f}\t{uid()}\t{pick(pools.inside)}\t{1024 + below(64000)}\t{address}\t"
            f"{port}\ttcp\t{service}\t{below(90)}.{below(999999):06d}\t"
            f"{sent}\t{back}\tSF\tT\tF\t0\tShADadfF\t{sent // 300 + 4}\t{sent + 400}\t{back // 1200 + 3}\t"
            f"{back + 500}\t-\n"
        )

    return lambda: line(pick(pools.outside)), lambda: line(pick(pools.bad_addresses))


def _suricata_eve(pools: Pools, rng: random.Random, clock: _Clock) -> tuple[Maker, Maker]:
    below, pick, _ = _quick(rng)

    def head(kind: str, address: str, port: int, protocol: str = "TCP") -> str:
        clock.tick()
        return (
            f'{{"timestamp":"{clock.date():%Y-%m-%dT%H:%M:%S}.{below(999999):06d}+0700",'
            f'"flow_id":{10**15 + below(10**15)},"in_iface":"eth0","event_type":"{kind}",'
            f'"src_ip":"{pick(pools.inside)}","src_port":{1024 + below(64000)},"dest_ip":"{address}",'
            f'"dest_port":{port},"proto":"{protocol}",'
        )

    def dns(name: str) -> str:
        return head("dns", "10.0.0.53", 53, "UDP") + (
            f'"dns":{{"type":"query","id":{below(65536)},"rrname":"{name}","rrtype":"A","tx_id":0,'
            f'"opcode":0}}}}\n'
        )

    def tls(name: str) -> str:
        return head("tls", pick(pools.outside), 443) + (
            f'"tls":{{"subject":"CN={name}","issuerdn":"C=US, O=Example Trust, CN=Example '
            f'R3","serial":"03:{below(256):02X}:{below(256):02X}:5C:11","fingerprint":'
            f'"{below(2**32):08x}:77:1c:5e","sni":"{name}","version":"TLS '
            f'1.3","notbefore":"2022-08-01T00:00:00","notafter":"2022-11-01T00:00:00"}}}}\n'
        )

    def flow(address: str) -> str:
        stamp = f"{clock.date():%Y-%m-%dT%H:%M:%S}"
        return head("flow", address, 443) + (
            f'"app_proto":"tls","flow":{{"pkts_toserver":{below(99)},"pkts_toclient":{below(99)},'
            f'"bytes_toserver":{below(9999)},"bytes_toclient":{below(99999)},'
            f'"start":"{stamp}.{below(999999):06d}+0700","end":"{stamp}.{below(999999):06d}+0700",'
            f'"age":{below(99)},"state":"closed","reason":"timeout","alerted":false}},'
            '"tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"1b","syn":true,"fin":true,'
            '"psh":true,"ack":true,"state":"closed"}}\n'
        )

    def http(name: str, path: str) -> str:
        return head("http", pick(pools.outside), 80) + (
            f'"tx_id":0,"http":{{"hostname":"{name}","url":"{path}","http_user_agent":"Mozilla/5.0 '
            "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
            '(KHTML, like Gecko) Chrome/105.0.0.0 Safari/537.36","http_content_type":"text/html",'
            f'"http_method":"GET","protocol":"HTTP/1.1","status":200,"length":{below(99999)}}}}}\n'
        )

    def fileinfo(name: str, path: str, digest: str) -> str:
        return head("fileinfo", pick(pools.outside), 80) + (
            f'"http":{{"hostname":"{name}","url":"{path}","http_method":"GET","protocol":"HTTP/1.1",'
            f'"status":200,"length":{below(99999)}}},"app_proto":"http","fileinfo":'
            f'{{"filename":"{path}","gaps":false,"state":"CLOSED","sha256":"{digest}","stored":false,'
            f'"size":{below(10**6)},"tx_id":0}}}}\n'
        )

    makers: tuple[Maker, ...] = (
        lambda: dns(pick(pools.names)),
        lambda: dns(pick(pools.names)),
        lambda: flow(pick(pools.outside)),
        lambda: flow(pick(pools.outside)),
        lambda: tls(pick(pools.names)),
        lambda: http(pick(pools.names), pick(pools.paths)),
        lambda: fileinfo(pick(pools.names), pick(pools.paths), f"{rng.getrandbits(256):064x}"),
    )

    def hit() -> str:
        which = below(5)
        if which == 0:
            return dns(pick(pools.bad_names))
        if which == 1:
            return tls(pick(pools.bad_names))
        if which == 2:
            return flow(pick(pools.bad_addresses))
        if which == 3:
            return fileinfo(pick(pools.names), pick(pools.paths), pick(pools.bad_hashes))
        host, _, path = pick(pools.bad_urls).removeprefix("http://").partition("/")
        return http(host, f"/{path}")

    return lambda: makers[below(7)](), hit


def _fortigate(pools: Pools, rng: random.Random, clock: _Clock) -> tuple[Maker, Maker]:
    below, pick, _ = _quick(rng)

    def head(kind: str, subtype: str, number: str) -> str:
        seconds = clock.tick()
        moment = clock.date()
        return (
            f'date={moment:%Y-%m-%d} time={moment:%H:%M:%S} devname="FG-TRUSO" devid="FG100FTK20012345" '
            f'eventtime={int(seconds * 1e9)} tz="+0700" '
            f'logid="{number}" type="{kind}" subtype="{subtype}" level="notice" vd="root" '
        )

    def traffic(address: str) -> str:
        return head("traffic", "forward", "0000000013") + (
            f'srcip={pick(pools.inside)} srcport={1024 + below(64000)} srcintf="port2" '
            f'srcintfrole="lan" dstip={address} dstport=443 dstintf="wan1" dstintfrole="wan" '
            f'srccountry="Reserved" dstcountry="United States" sessionid={below(10**8)} proto=6 '
            'action="close" policyid=12 policytype="policy" '
            'poluuid="4f1c7f1e-1c1b-51ec-9b1e-5b1a2c3d4e5f" policyname="LAN-Internet" service="HTTPS" '
            f'trandisp="snat" transip=203.0.113.10 transport={1024 + below(64000)} '
            f"duration={below(600)} sentbyte={below(99999)} rcvdbyte={below(999999)} "
            f'sentpkt={below(99)} rcvdpkt={below(99)} appcat="unscanned" '
            f'mastersrcmac="00:50:56:{below(256):02x}:{below(256):02x}:01"\n'
        )

    def web(name: str, path: str, address: str) -> str:
        return head("utm", "webfilter", "0317013312") + (
            f"policyid=12 sessionid={below(10**8)} srcip={pick(pools.inside)} "
            f'srcport={1024 + below(64000)} srcintf="port2" srcintfrole="lan" dstip={address} '
            "dstport=80 "
            f'dstintf="wan1" dstintfrole="wan" proto=6 service="HTTP" hostname="{name}" '
            f'profile="default" action="passthrough" reqtype="direct" url="http://{name}{path}" '
            f'sentbyte={below(9999)} rcvdbyte={below(99999)} direction="outgoing" msg="URL belongs to '
            'an allowed category in policy" method="domain" cat=52 catdesc="Information Technology"\n'
        )

    def harmless() -> str:
        return (
            traffic(pick(pools.outside))
            if below(3)
            else web(pick(pools.names), pick(pools.paths), pick(pools.outside))
        )

    def hit() -> str:
        which = below(3)
        if which == 0:
            return traffic(pick(pools.bad_addresses))
        if which == 1:
            return web(pick(pools.bad_names), pick(pools.paths), pick(pools.outside))
        host, _, path = pick(pools.bad_urls).removeprefix("http://").partition("/")
        return web(host, f"/{path}", pick(pools.outside))

    return harmless, hit


def _bind(pools: Pools, rng: random.Random, clock: _Clock) -> tuple[Maker, Maker]:
    below, pick, _ = _quick(rng)

    def line(name: str) -> str:
        clock.tick()
        kind = "A" if below(3) else "AAAA"
        return (
            f"{clock.date():%d-%b-%Y %H:%M:%S}.{below(1000):03d} queries: info: client "
            f"@0x7f3c2c{below(2**24):06x} {pick(pools.inside)}#{1024 + below(64000)} ({name}): "
            f"query: {name} IN {kind} +E(0)K (10.0.0.53)\n"
        )

    return lambda: line(pick(pools.names)), lambda: line(pick(pools.bad_names))


def _squid(pools: Pools, rng: random.Random, clock: _Clock) -> tuple[Maker, Maker]:
    below, pick, _ = _quick(rng)

    def line(status: str, request: str, peer: str, mime: str) -> str:
        return (
            f"{clock.tick():.3f} {below(9000):6d} {pick(pools.inside)} {status} {below(99999)} {request} - "
            f"{peer} {mime}\n"
        )

    def tunnel(name: str, address: str) -> str:
        return line("TCP_TUNNEL/200", f"CONNECT {name}:443", f"HIER_DIRECT/{address}", "-")

    def get(url: str) -> str:
        return line("TCP_MISS/200", f"GET {url}", f"HIER_DIRECT/{pick(pools.outside)}", "text/html")

    def harmless() -> str:
        if below(3):
            return tunnel(pick(pools.names), pick(pools.outside))
        return get(f"http://{pick(pools.names)}{pick(pools.paths)}")

    def hit() -> str:
        which = below(3)
        if which == 0:
            return tunnel(pick(pools.bad_names), pick(pools.outside))
        if which == 1:
            return tunnel(pick(pools.names), pick(pools.bad_addresses))
        return get(pick(pools.bad_urls))

    return harmless, hit


_MAKERS: Mapping[str, Callable[[Pools, random.Random, _Clock], tuple[Maker, Maker]]] = {
    "zeek_dns": _zeek_dns,
    "zeek_conn": _zeek_conn,
    "suricata_eve": _suricata_eve,
    "fortigate": _fortigate,
    "bind": _bind,
    "squid": _squid,
}
