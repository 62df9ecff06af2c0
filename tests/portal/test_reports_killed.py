"""A server killed in the middle of submit, approve and send: no report is lost, no step is taken twice, each letter is queued once. On SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import TEMPLATE
from .postgres import fresh
from .template import furnish

REPORTS = 8
WORK = f"""
import sys
from datetime import timedelta
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.conf import settings
settings.ALLOWED_HOSTS.append("testserver")
settings.MFA_REQUIRED = False
settings.STORAGES["staticfiles"] = {{"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
from django.test import Client
from lamsach.portal.accounts.models import User
from lamsach.portal.base.roles import Role
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.reports.content import is_whole
from lamsach.portal.reports.models import Report, Step
from lamsach.portal.mail.models import Letter
from lamsach.portal.jobs.queue import run_next
from lamsach.portal.reports import tasks
from lamsach.portal.units import tree
from lamsach.portal.units.models import Membership, Unit
if sys.argv[2] == "fill":
    top = tree.create("G06", "Trung tâm", None, email="tren@unit.example")
    tree.create_many([tree.NewUnit(f"G06.{{n:02d}}", f"Phòng {{n}}", top) for n in range(1, {REPORTS} + 1)])
    user = User.objects.create_user("a@b.example", None)
    Membership.objects.create(user=user, unit=top, role=Role.COORDINATOR)
    day = tree.today()
    Campaign.objects.create(name="C", owner=top, starts=day, ends=day, report_due=day + timedelta(days=9), form=default_form(), state="running")
client = Client()
client.force_login(User.objects.get(), backend="allauth.account.auth_backends.AuthenticationBackend")
campaign = Campaign.objects.get()
print("ready", flush=True)
for unit in Unit.objects.exclude(parent=None).order_by("code"):
    client.post(f"/office/campaigns/{{campaign.pk}}/reports/{{unit.pk}}/")
    for action in ("submit", "approve", "send"):
        found = Report.objects.get(unit=unit)
        client.post(f"/office/reports/{{found.pk}}/step/", {{"version": found.version, "action": action, "signer": "A"}})
while run_next():
    pass
reports = list(Report.objects.order_by("pk"))
assert len(reports) == {REPORTS}, len(reports)
for report in reports:
    steps = list(Step.objects.filter(report=report).values_list("action", flat=True))
    assert (report.state, steps, report.version) == ("sent", ["submit", "approve", "send"], 4), (report.state, steps)
    assert is_whole(report)
    assert Letter.objects.filter(key__startswith=f"report:{{report.pk}}:send").count() == 1
print("whole", flush=True)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with the present schema, as for DATABASE_URL."""
    if request.param == "sqlite":
        furnish(tmp_path)
        return ""
    return fresh(request.getfixturevalue("postgresql"), template=TEMPLATE)


def test_a_kill_loses_nothing_and_repeats_nothing(address: str, tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LAMSACH_")},
        "DATABASE_URL": address,
    }

    def portal(what: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", WORK, str(tmp_path), what]
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def finish(process: subprocess.Popen[str]) -> str:
        said, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors[-3000:]
        return said

    chance = random.Random(5)
    for what in ("fill", "work"):
        victim = portal(what)
        assert victim.stdout is not None
        assert victim.stdout.readline() == "ready\n"
        time.sleep(0.05 + chance.random() * 0.6)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    assert finish(portal("work")) == "ready\nwhole\n"
