"""Reports over three levels in a real browser: late, corrected, returned, by e-mail, by USB stick.

The figures at the top are the planted ones.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from lamsach.letters.appendix_2022 import APPENDIX_2022
from lamsach.letters.docx_ import to_docx
from lamsach.letters.form import Figure, Filled, parse_form
from lamsach.letters.layout import report
from lamsach.letters.model import Head
from tests.chromium import chromium

from .template import furnish
from .test_browser import Served, watched

pytestmark = pytest.mark.browser
PASSWORD = "mat khau rat dai"
TRUTH = {
    "Z09.01.01": (5, 4),
    "Z09.01.02": (3, 2),
    "Z09.01.03": (4, 4),
    "Z09.01.04": (7, 5),
    "Z09.01.05": (8, 6),
    "Z09.01.06": (9, 9),
}
"""Figures that each unit has to report: informed, deployed.

In order: in time, late, returned once, corrected, by e-mail, by USB stick.
"""
BEGIN = """
import json, sys
from datetime import timedelta
from pathlib import Path
from lamsach.portal.server import start, prepare
start(Path(sys.argv[1]))
from lamsach.portal.accounts.models import User
from lamsach.portal.base.roles import Role
from lamsach.portal.campaigns.models import Campaign, FormDefinition
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.exchange import transfer, unit_keys
from lamsach.portal.reports import drafts
from lamsach.portal.reports.chain import Action, take
from lamsach.portal.reports.content import freeze
from lamsach.portal.reports.models import Extension, Figure
from lamsach.portal.units import tree
from lamsach.portal.units.models import Membership
given = json.loads(sys.argv[2])
top = tree.create("Z09", "Cơ quan điều phối", None, email="tren@z09.example")
ministry = tree.create("Z09.01", "Bộ Minh họa", top, email="bo@z09.example")
units = {
    code: tree.create(code, "Phòng " + code[-2:], ministry, email="p" + code[-2:] + "@z09.example")
    for code in given["units"]
}
by = User.objects.create_user("a@b.example", None, language="en")
definition = json.loads(json.dumps(default_form().definition))
for row in definition["figures"]["rows"]:
    row["basis"] = "reports"
form = FormDefinition.objects.create(name="Thử", version=1, definition=definition)
day = tree.today()
campaign = Campaign.objects.create(
    name="Chiến dịch thử",
    owner=top,
    starts=day,
    ends=day + timedelta(days=60),
    report_due=day + timedelta(days=30),
    form=form,
    state="running",
)
"""
CENTRE = (
    BEGIN
    + """
for name, unit, role in (
    ("officer", None, Role.OFFICER),
    ("coordinator", ministry, Role.COORDINATOR),
    ("authority", top, Role.AUTHORITY),
):
    user = User.objects.create_user(
        name + "@demo.example", given["password"], language="en", name=name.title()
    )
    for at in [unit] if unit else list(units.values())[:4]:
        Membership.objects.create(user=user, unit=at, role=role)
from lamsach.portal.base import links
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.models import DeadlineMove, Dispatch
dispatch = Dispatch.objects.create(
    campaign=campaign,
    issuer=top,
    number="05/CNTT",
    day=day,
    subject="V/v triển khai",
    body="Đề nghị triển khai.",
    deadline=day + timedelta(days=20),
    created_by=by,
    once=links.nonce(),
)
dispatches.send(dispatch, by, whole=True)
DeadlineMove.objects.create(
    campaign=campaign,
    kind="report",
    scope="one",
    unit=units["Z09.01.02"],
    day=day - timedelta(days=1),
    reason="x",
    by=by,
)
key = unit_keys.renew(ministry, by)
print(
    json.dumps(
        {
            "key": key.public,
            "units": {code: unit.pk for code, unit in units.items()},
            "ministry": ministry.pk,
            "top": top.pk,
            "campaign": campaign.pk,
        }
    )
)
"""
)
CUT_OFF = (
    BEGIN
    + """
own = units["Z09.01.06"]
key = unit_keys.renew(own, by)
partner = unit_keys.add_partner(own, "Z09.01", "Bộ Minh họa", above=True, public=given["key"], by=by)
made = drafts.begin(campaign, own, by)
for name, value in zip(("informed", "deployed"), given["truth"]):
    Figure.objects.filter(report=made, key=name).update(stated=value, reason="Theo sổ công văn")
for action in (Action.SUBMIT, Action.APPROVE, Action.SEND):
    take(made, action, by, freeze=freeze if action == Action.SUBMIT else None)
transfer.make(partner, Path(given["file"]), by, ("reports",))
print(json.dumps({"key": key.public}))
"""
)
PARTNER = """
import json, sys
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
given = json.loads(sys.argv[2])
from lamsach.portal.accounts.models import User
from lamsach.portal.exchange import unit_keys
from lamsach.portal.mail.inbox import receive
from lamsach.portal.units.models import Unit
if "key" in given:
    by = User.objects.order_by("pk").first()
    unit_keys.add_partner(
        Unit.objects.get(code="Z09.01"), "Z09.01.06", "Phòng 06", above=False, public=given["key"], by=by
    )
else:
    assert receive(Path(given["mail"]).read_bytes()) is not None
print("{}")
"""


def portal(script: str, folder: Path, **given: Any) -> Any:
    """Run a script on a portal's folder; returns its output."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LAMSACH_", "DATABASE_"))}
    ran = subprocess.run(
        [sys.executable, "-c", script, str(folder), json.dumps(given)],
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout)


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Any]:
    """Numbers of campaign and units in the ministry's portal.

    With an exchange file from the portal of the cut-off unit.
    """
    codes = list(TRUTH)
    furnish(tmp_path / "data")
    furnish(tmp_path / "away")
    found: dict[str, Any] = portal(CENTRE, tmp_path / "data", units=codes, password=PASSWORD)
    stick = tmp_path / "stick.zip"
    cut_off = portal(
        CUT_OFF, tmp_path / "away", units=codes, key=found["key"], file=str(stick), truth=TRUTH["Z09.01.06"]
    )
    portal(PARTNER, tmp_path / "data", key=cut_off["key"])
    return {**found, "stick": stick}


@pytest.fixture
def served(places: dict[str, Any], tmp_path: Path) -> Iterator[Served]:
    running = Served(tmp_path / "data")
    try:
        running.wait()
        yield running
    finally:
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(timeout=30)


class Person:
    """A person working in the portal."""

    def __init__(self, browser: Any, served: Served, name: str, places: dict[str, Any]) -> None:
        self.served, self.places = served, places
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(60_000)
        self.page, self.wrong = watched(context, served)
        self.page.goto(f"{served.address}/accounts/login/")
        self.page.fill("[name=login]", f"{name}@demo.example")
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main form button")
        self.page.wait_for_url("**/office/**")

    def open(self, code: str) -> None:
        """Open the unit's report, or a new draft."""
        unit = self.places["units"].get(code) or self.places[code]
        self.page.goto(f"{self.served.address}/office/campaigns/{self.places['campaign']}/reports/{unit}/")
        if self.page.locator("button:has-text('Make the draft')").count():
            with self.page.expect_navigation():
                self.page.click("button:has-text('Make the draft')")

    def state(self, numbers: tuple[int, int], late: str = "") -> None:
        """State numbers that differ from the computed ones, each with a reason."""
        if "/edit/" not in self.page.url:
            self.page.click("a:has-text('Change the draft')")
        for name, value in zip(("informed", "deployed"), numbers, strict=True):
            self.page.fill(f"[name=stated_{name}]", str(value))
            self.page.fill(f"[name=reason_{name}]", "Theo sổ công văn")
        self.page.fill("[name=late_reason]", late)
        self.page.click("button:has-text('Save the draft')")

    def send(self) -> None:
        """Submit, approve, send."""
        self.page.click("button:has-text('Submit to the head')")
        self.page.fill("[name=signer]", "Nguyễn Văn Thử")
        self.page.click("button:has-text('Approve the report')")
        self.page.click("button:has-text('Send the report to')")
        self.page.wait_for_selector("text=Sent, not accepted yet")

    def accept(self, code: str) -> None:
        """Accept the report unchanged."""
        self.open(code)
        self.page.click("button:has-text('Accept the report')")
        self.page.wait_for_selector("text=Accepted and frozen")


def e_mail(folder: Path) -> Path:
    """E-mail with a form that the fifth unit filled in by hand."""
    informed, deployed = TRUTH["Z09.01.05"]
    filled = Filled(
        parse_form(APPENDIX_2022),
        {"unit": "Phòng 05", "assessment": "Đã triển khai."},
        {"informed": Figure(informed), "deployed": Figure(deployed)},
    )
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "p05@z09.example", "bo@z09.example", "Báo cáo"
    mail.set_content("Gửi báo cáo.")
    mail.add_attachment(
        to_docx(report(filled, Head("Phòng 05"), campaign="", to="")),
        maintype="application",
        subtype="octet-stream",
        filename="bao-cao.docx",
    )
    path = folder / "mail.eml"
    path.write_bytes(mail.as_bytes())
    return path


def test_three_levels_and_the_planted_truth(served: Served, places: dict[str, Any], tmp_path: Path) -> None:
    with chromium() as browser:
        officer, coordinator, authority = (
            Person(browser, served, name, places) for name in ("officer", "coordinator", "authority")
        )
        below(officer, coordinator)
        portal(PARTNER, tmp_path / "data", mail=str(e_mail(tmp_path)))
        by_mail(coordinator)
        by_stick(coordinator)
        above(coordinator, authority)
        assert officer.wrong + coordinator.wrong + authority.wrong == []


def below(officer: Person, coordinator: Person) -> None:
    """Four units report: in time, late, returned once, corrected after freezing."""
    for code in ("Z09.01.01", "Z09.01.02", "Z09.01.03", "Z09.01.04"):
        wrong = code in ("Z09.01.03", "Z09.01.04")
        officer.open(code)
        officer.state((1, 1) if wrong else TRUTH[code], "Chờ nhật ký" if code == "Z09.01.02" else "")
        officer.send()
    coordinator.open("Z09.01.02")
    assert "sent late" in coordinator.page.inner_text("main")
    coordinator.open("Z09.01.03")
    coordinator.page.click("summary:has-text('Return it to the unit')")
    coordinator.page.locator("details[open] [name=reason]").fill("Thiếu hai phòng")
    coordinator.page.click("button:has-text('Return the report')")
    officer.open("Z09.01.03")
    assert "Thiếu hai phòng" in officer.page.inner_text("main")
    officer.state(TRUTH["Z09.01.03"])
    officer.send()
    for code in ("Z09.01.01", "Z09.01.02", "Z09.01.03", "Z09.01.04"):
        coordinator.accept(code)
    officer.open("Z09.01.04")
    officer.page.click("summary:has-text('Correct this report')")
    officer.page.locator("details[open] [name=reason]").fill("Báo thiếu")
    with officer.page.expect_navigation():
        officer.page.click("button:has-text('Begin the correction')")
    officer.state(TRUTH["Z09.01.04"])
    officer.send()
    coordinator.accept("Z09.01.04")


def by_mail(coordinator: Person) -> None:
    """The e-mailed form waits until a person files it."""
    page = coordinator.page
    page.goto(f"{coordinator.served.address}/office/reports/received/")
    page.click("main tbody a")
    assert page.input_value("[name=value_informed]") == str(TRUTH["Z09.01.05"][0])
    page.click("button:has-text('File it as the unit')")
    page.click("button:has-text('Accept the report')")
    page.wait_for_selector("text=Accepted and frozen")


def by_stick(coordinator: Person) -> None:
    """The exchange file is previewed and accepted."""
    page = coordinator.page
    page.goto(f"{coordinator.served.address}/office/exchange/")
    page.set_input_files("[name=file]", str(coordinator.places["stick"]))
    page.click("#hand-in button")
    page.click("[name=what][value=take]")
    coordinator.accept("Z09.01.06")


def above(coordinator: Person, authority: Person) -> None:
    """The ministry's report adds up and is accepted; the consolidated report has the planted sums."""
    sums = [sum(values[place] for values in TRUTH.values()) for place in (0, 1)]
    coordinator.open("ministry")
    numbers = [text.strip() for text in coordinator.page.locator("td.number b").all_inner_texts()]
    assert [int(number) for number in numbers] == sums
    coordinator.send()
    authority.accept("ministry")
    base = f"{authority.served.address}/office/campaigns/{authority.places['campaign']}/reports"
    content = authority.page.request.get(f"{base}/{authority.places['top']}/consolidated/xlsx/").body()
    book = openpyxl.load_workbook(io.BytesIO(content))
    rows = [[cell.value for cell in row] for sheet in book for row in sheet.iter_rows()]
    total = next(row for row in rows if row[1] == "Tổng số (các báo cáo đã tiếp nhận)")
    assert total[2:4] == sums
    authority.page.goto(f"{base}/?unit={authority.places['ministry']}")
    text = authority.page.inner_text("main")
    assert "late" in text
    for code in TRUTH:
        assert f"Phòng {code[-2:]}" in text
