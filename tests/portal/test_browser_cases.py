"""From a hunt to a machine verified clean, in a real browser, on SQLite and PostgreSQL.

Demo ministry, the command line's bundle, playbook, cleaning, quiet days with logs. The same with a gap in the
logs is blind, with a new hit reinfected. The quiet days have to be in the past: after the machines were
stated cleaned, all steps are moved sixteen days back.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.chromium import chromium
from tests.cli.command_runner import lamsach
from tests.poll import until
from tests.ports import free_port

from .conftest import TEMPLATE
from .postgres import DATABASES, fresh
from .serve_process import alive
from .template import furnish

pytestmark = pytest.mark.browser
SERVE = """
import json, sys
from pathlib import Path
from lamsach.portal.server import prepare, serve, start
start(Path(sys.argv[1]))
prepare()
from lamsach.portal.demo.ministry import fill
filled = fill()
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from lamsach.portal.accounts.models import User
from lamsach.portal.units.models import Membership, Unit
officer, session = User.objects.get(email=filled.people["officer"]), SessionStore()
own = Membership.objects.get(user=officer).unit
others = list(Unit.objects.filter(parent=own.parent).exclude(pk=own.pk).order_by("code")[:2])
for unit in others:
    Membership.objects.create(user=officer, unit=unit, role="officer")
session[SESSION_KEY] = str(officer.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = officer.get_session_auth_hash()
session.save()
exec(sys.argv[3])
print(json.dumps([session.session_key, [unit.pk for unit in (own, *others)]]), flush=True)
serve("127.0.0.1", int(sys.argv[2]))
"""
MOVE_BACK = """
import sys
from datetime import timedelta
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from lamsach.portal.cases.models import Step
back = timedelta(days=16)
for step in Step.objects.all():
    Step.objects.filter(pk=step.pk).update(at=step.at - back, day=step.day - back)
"""
ADD_LIST = """
import sys
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.core.files.base import ContentFile
from lamsach.portal.base.uploads import store
from lamsach.portal.campaigns.models import Campaign, IndicatorList
file = ContentFile(sys.argv[2].encode(), "list.txt")
kept = store(file)
IndicatorList.objects.create(
    campaign=Campaign.objects.get(), name=kept.name, path=kept.path, size=kept.size, sha256=kept.sha256
)
"""
LINE = (
    '<189>date={day} time={hour:02d}:05:00 devname="FW-A" devid="FGT60F0000000001" tz="+0700" '
    'logid="0000000013" type="traffic" '
    'subtype="forward" level="notice" vd="root" srcip=10.9.8.7 srcport=5000 dstip={target} dstport=443 '
    'action="accept" proto=6\n'
)
EVIL, HARMLESS = "203.0.113.66", "198.51.100.10"


def today() -> date:
    return datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date()


def clean_environment(database: str) -> dict[str, str]:
    held = {n: v for n, v in os.environ.items() if not n.startswith(("LAMSACH_", "DATABASE_"))}
    return {**held, "LAMSACH_MFA": "no", "DATABASE_URL": database}


@contextmanager
def portal(folder: Path, database: str, plant: str = "") -> Iterator[tuple[str, str, list[int]]]:
    """Address, the officer's session, and three of their units.

    `plant`: code run in the portal before it serves.
    """
    port = free_port()
    if not database:
        furnish(folder / "data")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder / "data"), str(port), plant],
        cwd=Path(__file__).parents[2],
        env={**clean_environment(database), "LAMSACH_URL": f"http://127.0.0.1:{port}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        session, units = json.loads(process.stdout.readline())
        address = f"http://127.0.0.1:{port}"
        alive(address, lambda: process.poll() is None, lambda: "the portal ended")
        yield address, session, units
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def hunt(folder: Path, name: str, days: dict[int, str]) -> Path:
    """Bundle of a command-line hunt in a log of these days (days ago), with a destination for each."""
    place = folder / name
    place.mkdir()
    lines = [
        LINE.format(day=(today() - timedelta(days=back)).isoformat(), hour=hour, target=target)
        for back, target in sorted(days.items(), reverse=True)
        for hour in (8, 16)
    ]
    (place / "fw.log").write_text("".join(lines))
    (folder / "list.txt").write_text(f"{EVIL}\n")
    bundle = place / "findings.zip"
    ran = lamsach("hunt", place / "fw.log", "-i", folder / "list.txt", "-o", bundle)
    assert bundle.exists(), ran.errors
    return bundle


def hand_in(page: Any, address: str, unit: int, bundle: Path) -> None:
    """Upload a bundle for a unit and wait until the worker has imported it."""
    page.goto(f"{address}/office/findings/")
    page.select_option("[name=unit]", str(unit))
    page.set_input_files("[name=file]", str(bundle))
    page.click("button:has-text('Nộp gói kết quả')")

    def taken() -> bool:
        if page.locator("text=Đã tiếp nhận").count() or page.locator(".state-good").count():
            return True
        page.reload()
        return False

    until(taken, every=0.5, why=page.content)


def clean_up(page: Any, address: str, unit: int, whole: bool) -> str:
    """Find the unit's machine, tick one step or the `whole` playbook, state it cleaned; its address."""
    page.goto(f"{address}/office/cases/?unit={unit}")
    assert page.locator("table[data-keys] tbody tr").count() == 1
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#playbook")
    steps = page.locator("ol.playbook > li").count()
    assert steps >= 7
    page.click("#playbook details[open] summary:has-text('Kèm ghi chú')")
    page.fill("#t1", "Đã rút mạng")
    for number in range(1, steps + 1 if whole else 2):
        page.locator("#playbook button:has-text('Đã làm xong')").first.click()
        page.wait_for_selector(f"text=Đã làm {number} trên {steps} bước")
    for state in ("working", "cleaned"):
        page.check(f"[name=to][value={state}]")
        page.fill("[name=why]", "Đã quét và loại bỏ")
        page.click("button:has-text('Thực hiện bước này')")
        page.wait_for_selector("text=Đã lưu")
    return str(page.url)


def state(page: Any, case: str) -> str:
    page.goto(case)
    return str(page.locator("p.lead .state").first.inner_text()).split(" ", 1)[1]


@pytest.fixture(scope="module")
def hunted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Path]]:
    """The hunts' folder, the bundle of an infected machine, and later ones by effect; for both databases."""
    folder = tmp_path_factory.mktemp("hunts")
    quiet = dict.fromkeys(range(1, 16), HARMLESS)
    infected = hunt(folder, "infected", dict.fromkeys(range(17, 20), EVIL))
    later = {
        "Đã xác minh sạch": hunt(folder, "quiet", quiet),
        "Mù": hunt(folder, "hole", {back: target for back, target in quiet.items() if back > 5}),
        "Tái nhiễm": hunt(folder, "hit", {**quiet, 2: EVIL}),
    }
    return folder, infected, later


@pytest.mark.parametrize("kind", DATABASES)
def test_from_a_hunt_to_verified_blind_and_reinfected(
    kind: str,
    tmp_path: Path,
    hunted: tuple[Path, Path, dict[str, Path]],
    request: pytest.FixtureRequest,
) -> None:
    database = ""
    if kind == "postgresql":
        database = fresh(request.getfixturevalue("postgresql"), template=TEMPLATE)
    follow(tmp_path, *hunted, database)


def follow(folder: Path, hunts: Path, infected: Path, later: dict[str, Path], database: str) -> None:
    with portal(folder, database) as (address, session, units), chromium() as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(15_000)
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        page, wrong = context.new_page(), []
        page.on(
            "console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None
        )
        cases = []
        for unit in units:
            hand_in(page, address, unit, infected)
            cases.append(clean_up(page, address, unit, whole=not cases))
        subprocess.run(
            [sys.executable, "-c", MOVE_BACK, str(folder / "data")],
            env=clean_environment(database),
            check=True,
        )
        for unit, bundle in zip(units, later.values(), strict=True):
            hand_in(page, address, unit, bundle)
        assert [state(page, case) for case in cases] == list(later)
        page.goto(cases[1])
        missing = today() - timedelta(days=5)
        assert f"{missing:%d/%m/%Y}" in page.locator(".note-warning").first.inner_text()
        page.goto(cases[2])
        assert "Trước đó máy đã yên lặng 14 ngày." in page.locator(".history").inner_text()
        look_at_the_numbers(page, address)
        if not database:
            hunt_in_the_portal(page, address, units[0], folder, hunts)
        assert wrong == []


def look_at_the_numbers(page: Any, address: str) -> None:
    """Check each number in the newest row of the dashboard's table against the list that it links to."""
    page.goto(f"{address}/office/cases/")
    page.locator("a:has-text('Tình hình')").first.click()
    page.wait_for_selector(".chart svg")
    cells = page.locator(".chart-table tbody tr").first.locator("td a")
    links = [(cells.nth(n).inner_text(), cells.nth(n).get_attribute("href")) for n in range(cells.count())]
    assert len(links) == 5
    for number, target in links:
        page.goto(f"{address}{target}")
        assert page.locator("table[data-keys] tbody tr").count() == int(number), target


def hunt_in_the_portal(page: Any, address: str, unit: int, folder: Path, hunts: Path) -> None:
    """Choose the unit, upload a log in pieces, hunt, wait, check the result; the log is deleted."""
    subprocess.run(
        [sys.executable, "-c", ADD_LIST, str(folder / "data"), EVIL], env=clean_environment(""), check=True
    )
    page.goto(f"{address}/office/findings/hunts/")
    page.select_option("[name=unit]", str(unit))
    page.click("button:has-text('Chọn tệp nhật ký')")
    page.set_input_files("#logs", str(hunts / "hit" / "fw.log"))
    page.click("form[data-pieces] button")
    page.click("button:has-text('Bắt đầu truy tìm')")
    page.wait_for_selector(".answer-bad", timeout=90_000)
    assert page.locator("text=Nhật ký đã được xóa").count() or page.locator("p.quiet time").count()
    assert list((folder / "data" / "hunts").rglob("*.log")) == []
    with page.expect_navigation():
        page.click("main .actions a.btn-primary")
    assert EVIL in page.content()
