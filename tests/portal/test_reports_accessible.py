"""Pages of reports and letterheads in all states, in Chromium: no serious finding of axe-core or our check.

At 360 and 1440 pixels, in light and dark, in both languages.
"""

from __future__ import annotations

import signal
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import chromium

from .template import furnish
from .test_accessibility import AXE, CHECK, WCAG, axe
from .test_browser import Served
from .test_reports_browser import BEGIN, PASSWORD, portal

pytestmark = pytest.mark.browser
CODES = [f"Z09.01.{n:02d}" for n in range(1, 8)]
SIZES = {"phone": {"width": 360, "height": 740}, "desktop": {"width": 1440, "height": 900}}
STATES = (
    BEGIN
    + """
from datetime import date
from django.core.files.uploadedfile import SimpleUploadedFile
from lamsach.letters.filled_form import FormValue
from lamsach.portal.base import links
from lamsach.portal.base.uploads import store
from lamsach.portal.campaigns import deadline_moves, dispatches
from lamsach.portal.campaigns.models import DeadlineKind, Dispatch, MoveScope
from lamsach.portal.letterheads.models import Letterhead
from lamsach.portal.reports.arrivals import store_received
from lamsach.portal.reports.models import Report, Way
from lamsach.portal.units.models import Unit
user = User.objects.create_user(
    "coordinator@demo.example", given["password"], language="vi", name="Điều phối"
)
Membership.objects.create(user=user, unit=top, role=Role.AUTHORITY)
Unit.objects.filter(pk=units["Z09.01.07"].pk).update(
    name="Trung tâm Nghiên cứu, Ứng dụng và Chuyển giao Công nghệ Thông tin miền Trung và Tây Nguyên"
)
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
Letterhead.objects.create(
    unit=ministry, place="Hà Nội", abbreviation="BMH", position="Bộ trưởng", signer="Nguyễn Văn Minh Họa"
)
def step(report, *actions, **more):
    for action in actions:
        take(
            report,
            Action(action),
            by,
            freeze=freeze if action == "submit" else None,
            **(more if action in ("return", "refuse") else {}),
        )
made = {}
for code, actions in {
    "01": (),
    "02": ("submit",),
    "03": ("submit", "approve"),
    "04": ("submit", "approve", "send"),
    "05": ("submit", "approve", "send", "accept"),
    "06": ("submit", "approve", "send", "refuse"),
}.items():
    made[code] = drafts.begin(campaign, units["Z09.01." + code], by)
    if code in ("01", "05"):
        Figure.objects.filter(report=made[code], key="informed").update(stated=5, reason="Theo sổ công văn")
    if code == "04":
        Report.objects.filter(pk=made[code].pk).update(late_reason="Chờ nhật ký")
        deadline_moves.make(
            deadline_moves.Plan(
                campaign,
                MoveScope.ONE,
                {DeadlineKind.REPORT: day - timedelta(days=3)},
                made[code].unit,
                "Chờ",
            ),
            None,
            letters=False,
        )
    step(made[code], *actions, reason="Thiếu hai phòng")
again = drafts.correct(Report.objects.get(pk=made["05"].pk), by, "Báo thiếu một phòng")
Figure.objects.filter(report=again, key="informed").update(stated=7, reason="Đã đối chiếu")
Extension.objects.create(
    campaign=campaign,
    unit=units["Z09.01.01"],
    until=day + timedelta(days=40),
    reason="Chờ nhật ký",
    asked_by=by,
)
kept = store(SimpleUploadedFile("bao-cao.json", b'{"schema": "lamsach-report-1"}'))
said = [FormValue("informed", "05 đơn vị", 5, 0.9), FormValue("deployed", "không có", 0, 0.5)]
came = store_received(campaign, units["Z09.01.07"], kept, said, Way.MAIL, sender="p07@z09.example")
c, u = campaign.pk, units["Z09.01.07"].pk
print(
    json.dumps(
        [
            "/office/reports/",
            f"/office/campaigns/{c}/reports/",
            f"/office/campaigns/{c}/reports/?unit={ministry.pk}",
            f"/office/campaigns/{c}/reports/?unit={ministry.pk}&state=late",
            f"/office/campaigns/{c}/form/",
            f"/office/campaigns/{c}/reports/{u}/",
            "/office/reports/received/",
            f"/office/reports/received/{came.pk}/",
            f"/office/units/{ministry.pk}/letterhead/",
            f"/office/units/{ministry.pk}/",
        ]
        + [f"/office/reports/{one.pk}/" for one in (*made.values(), again)]
        + [
            f"/office/reports/{again.pk}/edit/",
            f"/office/reports/{made['01'].pk}/edit/",
            f"/office/reports/{made['05'].pk}/why/informed/",
            f"/office/reports/{made['01'].pk}/why/deployed/",
        ]
        + [
            f"/office/campaigns/{c}/reports/{ministry.pk}/consolidated/html/",
            f"/office/reports/{made['05'].pk}/file/html/",
            f"/office/campaigns/{c}/reports/{ministry.pk}/reminder/html/",
        ]
    )
)
"""
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, list[str]]]:
    """A portal with a report in each state; the addresses of its pages."""
    folder: Path = tmp_path_factory.mktemp("reports") / "data"
    furnish(folder)
    pages = portal(STATES, folder, units=CODES, password=PASSWORD)
    running = Served(folder)
    try:
        running.wait()
        yield running, pages
    finally:
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(timeout=30)


@pytest.fixture(scope="module")
def page(place: tuple[Served, list[str]]) -> Iterator[Any]:
    """The coordinator's browser."""
    with chromium() as browser:
        context = browser.new_context(reduced_motion="reduce")
        context.add_init_script(AXE)
        context.set_default_timeout(60_000)
        opened = context.new_page()
        opened.goto(f"{place[0].address}/accounts/login/")
        opened.fill("[name=login]", "coordinator@demo.example")
        opened.fill("[name=password]", PASSWORD)
        opened.click("main form button")
        opened.wait_for_url("**/office/**")
        yield opened


def faults_of(page: Any, path: str, frames: dict[tuple[str, str], set[str]]) -> list[str]:
    """Faults of the open page at each size and in each colour scheme, on which contrast alone depends."""
    found: dict[str, None] = {}
    page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
    for name, size in SIZES.items():
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            whole = (name, scheme) in (("phone", "light"), ("desktop", "dark"))
            examined = axe(page, frames[name, scheme], WCAG if whole else ["color-contrast"])
            for fault in (*page.evaluate(CHECK), *examined):
                found.setdefault(f"{path} ({name}, {scheme}) {fault}")
            wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if wide > 0:
                found.setdefault(f"{path} ({name}) is {wide} pixels too wide")
    return list(found)


def test_every_report_page(place: tuple[Served, list[str]], page: Any) -> None:
    assert AXE, "axe-core is installed"
    served, paths = place
    wrong: list[str] = []
    frames: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in paths:
        document = path.endswith("/html/")
        answer = page.context.request.get(served.address + path)
        assert answer.status == 200, path
        if document:  # served in a sandbox without scripts
            page.goto("about:blank")
            page.set_content(answer.text())
        else:
            page.goto(served.address + path)
        faults = faults_of(page, path, frames)
        wrong += [one for one in faults if not document or " axe " in one or "too wide" in one]
    assert wrong == [], "\n".join(wrong)
    assert len(paths) > 20


@pytest.mark.long
def test_the_pages_in_english_and_a_page_with_errors(place: tuple[Served, list[str]], page: Any) -> None:
    served, paths = place
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": served.address}])
    edit = next(path for path in paths if path.endswith("/edit/"))
    page.goto(served.address + edit)
    page.fill("[name=stated_informed]", "99999")
    page.fill("[name=reason_informed]", "")
    page.click("main form[action*=edit] button.btn-primary")
    page.wait_for_selector(".summary[role=alert]")
    frames: dict[tuple[str, str], set[str]] = defaultdict(set)
    wrong = faults_of(page, edit, frames)
    for path in [one for one in paths if "html" not in one][6:10]:
        page.goto(served.address + path)
        wrong += faults_of(page, path, frames)
    assert wrong == [], "\n".join(wrong)
