"""Two portals without a network, each with its own database and secret key, exchanging only files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .template import furnish

ROOT = Path(__file__).parents[2]
SIT = """
import json, sys
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
space = {}
exec('''
from pathlib import Path
from lamsach.errors import LamsachError
from lamsach.portal.accounts.models import User
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.models import *
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.cases.models import Case
from lamsach.portal.exchange import transfer, unit_keys
from lamsach.portal.exchange.models import *
from lamsach.portal.units import tree
from lamsach.portal.units.models import Unit
from tests.portal import bundles
day = bundles.day
me = User.objects.create_user("a@person.example", "x" * 20, name="A")
centre = tree.create("G06.12", "Trung tâm A", None)
room = tree.create("G06.12.01", "Phòng Một", centre)
def take(partner, path):
    try:
        return transfer.accept(partner, Path(path), me).result
    except LamsachError as problem:
        return problem.what
''', space)
for line in sys.stdin:
    space["out"] = None
    exec(json.loads(line), space)
    print(json.dumps(space["out"]), flush=True)
"""


class Portal:
    """A portal: `run` executes lines in it and returns their `out`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, lines: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(lines) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the portal died"
        return json.loads(answer)


@contextmanager
def portal(folder: Path) -> Iterator[Portal]:
    furnish(folder)
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("LAMSACH_", "DATABASE_", "DJANGO_"))}
    process = subprocess.Popen(
        [sys.executable, "-c", SIT, str(folder)],
        env=clean,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Portal(process)
    finally:
        process.kill()
        process.wait()


CAMPAIGN = """
c = Campaign.objects.create(
    name="Chiến dịch", owner=centre, starts=day(-9), ends=day(20), report_due=day(21), form=default_form()
)
d = Dispatch.objects.create(
    campaign=c, issuer=centre, day=day(-1), subject="V/v làm sạch", deadline=day(9), created_by=me, once="1"
)
dispatches.send(d, me)
out = unit_keys.renew(centre, me).public
"""
HUNTED = """
c = Campaign.objects.get()
one = bundles.device("mac:02:00:00:00:00:01", name="PC-01", user="thu")
class cast: first, people = room, {"officer": me}
bundles.hand_in(cast, c, bundles.findings([one], [bundles.Contact(days={day(-3): 4})]))
dispatches.take(Recipient.objects.get(), StepKind.DEPLOYED, how=How.PORTAL, by=me)
out = Case.objects.count()
"""


def test_campaigns_go_down_and_figures_up(tmp_path: Path) -> None:
    with portal(tmp_path / "ministry") as ministry, portal(tmp_path / "room") as room:
        above = ministry.run(CAMPAIGN)
        below = room.run("out = unit_keys.renew(room, me).public")
        ministry.run(
            "p = unit_keys.add_partner(centre, 'G06.12.01', 'Phòng Một', above=False, "
            f"public={below!r}, by=me)"
        )
        room.run(
            f"p = unit_keys.add_partner(room, 'G06.12', 'Trung tâm A', above=True, public={above!r}, by=me)"
        )
        down, up = str(tmp_path / "down.zip"), str(tmp_path / "up.zip")
        ministry.run(f"transfer.make(p, Path({down!r}), me)")
        assert room.run(f"out = take(p, {down!r})")["campaigns"] == {
            "campaigns": 1,
            "dispatches": 1,
            "lists": 0,
        }
        assert "accepted before" in room.run(f"out = take(p, {down!r})")
        assert room.run(HUNTED) == 1
        room.run("unit_keys.renew(room, me)")
        room.run(f"transfer.make(p, Path({up!r}), me)")
        assert "another unit" in room.run(f"out = take(p, {up!r})")
        accepted = ministry.run(f"out = take(p, {up!r})")
        assert (accepted["answers"], accepted["counts"]) == ({"answers": 2}, {"counts": 1})
        assert "accepted before" in ministry.run(f"out = take(p, {up!r})")
        assert ministry.run("out = StatedCounts.objects.get().counts['found']") == 1
        assert ministry.run("out = Recipient.objects.get().deployed is not None") is True
        assert ministry.run(
            "p.refresh_from_db(); out = [p.sent, p.seen, PartnerKey.objects.filter(ended=None).count()]"
        ) == [1, 1, 1]
        assert ministry.run("out = Case.objects.count()") == 0
