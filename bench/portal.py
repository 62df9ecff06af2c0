"""Time the portal with 20,000 units in five levels: import of the sheet, launch to all units, the board.

On SQLite and on PostgreSQL.

    python -m bench.portal                                   both databases
    python -m bench.portal --databases sqlite
    python -m bench.portal --record docs/benchmarks.md       the tables go into this page
    DATABASE_URL=postgres://... python -m bench.portal --databases given

The data are in temporary folders; PostgreSQL's server is started for the run.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

FAN_OUT = (1, 20, 25, 10, 4)  # 1 + 20 + 500 + 5,000 + ... units
UNITS = 20_000


def sheet() -> io.BytesIO:
    """Return a CSV of 20,000 units in five levels."""
    lines, level = ["Mã;Tên;Mã cấp trên;Thư điện tử"], ["B01"]
    lines.append("B01;Bộ;;bo@bo.example")
    for fan in FAN_OUT[1:]:
        below = [f"{code}.{n:02d}" for code in level for n in range(1, fan + 1)]
        for code in below:
            if len(lines) > UNITS:
                break
            parent = code.rpartition(".")[0]
            lines.append(f"{code};Đơn vị {code};{parent};{code.lower()}@bo.example")
        level = below
    return io.BytesIO("\n".join(lines).encode())


class Stopwatch:
    """A stopwatch that stores its figures: `rows` of subject, figure, goal."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []

    def timed(self, name: str, work: Callable[[], Any], goal: str = "") -> Any:
        """Run once; return the result."""
        start, used = time.perf_counter(), time.process_time()
        result = work()
        seconds, processor = time.perf_counter() - start, time.process_time() - used
        self.row(name, f"{seconds:.1f} s (processor {processor:.1f} s)", goal)
        return result

    def row(self, name: str, figure: str, goal: str) -> None:
        """Store and print a figure."""
        self.rows.append([name, figure, goal])
        print(f"{name}: {figure}", file=sys.stderr, flush=True)


def measure(folder: Path) -> list[list[str]]:
    """Fill the portal of this process and measure."""
    watch = Stopwatch()
    from lamsach.portal.server import prepare, start

    start(folder)
    prepare()
    from datetime import timedelta

    from django.conf import settings
    from django.test import Client

    from lamsach.portal.accounts.models import User
    from lamsach.portal.base import links
    from lamsach.portal.base.roles import Role
    from lamsach.portal.campaigns import dispatches
    from lamsach.portal.campaigns.models import Campaign, Dispatch, Participation
    from lamsach.portal.campaigns.views import default_form
    from lamsach.portal.mail.models import Letter
    from lamsach.portal.units import imports, tree
    from lamsach.portal.units.models import Membership, Unit

    settings.ALLOWED_HOSTS.append("testserver")
    settings.MFA_REQUIRED = False
    user = User.objects.create_user("a@b.example", None)
    root = tree.create("B01", "Bộ", None)
    Membership.objects.create(user=user, unit=root, role=Role.ADMINISTRATOR)
    preview = watch.timed(
        "preview of a sheet of 20,000 units", lambda: imports.preview(sheet(), "a.csv", user)
    )
    assert not preview.errors, preview.errors[:3]
    watch.timed("import of the sheet", lambda: imports.apply(preview, user), "60 s")
    assert Unit.objects.count() == UNITS
    day = tree.today()
    campaign = Campaign.objects.create(
        name="C", owner=root, starts=day, ends=day, report_due=day + timedelta(days=30), form=default_form()
    )
    dispatch = Dispatch.objects.create(
        campaign=campaign,
        issuer=root,
        day=day,
        subject="S",
        body="B",
        deadline=day + timedelta(days=20),
        created_by=user,
        once=links.nonce(),
    )
    watch.timed(
        "launch to all, every letter queued", lambda: dispatches.send(dispatch, user, whole=True), "10 s"
    )
    assert Letter.objects.count() == UNITS - 1
    Participation.objects.filter(unit__pk__in=range(1, 20_000, 3)).update(informed_on=day, deployed_on=day)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    for name, query in (
        ("board, root", ""),
        ("board, silent", "?state=silent"),
        ("board, search", "?q=B01.02"),
        ("unit list", "units"),
        ("home", "home"),
    ):
        address = {"units": "/office/units/", "home": "/office/"}.get(
            query, f"/office/campaigns/{campaign.pk}/board/{query}"
        )
        times, used = [], []
        for _ in range(20):
            begin, spent = time.perf_counter(), time.process_time()
            assert client.get(address).status_code == 200
            times.append(time.perf_counter() - begin)
            used.append(time.process_time() - spent)
        goal = "p95 300 ms" if "board" in name else ""
        figure = (
            f"p50 {statistics.median(times) * 1000:.0f} ms, p95 {sorted(times)[18] * 1000:.0f} ms "
            f"(processor p50 {statistics.median(used) * 1000:.0f} ms)"
        )
        watch.row(name, figure, goal)
    return watch.rows


def _child(folder: Path, address: str) -> list[list[str]]:
    """Measure in a process of its own, so that each database has its own settings."""
    ran = subprocess.run(
        [sys.executable, "-m", "bench.portal", "--folder", str(folder)],
        env={**os.environ, "DATABASE_URL": address},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: list[list[str]] = json.loads(ran.stdout)
    return found


def measured(database: str) -> list[list[str]]:
    """Return the figures of one database."""
    with tempfile.TemporaryDirectory() as name:
        if database != "postgresql":
            return _child(Path(name), os.environ.get("DATABASE_URL", "") if database == "given" else "")
        from tests.portal.postgres import cluster, programs

        folder = programs()
        if folder is None:
            sys.exit("PostgreSQL is not installed: apt install postgresql")
        with cluster(folder) as address:
            return _child(Path(name), address)


def table(figures: dict[str, list[list[str]]]) -> str:
    """Return the figures as a table, a column for each database."""
    names = list(figures)
    lines = [
        (
            f"{date.today():%d %B %Y}. {os.cpu_count()} cores, Python {sys.version.split()[0]}, load "
            f"average before: {os.getloadavg()[0]:.1f}. Command: `python -m bench.portal`. 20 requests for "
            "each page, through the whole site in one process; processor time is that of the portal, "
            "without the database's server."
        ),
        "",
        f"| 20,000 units in five levels | {' | '.join(names)} | goal |",
        f"|---|{'---|' * (len(names) + 1)}",
    ]
    for rows in zip(*figures.values(), strict=True):
        lines.append(f"| {rows[0][0]} | {' | '.join(row[1] for row in rows)} | {rows[0][2]} |")
    return "\n".join(lines)


def record(file: Path, text: str) -> None:
    """Write the table between the page's marks."""
    page = file.read_text("utf-8")
    marks = re.compile("(<!-- begin portal -->\n).*?(\n<!-- end portal -->)", re.DOTALL)
    file.write_text(marks.sub(lambda found: found[1] + text + found[2], page), "utf-8")


def main() -> None:
    """Measure each database and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--databases", default="sqlite,postgresql", help="sqlite, postgresql, given")
    parser.add_argument("--record", type=Path, metavar="PAGE")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.folder:
        print(json.dumps(measure(arguments.folder)))
        return
    text = table({database: measured(database) for database in arguments.databases.split(",")})
    print(text)
    if arguments.record:
        record(arguments.record, text)


if __name__ == "__main__":
    main()
