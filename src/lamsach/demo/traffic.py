"""The month's ordinary traffic: visits, and the noise at every firewall."""

from __future__ import annotations

from random import Random

from lamsach.demo.clock import DAY_S, at, day_of, is_working_day
from lamsach.demo.dhcp import Month, Session
from lamsach.demo.journal import TRAFFIC
from lamsach.demo.network import Network, Visit
from lamsach.demo.sites import Sites, path
from lamsach.demo.world import (
    BRANCH,
    BRANCH_NAT_IP,
    DOMAIN,
    PUBLIC_NAT_IP,
    PUBLIC_WEB_IP,
    WEB_SERVER_IP,
    Kind,
)
from lamsach.demo.writers.fortigate import Flow

_VISITS_AN_HOUR = {
    Kind.PC: 0.75,
    Kind.LAPTOP: 0.75,
    Kind.PHONE: 0.6,
    Kind.GUEST: 3.0,
    Kind.SERVER: 0.25,
    Kind.NETWORK: 0.0,
}
_QUIET_VISITS_AN_HOUR = {Kind.PRINTER: 0.02, Kind.CAMERA: 0.03}
_INSIDE = ("dc01", "file01", "mail01", "qlvb01", "wsus01", "_ldap._tcp.dc._msdcs", "portal", "wpad")


def play(network: Network, rng: Random, month: Month, sites: Sites, days: int) -> None:
    """Write every session's ordinary traffic, the branch behind its NAT, and scans from outside."""
    for session in month.sessions:
        _session(network, rng, session, sites)
        if session.device.always_on and (session.device.name == "FILE01" or session.device.proxied):
            _updates(network, session)
    for day in range(days):
        _branch(network, rng, day, sites)
        _outside(network, rng, day)


def _moment(rng: Random, session: Session) -> float:
    """Draw a time within a session; less often at lunch, and by day for machines that never sleep."""
    span = session.end - session.start - 4
    time = session.start + rng.random() * span
    hour = time % DAY_S / 3600
    if (11.7 < hour < 13.2 and rng.random() < 0.6) or ((hour < 7 or hour > 19) and rng.random() < 0.5):
        time = session.start + rng.random() * span
    return time


def _session(network: Network, rng: Random, session: Session, sites: Sites) -> None:
    kind = session.device.kind
    hours = (session.end - session.start) / 3600
    rate = _VISITS_AN_HOUR.get(kind, _QUIET_VISITS_AN_HOUR.get(kind, 0.0))
    if session.device.always_on and kind is Kind.PC:
        rate /= 3
    for _ in range(int(rate * hours * 2 * rng.random() + rng.random())):
        time = _moment(rng, session)
        _visit(network, rng, session, time, sites)
    if kind in (Kind.PC, Kind.LAPTOP):
        for _ in range(int(hours * 0.7 + rng.random())):
            name = f"{_INSIDE[int(rng.random() * len(_INSIDE))]}.{DOMAIN}"
            network.ask(session, _moment(rng, session), name, "10.20.0.10")


def _visit(network: Network, rng: Random, session: Session, time: float, sites: Sites) -> None:
    random = rng.random
    site = sites.pick(random())
    address = site.addresses[int(random() * len(site.addresses))]
    if not session.device.proxied and session.device.kind is not Kind.GUEST and random() < 0.7:
        network.ask(session, time - 1, site.host, address)
        if random() < 0.2:
            network.ask(session, time - 1, site.host, address, kind="AAAA")
    visit = Visit(site.host, address, path(random()), site.https, site.category, site.country)
    received = int(2000 * 2 ** (random() * 9))
    network.visit(session, time, visit, logged=random() < 0.3, sent=received // 9 + 300, received=received)


def _updates(network: Network, session: Session) -> None:
    """Check for updates four times a day from a machine that never sleeps, so that no log is empty."""
    for hour in (2, 8, 14, 20):
        time = at(session.day, hour) + 1800 * network.random()
        visit = Visit(
            "ctldl.windowsupdate.com",
            "23.32.248.17",
            "/msdownload/update/v3/static/trustedr/en/authrootstl.cab",
            False,
        )
        if not session.device.proxied:
            network.ask(session, time - 1, visit.host, visit.address)
        network.visit(session, time, visit, logged=True)


def _branch(network: Network, rng: Random, day: int, sites: Sites) -> None:
    """Write traffic of the branch's machines, which the firewall sees under one address."""
    for _ in range(60 if is_working_day(day_of(day)) else 6):
        time = at(day, 8) + rng.random() * 9 * 3600
        site = sites.pick(rng.random())
        flow = Flow(time, BRANCH_NAT_IP, site.addresses[0], 443 if site.https else 80, BRANCH.interface)
        network.journal.put(TRAFFIC, time, network.fortigate.traffic(flow))


def _outside(network: Network, rng: Random, day: int) -> None:
    """Write denied scans, and visitors of the published web site."""
    for _ in range(110):
        time = at(day, 0) + rng.random() * (DAY_S - 2)
        scanner = (
            f"{80 + rng.randrange(40)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
        )
        port = rng.choice((22, 23, 445, 3389, 8080, 5060))
        country = rng.choice(("Netherlands", "China", "United States", "Brazil"))
        network.journal.put(TRAFFIC, time, network.fortigate.traffic(scan(time, scanner, port, country)))
    for _ in range(70):
        time = at(day, 0) + rng.random() * (DAY_S - 2)
        visitor = (
            f"{113 + rng.randrange(4)}.{160 + rng.randrange(20)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
        )
        network.journal.put(TRAFFIC, time, network.fortigate.traffic(inbound(time, visitor, "Viet Nam")))


def scan(time: float, source: str, port: int, country: str) -> Flow:
    """Return a denied connection to the firewall's own outside address."""
    return Flow(
        time,
        source,
        PUBLIC_NAT_IP,
        port,
        "wan1",
        "root",
        6,
        f"tcp/{port}",
        "Viet Nam",
        country,
        "deny",
        duration_s=0,
        sent=40,
    )


def inbound(time: float, source: str, country: str) -> Flow:
    """Return an allowed visit to the published web server."""
    return Flow(
        time,
        source,
        PUBLIC_WEB_IP,
        443,
        "wan1",
        "vlan-maychu",
        6,
        "HTTPS",
        "Viet Nam",
        country,
        "close",
        3,
        900,
        14000,
        None,
        WEB_SERVER_IP,
    )
