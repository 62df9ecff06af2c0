"""Repetition of erasures after a restore, on both databases, by the ledger or a copy of it."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lamsach.portal.base import ledger
from lamsach.portal.privacy import erasure

from .conftest import TEMPLATE
from .postgres import fresh, require_postgresql
from .template import furnish
from .test_postgres import portal

ROOT = Path(__file__).parents[2]
COMMAND = ("-c", "from lamsach.cli import main; main()")
START = """
import json, sys
from datetime import timedelta
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.utils import timezone
from lamsach.portal.accounts.models import User
from lamsach.portal.awareness.models import Person
from lamsach.portal.cases.models import Case, CaseState, Note, Step
from lamsach.portal.findings.models import Bundle, Device
from lamsach.portal.units.models import Unit
"""
FILL = (
    START
    + """
from django.core.files.base import ContentFile
from lamsach.portal.base.uploads import store
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.cases.upkeep import move
from lamsach.portal.cases.upkeep import recompute
from lamsach.portal.privacy import holds
from lamsach.portal.units import tree
from tests.portal import bundles
day = bundles.day
me = User.objects.create_user("a@person.example", "x" * 20, name="A")
unit = tree.create("G06", "Cơ quan", None)
campaign = Campaign.objects.create(
    name="C", owner=unit, starts=day(-200), ends=day(20), report_due=day(21), form=default_form()
)
class cast: first, people = unit, {"officer": me}
old = bundles.device("mac:02:00:00:00:00:01", name="PC-CU", user="cu.nguyen", ip="10.1.1.1")
new = bundles.device("mac:02:00:00:00:00:02", name="PC-MOI", user="moi.tran", ip="10.1.1.2")
kept = bundles.device("mac:02:00:00:00:00:03", name="PC-GIU", user="moi.tran", ip="10.1.1.3")
bundles.hand_in(cast, campaign, bundles.findings([old], [bundles.Contact(old.key, {day(-101): 4})]))
bundles.hand_in(
    cast,
    campaign,
    bundles.findings([new, kept], [bundles.Contact(one.key, {day(-3): 4}) for one in (new, kept)]),
)
closed = Case.objects.get(device__name="PC-CU")
move(closed, CaseState.FALSE_ALARM, me, "Lý do kín")
then = timezone.now() - timedelta(days=100)
Step.objects.filter(case=closed).update(at=then, day=day(-100))
recompute([closed])
file = ContentFile(b"bien ban kin", "bien-ban.txt")
stored = store(file)
Note.objects.create(case=closed, text="Ghi chú kín", file_name=stored.name, file_path=stored.path)
Note.objects.create(case=Case.objects.get(device__name="PC-MOI"), text="Đã gọi Moi.Tran lúc 9 giờ", who="B")
holds.put(unit, "Thanh tra", me, case=Case.objects.get(device__name="PC-GIU"))
Bundle.objects.update(received=then)
Device.objects.update(created=then)
for name in ("xoa", "rut"):
    Person.objects.create(unit=unit, name=f"Người {name}", email=f"{name}@person.example")
"""
)
ERASE = (
    START
    + """
from lamsach.portal.awareness import waves
from lamsach.portal.awareness.models import ConsentHow, ConsentState
from lamsach.portal.privacy import erasure, retention
assert retention.run()["cases"] == 1
counts = erasure.erase(
    [Unit.objects.get().pk], Unit.objects.get(), "moi.tran", "Theo yêu cầu", User.objects.get()
)
assert counts["held"] == 2 and counts["devices"] == 1, counts
waves.erase(Person.objects.get(name="Người xoa"), None)
waves.record_consent(Person.objects.get(name="Người rut"), ConsentState.WITHDRAWN, ConsentHow.LINK)
"""
)
LOOK = (
    START
    + """
from django.apps import apps
from django.conf import settings
from django.db.models import CharField, JSONField, TextField
found = []
for model in apps.get_models():
    columns = [
        f.name
        for f in model._meta.concrete_fields
        if isinstance(f, (CharField, TextField, JSONField)) and not f.choices
    ]
    if columns and model._meta.app_label not in ("accounts", "account", "sessions", "contenttypes"):
        found += map(list, model._default_manager.values_list(*columns))
text = json.dumps(found, ensure_ascii=False, default=str) + (Path(settings.DATA) / "erased.jsonl").read_text()
secrets = (
    "PC-CU",
    "cu.nguyen",
    "10.1.1.1",
    "02:00:00:00:00:01",
    "Lý do kín",
    "Ghi chú kín",
    "Moi.Tran",
    "Người xoa",
    "xoa@person.example",
)
files = [path.read_bytes() for path in (Path(settings.DATA) / "uploads").rglob("*") if path.is_file()]
print(
    json.dumps(
        {
            "left": [word for word in secrets if word in text]
            + ["file" for data in files if data == b"bien ban kin"],
            "users": sorted(Device.objects.values_list("name", "user")),
            "consent": [person.consent for person in Person.objects.all()],
            "cases": Case.objects.count(),
            "pending": (Path(settings.DATA) / "restored.json").exists(),
        }
    )
)
"""
)


def look(url: str, data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(portal(url, "-c", LOOK, str(data), str(ROOT)).splitlines()[-1])
    return found


def follow(url: str, folder: Path) -> None:
    data, file, copy = folder / "data", folder / "backup.zip", folder / "erased.jsonl"
    furnish(data)
    portal(url, "-c", FILL, str(data), str(ROOT))
    portal(url, *COMMAND, "backup", str(file), "--data", str(data))
    portal(url, "-c", ERASE, str(data), str(ROOT))
    shutil.copy(data / "erased.jsonl", copy)
    for odd in ({"what": "person"}, {"what": "people", "ids": ["x", None]}, {"what": "another"}):
        ledger.append(copy, {"at": datetime.now(UTC).isoformat(), **odd})
    erased = look(url, data)
    assert erased["left"] == []
    portal(url, *COMMAND, "restore", str(file), "--data", str(data))
    again = look(url, data)
    assert again == erased, "erased again, and nothing else: what a legal hold kept then is there"
    assert ["PC-GIU", "moi.tran"] in again["users"]
    shutil.rmtree(data)
    portal(url, *COMMAND, "restore", str(file), "--data", str(data))
    brought = look(url, data)
    assert len(brought["left"]) == 10, "without the list nobody can know"
    assert brought["consent"] == ["told", "told"]
    shutil.rmtree(data)
    portal(url, *COMMAND, "restore", str(file), "--data", str(data), "--erased", str(copy))
    assert look(url, data) == erased


def test_what_was_erased_since_is_erased_again_on_sqlite(tmp_path: Path) -> None:
    follow("", tmp_path)


@pytest.mark.long
def test_what_was_erased_since_is_erased_again_on_postgresql(postgresql: str, tmp_path: Path) -> None:
    require_postgresql()
    follow(fresh(postgresql, template=TEMPLATE), tmp_path)


T0 = datetime(2022, 9, 1, tzinfo=UTC)


def at(hour: int, what: str = "cases", **values: Any) -> dict[str, Any]:
    return {"at": (T0 + timedelta(hours=hour)).isoformat(), "what": what, **values}


def back(hour: int, to: int) -> dict[str, Any]:
    return at(hour, "restored", made=(T0 + timedelta(hours=to)).isoformat())


@pytest.mark.parametrize(
    ("lines", "made", "again"),
    [
        ([], 0, []),
        ([at(1), at(5)], 3, [5]),
        ([at(1), at(5)], 0, [1, 5]),
        ([at(5), back(6, 3), at(7)], 3, [5, 7]),
        (
            [at(5), back(6, 3), at(7)],
            4,
            [5],
        ),  # rows created at 4 are gone since 6, and others have their numbers
        ([at(5), back(6, 3), at(7)], 6.5, [7]),
        ([at(5), back(6, 3), at(7), back(8, 5), at(9)], 4, [5, 9]),  # back on the first history
        ([at(5), back(6, 3), at(7), back(8, 5), at(9)], 6.5, [7]),
    ],
)
def test_lines_belong_to_a_history(lines: list[Any], made: float, again: list[int]) -> None:
    due = ledger.due(lines, T0 + timedelta(hours=made))
    assert due == [at(hour) for hour in again]


def test_a_broken_line_affects_no_other(tmp_path: Path) -> None:
    path = tmp_path / "erased.jsonl"
    ledger.append(path, at(1))
    with path.open("ab") as file:
        file.write(b'{"at": "2022-09-01T05:00:00+00:00", "wh\n[1]\n{"at": "soon", "what": "x"}\n\xff\n')
    ledger.append(path, at(2))
    assert ledger.read(path) == [at(1), at(2)]
    assert path.stat().st_mode & 0o077 == 0
    assert ledger.read(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("text", "term"),
    [("Máy của Trần Thử.", "trần thử"), ("src=10.1.2.3,x", "10.1.2.3"), ("thu.tran@x.example", "THU.TRAN")],
)
def test_a_name_is_found_again_by_its_digest_alone(text: str, term: str) -> None:
    found = [part for part in erasure._parts(text, len(term)) if erasure.digest(part) == erasure.digest(term)]
    assert [part.casefold() for part in found] == [term.casefold()]
    assert not any("Thử" in part for part in erasure._parts("MáyThửX", 3)), "whole words only"
