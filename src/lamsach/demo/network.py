"""Traces of a machine in the logs of the unit's firewall, DNS server and proxy."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from lamsach.demo.dhcp import Session
from lamsach.demo.journal import ANTIVIRUS, DNS_FILTER, SQUID, TRAFFIC, WEB_FILTER, Journal, Seen
from lamsach.demo.world import DNS_IP, PROXIED, PROXY_IP, SERVERS
from lamsach.demo.writers.fortigate import Flow, FortiGate
from lamsach.demo.writers.squid import Squid
from lamsach.demo.writers.windows_dns import Forwarded, Lookup

ALLOWED = "allowed"
BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit to a web page. `case`: its planted case, None for an ordinary one."""

    host: str
    address: str
    path: str = "/"
    https: bool = True
    category: str = "Information Technology"
    country: str = "United States"
    agent: str = ""
    case: str | None = None

    @property
    def url(self) -> str:
        """The absolute URL."""
        return f"{'https' if self.https else 'http'}://{self.host}{self.path}"


class Network:
    """Translation of actions into log lines. DNS lookups are collected, and answered in order at the end."""

    def __init__(self, rng: Random, journal: Journal) -> None:
        self.random = rng.random
        self.journal = journal
        self.fortigate = FortiGate(rng)
        self.squid = Squid(rng)
        self.lookups: list[Lookup] = []

    def _put(self, file: str, time: float, line: str, case: str | None, what: str, seen: Seen) -> None:
        if case is None:
            self.journal.put(file, time, line)
        else:
            self.journal.put_planted(file, time, line, case, what, seen)

    def ask(
        self, session: Session, time: float, name: str, answer: str, case: str | None = None, kind: str = "A"
    ) -> None:
        """Query the unit's DNS server.

        The firewall logs some of the queries that cross from one local network to another.
        """
        self.lookups.append(Lookup(time, session.ip, name, answer, kind, case))
        if self.random() < 0.12 and session.vlan is not SERVERS:
            size = 60 + int(self.random() * 30)
            flow = Flow(
                time + 0.3,
                session.ip,
                DNS_IP,
                53,
                session.vlan.interface,
                SERVERS.interface,
                17,
                "DNS",
                "Reserved",
            )
            self.journal.put(
                TRAFFIC,
                flow.time,
                self.fortigate.traffic(_with(flow, action="accept", sent=size, received=size * 2)),
            )

    def forward(self, items: list[Forwarded]) -> None:
        """Log the DNS server's own queries at the firewall: planted ones always, others sometimes."""
        for item in items:
            case = item.lookup.case
            flow = Flow(
                item.time,
                DNS_IP,
                item.forwarder,
                53,
                SERVERS.interface,
                protocol=17,
                service="DNS",
                action="accept",
            )
            if self.random() < 0.25:
                flow = _with(flow, time=item.time + 0.4, sent=70, received=180)
                self.journal.put(TRAFFIC, flow.time, self.fortigate.traffic(flow))
            if case is not None or self.random() < 0.12:
                line = self.fortigate.dns_query(flow, item.lookup.name)
                self._put(
                    DNS_FILTER,
                    flow.time,
                    line,
                    case,
                    "question of the DNS server",
                    Seen(name=item.lookup.name),
                )

    def connect(self, flow: Flow, case: str | None = None, what: str = ALLOWED) -> None:
        """Log a connection at the firewall."""
        line = self.fortigate.traffic(flow)
        self._put(TRAFFIC, flow.time, line, case, what, Seen(ips=(flow.source_ip, flow.destination_ip)))

    def visit(
        self,
        session: Session,
        time: float,
        visit: Visit,
        *,
        logged: bool,
        sent: int = 900,
        received: int = 9000,
    ) -> None:
        """Visit a page, through the proxy where required; `logged`: the web filter logs it too."""
        if session.device.proxied:
            self._visit_by_proxy(session, time, visit, logged, sent, received)
            return
        flow = self._flow(session.ip, session.vlan.interface, time, visit, sent, received)
        self._firewall(flow, visit, logged, ALLOWED)

    def _flow(self, ip: str, interface: str, time: float, visit: Visit, sent: int, received: int) -> Flow:
        service, port = ("HTTPS", 443) if visit.https else ("HTTP", 80)
        duration = 1 + int(self.random() * 60)
        return Flow(
            time,
            ip,
            visit.address,
            port,
            interface,
            service=service,
            country=visit.country,
            duration_s=duration,
            sent=sent,
            received=received,
        )

    def _firewall(self, flow: Flow, visit: Visit, logged: bool, what: str) -> None:
        if logged:
            line = self.fortigate.web(flow, visit.host, visit.url, visit.category, agent=visit.agent)
            self._put(
                WEB_FILTER,
                flow.time,
                line,
                visit.case,
                what,
                Seen(visit.host, (flow.destination_ip,), visit.url),
            )
        self.connect(_with(flow, time=flow.time + 0.5), visit.case, what)

    def _visit_by_proxy(
        self, session: Session, time: float, visit: Visit, logged: bool, sent: int, received: int
    ) -> None:
        if visit.https:
            line, url = self.squid.tunnel(time, session.ip, visit.host, visit.address, received), ""
        else:
            line, url = self.squid.request(time, session.ip, visit.url, visit.address, received), visit.url
        self._put(SQUID, time, line, visit.case, ALLOWED, Seen(visit.host, (visit.address,), url))
        if session.vlan is not PROXIED and self.random() < 0.9:
            flow = Flow(
                time,
                session.ip,
                PROXY_IP,
                3128,
                session.vlan.interface,
                PROXIED.interface,
                service="tcp/3128",
                nat_ip=None,
                country="Reserved",
            )
            self.journal.put(TRAFFIC, time, self.fortigate.traffic(_with(flow, sent=sent, received=received)))
        if visit.case is not None or self.random() < 0.5:
            self.lookups.append(Lookup(time - 0.2, PROXY_IP, visit.host, visit.address, "A", visit.case))
        flow = self._flow(PROXY_IP, PROXIED.interface, time, visit, sent, received)
        self._firewall(flow, visit, logged, "allowed, from the proxy")

    def refuse_by_proxy(self, session: Session, time: float, visit: Visit) -> None:
        """Log a tunnel that the proxy refused: nothing leaves the unit."""
        line = self.squid.denied(time, session.ip, visit.host)
        self._put(SQUID, time, line, visit.case, BLOCKED, Seen(visit.host))

    def refuse(self, session: Session, time: float, address: str, port: int, case: str | None) -> None:
        """Log a connection that the firewall denied."""
        flow = Flow(
            time,
            session.ip,
            address,
            port,
            session.vlan.interface,
            service=f"tcp/{port}",
            action="deny",
            duration_s=0,
            country="Reserved",
        )
        self.connect(flow, case, BLOCKED)

    def block_page(self, session: Session, time: float, visit: Visit) -> None:
        """Log a page that the web filter blocked."""
        flow = _with(self._flow(session.ip, session.vlan.interface, time, visit, 300, 0), action="blocked")
        line = self.fortigate.web(flow, visit.host, visit.url, "Malicious Websites", agent=visit.agent)
        self._put(WEB_FILTER, time, line, visit.case, BLOCKED, Seen(visit.host, (visit.address,), visit.url))

    def download(
        self, session: Session, time: float, visit: Visit, name: str, sha256: str, virus: str, action: str
    ) -> None:
        """Log an incoming file with a known hash; `action` is the firewall's: `passthrough` or `blocked`."""
        flow = _with(self._flow(session.ip, session.vlan.interface, time, visit, 400, 300000), action=action)
        line = self.fortigate.virus(flow, visit.host, visit.url, name, sha256, virus)
        what = BLOCKED if action == "blocked" else ALLOWED
        self._put(
            ANTIVIRUS, time, line, visit.case, what, Seen(visit.host, (visit.address,), visit.url, (sha256,))
        )


def _with(flow: Flow, **changes: object) -> Flow:
    """Copy a flow with some fields changed (`dataclasses.replace` is several times slower)."""
    values = {name: getattr(flow, name) for name in Flow.__slots__}
    values.update(changes)
    return Flow(**values)
