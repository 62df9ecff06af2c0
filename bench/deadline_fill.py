"""The portal of `bench.deadline` on the day before the deadline, and the account of it afterwards.

Each runs in a process of its own.

    python -m bench.deadline_fill FOLDER UNITS USERS BYTES
    python -m bench.deadline_fill FOLDER

The first fills the portal in FOLDER (and DATABASE_URL), writes a bundle of that many bytes and prints names
and keys as JSON; the second prints the portal's rows as JSON.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

FAN_OUT = (20, 25)
"""Units under the root, and under each of these; all others are below the third level."""
CASES_EACH, REPORTED = 2, 0.6
"""Cases of every second unit, and the share of units whose report was accepted before."""
COORDINATORS, WHOLE = 10, 10
"""One person in this many leads units, and one of these in this many the whole country.

Each of the others writes for one unit that has not answered.
"""
CASE_STATES = ("new", "told", "working", "cleaned", "verified", "verified", "blind", "reinfected")


def fill(units: int, users: int) -> dict[str, Any]:
    """Add units on four levels, a campaign sent to all, cases, accepted reports, people with sessions."""
    from django.conf import settings
    from django.test import Client
    from django.utils import timezone

    from lamsach.portal.accounts.models import User
    from lamsach.portal.base import links
    from lamsach.portal.base.roles import Role
    from lamsach.portal.campaigns import dispatches
    from lamsach.portal.campaigns.models import Campaign, Dispatch, Participation, Recipient
    from lamsach.portal.campaigns.views import default_form
    from lamsach.portal.mail.models import Letter, LetterState
    from lamsach.portal.units import tree
    from lamsach.portal.units.models import Membership, Unit

    settings.ALLOWED_HOSTS.append("testserver")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    day, chance = tree.today(), random.Random(1)
    root = tree.create("B01", "Bộ", None, day - timedelta(days=60), email="bo@bo.example")
    heads, level = [root], [root]
    for fan in FAN_OUT:
        level = tree.create_many(
            [Unit(code=f"{up.code}.{n:02d}", name=f"Đơn vị {up.code}.{n:02d}", parent=up,
                email=f"{up.code}.{n:02d}@bo.example".lower())
             for up in level for n in range(fan)][: max(1, units // 4 - len(heads))],
             day - timedelta(days=60),
        )  # fmt: skip
        heads += level
    leaves = tree.create_many(
        [Unit(code=f"{level[n % len(level)].code}.{n:05d}", name=f"Phòng {n}", parent=level[n % len(level)],
            email=f"p{n}@bo.example")
         for n in range(units - len(heads))], day - timedelta(days=60),
    )  # fmt: skip
    leader = User.objects.create_user("a@bo.example", None, name="Lãnh đạo", language="vi")
    Membership.objects.create(user=leader, unit=root, role=Role.AUTHORITY)
    campaign = Campaign.objects.create(
        name="Chiến dịch", owner=root, starts=day - timedelta(days=30), ends=day,
        report_due=day + timedelta(days=1), form=default_form(), summary="Làm sạch mã độc. " * 10,
        goals="Mục tiêu.\n" * 5, state="running",
    )  # fmt: skip
    dispatch = Dispatch.objects.create(
        campaign=campaign, issuer=root, day=day, subject="V/v triển khai", body="Đề nghị.\n" * 20,
        deadline=day + timedelta(days=1), created_by=leader, once=links.nonce(),
    )  # fmt: skip
    dispatches.send(dispatch, leader, whole=True)
    Letter.objects.update(state=LetterState.SENT, sent=timezone.now())
    leading = min(len(heads), max(1, users // COORDINATORS))
    writing = leaves[: users - leading]
    early = {unit.pk for unit in leaves[users - leading :]} | {unit.pk for unit in heads}
    Participation.objects.filter(unit__in=early).update(sent_on=day - timedelta(days=20))
    participations = Participation.objects.filter(unit__in=[pk for pk in early if chance.random() < 0.8])
    participations.update(opened_on=day - timedelta(days=9), informed_on=day - timedelta(days=9))
    participations.filter(unit__in=[pk for pk in early if pk % 4]).update(deployed_on=day - timedelta(days=2))
    _cases(campaign, [*heads, *leaves], chance)
    _reports(campaign, [unit for unit in leaves[len(writing) :] if chance.random() < REPORTED])
    people = User.objects.bulk_create(
        [
            User(email=f"u{n}@bo.example", name=f"Người {n}", language="vi")
            for n in range(leading + len(writing))
        ]
    )
    led = [root if n % WHOLE == 0 else unit for n, unit in enumerate(heads[:leading])]
    roles = [Role.AUTHORITY if unit.pk == root.pk else Role.COORDINATOR for unit in led]
    roles += [Role.OFFICER] * len(writing)
    chosen = [*led, *writing]
    Membership.objects.bulk_create(
        [
            Membership(user=u, unit=unit, role=role)
            for u, unit, role in zip(people, chosen, roles, strict=True)
        ]
    )
    copies = dict(Recipient.objects.filter(unit__in=[unit.pk for unit in writing]).values_list("unit", "pk"))
    sessions = []
    for user in people:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        sessions.append(client.cookies[settings.SESSION_COOKIE_NAME].value)
    return {
        "campaign": campaign.pk,
        "names": {"session": settings.SESSION_COOKIE_NAME, "csrf": settings.CSRF_COOKIE_NAME},
        "root": root.pk,
        "leaders": [[sessions[n], unit.pk] for n, unit in enumerate(led)],
        "officers": [[sessions[leading + n], unit.pk, copies[unit.pk]] for n, unit in enumerate(writing)],
        "units": units,
    }  # fmt: skip


def _cases(campaign: Any, units: list[Any], chance: random.Random) -> None:
    from django.utils import timezone

    from lamsach.portal.cases.models import Case, Span, Step
    from lamsach.portal.findings.models import Device
    from lamsach.portal.units import tree

    day, now = tree.today(), timezone.now()
    devices = Device.objects.bulk_create(
        [Device(unit=unit, key=f"name:pc-{unit.pk}-{n}", name=f"PC-{unit.pk}-{n}",
            ip=f"10.0.{unit.pk >> 8 & 255}.{unit.pk & 255}")
         for unit in units[::2] for n in range(CASES_EACH)], batch_size=2000,
    )  # fmt: skip
    cases = Case.objects.bulk_create(
        [Case(campaign=campaign, unit_id=device.unit_id, device=device, state=chance.choice(CASE_STATES),
            since=day - timedelta(days=9),
              severity=chance.choice((1, 2, 3)), threat="Mirai",
              due=now + timedelta(hours=chance.randrange(-90, 90)), count=5, indicators=1,
              first_seen=day - timedelta(days=20), last_seen=day - timedelta(days=9)) for device in devices],
              batch_size=2000,
    )  # fmt: skip
    Step.objects.bulk_create(
        [Step(case=case, at=now, day=day - timedelta(days=20), after="new") for case in cases],
        batch_size=2000,
    )
    Span.objects.bulk_create(
        [Span(case=case, campaign=campaign, unit_id=case.unit_id, state=state, valid_from=begin, **until)
         for case in cases for state, begin, until in (
             ("new", day - timedelta(days=20), {"valid_until": case.since}), (case.state, case.since, {}))],
             batch_size=2000,
    )  # fmt: skip


def _reports(campaign: Any, units: list[Any]) -> None:
    from django.utils import timezone

    from lamsach.letters.form import parse_form
    from lamsach.portal.reports.models import Report
    from lamsach.portal.units import tree

    day, now, form = tree.today() - timedelta(days=1), timezone.now(), parse_form(campaign.form.definition)
    Report.objects.bulk_create(
        [Report(campaign=campaign, unit=unit, form=campaign.form, as_of=day, state="frozen", sent=now,
            frozen=now, digest="x", content={
            "texts": {"assessment": "Đã triển khai. " * 20}, "parts": [],
            "figures": [{"key": row.key, "label": row.label, "source": row.source, "computed": 1,
                "stated": None, "reason": "",
                         "note": "", "value": 1} for row in form.rows]}) for unit in units], batch_size=500,
    )  # fmt: skip


def bundle(size_bytes: int) -> bytes:
    """Return a hunt's bundle of about that size.

    One machine, one sighting, and incompressible evidence. Each upload adds a comment of its own.
    """
    from tests.portal import bundles

    chance, line_bytes = random.Random(2), 4000
    contact = bundles.Contact(days={bundles.day(-3): 4})
    found = bundles.findings(
        [bundles.device(contact.device, name="PC-01")], [contact], [("FW-A", bundles.day(-3))]
    )
    (sighting,) = found.sightings
    line = sighting.evidence[0]
    lines = tuple(
        replace(line, line=number, text=f"{line.text} {chance.randbytes(line_bytes).hex()}")
        for number in range(max(1, size_bytes // line_bytes))
    )
    return bundles.packed(replace(found, sightings=(replace(sighting, evidence=lines),))).getvalue()


def account() -> dict[str, Any]:
    """Count people's acts in the portal's tables, for comparison with the answers that they got."""
    from django.db.models import Count

    from lamsach.portal.audit.models import Entry
    from lamsach.portal.campaigns.models import Step as Answer
    from lamsach.portal.campaigns.models import StepKind
    from lamsach.portal.findings.models import Bundle, BundleState
    from lamsach.portal.jobs.models import Job
    from lamsach.portal.reports.content import is_intact
    from lamsach.portal.reports.models import Figure, Report, Step

    started = Report.objects.exclude(digest="x")
    sent = started.filter(state="sent")
    several = Count("pk")
    return {
        "acknowledged": sorted(Answer.objects.filter(kind=StepKind.ACKNOWLEDGED)
            .values_list("recipient", flat=True)),
        "bundles": sorted(Bundle.objects.values_list("unit", flat=True)),
        "unread": Bundle.objects.exclude(state=BundleState.IMPORTED).count(),
        "imports": Job.objects.filter(name="findings.import").count(),
        "reports": sorted(started.values_list("unit", flat=True)),
        "stated": dict(Figure.objects.filter(report__in=started, stated__isnull=False)
            .values_list("report__unit", "stated")),
        "sent": sorted(sent.values_list("unit", flat=True)),
        "broken": sum(not is_intact(report) for report in sent),
        "doubled": Step.objects.values("report", "action").annotate(n=several).filter(n__gt=1).count(),
        "deliveries": Job.objects.filter(name="reports.deliver").count(),
        "audited": Entry.objects.filter(action="report.send").count(),
    }  # fmt: skip


def main() -> None:
    """Fill, or print the account."""
    from lamsach.portal.server import prepare, start

    folder, *sizes = sys.argv[1:]
    start(Path(folder))
    prepare()
    from django.db import connection

    from lamsach.portal.units.counters import fold

    if not sizes:
        print(json.dumps(account()))
        return
    units, users, size_bytes = map(int, sizes)
    (Path(folder) / "bundle.zip").write_bytes(bundle(size_bytes))
    portal = fill(units, users)
    fold()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(json.dumps(portal))


if __name__ == "__main__":
    main()
