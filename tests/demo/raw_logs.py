"""Simple readers of the demo's logs.

Independent of the generator and of the product's readers.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path

FORTIGATE = (
    "fortigate-traffic.log",
    "fortigate-webfilter.log",
    "fortigate-antivirus.log",
    "fortigate-dns.log",
)
DNS_LINE = re.compile(
    r"(\d+)/(\d+)/(\d{4}) (\d+):(\d\d):(\d\d) ([AP])M [0-9A-F]{4} PACKET  [0-9A-F]{16} UDP (Rcv|Snd) "
    r"(\S+) +([0-9a-f]{4}) "
    r"(R| ) Q \[([0-9A-F]{4}) ([A ])([T ])([D ])([R ]) +([A-Z]+)\] ([A-Z]+) +(\S+)$"
)
SQUID_LINE = re.compile(
    r"(\d{10}\.\d{3}) +(\d+) (\S+) (TCP_\w+)/(\d{3}) (\d+) (GET|CONNECT) (\S+) - "
    r"(HIER_DIRECT/\S+|HIER_NONE/-) (\S+)$"
)
DHCP_LINE = re.compile(
    r"(\d\d),(\d\d)/(\d\d)/(\d\d),(\d\d:\d\d:\d\d),([^,]*),([\d.]*),([^,]*),([0-9A-F]*),.*"
)
PAIR = re.compile(r'(\w+)=(?:"([^"]*)"|(\S*))(?: |$)')
LOCAL = timedelta(hours=7)


@dataclass(slots=True)
class Record:
    file: str
    time: datetime
    client: str
    """Client of the query or connection; for a DNS packet between server and forwarder, the forwarder."""
    name: str = ""
    ips: tuple[str, ...] = ()
    url: str = ""
    hash: str = ""
    text: str = ""
    details: list[str] = field(default_factory=list)


def _fortigate(folder: Path) -> Iterator[Record]:
    for name in FORTIGATE:
        for line in (folder / "logs" / name).read_text(encoding="utf-8").splitlines():
            end = 0
            values = {}
            for pair in PAIR.finditer(line):
                assert pair.start() == end, line
                end = pair.end()
                values[pair[1]] = pair[2] if pair[2] is not None else pair[3]
            assert end == len(line), line
            time = datetime.fromisoformat(f"{values['date']}T{values['time']}+07:00").astimezone(UTC)
            assert int(values["eventtime"]) // 10**9 == int(time.timestamp()), line
            ips = tuple(values[key] for key in ("srcip", "dstip", "ipaddr") if key in values)
            host = values.get("hostname") or values.get("qname", "")
            yield Record(
                f"logs/{name}",
                time,
                values["srcip"],
                host,
                ips,
                values.get("url", ""),
                values.get("filehash", ""),
                line,
            )


def _dns(folder: Path) -> Iterator[Record]:
    name = "logs/dns/dns-debug.log"
    content = (folder / name).read_bytes().decode("utf-8")
    preamble, _, rest = content.partition("Question Name\r\n\r\n")
    assert preamble.startswith("DNS Server log file creation at ")
    record = None
    for line in rest.split("\r\n"):
        match = DNS_LINE.match(line)
        if match is None:
            assert record is not None or not line, line
            if record is not None and line:
                record.details.append(line)
                if line.startswith("      DATA"):
                    record.ips = (line.split()[1],)
            continue
        if record is not None:
            yield record
        month, day, year, hour, minute, second = map(int, match.groups()[:6])
        hour = hour % 12 + (12 if match[7] == "P" else 0)
        time = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - LOCAL
        labels = re.findall(r"\((\d+)\)([^()]*)", match[19])
        assert all(int(size) == len(label) for size, label in labels), line
        assert labels[-1] == ("0", ""), line
        record = Record(name, time, match[9], ".".join(label for _, label in labels[:-1]), text=line)
    if record is not None:
        yield record


def _squid(folder: Path) -> Iterator[Record]:
    name = "logs/squid/access.log.gz"
    for line in gzip.decompress((folder / name).read_bytes()).decode("utf-8").splitlines():
        match = SQUID_LINE.match(line)
        assert match is not None, line
        time = datetime.fromtimestamp(float(match[1]), UTC)
        url = match[8] if match[7] == "GET" else ""
        host = match[8].split("/")[2] if url else match[8].removesuffix(":443")
        server = match[9].partition("/")[2]
        yield Record(name, time, match[3], host, () if server == "-" else (server,), url, text=line)


@dataclass(frozen=True)
class LeaseLine:
    time: datetime
    code: int
    ip: str
    host: str
    mac: str


def dhcp_text(path: Path) -> str:
    content = path.read_bytes()
    return content.decode("utf-16") if content.startswith(b"\xff\xfe") else content.decode("utf-8")


@cache
def dhcp(folder: Path) -> tuple[LeaseLine, ...]:
    """Return every line of the lease logs; read once for all tests."""
    return tuple(_dhcp(folder))


def _dhcp(folder: Path) -> Iterator[LeaseLine]:
    for path in sorted((folder / "logs/dhcp").glob("*.log"), key=lambda path: path.name[-12:]):
        _, _, table = dhcp_text(path).partition("DnsRegError.\r\n")
        for line in table.split("\r\n")[:-1]:
            match = DHCP_LINE.match(line)
            assert match is not None, line
            local = datetime.strptime(f"{match[2]}/{match[3]}/{match[4]} {match[5]}", "%m/%d/%y %H:%M:%S")
            mac = ":".join(re.findall("..", match[9].lower()))
            yield LeaseLine((local - LOCAL).replace(tzinfo=UTC), int(match[1]), match[7], match[8], mac)


@cache
def records(folder: Path) -> tuple[Record, ...]:
    """Return every record of every log but the leases; read once for all tests."""
    return (*_fortigate(folder), *_dns(folder), *_squid(folder))


class Matcher:
    """The rules of matching in their slowest and simplest form.

    A URL also matches a line with only its host.
    """

    def __init__(self, indicators: list[tuple[str, str]]) -> None:
        self._by_type: dict[str, list[str]] = {}
        for kind, value in indicators:
            self._by_type.setdefault(kind, []).append(value)
        self._networks = [(value, ip_network(value)) for value in self._by_type.get("network", [])]
        self._ips: dict[str, list[tuple[str, str]]] = {}
        self._names: dict[str, list[tuple[str, str]]] = {}

    def __call__(self, record: Record) -> list[tuple[str, str]]:
        found = list(self._of_name(record.name)) if record.name else []
        for ip in record.ips:
            found += self._of_ip(ip)
        for url in self._by_type.get("url", []):
            host = url.split("/")[2]
            if record.name != host:
                continue
            rest = record.url.removeprefix(url)
            if not record.url or (rest != record.url and (not rest or rest[0] in "/?")):
                found.append(("url", url))
        found += [("sha256", value) for value in self._by_type.get("sha256", []) if record.hash == value]
        return found

    def _of_name(self, name: str) -> list[tuple[str, str]]:
        if name not in self._names:
            listed = self._by_type.get("domain", [])
            self._names[name] = [
                ("domain", value) for value in listed if name == value or name.endswith(f".{value}")
            ]
        return self._names[name]

    def _of_ip(self, ip: str) -> list[tuple[str, str]]:
        if ip not in self._ips:
            address = ip_address(ip)
            self._ips[ip] = [("ip", value) for value in self._by_type.get("ip", []) if ip == value]
            self._ips[ip] += [("network", value) for value, network in self._networks if address in network]
        return self._ips[ip]
