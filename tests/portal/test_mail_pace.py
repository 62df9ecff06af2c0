"""Rate limit of letters over all workers: step by step, and with three processes on both databases."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from lamsach.portal.jobs import claims
from lamsach.portal.mail import delivery
from lamsach.portal.mail.letters import Draft, queue
from lamsach.portal.mail.models import Letter, LetterState

from .conftest import TEMPLATE
from .dead_leases import LONG_AGO, NEVER
from .postgres import DATABASES, fresh
from .serve_process import clean_environment
from .template import furnish
from .test_workers import Receiver, receiver, rows

__all__ = ["receiver"]
A_MINUTE, WORKERS, LETTERS = 20, 3, 60


def write(count: int) -> None:
    queue(
        Draft("plain", f"n{i}@unit.example", f"pace-{i}", {"subject": "S", "text": "T"}) for i in range(count)
    )


def later(**time: int) -> None:
    """Back-date sent letters."""
    Letter.objects.update(sent=F("sent") - timedelta(**time))


@pytest.mark.django_db
def test_a_minute_is_shared(settings: Any) -> None:
    settings.MAIL_PER_MINUTE = 5
    write(12)
    assert [delivery.deliver_limited(3) for _ in range(3)] == [3, 2, 0]
    later(seconds=40)
    assert delivery.deliver_limited() == 0
    later(seconds=21)
    assert [delivery.deliver_limited() for _ in range(2)] == [5, 0]
    assert Letter.objects.filter(state=LetterState.SENT).count() == 10


@pytest.mark.django_db
def test_claimed_letters_count_until_their_lease_expires(settings: Any) -> None:
    settings.MAIL_PER_MINUTE = 5
    write(8)
    held = Letter.objects.filter(pk__in=list(Letter.objects.values_list("pk", flat=True)[:4]))
    held.update(state=LetterState.CLAIMED, **claims.lease())
    assert [delivery.deliver_limited() for _ in range(2)] == [1, 0]
    later(minutes=2)
    held.filter(pk=held[0].pk).update(state=LetterState.FAILED, lease_until=None)
    assert [delivery.deliver_limited() for _ in range(2)] == [2, 0]
    held.filter(state=LetterState.CLAIMED).update(lease_until=LONG_AGO)
    assert [delivery.deliver_limited() for _ in range(2)] == [3, 0]


@pytest.mark.django_db
def test_a_clock_that_ran_ahead_stops_no_mail(settings: Any) -> None:
    settings.MAIL_PER_MINUTE = 5
    write(7)
    ahead = timezone.now() + timedelta(days=900)
    for letter in Letter.objects.all()[:2]:
        Letter.objects.filter(pk=letter.pk).update(state=LetterState.SENT, sent=ahead)
    for letter in Letter.objects.filter(state=LetterState.QUEUED)[:2]:
        Letter.objects.filter(pk=letter.pk).update(state=LetterState.CLAIMED, lease_until=NEVER)
    assert delivery.left() == 5
    assert delivery.deliver_limited() == 5
    assert Letter.objects.filter(state=LetterState.SENT).count() == 7


@pytest.mark.django_db
def test_no_letter_a_minute_is_none(settings: Any) -> None:
    settings.MAIL_PER_MINUTE = 0
    write(1)
    assert delivery.deliver_limited() == 0


QUEUE = f"""
import sys
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from lamsach.portal.mail.letters import Draft, queue
queue(
    Draft("plain", f"n{{i}}@unit.example", str(i), {{"subject": "S", "text": "T"}}) for i in range({LETTERS})
)
"""
WORK = """
import sys
from datetime import timedelta
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from lamsach.portal.jobs import claims
from lamsach.portal.mail import delivery
delivery.MINUTE = timedelta(hours=1)
idle = 0
while idle < 5:
    idle = 0 if delivery.deliver_limited(3) else idle + 1
"""


@pytest.mark.parametrize("database", DATABASES)
def test_three_workers_share_the_rate_limit(
    database: str, tmp_path: Path, receiver: tuple[Receiver, int], request: pytest.FixtureRequest
) -> None:
    address = ""
    if database == "postgresql":
        address = fresh(request.getfixturevalue("postgresql"), template=TEMPLATE)
    furnish(tmp_path)
    got, port = receiver
    environment = clean_environment(
        DATABASE_URL=address,
        LAMSACH_SMTP_URL=f"smtp+plain://127.0.0.1:{port}",
        LAMSACH_MAIL_PER_MINUTE=str(A_MINUTE),
    )
    subprocess.run([sys.executable, "-c", QUEUE, str(tmp_path)], env=environment, check=True)
    command = [sys.executable, "-c", WORK, str(tmp_path)]
    workers = [subprocess.Popen(command, env=environment) for _ in range(WORKERS)]
    assert [worker.wait(timeout=300) for worker in workers] == [0] * WORKERS
    assert len(got.to) == len(set(got.to)) == A_MINUTE
    states = dict(rows(address, tmp_path, "SELECT state, count(*) FROM mail_letter GROUP BY state"))
    assert states == {"sent": A_MINUTE, "queued": LETTERS - A_MINUTE}
