"""Time the pages of machines with 50,000 cases and a million sightings in 500 units.

Measured are the list, its pages, its filters, the search and the numbers.

    python -m bench.portal_cases [FOLDER]
    DATABASE_URL=postgres://... python -m bench.portal_cases [--sightings 10000000]

The first uses SQLite in FOLDER (default: a temporary one; a filled folder is measured again).

Next to wall clock times it prints the processor time of one request, of the portal and of its process in the
database's server: on a busy machine the wall clock means little.

Further sightings are in the tables of the past twelve months (see `findings.months`), as many per machine.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

CASES, SIGHTINGS_EACH, UNITS, TIMES = 50_000, 20, 500, 20
SUMS = ("numbers", "dashboard")
"""Pages that add up all cases; the goal does not apply to them."""
STATES = (
    "new",
    "told",
    "accepted",
    "working",
    "cleaned",
    "cleaned",
    "verified",
    "verified",
    "blind",
    "reinfected",
    "false_alarm",
)


def fill(per_machine: int = SIGHTINGS_EACH) -> None:
    """Write units, devices, cases, sightings, spans and the words of the search, in bulk."""
    from django.utils import timezone

    from lamsach.portal.accounts.models import User
    from lamsach.portal.base.roles import Role
    from lamsach.portal.campaigns.models import Campaign
    from lamsach.portal.campaigns.views import default_form
    from lamsach.portal.cases.models import Case, CaseText, Span, Step
    from lamsach.portal.cases.search import fold
    from lamsach.portal.findings.models import Device
    from lamsach.portal.units import tree
    from lamsach.portal.units.models import Membership, Unit

    chance, now, day = random.Random(1), timezone.now(), tree.today()
    root = tree.create("B01", "Bộ", None)
    units = [
        root,
        *tree.create_many([Unit(code=f"B01.{n:03d}", name=f"Đơn vị {n}", parent=root) for n in range(UNITS)]),
    ]
    people = [(root, Role.ADMINISTRATOR, "a@b.example"), (units[1], Role.OFFICER, "o@b.example")]
    for unit, role, email in people:
        Membership.objects.create(user=User.objects.create_user(email, None), unit=unit, role=role)
    campaign = Campaign.objects.create(
        name="C", owner=root, starts=day, ends=day, report_due=day + timedelta(days=30), form=default_form()
    )
    devices = Device.objects.bulk_create(
        [
            Device(
                unit=chance.choice(units),
                key=f"name:pc-{n}",
                name=f"PC-{n:05d}",
                ip=f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}",
            )
            for n in range(CASES)
        ],
        batch_size=2000,
    )
    cases = Case.objects.bulk_create(
        [
            Case(
                campaign=campaign,
                unit_id=device.unit_id,
                device=device,
                state=chance.choice(STATES),
                since=day - timedelta(days=chance.randrange(30)),
                severity=chance.choice((1, 1, 2, 3, 4)),
                threat=chance.choice(("Mirai", "RedLine Stealer", "XMRig", "Qakbot", "")),
                due=now + timedelta(hours=chance.randrange(-200, 200)),
                count=per_machine,
                indicators=2,
                first_seen=day - timedelta(days=40),
                last_seen=day,
            )
            for device in devices
        ],
        batch_size=2000,
    )
    Step.objects.bulk_create(
        [Step(case=case, at=now, day=day - timedelta(days=40), after="new") for case in cases],
        batch_size=2000,
    )
    spans = []
    for case in cases:
        first = day - timedelta(days=40 - chance.randrange(10))
        spans.append(
            Span(
                case=case,
                campaign=campaign,
                unit_id=case.unit_id,
                state="new",
                valid_from=first,
                valid_until=case.since,
            )
        )
        spans.append(
            Span(case=case, campaign=campaign, unit_id=case.unit_id, state=case.state, valid_from=case.since)
        )
    Span.objects.bulk_create(spans, batch_size=2000)
    CaseText.objects.bulk_create(
        [
            CaseText(
                case=case,
                shared=fold(f"{case.number} {case.threat} bot-{case.pk % 5000}.xyz đơn vị {case.pk % UNITS}"),
                own=fold(f"{device.name} {device.ip} nguyễn văn {case.pk % 900}"),
            )
            for case, device in zip(cases, devices, strict=True)
        ],
        batch_size=2000,
    )
    if per_machine > SIGHTINGS_EACH:
        _by_month(campaign.pk, per_machine)
    else:
        _by_device(campaign, devices)


def _by_device(campaign: Any, devices: list[Any]) -> None:
    from django.utils import timezone

    from lamsach.portal.findings.models import Sighting
    from lamsach.portal.units import tree

    now, day = timezone.now(), tree.today()
    for begin in range(0, CASES, 1000):
        Sighting.objects.bulk_create(
            [
                Sighting(
                    campaign=campaign,
                    device=device,
                    indicator=f"bot-{(number * 7 + step) % 5000}.xyz",
                    indicator_type="domain",
                    role="outbound",
                    source="FW-A",
                    day=day - timedelta(days=step),
                    count=1,
                    passed=1,
                    last=now,
                )
                for number, device in enumerate(devices[begin : begin + 1000], begin)
                for step in range(SIGHTINGS_EACH)
            ],
            batch_size=2000,
        )


_SERIES = """
INSERT INTO findings_sighting
    (campaign_id, device_id, indicator, indicator_type, threat, role, source, day, count, passed, last)
SELECT %s, d.id, 'bot-' || ((d.n * 7 + s) %% 5000) || '.xyz', 'domain', '', 'outbound', 'FW-A',
    %s::date - s * 360 / %s, 1, 1, now()
FROM generate_series(%s::int, %s::int) s
    CROSS JOIN (SELECT id, row_number() OVER (ORDER BY id) n FROM findings_device) d
"""
STEPS = 10


def _by_month(campaign: int, per_machine: int) -> None:
    """Write this many sightings of each machine over twelve months, by PostgreSQL itself.

    Without checking each reference, if permitted.
    """
    from datetime import date

    from lamsach.portal.findings import months
    from lamsach.portal.units import tree

    day = tree.today()
    have = months.months()
    for number in range(day.year * 12 + day.month - 13, day.year * 12 + day.month):
        month = date(number // 12, number % 12 + 1, 1)
        if month not in have:
            months.split(month)
    months.run("SET session_replication_role = replica")
    for begin in range(0, per_machine, STEPS):
        months.run(_SERIES, campaign, day, per_machine, begin, min(begin + STEPS, per_machine) - 1)
    months.run("RESET session_replication_role")
    months.run("VACUUM ANALYZE")


def measure() -> bool:
    """Print median and 95th percentile of each page.

    Returns whether lists, searches and the case are below the goal of 300 ms.
    """
    from django.test import Client

    from lamsach.portal.accounts.models import User
    from lamsach.portal.campaigns.models import Campaign
    from lamsach.portal.cases.models import Case

    campaign, good = Campaign.objects.get().pk, True
    case = Case.objects.filter(unit__code="B01.000").first()
    numbers = f"/office/campaigns/{campaign}/machines/"
    for email, pages in (
        (
            "a@b.example",
            {
                "list": "/office/cases/",
                "list, page 500": "/office/cases/?show=all&page=500",
                "list, last page": "/office/cases/?show=all&page=1000",
                "list, overdue": "/office/cases/?show=late",
                "list, one unit": f"/office/cases/?unit={case.unit_id if case else 1}&show=all",
                "list of a past day": (
                    f"/office/cases/?campaign={campaign}&show=open&day={Case.objects.all()[0].since}"
                ),
                "search, a number": "/office/cases/?show=all&q=M004711",
                "search, an address": "/office/cases/?show=all&q=bot-4711.xyz",
                "search, many hits": "/office/cases/?show=all&q=stealer",
                "search, nothing": "/office/cases/?show=all&q=khong+co",
                "numbers": numbers,
                "dashboard": f"{numbers}dashboard/",
                "home": "/office/",
            },
        ),
        (
            "o@b.example",
            {
                "officer's list": "/office/cases/",
                "officer's search": "/office/cases/?show=all&q=pc-0",
                "officer's home": "/office/",
                "a case": f"/office/cases/{case.pk if case else 1}/",
                "a device": f"/office/findings/devices/{case.device_id if case else 1}/",
            },
        ),
    ):
        client = Client()
        client.force_login(
            User.objects.get(email=email), backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        for name, address in pages.items():
            good &= _measure_page(client, name, address) or name in SUMS
    return good


def _measure_page(client: Any, name: str, address: str) -> bool:
    times, busy = [], 0.0
    for _ in range(TIMES):
        begin, before = time.perf_counter(), _processors()
        status = client.get(address).status_code
        times.append(time.perf_counter() - begin)
        busy += (_processors() - before) / TIMES
        if status != 200:
            print(f"{name}: {status}", flush=True)
            return False
    p95 = sorted(times)[TIMES * 95 // 100 - 1] * 1000
    print(
        (
            f"{name}: p50 {statistics.median(times) * 1000:.0f} ms, p95 {p95:.0f} ms, processors "
            f"{busy * 1000:.0f} ms"
        ),
        flush=True,
    )
    return p95 < 300


def _processors() -> float:
    """Return the processor seconds of this process and of its server process in the database."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return time.process_time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        times = psutil.Process(cursor.fetchone()[0]).cpu_times()
    return time.process_time() + times.user + times.system


def main(folder: Path, sightings: int) -> int:
    """Fill if needed, and measure."""
    from lamsach.portal.server import prepare, start

    start(folder)
    prepare()
    from django.conf import settings

    from lamsach.portal.cases.models import Case

    settings.ALLOWED_HOSTS.append("testserver")
    settings.MFA_REQUIRED = False
    if not Case.objects.exists():
        begin = time.perf_counter()
        fill(sightings // CASES)
        print(f"filled in {time.perf_counter() - begin:.0f} s", flush=True)
    return 0 if measure() else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--sightings", type=int, default=CASES * SIGHTINGS_EACH)
    options = parser.parse_args()
    if options.folder:
        sys.exit(main(options.folder, options.sightings))
    with tempfile.TemporaryDirectory() as name:
        sys.exit(main(Path(name), options.sightings))
