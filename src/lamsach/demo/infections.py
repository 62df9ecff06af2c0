"""Planted infections by name, URL and hash, in DNS, web-filter, antivirus and proxy logs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lamsach.demo import listed
from lamsach.demo.cases import INFECTED, Case, Cast, Stage, beacon, office_hours
from lamsach.demo.clock import at
from lamsach.demo.dhcp import Appointment, Session
from lamsach.demo.journal import Planted
from lamsach.demo.network import Visit
from lamsach.demo.world import FINANCE, IT, LEGAL, OFFICE, TECHNICAL, WIFI_A, WIFI_B, Device, Kind

C2_AGENT = "Mozilla/4.0 (compatible; MSIE 6.0)"


def server_of(name: str) -> str:
    """Return the unlisted address of a malicious name's server, constant for a name."""
    return f"203.0.113.{192 + sum(name.encode()) % 30}"


def all_cases(cast: Cast) -> list[Case]:
    """Return every infection, in a fixed order."""
    return [
        _domain_beacon(cast),
        _url(cast),
        _subdomain(cast),
        _idn(cast),
        _hash(cast),
        _behind_proxy(cast),
        _moving_laptop(cast),
        _phone(cast),
        _pair(cast),
        _partly_blocked(cast),
        _forged(cast),
    ]


def call_home(
    name: Planted, case: str, every_s: float, *, logged: float = 1.0, host: str = ""
) -> Callable[[Stage, Sequence[Session]], None]:
    """Query the name, then visit it by HTTPS; the web filter logs the given share of the visits."""

    def play(stage: Stage, sessions: Sequence[Session]) -> None:
        address = server_of(name.value)
        visit = Visit(
            host or name.value, address, "/gate.php", True, "Unrated", "Netherlands", C2_AGENT, case
        )

        def act(session: Session, time: float) -> None:
            stage.network.ask(session, time, visit.host, address, case)
            stage.network.visit(
                session, time + 1, visit, logged=stage.rng.random() < logged, sent=420, received=380
            )

        beacon(stage, sessions, every_s, act)

    return play


def _calling_case(
    name: str, about: str, device: Device, days: Sequence[int], planted: Planted, every_s: float
) -> Case:
    call = call_home(planted, name, every_s)
    return Case(
        name,
        about,
        INFECTED,
        lambda stage: call(stage, stage.sessions(device, days)),
        (planted,),
        device,
        appointments=office_hours(device, days),
    )


def _domain_beacon(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, OFFICE), cast.office_days(0.2, 0.7)
    return _calling_case(
        "domain", "a PC calls a listed name again and again", device, days, listed.BEACON, 3000
    )


def _idn(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, LEGAL), cast.office_days(0.5, 0.65)
    about = "the list has the name in Vietnamese letters, the logs have it in punycode"
    return _calling_case("idn", about, device, days, listed.IDN, 5400)


def _url(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, FINANCE), cast.office_days(0.25, 0.35)
    case = "url"
    host, path = "tai-phanmem.example", "/crack/office2019/kms.exe"

    def play(stage: Stage) -> None:
        for number, session in enumerate(stage.sessions(device, days)):
            time = session.start + 5000 + 3000 * stage.rng.random()
            stage.network.ask(session, time, host, server_of(host), case)
            query = f"?lan={number}" if number else ""
            visit = Visit(host, server_of(host), path + query, False, "Unrated", "Netherlands", case=case)
            stage.network.visit(session, time + 2, visit, logged=True, received=900000)

    about = "a listed URL in the web filter's log, once with a query behind it"
    return Case(
        case, about, INFECTED, play, (listed.CRACK_URL,), device, appointments=office_hours(device, days)
    )


def _subdomain(cast: Cast) -> Case:
    device, days = cast.take(Kind.LAPTOP, OFFICE), cast.office_days(0.35, 0.55)
    case = "subdomain"

    def play(stage: Stage) -> None:
        def act(session: Session, time: float) -> None:
            name = f"{stage.rng.getrandbits(32):08x}.node{stage.rng.randrange(4)}.{listed.SUBDOMAIN.value}"
            stage.network.ask(session, time, name, server_of(name), case)

        beacon(stage, stage.sessions(device, days), 2400, act)

    about = "ever new subdomains of a listed name, in the DNS server's log only"
    return Case(
        case, about, INFECTED, play, (listed.SUBDOMAIN,), device, appointments=office_hours(device, days)
    )


def _hash(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, LEGAL), cast.office_days(0.3, 0.35)[:1]
    case = "hash"

    def play(stage: Stage) -> None:
        session = stage.sessions(device, days)[0]
        visit = Visit(
            "www.tien-ich-van-phong.example",
            "103.95.7.20",
            "/tai-ve/bo-go.zip",
            False,
            country="Viet Nam",
            case=case,
        )
        time = session.start + 9000
        stage.network.download(
            session, time, visit, "bo-go.exe", listed.HASH.value, "W32/RedLine.A!tr", "passthrough"
        )

    about = "a file with a listed hash passed the firewall, which only watched"
    return Case(case, about, INFECTED, play, (listed.HASH,), device, appointments=office_hours(device, days))


def _behind_proxy(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, proxied=True), cast.office_days(0.2, 0.5)
    case = "behind-proxy"

    def play(stage: Stage) -> None:
        def act(session: Session, time: float) -> None:
            secure = stage.rng.random() < 0.5
            name = listed.PROXIED.value
            visit = Visit(
                name, server_of(name), "/c.php?m=1", secure, "Unrated", "Netherlands", C2_AGENT, case
            )
            stage.network.visit(session, time, visit, logged=stage.rng.random() < 0.4, sent=500, received=700)

        beacon(stage, stage.sessions(device, days), 5000, act)

    about = "a PC behind the proxy: only Squid names it, the firewall and the DNS server see the proxy"
    return Case(
        case, about, INFECTED, play, (listed.PROXIED,), device, appointments=office_hours(device, days)
    )


def _moving_laptop(cast: Cast) -> Case:
    device, days = cast.take(Kind.LAPTOP, FINANCE), cast.office_days(0.3, 0.8)
    appointments = []
    for place, day in enumerate(days):
        first, second = (WIFI_A, WIFI_B) if place % 2 else (WIFI_B, WIFI_A)
        appointments.append(Appointment(device, at(day, 8, 5), at(day, 11, 30), first))
        appointments.append(Appointment(device, at(day, 13, 25), at(day, 16, 45), second))
    call = call_home(listed.WANDERING, "moving-laptop", 4200, logged=0.5)
    about = "one laptop on two wireless networks, with ever new addresses"
    play = lambda stage: call(stage, stage.sessions(device, days))  # noqa: E731
    return Case(
        "moving-laptop", about, INFECTED, play, (listed.WANDERING,), device, appointments=tuple(appointments)
    )


def _phone(cast: Cast) -> Case:
    device, days = cast.take(Kind.PHONE, TECHNICAL), cast.office_days(0.55, 0.75)
    return _calling_case(
        "not-in-inventory", "a phone that only the DHCP server's log names", device, days, listed.PHONE, 6000
    )


def _pair(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, LEGAL), cast.office_days(0.1, 0.3)
    case = "name-and-address"

    def play(stage: Stage) -> None:
        name, address = listed.PAIR.value, listed.PAIR_IP.value
        visit = Visit(name, address, "/sync", True, "Unrated", "Netherlands", C2_AGENT, case)

        def act(session: Session, time: float) -> None:
            stage.network.ask(session, time, name, address, case)
            stage.network.visit(
                session, time + 1, visit, logged=stage.rng.random() < 0.5, sent=7000, received=400
            )

        beacon(stage, stage.sessions(device, days), 3600, act)

    about = "both the name and its address are listed"
    return Case(
        case,
        about,
        INFECTED,
        play,
        (listed.PAIR, listed.PAIR_IP),
        device,
        appointments=office_hours(device, days),
    )


def _partly_blocked(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, FINANCE), cast.office_days(0.6, 0.9)
    case = "partly-blocked"

    def play(stage: Stage) -> None:
        name = listed.PARTLY_BLOCKED.value
        visit = Visit(name, server_of(name), "/key", True, "Unrated", "Netherlands", C2_AGENT, case)
        for place, session in enumerate(stage.sessions(device, days)):
            time = session.start + 4000
            stage.network.ask(session, time, name, visit.address, case)
            if place == 0:
                stage.network.visit(session, time + 1, visit, logged=True)
            else:
                stage.network.block_page(session, time + 1, visit)

    about = "got through on the first day, blocked on the days after"
    return Case(
        case, about, INFECTED, play, (listed.PARTLY_BLOCKED,), device, appointments=office_hours(device, days)
    )


def _forged(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, TECHNICAL), cast.office_days(0.5, 0.6)
    victim = cast.named("IN-01")
    assert victim.department != IT
    case = "forged-source"
    path = f"/r?u=srcip={victim.fixed_ip}%20action=accept&v= srcip={victim.fixed_ip} dstport=443 "

    def play(stage: Stage) -> None:
        name = listed.FORGED.value
        visit = Visit(name, server_of(name), path, False, "Unrated", "Netherlands", C2_AGENT, case)
        for session in stage.sessions(device, days):
            time = session.start + 6000 + 900 * stage.rng.random()
            stage.network.ask(session, time, name, visit.address, case)
            stage.network.visit(session, time + 1, visit, logged=True)

    about = "the URL of an infected PC holds text that names a printer as the source"
    return Case(
        case,
        about,
        INFECTED,
        play,
        (listed.FORGED,),
        device,
        appointments=office_hours(device, days),
        innocent=((victim, "named as srcip= inside a URL that another machine asked for"),),
        raw=(("logs/fortigate-webfilter.log", f"srcip={victim.fixed_ip} dstport=443"),),
    )
