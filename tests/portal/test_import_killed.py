"""`kill -9` at random times of an import: the state is that before or after, and a restart finishes once.

For each round a helper process forks a worker, kills it during the import, checks the state, and lets another
worker continue. A few rounds run with every change, fifty on each database under the marker `soak`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .template import furnish

ROOT = Path(__file__).parents[2]
RUN = """
import json, os, random, signal, sys, time
from pathlib import Path
from lamsach.portal.server import start
folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
start(folder)
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
from datetime import timedelta
from django.db import connections
from django.db.models import Sum
from django.utils import timezone
from lamsach.portal.accounts.models import User
from lamsach.portal.campaigns.models import Campaign, FormDefinition
from lamsach.portal.cases.models import Case, Clarification, Span, Step
from lamsach.portal.findings.models import *
from lamsach.portal.findings.intake import Source, store_bundle
from lamsach.portal.jobs.models import Job
from lamsach.portal.jobs.queue import run_next
from lamsach.portal.units import tree
from lamsach.portal.worker import load_tasks
from tests.portal import bundles
from tests.portal.dead_leases import LONG_AGO
from tests.poll import at_any_moment
load_tasks()
dice = random.Random(int(sys.argv[3]))
root = tree.create("G06", "Cơ quan", None)
user = User.objects.create_user("a@person.example", "x" * 20)
day = bundles.day
campaign = Campaign.objects.create(
    name="C",
    owner=root,
    starts=day(-30),
    ends=day(30),
    report_due=day(30),
    state="running",
    form=FormDefinition.objects.create(name="F", definition={}),
)

def packed(number):
    keys = [f"mac:02:00:00:00:{number:02x}:{one:02x}" for one in range(20)]
    machines = [bundles.device(key, name=f"PC-{number}-{place}") for place, key in enumerate(keys)]
    contacts = [
        bundles.Contact(key, {day(-n): 3 for n in range(1, 6)}, indicator=f"c{i}.bot.xyz")
        for key in keys
        for i in range(2)
    ]
    return bundles.packed(bundles.findings(machines, contacts, [("FW-A", day(-n)) for n in range(1, 9)]))

def state(unit):
    of_device, of_bundle = {"device__unit": unit}, {"bundle__unit": unit}
    of_case = {"case__unit": unit}
    rows = {
        "devices": Device.objects.filter(unit=unit),
        "identities": Identity.objects.filter(unit=unit),
        "appearances": Appearance.objects.filter(**of_bundle),
        "sightings": Sighting.objects.filter(**of_device),
        "parts": Part.objects.filter(**of_bundle),
        "lines": EvidenceLine.objects.filter(**of_device),
        "coverage": CoverageDay.objects.filter(unit=unit),
        "cases": Case.objects.filter(unit=unit),
        "questions": Clarification.objects.filter(unit=unit),
        "steps": Step.objects.filter(**of_case),
        "spans": Span.objects.filter(**of_case),
        "merges": Merge.objects.filter(kept__unit=unit),
    }
    found = {name: query.count() for name, query in rows.items()}
    found["events"] = rows["sightings"].aggregate(s=Sum("count"))["s"] or 0
    found["case_events"] = rows["cases"].aggregate(s=Sum("count"))["s"] or 0
    return found

def worker():
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            run_next()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return child

def prepared(number):
    unit = tree.create(f"G06.{number:03d}", f"Phòng {number}", root)
    bundle, new = store_bundle(packed(number), "findings.zip", Source(unit, campaign, Way.UPLOAD, user))
    assert new
    return unit, bundle

unit, bundle = prepared(0)
empty = state(unit)
began = time.monotonic()
assert os.waitpid(worker(), 0)[1] == 0
took = time.monotonic() - began
full = state(unit)
assert full != empty and full["cases"] == 20 and full["sightings"] == 200, full
outcomes = {"before": 0, "after": 0}
wrong = []
for number in range(1, rounds + 1):
    unit, bundle = prepared(number)
    victim = worker()
    at_any_moment(dice, took * 1.05)
    os.kill(victim, signal.SIGKILL)
    os.waitpid(victim, 0)
    seen = state(unit)
    bundle.refresh_from_db()
    if seen == empty and bundle.state == "received":
        outcomes["before"] += 1
    elif seen == full and bundle.state == "imported":
        outcomes["after"] += 1
    else:
        wrong.append([number, "killed", seen, bundle.state])
    Job.objects.filter(state="running").update(lease_until=LONG_AGO)
    for _ in range(2):
        os.waitpid(worker(), 0)
    bundle.refresh_from_db()
    left = Job.objects.exclude(state="done").count()
    if state(unit) != full or bundle.state != "imported" or left:
        wrong.append([number, "restarted", state(unit), bundle.state, left])
print(json.dumps({"outcomes": outcomes, "wrong": wrong, "took": took, "full": full}))
"""


def killed(folder: Path, address: str, rounds: int, seed: int = 1) -> dict[str, Any]:
    """Run the rounds on a database; return their results."""
    if not address:
        furnish(folder)
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("LAMSACH_", "DATABASE_", "DJANGO_"))}
    ran = subprocess.run(
        [sys.executable, "-c", RUN, str(folder), str(rounds), str(seed)],
        env={**clean, "DATABASE_URL": address},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    found: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
    return found


def check(found: dict[str, Any], rounds: int) -> None:
    assert found["wrong"] == []
    assert sum(found["outcomes"].values()) == rounds


def test_a_killed_import_on_sqlite(tmp_path: Path) -> None:
    check(killed(tmp_path, "", 2), 2)


@pytest.mark.soak
def test_fifty_killed_imports_on_sqlite(tmp_path: Path) -> None:
    found = killed(tmp_path, "", 50, 7)
    check(found, 50)
    assert found["outcomes"]["before"] >= 10


@pytest.mark.soak
def test_fifty_killed_imports_on_postgresql(tmp_path: Path, postgresql: str) -> None:
    found = killed(tmp_path, postgresql, 50, 8)
    check(found, 50)
    assert found["outcomes"]["before"] >= 10
