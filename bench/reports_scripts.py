"""Scripts of `bench.reports` that run inside the portal: fill it, check it, measure a tree of units."""

FILL = """
import json, sys
from datetime import timedelta
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.conf import settings
from django.core.management import call_command
from django.test import Client
settings.ALLOWED_HOSTS.append("testserver")
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
call_command("migrate", interactive=False, verbosity=0)
from lamsach.portal.accounts.models import User
from lamsach.portal.base import links
from lamsach.portal.base.roles import Role
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.models import Campaign, Dispatch
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.units import tree
from lamsach.portal.units.models import Membership, Unit
count = int(sys.argv[2])
day = tree.today()
top = tree.create("B01", "Bộ", None, email="bo@bo.example")
middle = tree.create_many(
    [Unit(code=f"B01.{n:02d}", name=f"Cục {n}", parent=top, email=f"c{n}@bo.example") for n in range(20)]
)
units = tree.create_many(
    [
        Unit(code=f"B01.{n % 20:02d}.{n:05d}", name=f"Phòng {n}", parent=middle[n % 20])
        for n in range(count)
    ]
)
boss = User.objects.create_user("a@b.example", None)
Membership.objects.create(user=boss, unit=top, role=Role.AUTHORITY)
campaign = Campaign.objects.create(
    name="C",
    owner=top,
    starts=day,
    ends=day,
    report_due=day + timedelta(days=30),
    form=default_form(),
    state="running",
)
dispatch = Dispatch.objects.create(
    campaign=campaign,
    issuer=top,
    day=day,
    subject="S",
    body="B",
    deadline=day + timedelta(days=20),
    created_by=boss,
    once=links.nonce(),
)
dispatches.send(dispatch, boss, whole=True)
people = User.objects.bulk_create([User(email=f"u{n}@bo.example", name=f"U{n}") for n in range(count)])
Membership.objects.bulk_create(
    [Membership(user=user, unit=unit, role=Role.OFFICER) for user, unit in zip(people, units)]
)
sessions = []
for user in people:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    sessions.append(client.cookies[settings.SESSION_COOKIE_NAME].value)
print(
    json.dumps(
        {
            "campaign": campaign.pk,
            "units": [u.pk for u in units],
            "sessions": sessions,
            "session": settings.SESSION_COOKIE_NAME,
            "csrf": settings.CSRF_COOKIE_NAME,
        }
    )
)
"""
CHECK = """
import json, sys
from collections import Counter
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from lamsach.portal.jobs.models import Job
from lamsach.portal.reports.content import is_intact
from lamsach.portal.reports.models import Report, Step
reports = list(Report.objects.all())
print(json.dumps({
    "states": Counter(report.state for report in reports),
    "units": len({report.unit_id for report in reports}),
    "broken": sum(not is_intact(report) for report in reports),
    "steps": Counter(Step.objects.values_list("action", flat=True)),
    "deliveries": Job.objects.filter(name="reports.deliver").count(),
}))
"""
TREE = """
import json, sys, time
from datetime import timedelta
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
settings.ALLOWED_HOSTS.append("testserver")
settings.MFA_REQUIRED = False
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
call_command("migrate", interactive=False, verbosity=0)
from lamsach.letters.form import parse_form
from lamsach.portal.accounts.models import User
from lamsach.portal.base.roles import Role
from lamsach.portal.campaigns.models import Campaign, Participation
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.reports.consolidation import consolidate
from lamsach.portal.reports.figures import Scope, compute
from lamsach.portal.reports.models import Report
from lamsach.portal.units import tree
from lamsach.portal.units.models import Membership, Unit
wanted, requests = int(sys.argv[2]), int(sys.argv[3])
day = tree.today()
early = day - timedelta(days=30)
top = tree.create("B02", "Cơ quan", None, early)
level, units = [top], 1
for fan in (63, 12, 25):
    fresh = [
        Unit(code=f"{above.code}.{n:02d}", name=f"Đơn vị {above.code}.{n:02d}", parent=above)
        for above in level
        for n in range(fan)
    ][: wanted - units]
    level = tree.create_many(fresh, early)
    units += len(level)
user = User.objects.create_user("c@b.example", None)
Membership.objects.create(user=user, unit=top, role=Role.AUTHORITY)
campaign = Campaign.objects.create(
    name="Lớn", owner=top, starts=early, ends=day, report_due=day, form=default_form(), state="running"
)
everybody = list(Unit.objects.filter(code__startswith="B02").order_by("pk").values_list("pk", flat=True))
Participation.objects.bulk_create(
    [
        Participation(
            campaign=campaign,
            unit_id=pk,
            sent_on=early,
            informed_on=early + timedelta(days=pk % 29) if pk % 4 else None,
            deployed_on=day - timedelta(days=1) if pk % 3 == 0 else None,
            due=day,
        )
        for pk in everybody
    ],
    batch_size=2000,
)
form = parse_form(campaign.form.definition)
children = list(Unit.objects.filter(parent=top).order_by("code"))
grandchildren = list(Unit.objects.filter(parent__in=children).order_by("code"))
for moved, to in zip(grandchildren[12:60:3], children[36::12] * 9):
    tree.move(moved, to, day - timedelta(days=1))
def figures_of(values):
    return [
        {
            "key": row.key,
            "label": row.label,
            "source": row.source,
            "computed": values[row.key],
            "stated": None,
            "reason": "",
            "note": "",
            "value": values[row.key],
        }
        for row in form.rows
    ]
for number, unit in enumerate(children):
    as_of = day - timedelta(days=1 + number % 12)
    if number % 9:
        parts = [
            {
                "id": below.pk,
                "code": below.code,
                "name": below.name,
                "edition": 1,
                "as_of": as_of.isoformat(),
                "digest": "0" * 64,
                "figures": figures_of({"informed": 20, "deployed": 9}),
            }
            for below in grandchildren
            if below.parent_id == unit.pk
        ]
        content = {
            "texts": {"assessment": "Đã triển khai. " * 60},
            "figures": figures_of(compute(form, Scope(campaign, unit, as_of))),
            "parts": parts,
            "annexes": {
                "coverage": [
                    [str(n), part["name"], "3", "20", "1", "01/09/2026 - 21/09/2026"]
                    for n, part in enumerate(parts)
                ]
            },
        }
        Report.objects.create(
            campaign=campaign,
            unit=unit,
            form=campaign.form,
            as_of=as_of,
            state="frozen",
            due=day,
            sent=timezone.now(),
            frozen=timezone.now(),
            content=content,
            digest="x",
        )
begin = time.perf_counter()
values = compute(form, Scope(campaign, top, day))
numbers_s = time.perf_counter() - begin
begin = time.perf_counter()
taken = consolidate(form, Scope(campaign, top, day))
rollup_s = time.perf_counter() - begin
reached = dict(Participation.objects.filter(campaign=campaign).values_list("unit_id", "informed_on"))
slow = sum(1 for pk in everybody if reached[pk] and reached[pk] <= day)
client = Client()
client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
address = f"/office/campaigns/{campaign.pk}/reports/?unit={top.pk}"
for _ in range(5):
    client.get(address)
times, cpu = [], []
for _ in range(requests):
    begin, used = time.perf_counter(), time.process_time()
    assert client.get(address).status_code == 200
    times.append(time.perf_counter() - begin)
    cpu.append(time.process_time() - used)
def ms(values, share):
    return round(sorted(values)[min(int(len(values) * share), len(values) - 1)] * 1000)
print(
    json.dumps(
        {
            "database": connection.vendor,
            "units": len(everybody),
            "numbers_s": round(numbers_s, 2),
            "rollup_s": round(rollup_s, 2),
            "equal": values["informed"] == slow,
            "doubled": len(taken.doubled),
            "requests": requests,
            "page_p50_ms": ms(times, 0.5),
            "page_p95_ms": ms(times, 0.95),
            "page_max_ms": ms(times, 1),
            "page_cpu_ms": ms(cpu, 0.5),
        }
    )
)
"""
