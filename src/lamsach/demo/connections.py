"""Planted infections that connect to listed addresses and networks, in the firewall's traffic log."""

from __future__ import annotations

from collections.abc import Sequence

from lamsach.demo import listed
from lamsach.demo.cases import INFECTED, Case, Cast, Stage, beacon, office_hours, whole_day
from lamsach.demo.clock import at
from lamsach.demo.dhcp import Session
from lamsach.demo.journal import Planted
from lamsach.demo.world import FINANCE, OFFICE, TECHNICAL, UNKNOWN_STATIC_IP, Device, Kind
from lamsach.demo.writers.fortigate import Flow


def all_cases(cast: Cast) -> list[Case]:
    """Return all of them, in a fixed order."""
    return [
        _ip_beacon(cast),
        _network(cast, "network", listed.NETWORK, ("192.0.2.5", "192.0.2.18", "192.0.2.31")),
        _network(cast, "range", listed.RANGE, ("192.0.2.96", "192.0.2.111")),
        _seen_once(cast),
        _camera(cast),
        _unknown_static(cast),
        _server_at_night(cast),
    ]


def _connections(
    name: str,
    about: str,
    device: Device,
    days: Sequence[int],
    planted: Planted,
    addresses: Sequence[str],
    port: int,
    every_s: float,
) -> Case:
    def play(stage: Stage) -> None:
        def act(session: Session, time: float) -> None:
            address = addresses[int(stage.rng.random() * len(addresses))]
            flow = Flow(
                time,
                session.ip,
                address,
                port,
                session.vlan.interface,
                service=f"tcp/{port}",
                country="Netherlands",
                sent=310,
                received=240,
            )
            stage.network.connect(flow, name)

        beacon(stage, stage.sessions(device, days), every_s, act)

    appointments = office_hours(device, days) if device.fixed_ip is None else ()
    return Case(name, about, INFECTED, play, (planted,), device, appointments=appointments)


def _ip_beacon(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, FINANCE), cast.office_days(0.3, 0.6)
    about = "a PC connects to a listed address every ten minutes"
    return _connections("ip", about, device, days, listed.BEACON_IP, (listed.BEACON_IP.value,), 8080, 600)


def _network(cast: Cast, name: str, planted: Planted, addresses: Sequence[str]) -> Case:
    device, days = cast.take(Kind.PC, TECHNICAL), cast.office_days(0.4, 0.7)
    about = "a PC connects to several addresses of a listed network"
    return _connections(name, about, device, days, planted, addresses, 443, 4000)


def _camera(cast: Cast) -> Case:
    device, days = cast.take(Kind.CAMERA), cast.office_days(0.6, 0.8)
    about = "a camera with a fixed address, which only the inventory names"
    return _connections("camera", about, device, days, listed.CAMERA_IP, (listed.CAMERA_IP.value,), 23, 7000)


def _seen_once(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, OFFICE), cast.office_days(0.45, 0.5)[:1]
    case = "seen-once"

    def play(stage: Stage) -> None:
        session = stage.sessions(device, days)[0]
        time = session.start + 7000
        flow = Flow(
            time,
            session.ip,
            listed.ONCE_IP.value,
            445,
            session.vlan.interface,
            service="tcp/445",
            country="Netherlands",
        )
        stage.network.connect(flow, case)

    about = "a single line in the whole month"
    return Case(
        case, about, INFECTED, play, (listed.ONCE_IP,), device, appointments=office_hours(device, days)
    )


def _server_at_night(cast: Cast) -> Case:
    device, days = cast.named("FILE01"), cast.office_days(0.7, 0.9)
    case = "server-at-night"

    def play(stage: Stage) -> None:
        for day in days:
            session = whole_day(device, device.fixed_ip or "", day)
            for hour in (1, 3, 6):
                time = at(day, hour, 30) + 600 * stage.rng.random()
                flow = Flow(
                    time,
                    session.ip,
                    listed.NIGHT_IP.value,
                    443,
                    device.vlan.interface,
                    country="Netherlands",
                    sent=90000,
                    received=900,
                )
                stage.network.connect(flow, case)

    return Case(
        case,
        "a server sends data out at night, which is the day before in UTC",
        INFECTED,
        play,
        (listed.NIGHT_IP,),
        device,
    )


def _unknown_static(cast: Cast) -> Case:
    ghost = Device("", "", Kind.PC, TECHNICAL.name, "", TECHNICAL.vlan, fixed_ip=UNKNOWN_STATIC_IP)
    case = "unknown-machine"
    days = cast.office_days(0.5, 0.7)

    def play(stage: Stage) -> None:
        for day in days:
            session = whole_day(ghost, UNKNOWN_STATIC_IP, day)
            for _ in range(6):
                time = at(day, 8) + stage.rng.random() * 8 * 3600
                flow = Flow(
                    time,
                    session.ip,
                    listed.UNKNOWN_IP.value,
                    6667,
                    ghost.vlan.interface,
                    service="tcp/6667",
                    country="Netherlands",
                )
                stage.network.connect(flow, case)

    about = "a machine with an address of its own: no lease, no inventory, nothing but the address is known"
    return Case(case, about, INFECTED, play, (listed.UNKNOWN_IP,), ip=UNKNOWN_STATIC_IP)
