"""Simultaneous actions of several processes, on both databases: done once, or clearly refused.

Double clicks on two workers, duplicate answers, concurrent numbering of questions.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.poll import until

from .conftest import TEMPLATE
from .postgres import DATABASES, fresh
from .serve_process import clean_environment
from .template import furnish
from .test_workers import rows

PROCESSES = 3
SEED = """
import json, sys
from datetime import timedelta
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from lamsach.portal.accounts.models import User
from lamsach.portal.awareness.models import Person
from lamsach.portal.base import links
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.models import AnswerLink, Campaign, Dispatch
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.units import tree
day = tree.today()
root = tree.create("G06", "Bộ", None, email="bo@unit.example")
for number in range(1, 6):
    tree.create(f"G06.{number:02d}", f"Phòng {number}", root, email=f"p{number}@unit.example")
user = User.objects.create_user("a@person.example", "x" * 20)
Person.objects.bulk_create([Person(unit=root, name=f"N{n}", email=f"n{n}@person.example") for n in range(20)])
campaign = Campaign.objects.create(name="C", owner=root, starts=day, ends=day + timedelta(days=60),
    report_due=day + timedelta(days=30), form=default_form())

def dispatch():
    return Dispatch.objects.create(campaign=campaign, issuer=root, day=day, subject="S", body="B",
        deadline=day + timedelta(days=20), created_by=user, once=links.nonce())

sent, draft = dispatch(), dispatch()
dispatches.send(sent, user)
print(
    json.dumps(
        {"draft": draft.pk, "link": AnswerLink.objects.order_by("pk").first().pk, "campaign": campaign.pk}
    )
)
"""
CLICK = """
import json, sys, time
from pathlib import Path
from lamsach.portal.server import start
folder, given = Path(sys.argv[1]), json.loads(sys.argv[2])
start(folder)
from lamsach.portal.accounts.models import User
from lamsach.portal.awareness import letters
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.models import AnswerLink, Campaign, Dispatch, StepKind
from lamsach.portal.support import desk
from lamsach.portal.support.models import Question
from lamsach.portal.units.models import Unit
user, root = User.objects.get(), Unit.objects.get(code="G06")
draft, link = Dispatch.objects.get(pk=given["draft"]), AnswerLink.objects.get(pk=given["link"])
campaign = Campaign.objects.get(pk=given["campaign"])

def together(what):
    (folder / f"{what}-{given['number']}").touch()
    while not (folder / what).exists():
        time.sleep(0.001)

found = {}
together("send")
found["sent"] = dispatches.send(draft, user)
together("answer")
found["answered"] = dispatches.answer(link, StepKind.ACKNOWLEDGED, who="A", day=None, note="")
together("tell")
found["told"] = letters.notify(campaign, root, user)
together("ask")
numbers = []
for turn in range(5):
    question = Question(unit=root, name="A", email="a@person.example", subject="S", text="T")
    numbers.append(desk.ask(question, f"own-{given['number']}-{turn}").number)
found["numbers"] = numbers
found["same"] = desk.ask(Question(unit=root, subject="S", text="T"), "the same form").number
print(json.dumps(found))
"""


def run(command: str, environment: dict[str, str], *arguments: str) -> Any:
    ran = subprocess.run(
        [sys.executable, "-c", command, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout)


@pytest.mark.parametrize("database", DATABASES)
def test_nothing_is_doubled(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    address = ""
    if database == "postgresql":
        address = fresh(request.getfixturevalue("postgresql"), template=TEMPLATE)
    furnish(tmp_path)
    environment = clean_environment(DATABASE_URL=address)
    given = run(SEED, environment, str(tmp_path))
    people = [
        subprocess.Popen(
            [sys.executable, "-c", CLICK, str(tmp_path), json.dumps({**given, "number": number})],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    for what in ("send", "answer", "tell", "ask"):
        until(lambda what=what: len(list(tmp_path.glob(f"{what}-*"))) == PROCESSES)  # type: ignore[misc]
        (tmp_path / what).touch()
    told = [json.loads(person.communicate(timeout=120)[0]) for person in people]
    assert sorted(one["sent"] for one in told) == [0, 0, 5]
    assert sorted(one["answered"] for one in told) == [False, False, True]
    assert sorted(one["told"] for one in told) == [0, 0, 20]
    numbers = [number for one in told for number in one["numbers"]]
    assert len(set(numbers)) == PROCESSES * 5
    assert len({one["same"] for one in told}) == 1

    def count(query: str) -> int:
        return int(rows(address, tmp_path, query)[0][0])

    assert count("SELECT count(*) FROM campaigns_recipient") == 10
    assert count("SELECT count(*) FROM campaigns_step") == 1
    assert count("SELECT count(*) FROM awareness_notice") == 20
    assert count("SELECT count(*) FROM support_question") == PROCESSES * 5 + 1
    letters = rows(address, tmp_path, "SELECT kind, count(*) FROM mail_letter GROUP BY kind")
    assert dict(letters)["dispatch"] == 10
    assert dict(letters)["awareness"] == 20
    assert dict(letters)["deploy_link"] == 1


PREPARE = """
import sys, time
from pathlib import Path
from lamsach.portal.server import prepare, start
folder = Path(sys.argv[1])
start(folder)
(folder / "ready").touch()
while not (folder.parent / "go").exists():
    time.sleep(0.001)
prepare()
"""


def test_servers_that_start_together_make_the_schema_once(postgresql: str, tmp_path: Path) -> None:
    common = {"LAMSACH_SECRET_KEY": "of all", "LAMSACH_UPLOADS": str(tmp_path / "uploads")}
    environment = clean_environment(DATABASE_URL=fresh(postgresql), **common)
    folders = [tmp_path / str(number) for number in range(PROCESSES)]
    servers = []
    for folder in folders:
        folder.mkdir()
        command = [sys.executable, "-c", PREPARE, str(folder)]
        servers.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True))
    for folder, server in zip(folders, servers, strict=True):
        until((folder / "ready").exists, still=lambda server=server: server.poll() is None)  # type: ignore[misc]
    (tmp_path / "go").touch()
    outputs = [server.communicate(timeout=300)[1] for server in servers]
    assert [server.returncode for server in servers] == [0] * PROCESSES, outputs
