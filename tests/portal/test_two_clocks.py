"""Workers on machines whose clocks are hours apart, on one PostgreSQL."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.clock import OFFSET

from .conftest import TEMPLATE
from .postgres import fresh
from .serve_process import clean_environment

HOUR_S = 3600
WORK = """
import json, sys
from datetime import timedelta
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.utils import timezone
from lamsach.portal.jobs import claims, queue
from lamsach.portal.jobs.models import Job
from lamsach.portal.mail import delivery, letters, tasks
from lamsach.portal.mail.models import Letter

class Away:
    def send(self, mail, number, handing):
        raise OSError("away")
    def close(self): pass

ran = []
queue.REGULAR[:] = [("test.hourly", timedelta(hours=1), lambda: ran.append(1))]
queue.run_regular()
letters.queue([letters.Draft("plain", "a@unit.example", "one", {"subject": "S", "text": "T"})])
tried = Letter.objects.get().attempts
delivery.deliver_due(way=Away())
tasks.check_clock()
delivery.deliver_due(way=Away())
held = Job.objects.create(name="test.held", state="running", attempts=1)
Job.objects.filter(pk=held.pk).update(**claims.lease())
print(json.dumps({
    "clock": timezone.now().timestamp(),
    "ran": len(ran),
    "tried": Letter.objects.get().attempts - tried,
    "expired": Job.objects.filter(claims.expired()).count(),
    "held": Job.objects.count(),
}))
"""


def work(folder: Path, address: str, offset_s: float) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(folder)],
        env=clean_environment(DATABASE_URL=address, **{OFFSET: str(offset_s)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_workers_hours_apart_agree(tmp_path: Path, postgresql: str) -> None:
    address = fresh(postgresql, template=TEMPLATE)
    made = [work(tmp_path, address, hours * HOUR_S) for hours in (3, -3, 6)]
    clocks = [one["clock"] for one in made]
    assert clocks[0] - clocks[1] > 5 * HOUR_S, "the machines' clocks are apart"
    assert clocks[2] - clocks[1] > 8 * HOUR_S
    assert [one["ran"] for one in made] == [1, 0, 0], "an hourly task ran within the hour again"
    assert [one["tried"] for one in made] == [1, 0, 0], "a letter that waits for a minute was tried again"
    assert [(one["expired"], one["held"]) for one in made] == [(0, 1), (0, 2), (0, 3)]
