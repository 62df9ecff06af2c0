"""The unit of the demo: its networks, its machines, their users.

Everything is invented: the unit's domain is under the reserved name `example`, MAC addresses are locally
administered, users are numbered, not named.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any

from lamsach.errors import UsageError

DOMAIN = "donvi-mau.example"
PUBLIC_NAT_IP = "203.0.113.2"
"""The firewall's outside address, common to every inside machine."""
PUBLIC_WEB_IP = "203.0.113.10"
"""The published address of the unit's web server."""
DNS_IP = "10.20.0.10"
WEB_SERVER_IP = "10.20.0.30"
PROXY_IP = "10.20.20.2"
BRANCH_NAT_IP = "10.20.99.2"
UNKNOWN_STATIC_IP = "10.20.12.240"
"""A machine plugged in with a static address: in no lease and in no inventory."""

MIN_DEVICES = 150
MAX_DEVICES = 800


class Kind(StrEnum):
    """Kind of machine."""

    SERVER = "server"
    NETWORK = "network"
    CAMERA = "camera"
    PRINTER = "printer"
    PC = "pc"
    LAPTOP = "laptop"
    PHONE = "phone"
    GUEST = "guest"


@dataclass(frozen=True, slots=True)
class Vlan:
    """A local network: first octets, firewall interface, lease length in seconds (0: fixed), hosts."""

    prefix: str
    interface: str
    lease_s: int = 0
    first_host: int = 0
    last_host: int = 0


SERVERS = Vlan("10.20.0", "vlan-maychu")
PRINTERS = Vlan("10.20.50", "vlan-mayin")
CAMERAS = Vlan("10.20.51", "vlan-camera")
WIFI_A = Vlan("10.20.30", "wifi-nha-a", 8 * 3600, 20, 199)
WIFI_B = Vlan("10.20.31", "wifi-nha-b", 8 * 3600, 20, 199)
GUESTS = Vlan("10.20.40", "wifi-khach", 2 * 3600, 10, 120)
BRANCH = Vlan("10.20.99", "lien-ket-chi-nhanh")
PROXIED = Vlan("10.20.20", "vlan-ttdl", 8 * 86400, 20, 199)


@dataclass(frozen=True, slots=True)
class Department:
    """A department: Vietnamese name, short form in machine names, wired network, whether behind the proxy."""

    name: str
    short: str
    vlan: Vlan
    proxied: bool = False


OFFICE = Department("Văn phòng", "VP", Vlan("10.20.10", "vlan-vp", 8 * 86400, 20, 199))
FINANCE = Department("Phòng Kế hoạch - Tài chính", "KHTC", Vlan("10.20.11", "vlan-khtc", 8 * 86400, 20, 199))
TECHNICAL = Department("Phòng Kỹ thuật", "KT", Vlan("10.20.12", "vlan-kt", 8 * 86400, 20, 199))
LEGAL = Department("Phòng Pháp chế", "PC", Vlan("10.20.13", "vlan-pc", 8 * 86400, 20, 199))
DATA_CENTRE = Department("Trung tâm Dữ liệu", "TTDL", PROXIED, proxied=True)
DEPARTMENTS = (OFFICE, FINANCE, TECHNICAL, LEGAL, DATA_CENTRE)
IT = "Tổ Công nghệ thông tin"


@dataclass(frozen=True, slots=True)
class Device:
    """One machine. `fixed_ip` is None for one with DHCP on `vlan`; `always_on`: it never sleeps."""

    name: str
    mac: str
    kind: Kind
    department: str
    user: str
    vlan: Vlan
    fixed_ip: str | None = None
    proxied: bool = False
    always_on: bool = False
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """All machines in a fixed order, and by name."""

    devices: tuple[Device, ...]

    def of(self, kind: Kind) -> list[Device]:
        """Return the machines of one kind, in order."""
        return [device for device in self.devices if device.kind is kind]

    def named(self, name: str) -> Device:
        """Return the machine of this name. Raises KeyError when there is none."""
        for device in self.devices:
            if device.name == name:
                return device
        raise KeyError(name)


_SERVER_ROLES = (
    ("DC01", DNS_IP, "Máy chủ tên miền nội bộ, DNS và DHCP"),
    ("PROXY01", PROXY_IP, "Máy chủ proxy của Trung tâm Dữ liệu"),
    ("WEB01", WEB_SERVER_IP, "Máy chủ cổng thông tin điện tử"),
    ("FILE01", "10.20.0.21", "Máy chủ tệp dùng chung"),
    ("MAIL01", "10.20.0.22", "Máy chủ thư điện tử"),
    ("WSUS01", "10.20.0.23", "Máy chủ cập nhật Windows"),
    ("QLVB01", "10.20.0.24", "Máy chủ quản lý văn bản"),
    ("BACKUP01", "10.20.0.25", "Máy chủ sao lưu"),
    ("NVR01", "10.20.0.26", "Đầu ghi camera"),
    ("DB01", "10.20.0.27", "Máy chủ cơ sở dữ liệu"),
)
_SERVERS_BEHIND_PROXY = frozenset({"MAIL01", "WSUS01", "QLVB01", "BACKUP01", "DB01"})
"""Servers that fetch updates through the proxy, so that the firewall shows the proxy's role."""


class _Factory:
    """Factory of machines with distinct MAC addresses."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._macs: set[str] = set()
        self.devices: list[Device] = []

    def mac(self) -> str:
        while True:
            mac = "02:" + ":".join(f"{self._rng.randrange(256):02x}" for _ in range(5))
            if mac not in self._macs:
                self._macs.add(mac)
                return mac

    def add(self, name: str, kind: Kind, department: str, vlan: Vlan, **details: Any) -> None:
        user = str(details.pop("user", ""))
        self.devices.append(Device(name, self.mac(), kind, department, user, vlan, **details))


def build(rng: Random, devices: int) -> World:
    """Build the unit with 150 to 800 machines. Raises UsageError for other numbers."""
    if not MIN_DEVICES <= devices <= MAX_DEVICES:
        raise UsageError(
            "The demo's unit needs between 150 and 800 devices.",
            str(devices),
            "Choose a number in that range.",
        )
    factory = _Factory(rng)
    _add_fixed(factory, devices)
    left = devices - len(factory.devices)
    phones, guests, laptops = left * 50 // 330, left * 20 // 330, left * 80 // 330
    _add_computers(factory, left - phones - guests - laptops, laptops)
    for number in range(1, phones + 1):
        department = DEPARTMENTS[number % 5].name
        user = f"Chuyên viên {number:03}"
        factory.add(f"DT-{number:03}", Kind.PHONE, department, (WIFI_A, WIFI_B)[number % 2], user=user)
    for number in range(1, guests + 1):
        factory.add(f"KHACH-{rng.randrange(16**4):04X}{number:02}", Kind.GUEST, "Khách", GUESTS)
    return World(tuple(factory.devices))


def _add_fixed(factory: _Factory, devices: int) -> None:
    """Add machines with static addresses: servers, network gear, cameras, printers."""
    for name, ip, purpose in _SERVER_ROLES:
        vlan = PROXIED if ip == PROXY_IP else SERVERS
        proxied = name in _SERVERS_BEHIND_PROXY
        factory.add(
            name, Kind.SERVER, IT, vlan, fixed_ip=ip, proxied=proxied, always_on=True, purpose=purpose
        )
    add = factory.add
    router = "Bộ định tuyến NAT của chi nhánh"
    add("RT-CHINHANH", Kind.NETWORK, IT, BRANCH, fixed_ip=BRANCH_NAT_IP, always_on=True, purpose=router)
    for number in range(1, devices // 50 + 1):
        ip = f"10.20.0.{200 + number}"
        add(f"SW-{number:02}", Kind.NETWORK, IT, SERVERS, fixed_ip=ip, purpose="Bộ chuyển mạch")
    for number in range(1, devices * 24 // 400 + 1):
        ip = f"10.20.51.{10 + number}"
        add(f"CAM-{number:02}", Kind.CAMERA, IT, CAMERAS, fixed_ip=ip, always_on=True, purpose="Camera")
    for number in range(1, devices * 22 // 400 + 1):
        ip, where = f"10.20.50.{10 + number}", DEPARTMENTS[number % 5].name
        add(f"IN-{number:02}", Kind.PRINTER, where, PRINTERS, fixed_ip=ip, always_on=True, purpose="Máy in")


def _add_computers(factory: _Factory, pcs: int, laptops: int) -> None:
    """Add desktop and portable computers, spread over the departments."""
    for number in range(1, pcs + 1):
        department = DEPARTMENTS[number % 5]
        factory.add(
            f"PC-{department.short}-{number:03}",
            Kind.PC,
            department.name,
            department.vlan,
            user=f"Chuyên viên {number:03}",
            proxied=department.proxied,
            always_on=number % 41 == 0 or number == 4,
        )
    for number in range(1, laptops + 1):
        department = DEPARTMENTS[number % 5]
        factory.add(
            f"LT-{department.short}-{number:03}",
            Kind.LAPTOP,
            department.name,
            (WIFI_A, WIFI_B)[number % 2],
            user=f"Chuyên viên {200 + number:03}",
            proxied=department.proxied,
        )
