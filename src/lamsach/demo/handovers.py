"""Cases of machines that share an address, on one day or several, distinguished only by leases."""

from __future__ import annotations

from collections.abc import Callable

from lamsach.demo import listed
from lamsach.demo.cases import INFECTED, Case, Cast, Stage, beacon
from lamsach.demo.clock import at
from lamsach.demo.dhcp import Appointment, Session
from lamsach.demo.infections import call_home
from lamsach.demo.network import Visit
from lamsach.demo.world import OFFICE, WIFI_A, Kind

SHARED_IP = f"{WIFI_A.prefix}.210"
HANDED_OVER_IP = f"{WIFI_A.prefix}.211"
_BENIGN = Visit("www.google.com", "142.250.204.68", "/search?q=hop+giao+ban")


def all_cases(cast: Cast) -> list[Case]:
    """Return both cases."""
    return [_shared(cast), _same_day(cast)]


def _shared(cast: Cast) -> Case:
    """The infected laptop on days 1 and 2, a clean one on its address on days 3 and 4; the first moved."""
    infected, clean = cast.take(Kind.LAPTOP, OFFICE), cast.take(Kind.LAPTOP)
    days = cast.office_days(0.4, 0.8)[:6]
    before, after, later = days[:2], days[2:4], days[4:]
    call = call_home(listed.SHARED, "shared-address", 3300)

    def play(stage: Stage) -> None:
        call(stage, stage.sessions(infected, days))
        beacon(stage, stage.sessions(clean, after), 2500, _browse(stage))

    appointments = (
        *(Appointment(infected, at(day, 8), at(day, 16, 40), WIFI_A, SHARED_IP) for day in before),
        *(Appointment(clean, at(day, 8, 10), at(day, 16, 50), WIFI_A, SHARED_IP) for day in after),
        *(Appointment(infected, at(day, 8, 15), at(day, 16, 30)) for day in (*after, *later)),
    )
    why = (
        f"had the address {SHARED_IP} after an infected machine; the inventory still says that it is its own"
    )
    about = "an infected laptop and, days later, a clean one had the same address"
    return Case(
        "shared-address",
        about,
        INFECTED,
        play,
        (listed.SHARED,),
        infected,
        appointments=appointments,
        innocent=((clean, why),),
    )


def _same_day(cast: Cast) -> Case:
    """One day the infected laptop's address passes to a clean one; another day in reverse."""
    infected, clean = cast.take(Kind.LAPTOP), cast.take(Kind.LAPTOP, OFFICE)
    days = cast.office_days(0.5, 0.75)[:2]
    early, late = (at(0, 8, 5), at(0, 10, 30)), (at(0, 10, 50), at(0, 16, 30))
    call = call_home(listed.HANDED_OVER, "same-day-handover", 2000)

    def play(stage: Stage) -> None:
        call(stage, stage.sessions(infected, days))
        beacon(stage, stage.sessions(clean, days), 1500, _browse(stage))

    appointments = []
    for place, day in enumerate(days):
        first, second = (infected, clean) if place % 2 == 0 else (clean, infected)
        start = at(day, 0)
        appointments.append(Appointment(first, start + early[0], start + early[1], WIFI_A, HANDED_OVER_IP))
        appointments.append(Appointment(second, start + late[0], start + late[1], WIFI_A, HANDED_OVER_IP))
    why = f"had the address {HANDED_OVER_IP} on the same day as an infected machine, twenty minutes apart"
    about = "an infected and a clean laptop had the same address on one day, one after the other"
    return Case(
        "same-day-handover",
        about,
        INFECTED,
        play,
        (listed.HANDED_OVER,),
        infected,
        appointments=tuple(appointments),
        innocent=((clean, why),),
    )


def _browse(stage: Stage) -> Callable[[Session, float], None]:
    def act(session: Session, time: float) -> None:
        if not session.device.proxied:
            stage.network.ask(session, time, _BENIGN.host, _BENIGN.address)
        stage.network.visit(session, time + 1, _BENIGN, logged=True)

    return act
