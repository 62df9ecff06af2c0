"""The campaign's list: every value of the annex, those that occur in the logs, and those to refuse.

Addresses are from the documentation ranges (RFC 5737, RFC 3849), names from the reserved top level `example`
or random letters and digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from lamsach.demo.journal import Planted

TITLE_LINK = "https://chiendich.donvi-mau.example/2022"
"""Link in the annex's title, no indicator: the campaign's own page."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of the annex: its canonical form, the text in the cell, its malware, a remark."""

    planted: Planted
    text: str
    threat: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class NoIndicator:
    """A cell whose value must be refused, in the column of addresses or of names, and why."""

    column: str
    text: str
    why: str


def _domain(value: str) -> Planted:
    return Planted("domain", value)


def _ip(value: str) -> Planted:
    return Planted("ip", value)


IDN_TEXT = "cậpnhật-máytính.example"
IDN_LABEL = "xn--" + "cậpnhật-máytính".encode("punycode").decode()

# Values that occur in the logs.
BEACON = _domain("capnhat-flash.example")
SUBDOMAIN = _domain("tram-trung-chuyen.example")
IDN = _domain(f"{IDN_LABEL}.example")
PROXIED = _domain("thongke-luot.example")
WANDERING = _domain("q7x2kfd93mzp1v.xyz")
SHARED = _domain("mayin-ao.example")
HANDED_OVER = _domain("zk81vv0qpltw4e.top")
PHONE = _domain("ungdung-mienphi.example")
PAIR = _domain("dongbo-tailieu.example")
PARTLY_BLOCKED = _domain("kichhoat-banquyen.example")
NO_CLIENT = _domain("x93hd7qq2lmbo5.info")
NO_PROXY_LOG = _domain("luutru-anh.example")
PROXY_BLOCKED = _domain("trochoi-hay.example")
FORGED = _domain("thongbao-trungthuong.example")
CHILD = _domain("tailieu.thuvien-so.example")
BEACON_IP = _ip("198.51.100.17")
CAMERA_IP = _ip("198.51.100.23")
UNKNOWN_IP = _ip("198.51.100.45")
ONCE_IP = _ip("198.51.100.66")
DENIED_IP = _ip("198.51.100.88")
SCANNER_IP = _ip("198.51.100.99")
ANSWER_IP = _ip("198.51.100.120")
DETAIL_IP = _ip("198.51.100.121")
BRANCH_IP = _ip("198.51.100.140")
PAIR_IP = _ip("198.51.100.151")
NIGHT_IP = _ip("198.51.100.160")
NETWORK = Planted("network", "192.0.2.0/27")
RANGE = Planted("network", "192.0.2.96/28")
CRACK_URL = Planted("url", "http://tai-phanmem.example/crack/office2019/kms.exe")
HASH = Planted("sha256", "5d1c0f6c1ea4a3bb2f5b0b9cf0a43c5e7d3c8aa1e9b6f4d2718293a4b5c6d7e8")
BLOCKED_HASH = Planted("sha256", "9b7e21c4d0f35a68be1297cc4035d8e6af01827364556473829100aabbccddee")

UNLISTED_NEIGHBOURS = ("198.51.100.1", "198.51.100.170", "198.51.100.117")
"""Not listed, but found by a careless search for a listed address."""

_OCCURRING: tuple[tuple[Planted, str, str], ...] = (
    (BEACON, "capnhat-flash[.]example", "Gamarue"),
    (SUBDOMAIN, "Tram-Trung-Chuyen.example", "Gamarue"),
    (IDN, IDN_TEXT, "Gamarue"),
    (PROXIED, "thongke-luot(.)example", "Sality"),
    (WANDERING, "q7x2kfd93mzp1v[.]xyz", "Necurs"),
    (SHARED, "mayin-ao.example.", "Sality"),
    (HANDED_OVER, "zk81vv0qpltw4e[.]top", "Necurs"),
    (PHONE, "ungdung-mienphi.example", "Triada"),
    (PAIR, "dongbo-tailieu[.]example", "PlugX"),
    (PARTLY_BLOCKED, "kichhoat-banquyen.example", "RedLine"),
    (NO_CLIENT, "x93hd7qq2lmbo5.info", "Necurs"),
    (NO_PROXY_LOG, "luutru-anh[.]example", "PlugX"),
    (PROXY_BLOCKED, "trochoi-hay.example", "Ramnit"),
    (FORGED, "thongbao-trungthuong.example", "Ramnit"),
    (CHILD, "tailieu.thuvien-so[.]example", "PlugX"),
    (BEACON_IP, "198.51.100[.]17:8080", "Mirai"),
    (CAMERA_IP, "198.51.100.23", "Mirai"),
    (UNKNOWN_IP, "198[.]51[.]100[.]45", "Mirai"),
    (ONCE_IP, "198.51.100.66", "Conficker"),
    (DENIED_IP, "198.51.100.88", "Conficker"),
    (SCANNER_IP, "198.51.100.99", "Mirai"),
    (ANSWER_IP, "198.51.100.120", "Avalanche"),
    (DETAIL_IP, "198.51.100.121", "Avalanche"),
    (BRANCH_IP, "198.51.100.140", "Conficker"),
    (PAIR_IP, "198.51.100.151", "PlugX"),
    (NIGHT_IP, "198.51.100.160", "PlugX"),
    (NETWORK, "192.0.2.0/27", "Avalanche"),
    (RANGE, "192.0.2.96 - 192.0.2.111", "Avalanche"),
    (CRACK_URL, "hxxp://tai-phanmem[.]example/crack/office2019/kms.exe", "RedLine"),
    (HASH, HASH.value.upper(), "RedLine"),
    (BLOCKED_HASH, BLOCKED_HASH.value, "RedLine"),
)
PLANTED = tuple(planted for planted, _, _ in _OCCURRING)

REFUSED = (
    NoIndicator("ip", "192.168.1.1", "private address"),
    NoIndicator("ip", "10.20.0.10", "private address: the unit's own DNS server"),
    NoIndicator("ip", "127.0.0.1", "loopback address"),
    NoIndicator("ip", "198.51.100.300", "not an address: a typing error"),
    NoIndicator("domain", "com.vn", "public suffix"),
    NoIndicator("domain", "gov[.]vn", "public suffix"),
    NoIndicator("domain", "capnhat-win..example", "not a domain name: a typing error"),
)
EMPTY_WORDS = ("Đang cập nhật", "Không có", "")
"""Content of cells without a value; they may be refused or skipped."""

_THREATS = ("Mirai", "Conficker", "Sality", "Ramnit", "Necurs", "Gamarue", "Avalanche", "PlugX")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_DEFANGED = (".", ".", "[.]", "(.)", "[dot]")


def build(rng: Random) -> tuple[Entry, ...]:
    """Return all entries in the annex's order, used and unused ones: addresses, names, URLs, hashes."""
    entries = [Entry(planted, text, threat) for planted, text, threat in _OCCURRING]
    entries += _addresses(rng) + _names(rng) + _urls_and_hashes(rng)
    rng.shuffle(entries)
    order = {"ip": 0, "network": 0, "domain": 1, "url": 2, "md5": 3, "sha1": 3, "sha256": 3}
    return tuple(sorted(entries, key=lambda entry: (order[entry.planted.type], entry.threat)))


def _addresses(rng: Random) -> list[Entry]:
    reserved = {planted.value for planted in PLANTED} | set(UNLISTED_NEIGHBOURS)
    pool = [f"198.51.100.{host}" for host in range(2, 254)] + [f"192.0.2.{host}" for host in range(130, 250)]
    free = [ip for ip in pool if ip not in reserved]
    found = [
        Entry(_ip(ip), ip.replace(".", rng.choice(_DEFANGED[:4])), rng.choice(_THREATS))
        for ip in rng.sample(free, 95)
    ]
    for network in ("192.0.2.64/29", "203.0.113.224/28", "203.0.113.248/29", "2001:db8:bad::/48"):
        found.append(Entry(Planted("network", network), network, "Avalanche"))
    found.append(Entry(_ip("2001:db8:5::53"), "2001:0DB8:0005:0000::0053", "Avalanche", "IPv6"))
    return found


def _names(rng: Random) -> list[Entry]:
    found = []
    for _ in range(105):
        label = "".join(rng.choice(_LETTERS) for _ in range(rng.randrange(13, 19)))
        name = f"x{label}.{rng.choice(('xyz', 'top', 'info', 'example'))}"
        found.append(Entry(_domain(name), name.replace(".", rng.choice(_DEFANGED)), rng.choice(_THREATS)))
    return found


def _urls_and_hashes(rng: Random) -> list[Entry]:
    found = []
    for number in range(22):
        label = "".join(rng.choice(_LETTERS) for _ in range(14))
        page = rng.choice(("gate.php", "dl/setup.exe", "panel/login.php"))
        url = f"http://u{label}.example/{page}?id={number}"
        found.append(
            Entry(
                Planted("url", url),
                url.replace("http", "hxxp").replace(".example", "[.]example"),
                rng.choice(_THREATS),
            )
        )
    for kind, digits in (("md5", 32), ("sha1", 40), ("sha256", 64)):
        for _ in range(9):
            value = f"{rng.getrandbits(digits * 4):0{digits}x}"
            found.append(Entry(Planted(kind, value), value, rng.choice(_THREATS)))
    return found
