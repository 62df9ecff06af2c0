"""A server killed during a report's steps loses nothing and repeats none.

Creation, submission, approval, sending, acceptance, and the delivery of its letter, queued once. On SQLite
and PostgreSQL.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import TEMPLATE
from .postgres import DATABASES, fresh
from .template import furnish

POINTS = 9
WORK = f"""
import os, signal, sys, traceback
from datetime import timedelta
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.conf import settings
settings.ALLOWED_HOSTS.append("testserver")
settings.MFA_REQUIRED = False
settings.STORAGES["staticfiles"] = {{"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
from django.db import connections
from django.test import Client
from django.utils import timezone
from lamsach.portal.accounts.models import User
from lamsach.portal.base.roles import Role
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.jobs.models import Job
from lamsach.portal.jobs.queue import run_next
from lamsach.portal.mail.models import Letter
from lamsach.portal.reports import chain, drafts, letters, tasks, views
from lamsach.portal.reports.content import is_intact
from lamsach.portal.reports.models import Report, Step
from lamsach.portal.units import tree
from lamsach.portal.units.models import Membership, Unit
from tests.portal.dead_leases import LONG_AGO

def killed_in(place, name, when, after):
    '''From now on the process dies in a function, before or after its work, when `when` holds.'''
    kept = getattr(place, name)
    def dying(*given, **named):
        if not after and when(given, named):
            os.kill(os.getpid(), signal.SIGKILL)
        result = kept(*given, **named)
        if after and when(given, named):
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(place, name, dying)

def step_of(action):
    return lambda given, named: given[0].action == action

def told_of(action):
    return lambda given, named: given[1] == action

always = lambda given, named: True
POINTS = {{
    "make, before the commit": lambda: killed_in(drafts, "record", always, True),
    **{{
        f"{{action}}, before its history": (
            lambda action=action: killed_in(Step, "save", step_of(action), False)
        )
        for action in ("submit", "send")
    }},
    **{{
        f"{{action}}, before the commit": (
            lambda action=action: killed_in(views, "queue_step_letter", told_of(action), True)
        )
        for action in ("approve", "send")
    }},
    **{{
        f"{{action}}, before the answer": (
            lambda action=action: killed_in(
                views.messages,
                "success",
                lambda given, named: given[0].POST.get("action") == action,
                False,
            )
        )
        for action in ("submit", "accept")
    }},
    "deliver, before the commit": lambda: killed_in(
        letters, "_letter", lambda given, named: given[3] == "send", True
    ),
    "deliver, before the job is done": lambda: killed_in(tasks, "deliver", always, True),
}}

def work(units):
    client = Client()
    client.force_login(User.objects.get(), backend="allauth.account.auth_backends.AuthenticationBackend")
    campaign = Campaign.objects.get()
    for unit in units:
        client.post(f"/office/campaigns/{{campaign.pk}}/reports/{{unit.pk}}/")
        for action in ("submit", "approve", "send"):
            found = Report.objects.get(unit=unit)
            client.post(
                f"/office/reports/{{found.pk}}/step/",
                {{"version": found.version, "action": action, "signer": "A"}},
            )
        Job.objects.filter(state="running").update(lease_until=LONG_AGO)
        while run_next():
            pass
        found = Report.objects.get(unit=unit)
        client.post(
            f"/office/reports/{{found.pk}}/receive/", {{"version": found.version, "action": "accept"}}
        )

top = tree.create("G06", "Trung tâm", None, email="tren@unit.example")
units = tree.create_many(
    [
        Unit(code=f"G06.{{n:02d}}", name=f"Phòng {{n}}", parent=top, email=f"p{{n}}@unit.example")
        for n in range(1, {POINTS} + 1)
    ]
)
user = User.objects.create_user("a@b.example", None)
Membership.objects.create(user=user, unit=top, role=Role.COORDINATOR)
day = tree.today()
Campaign.objects.create(
    name="C",
    owner=top,
    starts=day,
    ends=day,
    report_due=day + timedelta(days=9),
    form=default_form(),
    state="running",
)
assert Client().get("/").status_code == 200  # everything is imported before the first child is born
for number, (name, arm) in enumerate(POINTS.items()):
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            arm()
            work([units[number]])
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, f"not killed: {{name}}"
work(units)
reports = list(Report.objects.order_by("pk"))
assert len(reports) == len(units), len(reports)
for report in reports:
    steps = list(Step.objects.filter(report=report).values_list("action", flat=True))
    assert (report.state, steps, report.version) == ("frozen", ["submit", "approve", "send", "accept"], 5), (
        report.state,
        steps,
    )
    assert is_intact(report)
    for action in ("send", "accept"):
        assert Letter.objects.filter(key__startswith=f"report:{{report.pk}}:{{action}}").count() == 1, action
print("whole", len(POINTS), flush=True)
"""


@pytest.fixture(params=DATABASES)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with the current schema, as in DATABASE_URL."""
    if request.param == "sqlite":
        furnish(tmp_path)
        return ""
    return fresh(request.getfixturevalue("postgresql"), template=TEMPLATE)


def test_a_kill_loses_nothing_and_repeats_nothing(address: str, tmp_path: Path) -> None:
    """One process is killed at each point in turn; the next continues, the last completes the work."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LAMSACH_")},
        "DATABASE_URL": address,
    }
    command = [sys.executable, "-c", WORK, str(tmp_path)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert ran.stdout == f"whole {POINTS}\n"
