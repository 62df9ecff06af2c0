"""Planted traps: resembling an infection without one, or one that cannot be attributed."""

from __future__ import annotations

from lamsach.demo import listed
from lamsach.demo.cases import (
    BLOCKED,
    INBOUND,
    RESOLVED,
    UNATTRIBUTED,
    Case,
    Cast,
    Stage,
    beacon,
    office_hours,
)
from lamsach.demo.clock import at
from lamsach.demo.dhcp import Session
from lamsach.demo.infections import C2_AGENT, server_of
from lamsach.demo.journal import DNS_FILTER, TRAFFIC, WEB_FILTER, Seen
from lamsach.demo.network import Visit
from lamsach.demo.traffic import inbound, scan
from lamsach.demo.world import (
    BRANCH,
    BRANCH_NAT_IP,
    DNS_IP,
    FINANCE,
    GUESTS,
    LEGAL,
    OFFICE,
    PROXY_IP,
    PUBLIC_NAT_IP,
    WEB_SERVER_IP,
    Kind,
)
from lamsach.demo.writers.fortigate import Flow


def all_cases(cast: Cast, dns_gap_day: int, squid_gap_day: int, details_from: float) -> list[Case]:
    """Return every trap but the look-alikes (see `lookalikes`), in a fixed order.

    The days are those on which the DNS server's and the proxy's logs were lost; from `details_from` the DNS
    server's log has the packets' contents.
    """
    return [
        _blocked_connection(cast),
        _blocked_by_proxy(cast),
        _blocked_file(cast),
        _inbound(cast),
        _scan(cast),
        _resolved_by_guest(cast),
        _resolved_in_details(cast, details_from),
        _dns_server(cast, dns_gap_day),
        _proxy(cast, squid_gap_day),
        _branch(cast),
    ]


def _blocked_connection(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, OFFICE), cast.office_days(0.5, 0.7)
    case = "blocked-connection"

    def play(stage: Stage) -> None:
        def act(session: Session, time: float) -> None:
            stage.network.refuse(session, time, listed.DENIED_IP.value, 445, case)

        beacon(stage, stage.sessions(device, days), 4000, act)

    about = "the firewall denied every connection"
    return Case(
        case, about, BLOCKED, play, (listed.DENIED_IP,), device, appointments=office_hours(device, days)
    )


def _blocked_by_proxy(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, proxied=True), cast.office_days(0.25, 0.4)
    case = "blocked-by-proxy"

    def play(stage: Stage) -> None:
        visit = Visit(listed.PROXY_BLOCKED.value, "", case=case)
        beacon(
            stage,
            stage.sessions(device, days),
            6000,
            lambda session, time: stage.network.refuse_by_proxy(session, time, visit),
        )

    about = "the proxy refused every request"
    appointments = office_hours(device, days)
    return Case(case, about, BLOCKED, play, (listed.PROXY_BLOCKED,), device, appointments=appointments)


def _blocked_file(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, FINANCE), cast.office_days(0.65, 0.7)[:1]
    case = "blocked-file"

    def play(stage: Stage) -> None:
        session = stage.sessions(device, days)[0]
        visit = Visit(
            "www.tien-ich-van-phong.example",
            "103.95.7.20",
            "/tai-ve/kms.zip",
            False,
            country="Viet Nam",
            case=case,
        )
        digest = listed.BLOCKED_HASH.value
        stage.network.download(
            session, session.start + 8000, visit, "kms.exe", digest, "W32/RedLine.B!tr", "blocked"
        )

    about = "the firewall blocked a file with a listed hash"
    return Case(
        case, about, BLOCKED, play, (listed.BLOCKED_HASH,), device, appointments=office_hours(device, days)
    )


def _inbound(cast: Cast) -> Case:
    device = cast.named("WEB01")
    case = "inbound-visit"
    days = cast.office_days(0.3, 0.8)

    def play(stage: Stage) -> None:
        for day in days:
            flow = inbound(at(day, 4) + 3600 * stage.rng.random(), listed.SCANNER_IP.value, "Netherlands")
            stage.network.connect(flow, case, "allowed, inbound")

    why = "a listed address visited its public web site; it connected to nobody"
    return Case(
        case,
        "a listed address visits the published web server",
        INBOUND,
        play,
        (listed.SCANNER_IP,),
        device,
        ip=WEB_SERVER_IP,
        innocent=((device, why),),
    )


def _scan(cast: Cast) -> Case:
    case = "inbound-scan"
    days = cast.office_days(0.3, 0.8)

    def play(stage: Stage) -> None:
        for day in days:
            for port in (22, 3389, 8080):
                time = at(day, 3) + 3600 * stage.rng.random()
                flow = scan(time, listed.SCANNER_IP.value, port, "Netherlands")
                stage.network.connect(flow, case, "denied, inbound")

    about = "a listed address knocks at the firewall's own outside address, in vain"
    return Case(case, about, INBOUND, play, (listed.SCANNER_IP,), ip=PUBLIC_NAT_IP)


def _resolved_by_guest(cast: Cast) -> Case:
    device = cast.take(Kind.GUEST)
    days = cast.office_days(0.55, 0.6)[:1]
    case = "resolved-only"
    name = "www.quan-ca-phe.example"

    def play(stage: Stage) -> None:
        session = stage.sessions(device, days)[0]
        for delay in (300, 2400):
            flow = Flow(
                session.start + delay, session.ip, "8.8.8.8", 53, GUESTS.interface, protocol=17, service="DNS"
            )
            line = stage.network.fortigate.dns_answer(flow, name, listed.ANSWER_IP.value)
            seen = Seen(name=name, ips=(listed.ANSWER_IP.value,))
            stage.network.journal.put_planted(
                DNS_FILTER, flow.time, line, case, "answer holds the address", seen
            )

    about = "a guest's phone was told a listed address for an innocent name, and never connected to it"
    return Case(
        case, about, RESOLVED, play, (listed.ANSWER_IP,), device, appointments=office_hours(device, days)
    )


def _resolved_in_details(cast: Cast, details_from: float) -> Case:
    device = cast.take(Kind.PC, LEGAL)
    day = int(details_from // 86400)
    case = "resolved-in-details"

    def play(stage: Stage) -> None:
        session = stage.sessions(device, [day])[0]
        stage.network.ask(session, details_from + 120, "www.nghi-mat.example", listed.DETAIL_IP.value, case)

    about = "the DNS server's log shows, among a packet's contents, that a PC was told a listed address"
    return Case(
        case, about, RESOLVED, play, (listed.DETAIL_IP,), device, appointments=office_hours(device, [day])
    )


def _dns_server(cast: Cast, gap_day: int) -> Case:
    client, server = cast.take(Kind.PC, OFFICE), cast.named("DC01")
    case = "dns-server-asking"

    def play(stage: Stage) -> None:
        for session in stage.sessions(client, [gap_day]):
            for hour in range(1, 8):
                name = listed.NO_CLIENT.value
                stage.network.ask(session, session.start + hour * 3600, name, server_of(name), case)

    why = "asks on behalf of its clients; its own log of that day was lost, so the client is not known"
    return Case(
        case,
        "the firewall saw the DNS server ask for a listed name on a day without a DNS log",
        UNATTRIBUTED,
        play,
        (listed.NO_CLIENT,),
        ip=DNS_IP,
        appointments=office_hours(client, [gap_day]),
        innocent=((server, why),),
        raw=((DNS_FILTER, f"srcip={DNS_IP}"), (TRAFFIC, f"srcip={DNS_IP}")),
    )


def _proxy(cast: Cast, gap_day: int) -> Case:
    client, server = cast.take(Kind.PC, proxied=True), cast.named("PROXY01")
    case = "proxy-address"

    def play(stage: Stage) -> None:
        for session in stage.sessions(client, [gap_day]):
            for hour in range(1, 8):
                name = listed.NO_PROXY_LOG.value
                visit = Visit(
                    name, server_of(name), "/anh.jpg", False, "Unrated", "Netherlands", C2_AGENT, case
                )
                stage.network.visit(session, session.start + hour * 3600, visit, logged=True)

    why = "fetches pages for its clients; its own log of that day was lost, so the client is not known"
    return Case(
        case,
        "the firewall saw the proxy visit a listed name on a day without a proxy log",
        UNATTRIBUTED,
        play,
        (listed.NO_PROXY_LOG,),
        ip=PROXY_IP,
        appointments=office_hours(client, [gap_day]),
        innocent=((server, why),),
        raw=((WEB_FILTER, f"srcip={PROXY_IP}"), (TRAFFIC, f"srcip={PROXY_IP}")),
    )


def _branch(cast: Cast) -> Case:
    device = cast.named("RT-CHINHANH")
    case = "branch-nat"
    days = cast.office_days(0.4, 0.6)

    def play(stage: Stage) -> None:
        for day in days:
            for hour in (9, 11, 15):
                time = at(day, hour) + 3000 * stage.rng.random()
                flow = Flow(
                    time,
                    BRANCH_NAT_IP,
                    listed.BRANCH_IP.value,
                    445,
                    BRANCH.interface,
                    service="tcp/445",
                    country="Netherlands",
                )
                stage.network.connect(flow, case)

    why = "translates the addresses of the branch's machines; which of them it was, its logs would tell"
    return Case(
        case,
        "a machine of the branch, behind a NAT gateway, connects to a listed address",
        UNATTRIBUTED,
        play,
        (listed.BRANCH_IP,),
        ip=BRANCH_NAT_IP,
        innocent=((device, why),),
    )
