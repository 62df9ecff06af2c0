"""Blamed devices when several logs show one contact: realistic scenes, from log files to devices."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from lamsach.investigate import Request, investigate

EVIL, SERVER = "c2.evil.example", "203.0.113.9"
ACK = "Jun 10 {time} dhcp{n} dhcpd[812]: DHCPACK on {ip} to {mac} ({name}) via eth0"
ASKED = (
    "{time} queries: info: client @0x7f65100ee4d8 {ip}#51514 ({name}): query: {name} IN A +E(0)K (10.20.0.53)"
)
FLOW = (
    'date=2026-06-10 time={time} devname="FGT" devid="FG100FTK20000001" tz="+0700" logid="0000000013" '
    'type="traffic" subtype="forward" '
    'level="notice" vd="root" srcip={ip} srcport=51800 dstip={to} dstport={port} proto=6 action="{action}"'
)
SQUID = "{seconds}.000     12 {ip} TCP_MISS/200 512 GET http://{name}/ - HIER_DIRECT/{to} text/html"
A, B = "02:00:5e:10:00:0a", "02:00:5e:10:00:0b"


@pytest.fixture
def blamed(tmp_path, monkeypatch):
    """Hunt in these logs (name to lines); return each device's state, by key."""
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))

    def search(logs: dict[str, list[str]], *values: str, **options) -> dict[str, str]:
        (tmp_path / "list.txt").write_text("\n".join(values or (EVIL, SERVER)))
        folder = tmp_path / "logs"
        folder.mkdir(exist_ok=True)
        written = datetime(2026, 7, 1, tzinfo=UTC).timestamp()
        for name, lines in logs.items():
            (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
            os.utime(folder / name, (written, written))
        findings = investigate(Request(logs=[str(folder)], lists=[str(tmp_path / "list.txt")], **options))[0]
        return {device.key: str(device.state) for device in findings.devices}

    return search


def query(clock: str, ip: str, name: str = EVIL) -> str:
    return ASKED.format(time=f"10-Jun-2026 {clock}.494", ip=ip, name=name)


def syslogged(host: str, clock: str, ip: str) -> str:
    line = query(clock, ip).partition("queries: info: ")[2]
    return f"<30>Jun 10 {clock} {host} named[812]: {line}"


def flow(clock: str, ip: str, to: str = SERVER, port: int = 443, action: str = "accept") -> str:
    return FLOW.format(time=clock, ip=ip, to=to, port=port, action=action)


def acks(*rows: tuple[str, str, str, str], n: int = 1) -> list[str]:
    return [ACK.format(time=time, ip=ip, mac=mac, name=name, n=n) for time, ip, mac, name in rows]


def seconds(clock: str) -> int:
    return int(datetime.fromisoformat(f"2026-06-10T{clock}+07:00").timestamp())


def test_a_client_behind_a_proxy_and_nat(blamed):
    """The proxy's log names the client; the firewall, which sees only the proxy, blames no other device."""
    usual = [
        SQUID.format(
            to="198.51.100.7", seconds=seconds(f"08:0{n}:00"), ip=f"10.20.1.{n}", name="www.unit.example"
        )
        for n in range(1, 6)
    ]
    web = [
        SQUID.format(to=SERVER, seconds=seconds(clock), ip="10.20.1.15", name=EVIL)
        for clock in ("09:00:00", "09:10:00")
    ]
    wall = [flow(clock, "10.20.0.3", port=80) for clock in ("09:00:01", "09:10:01")]
    assert blamed({"squid.log": usual + web, "wall.log": wall}, infrastructure=["10.20.0.3"]) == {
        "ip:10.20.1.15": "infected"
    }


def test_a_lease_that_changed_between_two_contacts(blamed):
    """Each contact of an address is attributed to its holder at that time."""
    leases = acks(("08:00:00", "10.20.1.15", A, "PC-A"), ("12:00:00", "10.20.1.15", B, "PC-B"))
    wall = [flow("09:00:00", "10.20.1.15"), flow("13:00:00", "10.20.1.15")]
    assert blamed({"dhcp.log": leases, "wall.log": wall}) == {f"mac:{A}": "infected", f"mac:{B}": "infected"}
    assert blamed({"dhcp.log": leases, "wall.log": wall[1:]}) == {f"mac:{B}": "infected"}


def test_two_dhcp_servers_in_failover(blamed):
    """Both servers' logs describe one machine; one server renews the other's lease."""
    first = acks(("08:00:00", "10.20.1.15", A, "PC-A"))
    second = acks(("08:30:00", "10.20.1.15", A, "PC-A"), n=2)
    wall = [flow("09:00:00", "10.20.1.15")]
    assert blamed({"dhcp1.log": first, "dhcp2.log": second, "wall.log": wall}) == {f"mac:{A}": "infected"}


def test_one_host_name_on_two_cards(blamed):
    """A notebook by cable and by radio has two hardware addresses.

    Both are named, neither as another machine.
    """
    leases = acks(("08:00:00", "10.20.1.15", A, "NB-1"), ("08:00:00", "10.20.2.15", B, "NB-1"))
    wall = [flow("09:00:00", "10.20.1.15")]
    assert blamed({"dhcp.log": leases, "wall.log": wall}) == {f"mac:{A}": "infected"}


def test_a_blocked_contact_and_a_scan_accuse_nobody(blamed):
    wall = [
        flow("09:00:00", "10.20.1.15", action="deny"),
        flow("09:00:00", SERVER, to="10.20.0.80", action="deny"),
    ]
    found = blamed({"wall.log": wall})
    assert found == {"ip:10.20.1.15": "blocked", "ip:10.20.0.80": "inbound"}


def test_an_address_of_ipv6_is_its_own_machine(blamed):
    """A privacy address (SLAAC) without a lease stays an address.

    The DNS server at a local address is not accused.
    """
    found = blamed(
        {
            "dns.log": [
                query("09:00:00", "2001:db8:1::a1b2").replace("10.20.0.53", "fd00::53"),
                query("09:10:00", "10.20.1.15", "www.unit.example"),
            ]
        }
    )
    assert found == {"ip:2001:db8:1::a1b2": "infected"}


def test_a_chain_of_dns_servers_names_the_client_once(blamed):
    """The branch's server queries the head office's within a second: the client is the infected machine."""
    clocks = ("09:00:0{n}", "09:20:0{n}", "09:30:0{n}")
    branch = [syslogged("ns1", clock.format(n=0), "10.20.1.15") for clock in clocks]
    office = [syslogged("ns2", clock.format(n=1), "10.30.0.53") for clock in clocks]
    found = blamed({"branch.log": branch, "office.log": office}, infrastructure=["10.30.0.53"])
    assert found == {"ip:10.20.1.15": "infected"}


def test_a_log_in_another_zone_finds_the_holder_of_that_time(blamed):
    """The firewall writes in UTC: 02:00 there is 09:00 here, when A had the address."""
    leases = acks(("08:00:00", "10.20.1.15", A, "PC-A"), ("12:00:00", "10.20.1.15", B, "PC-B"))
    wall = [flow("02:00:00", "10.20.1.15").replace("+0700", "+0000")]
    assert blamed({"dhcp.log": leases, "wall.log": wall}) == {f"mac:{A}": "infected"}


def test_a_clock_that_is_three_seconds_late_still_explains_the_forwarder(blamed):
    branch = [query(clock, "10.20.1.15") for clock in ("09:00:00", "09:20:00")]
    wall = [flow(clock, "10.20.0.53", to="198.51.100.53", port=53) for clock in ("09:00:03", "09:20:03")]
    found = blamed({"branch.log": branch, "wall.log": wall}, EVIL, "198.51.100.53")
    assert found["ip:10.20.1.15"] == "infected"


def test_a_host_name_alone_is_a_machine(blamed):
    """A proxy that logs names instead of addresses."""
    usual = [
        SQUID.format(
            to="198.51.100.7",
            seconds=seconds(f"08:0{n}:00"),
            ip=f"pc-{n}.unit.example",
            name="www.unit.example",
        )
        for n in range(1, 6)
    ]
    web = [SQUID.format(to=SERVER, seconds=seconds("09:00:00"), ip="pc-ketoan-03.unit.example", name=EVIL)]
    assert blamed({"squid.log": usual + web}) == {"name:pc-ketoan-03": "infected"}
