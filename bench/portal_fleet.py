"""Time the pages of scanned machines, with 20,000 units in five levels, on SQLite and on PostgreSQL.

Nine of ten of 200,000 machines are scanned.

    python -m bench.portal_fleet                       both databases
    python -m bench.portal_fleet --databases sqlite

The data are in temporary folders; PostgreSQL's server is started for the run.

"first": without cached sums; the sums over a large tree are then cached for half a minute.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.portal import UNITS, sheet

MACHINES_EACH = 10
LARGE = 2000
"""Machines of the unit whose own list is viewed."""
REQUESTS = 20


def fill() -> tuple[Any, Any]:
    """Write units, a campaign sent to all of them, machines and their last scans, in bulk.

    Returns an administrator and the campaign.
    """
    from django.utils import timezone

    from lamsach.portal.accounts.models import User
    from lamsach.portal.base.roles import Role
    from lamsach.portal.campaigns.models import Campaign, CampaignState, Participation
    from lamsach.portal.campaigns.views import default_form
    from lamsach.portal.fleet.models import Look, LookState, Machine
    from lamsach.portal.units import imports, tree
    from lamsach.portal.units.models import Membership, Unit

    user = User.objects.create_user("a@b.example", None)
    root = tree.create("B01", "Bộ", None)
    Membership.objects.create(user=user, unit=root, role=Role.ADMINISTRATOR)
    imports.apply(imports.preview(sheet(), "a.csv", user), user)
    day, now, chance = tree.today(), timezone.now(), random.Random(1)
    campaign = Campaign.objects.create(
        name="C", owner=root, starts=day, ends=day, report_due=day, form=default_form(),
        state=CampaignState.RUNNING
    )  # fmt: skip
    units = list(Unit.objects.values_list("pk", flat=True))
    assert len(units) == UNITS
    Participation.objects.bulk_create(
        [Participation(campaign=campaign, unit_id=unit) for unit in units], batch_size=2000,
        ignore_conflicts=True
    )  # fmt: skip
    machines = [
        Machine(unit_id=unit, key=f"pc-{number}", name=f"PC-{number}", listed=bool(number % 7))
        for unit in units
        for number in range(LARGE if unit == root.pk else MACHINES_EACH)
    ]
    Machine.objects.bulk_create(machines, batch_size=5000)
    states = list(LookState)
    looks = [
        Look(
            campaign=campaign, unit_id=machine.unit_id, machine=machine, state=chance.choice(states),
            whole=bool(number % 11), ever_found=not number % 5, first=now, finished=now,
            received=now - timedelta(hours=chance.randrange(900)), mode="quick",
        )
        for number, machine in enumerate(machines)
        if number % 10
    ]  # fmt: skip
    Look.objects.bulk_create(looks, batch_size=5000)
    return user, campaign


def measure(folder: Path) -> list[tuple[str, str]]:
    """Fill the portal of this process and measure."""
    from lamsach.portal.server import prepare, start

    start(folder)
    prepare()
    from django.conf import settings
    from django.test import Client

    from lamsach.portal.base.queries import refresh
    from lamsach.portal.fleet.models import Look, Machine
    from lamsach.portal.units.models import Unit

    settings.ALLOWED_HOSTS.append("testserver")
    settings.MFA_REQUIRED = False
    user, campaign = fill()
    refresh(Machine.objects.count(), Machine, Look)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    base, branch = f"/office/fleet/{campaign.pk}/", Unit.objects.get(code="B01.02").pk
    pages = {
        "page of scans, all 20,000 units": base,
        "page of scans, a branch of 1,000 units": f"{base}?unit={branch}",
        f"machines of one unit by name ({LARGE:,})": f"{base}machines/",
        "machines that never reported": f"{base}machines/?show=missing",
        "numbers for programs (JSON of every unit)": f"{base}export/?as=json",
    }
    return [(name, _figure(client, name, address)) for name, address in pages.items()]


def _figure(client: Any, name: str, address: str) -> str:
    from django.core.cache import cache

    times = []
    cache.clear()
    for _ in range(REQUESTS + 1):
        begin = time.perf_counter()
        answer = client.get(address)
        assert answer.status_code == 200, (name, answer.status_code)
        b"".join(answer) if answer.streaming else answer.content
        times.append(1000 * (time.perf_counter() - begin))
    first, *others = times
    figure = (
        f"first {first:.0f} ms, then p50 {statistics.median(others):.0f} ms, p95 {sorted(others)[-2]:.0f} ms"
    )
    print(f"{name}: {figure}", file=sys.stderr, flush=True)
    return figure


def _child(folder: str, address: str) -> dict[str, str]:
    command = [sys.executable, "-m", "bench.portal_fleet", "--folder", folder]
    environment = {**os.environ, "DATABASE_URL": address}
    ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(ran.stdout))


def measured(database: str) -> dict[str, str]:
    """Return the figures of one database, measured in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        if database == "sqlite":
            return _child(folder, "")
        from tests.portal.postgres import cluster, programs

        programs_folder = programs()
        if programs_folder is None:
            sys.exit("PostgreSQL is not installed: apt install postgresql")
        with cluster(programs_folder) as address:
            return _child(folder, address)


def main() -> None:
    """Measure each database and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        print(json.dumps(measure(options.folder)))
        return
    figures = {database: measured(database) for database in options.databases.split(",")}
    print(f"| {UNITS:,} units | {' | '.join(figures)} |\n|---|{'---|' * len(figures)}")
    for name in next(iter(figures.values())):
        print(f"| {name} | {' | '.join(column[name] for column in figures.values())} |")


if __name__ == "__main__":
    main()
