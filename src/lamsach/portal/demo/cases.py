"""Demo machines: forty days in a dozen units with every state of a case, and scans of machines."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from lamsach.portal.accounts.models import User
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases.models import Case, CaseState, Exemption, Note, Span, Step, Tick
from lamsach.portal.cases.playbooks import followed
from lamsach.portal.cases.upkeep import recompute, refresh
from lamsach.portal.findings.models import AliveDay, Contained, CoverageDay, Device, Identity, Sighting
from lamsach.portal.fleet.models import Look, LookState, Machine, Size
from lamsach.portal.units.models import Membership, Unit
from lamsach.portal.units.tree import today

MOST_UNITS = 60
_STATES = (
    (LookState.QUIET, 0.93),
    (LookState.CLEANED, 0.03),
    (LookState.FOUND, 0.02),
    (LookState.DOUBTFUL, 0.02),
)


def fill_fleet(seed: int = 2022) -> None:
    """Create machines and scans of the demo's units in its first campaign."""
    campaign = Campaign.objects.order_by("pk").first()
    if campaign is None:
        return
    chance = random.Random(seed)  # noqa: S311 - makes up machines, not keys
    machines: list[Machine] = []
    units = list(Unit.objects.order_by("code"))[:MOST_UNITS]
    for unit in units:
        count = chance.randint(12, 60)
        if chance.random() < 0.2:
            Size.objects.create(unit=unit, machines=count + chance.randint(0, 30))
            count, listed = chance.randint(0, count), False
        else:
            listed = True
        machines += [
            Machine(
                unit=unit,
                key=f"pc-{unit.pk}-{number:03}",
                name=f"PC-{unit.code.replace('.', '')}-{number:03}",
                department=chance.choice(("Kế toán", "Tổ chức", "Văn phòng", "Kỹ thuật")),
                listed=listed,
            )
            for number in range(1, count + 1)
        ]
    Machine.objects.bulk_create(machines, batch_size=500)
    reached = [machine for machine in machines if not machine.listed or chance.random() < 0.85]
    Look.objects.bulk_create([_look(campaign, machine, chance) for machine in reached], batch_size=500)


def _look(campaign: Campaign, machine: Machine, chance: random.Random) -> Look:
    state = chance.choices([state for state, _ in _STATES], [weight for _, weight in _STATES])[0]
    is_found = state in (LookState.FOUND, LookState.CLEANED)
    when = timezone.now() - timedelta(
        hours=chance.choice((3, 20, 26, 50, 90, 200, 400)), minutes=chance.randint(0, 59)
    )
    return Look(
        campaign=campaign,
        unit_id=machine.unit_id,
        machine=machine,
        state=state,
        ever_found=is_found,
        whole=chance.random() < 0.8,
        first=when - timedelta(days=3),
        received=when,
        finished=when,
        looks=chance.randint(1, 9),
        mode=chance.choice(("quick", "quick", "full")),
        malicious=chance.randint(1, 4) if is_found else 0,
        suspicious=1 if state == LookState.DOUBTFUL else 0,
        risk=1 if chance.random() < 0.1 else 0,
        left=1 if state == LookState.FOUND else 0,
        skipped=chance.randint(0, 40),
        version="0.1.0",
    )


if TYPE_CHECKING:
    from lamsach.portal.demo.ministry import Filled


S = CaseState
DIGEST = "d" * 64
THREATS = (
    ("bot-c2.xyz", "Mirai", "outbound"),
    ("cap-nhat-gia.example", "SocGholish", "outbound"),
    ("an-cap.example", "RedLine Stealer", "outbound"),
    ("dao-tien.example", "XMRig", "outbound"),
    ("tai-ve.example", "Qakbot", "outbound"),
    ("la.example", "", "resolved"),
)
PATHS: dict[str, tuple[tuple[CaseState, int], ...]] = {
    "new": (),
    "told": ((S.TOLD, 3),),
    "accepted": ((S.TOLD, 6), (S.ACCEPTED, 4)),
    "working": ((S.TOLD, 9), (S.ACCEPTED, 8), (S.WORKING, 5)),
    "cleaned": ((S.TOLD, 14), (S.WORKING, 10), (S.CLEANED, 7)),
    "verified": ((S.TOLD, 27), (S.ACCEPTED, 26), (S.WORKING, 24), (S.CLEANED, 20)),
    "blind": ((S.TOLD, 27), (S.WORKING, 22), (S.CLEANED, 15)),
    "reinfected": ((S.TOLD, 27), (S.WORKING, 25), (S.CLEANED, 22)),
    "false_alarm": ((S.ACCEPTED, 12), (S.FALSE_ALARM, 9)),
    "excepted": ((S.TOLD, 12),),
}
"""Steps that lead to each state, with their age in days."""
WHY = {
    S.CLEANED: "Đã quét toàn bộ, cách ly tệp độc hại và khởi động lại.",
    S.FALSE_ALARM: "Máy kiểm thử của phòng kỹ thuật truy cập trang mẫu.",
}
OWN_STATES = (*PATHS, "verified", "working")
"""States of the machines of the officer's own unit."""
OTHER_STATES = (
    "new",
    "working",
    "cleaned",
    "verified",
    "verified",
    "verified",
    "told",
    "reinfected",
    "accepted",
)
PEOPLE = ("nguyenvana", "tranthib", "levanc", "phamthid", "hoangvane", "dothig", "buivanh", "vuthik")
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Place:
    """Unit with its log sources; `blind`: the DNS log lacks the last five days."""

    unit: Unit
    observers: tuple[str, ...]
    blind: bool


@transaction.atomic
def fill_cases(filled: Filled, seed: int = 2022) -> None:
    """Add cases and scans to a filled demo."""
    chance = random.Random(seed)  # noqa: S311 - makes up names, not keys
    officer = User.objects.get(email=filled.people["officer"])
    own = Membership.objects.get(user=officer).unit
    campaign = Campaign.objects.get()
    Contained.objects.bulk_create(
        [Contained(campaign=campaign, digest=DIGEST, indicator=value) for value, _, _ in THREATS]
    )
    siblings = list(Unit.objects.filter(parent_id=own.parent_id).exclude(pk=own.pk).order_by("code")[:11])
    for number, unit in enumerate([own, *siblings]):
        states: Sequence[str] = (
            OWN_STATES if unit.pk == own.pk else chance.sample(OTHER_STATES, chance.randrange(2, 8))
        )
        if number in (4, 7):
            states = ("blind", "blind", "working")
        name = unit.code.rpartition(".")[2]
        _unit(
            campaign,
            _Place(unit, (f"FW-{name}", f"DNS-{name}"), number in (0, 4, 7)),
            states,
            officer,
            chance,
        )
    fill_fleet(seed)


def _unit(
    campaign: Campaign, place: _Place, states: Sequence[str], officer: User, chance: random.Random
) -> None:
    devices = [_device(campaign, place, number, state, chance) for number, state in enumerate(states, 1)]
    _logs(campaign, place)
    refresh(campaign, place.unit, [device.pk for device, _, _ in devices])
    for device, state, found_on in devices:
        case = Case.objects.get(campaign=campaign, device=device)
        Step.objects.filter(case=case).update(at=_moment(found_on, 9), day=found_on)
        _decide(case, state, officer)
    recompute([Case.objects.get(campaign=campaign, device=device) for device, _, _ in devices])
    _date_back(campaign, place.unit, chance)


def _device(
    campaign: Campaign, place: _Place, number: int, state: str, chance: random.Random
) -> tuple[Device, str, date]:
    unit, user = place.unit, chance.choice(PEOPLE)
    mac = f"02:00:{unit.pk >> 8 & 255:02x}:{unit.pk & 255:02x}:00:{number:02x}"
    device = Device.objects.create(
        unit=unit,
        key=f"mac:{mac}",
        mac=mac,
        name=f"PC-{unit.code.rpartition('.')[2]}-{number:03d}",
        ip=f"10.{unit.pk & 255}.1.{number + 10}",
        user=user,
        department="Phòng Tổng hợp",
    )
    Identity.objects.create(device=device, unit=unit, kind="mac", value=mac)
    value, threat, role = THREATS[(number + unit.pk) % 5 if state != "told" else 5]
    found_on = today() - _ONE * (max((days for _, days in PATHS[state]), default=2) + chance.randrange(1, 4))
    source = place.observers[1] if state == "blind" else place.observers[0]
    days = [found_on - _ONE * back for back in range(chance.randrange(1, 4))]
    if state == "reinfected":
        days.append(today() - _ONE * 3)
    common = {"campaign": campaign, "device": device, "indicator": value, "indicator_type": "domain"}
    common |= {"threat": threat, "role": role, "source": source}
    sightings = []
    for day in days:
        count = chance.randrange(1, 90)
        passed = count if chance.random() > 0.2 else 0
        sightings.append(Sighting(**common, day=day, count=count, passed=passed, last=_moment(day, 16)))
    Sighting.objects.bulk_create(sightings)
    alive = [today() - _ONE * back for back in range(1, 41) if chance.random() > 0.25]
    AliveDay.objects.bulk_create(AliveDay(device=device, day=day) for day in alive)
    return device, state, found_on


def _logs(campaign: Campaign, place: _Place) -> None:
    """Add forty covered days of two logs; a blind place lacks the last five of DNS."""
    rows = []
    for number, observer in enumerate(place.observers):
        for back in range(1, 41):
            if number == 1 and place.blind and back <= 5:
                continue
            rows.append(
                CoverageDay(
                    campaign=campaign,
                    unit=place.unit,
                    observer=observer,
                    day=today() - _ONE * back,
                    lines=40_000,
                    digest=DIGEST,
                    format=("fortigate", "windows_dns_debug")[number],
                )
            )
    CoverageDay.objects.bulk_create(rows)


def _decide(case: Case, state: str, officer: User) -> None:
    before: str = S.NEW
    rows = []
    for after, back in PATHS[state]:
        day = today() - _ONE * back
        rows.append(
            Step(
                case=case,
                at=_moment(day, 15),
                day=day,
                before=before,
                after=after,
                user=officer,
                who=officer.name,
                why=WHY.get(after, ""),
            )
        )
        before = after
    Step.objects.bulk_create(rows)
    if state == "excepted":
        sighting = Sighting.objects.filter(device=case.device).first()
        assert sighting is not None
        leader = User.objects.get(email="coordinator@demo.example")
        Exemption.objects.create(
            campaign=case.campaign,
            unit=case.unit,
            device=case.device,
            indicator=sighting.indicator,
            reason="Máy phân tích mã độc của phòng kỹ thuật, tách khỏi mạng chung.",
            expires=today() + _ONE * 120,
            asked_by=officer,
            approved_by=leader,
            approved_on=today() - _ONE * 5,
        )
    if state in ("working", "cleaned", "verified", "blind", "reinfected"):
        _handle(case, state, officer)


def _handle(case: Case, state: str, officer: User) -> None:
    Case.objects.filter(pk=case.pk).update(assignee=officer)
    book = followed(case)
    note = Note.objects.create(
        case=case, user=officer, who=officer.name, text="Đã rút mạng, giao máy dự phòng cho người dùng."
    )
    for number, item in enumerate(book.items[: 3 if state == "working" else len(book.items) - 1]):
        Tick.objects.create(
            case=case,
            kind=book.kind,
            version=book.version,
            step=item.key,
            user=officer,
            who=officer.name,
            note=None if number else note,
        )
    begin = _moment(today() - _ONE * PATHS[state][-1][1], 11)
    Tick.objects.filter(case=case).update(at=begin)
    Note.objects.filter(case=case).update(at=begin)


def _date_back(campaign: Campaign, unit: Unit, chance: random.Random) -> None:
    """Back-date the history to the evening of each day, some of it later, as by late logs."""
    for span in Span.objects.filter(campaign=campaign, unit=unit, known_until=None):
        late = chance.choice((0, 0, 0, 0, 2))
        day = min(span.valid_from + _ONE * late, today())
        Span.objects.filter(pk=span.pk).update(
            known_from=_moment(day, 17), cause="bundle" if late else "decision"
        )
    for step in Step.objects.filter(case__campaign=campaign, case__unit=unit, computed=True):
        since = date.fromisoformat(step.details["since"])
        Step.objects.filter(pk=step.pk).update(at=_moment(since, 18), day=since)
    Case.objects.filter(campaign=campaign, unit=unit, state__in=(S.NEW, S.TOLD)).update(
        due=timezone.now() + timedelta(hours=chance.randrange(-30, 60))
    )


def _moment(day: date, hour: int) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour)))
