"""The demo's scanned machines: thousands in the units, some infected, silent or unknown. Invented."""

from __future__ import annotations

import random
from datetime import timedelta

from django.utils import timezone

from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.fleet.models import Look, LookState, Machine, Size
from lamsach.portal.units.models import Unit

MOST_UNITS = 60
_STATES = (
    (LookState.QUIET, 0.93),
    (LookState.CLEANED, 0.03),
    (LookState.FOUND, 0.02),
    (LookState.DOUBTFUL, 0.02),
)


def fill_fleet(seed: int = 2022) -> None:
    """Scans of the machines of the demo's units in its first campaign."""
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
    state = chance.choices([one for one, _ in _STATES], [weight for _, weight in _STATES])[0]
    found = state in (LookState.FOUND, LookState.CLEANED)
    when = timezone.now() - timedelta(
        hours=chance.choice((3, 20, 26, 50, 90, 200, 400)), minutes=chance.randint(0, 59)
    )
    return Look(
        campaign=campaign,
        unit_id=machine.unit_id,
        machine=machine,
        state=state,
        ever_found=found,
        whole=chance.random() < 0.8,
        first=when - timedelta(days=3),
        received=when,
        finished=when,
        looks=chance.randint(1, 9),
        mode=chance.choice(("quick", "quick", "full")),
        malicious=chance.randint(1, 4) if found else 0,
        suspicious=1 if state == LookState.DOUBTFUL else 0,
        risk=1 if chance.random() < 0.1 else 0,
        left=1 if state == LookState.FOUND else 0,
        skipped=chance.randint(0, 40),
        version="0.1.0",
    )
