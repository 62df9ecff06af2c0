"""Public pages in Chromium against `lamsach serve`: without scripts and third parties, size, axe-core."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from lamsach.portal.catalogue_vi import VIETNAMESE
from tests.chromium import chromium
from tests.programs import missing

from .serve_process import Served, clean_environment
from .template import furnish
from .test_accessibility import AXE, CHECK, DESKTOP, PHONE, axe

pytestmark = pytest.mark.browser
FIRST_LOAD_BYTES = 100_000
PAGES = ("/", "/danger/", "/check/", "/clean/", "/help/", "/three-questions/", "/accounts/login/")
LISTED, CASE, NEITHER = "198.51.100.7", "203.0.113.9", "192.0.2.8"
SEED = f"""
import sys
from datetime import timedelta
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from lamsach.portal.base.uploads import store
from lamsach.portal.campaigns.lists import read_list
from lamsach.portal.campaigns.models import Campaign, IndicatorList
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.cases.models import Case
from lamsach.portal.findings.models import Device
from lamsach.portal.units import tree
day = tree.today()
unit = tree.create(
    "Z09", "Đơn vị kín", None, contact_name="Đầu mối", contact_phone="024.0000.0000", email="hotro@bo.example"
)
campaign = Campaign.objects.create(
    name="Chiến dịch thử",
    owner=unit,
    starts=day,
    ends=day + timedelta(days=60),
    report_due=day + timedelta(days=30),
    form=default_form(),
    state="running",
    public=True,
)
kept = store(SimpleUploadedFile("ds.txt", b"{LISTED}"))
made = IndicatorList.objects.create(
    campaign=campaign, name=kept.name, path=kept.path, size=kept.size, sha256=kept.sha256
)
read_list(made.pk, lambda *_: None)
device = Device.objects.create(unit=unit, key="mac:1", ip="{CASE}", name="PC-KIN")
Case.objects.create(
    campaign=campaign, unit=unit, device=device, state="new", since=day, severity=1, due=timezone.now()
)
"""
ANSWERS = {
    LISTED: "Yes, your address is on the list.",
    CASE: "Yes, your address is on the list.",
    NEITHER: "No, your address is not on the list.",
}
WINDOWS_7 = "Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 Chrome/109.0.0.0 Safari/537.36"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Portal with a campaign, a list and an open case, behind a proxy that states the client address."""
    folder = tmp_path_factory.mktemp("public") / "data"
    furnish(folder)
    subprocess.run(
        [sys.executable, "-c", SEED, str(folder)], env=clean_environment(DATABASE_URL=""), check=True
    )
    portal = Served(folder, LAMSACH_PROXIES="1")
    try:
        portal.wait()
        yield portal
    finally:
        assert portal.end() == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


class Visit:
    """Open a new browser: page, requests to other servers, console errors, received bytes."""

    def __init__(self, browser: Any, served: Served, address: str = NEITHER, **options: Any) -> None:
        headers = {"X-Forwarded-For": address}
        self.context = browser.new_context(extra_http_headers=headers, **options)
        self.context.set_default_timeout(90_000)
        self.page = self.context.new_page()
        self.wrong: list[str] = []
        self.sizes: list[int] = []
        self.page.on("console", lambda message: self._complaint(message))
        self.page.on("request", lambda request: self._request(request.url, served.address))
        network = self.context.new_cdp_session(self.page)
        network.send("Network.enable")
        network.on("Network.loadingFinished", lambda event: self.sizes.append(event["encodedDataLength"]))

    def _complaint(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(message.text)

    def _request(self, url: str, own: str) -> None:
        if not url.startswith((own, "data:")):
            self.wrong.append(url)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("address", ANSWERS)
def test_check_my_machine_without_scripts(address: str, language: str, served: Served, browser: Any) -> None:
    def said(english: str) -> str:
        return VIETNAMESE[english] if language == "vi" else english

    visit = Visit(browser, served, address, viewport=PHONE, java_script_enabled=False, user_agent=WINDOWS_7)
    visit.context.add_cookies([{"name": "django_language", "value": language, "url": served.address}])
    page = visit.page
    page.goto(served.address)
    page.click(f"main a.btn:has-text('{said('Check my machine')}')")
    page.click(f"main button:has-text('{said('Check my machine now')}')")
    assert page.locator(".answer b").inner_text() == said(ANSWERS[address])
    shown = page.locator("main").inner_text()
    assert address in shown
    assert "Windows 7" in shown
    assert said("no longer supported") in shown
    assert [word for word in ("PC-KIN", "Đơn vị kín", "mac:1") if word in page.content()] == [], "never whose"
    if address == NEITHER:
        page.click("main .actions a")
    else:
        page.click("main ol.steps a")
    assert page.locator("h1").inner_text() == said("Clean the machine"), "the next step"
    assert visit.wrong == []
    visit.context.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_first_visit_is_small_and_without_third_parties(path: str, served: Served, browser: Any) -> None:
    visit = Visit(browser, served, viewport=PHONE)
    visit.page.goto(served.address + path, wait_until="networkidle")
    assert 1000 < sum(visit.sizes) < FIRST_LOAD_BYTES
    assert visit.wrong == []
    visit.context.close()


def test_axe_finds_nothing_serious(served: Served, browser: Any) -> None:
    if not AXE:
        missing("axe-core")
    found: list[str] = []
    for size, scheme in ((PHONE, "dark"), (DESKTOP, "light")):
        for address in (LISTED, NEITHER):
            visit = Visit(
                browser, served, address, viewport=size, color_scheme=scheme, reduced_motion="reduce"
            )
            page = visit.page
            for path in PAGES if address == NEITHER else ():
                page.goto(served.address + path)
                found += [f"{path} {scheme} {each}" for each in (*axe(page), *page.evaluate(CHECK))]
            page.goto(f"{served.address}/check/")
            with page.expect_navigation():
                page.click("main button")
            assert page.locator(".answer").count() == 1
            found += [f"answer {scheme} {each}" for each in (*axe(page), *page.evaluate(CHECK))]
            visit.context.close()
    assert found == [], "\n".join(found)


FILE_BUTTON = """() => {
  const field = document.querySelector("input[type=file]");
  const shine = (color) => color.match(/[0-9.]+/g).slice(0, 3).map(Number).reduce((sum, c, i) => {
    const part = c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
    return sum + part * [0.2126, 0.7152, 0.0722][i];
  }, 0);
  const style = getComputedStyle(field, "::file-selector-button");
  const [low, high] = [shine(style.color), shine(style.backgroundColor)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_button_for_files_can_be_read(scheme: str, served: Served, browser: Any) -> None:
    visit = Visit(browser, served, viewport=PHONE, color_scheme=scheme, reduced_motion="reduce")
    visit.page.goto(f"{served.address}/help/")
    assert visit.page.evaluate(FILE_BUTTON) >= 4.5
    visit.page.hover("input[type=file]")
    assert visit.page.evaluate(FILE_BUTTON) >= 4.5
    visit.context.close()


def test_the_description_of_the_interface_needs_no_internet(served: Served, browser: Any) -> None:
    visit = Visit(browser, served, viewport=DESKTOP)
    page = visit.page
    page.goto(f"{served.address}/api/docs")
    page.wait_for_selector(".opblock")
    paths = set(page.locator(".opblock-summary-path").evaluate_all("all => all.map(e => e.dataset.path)"))
    wanted = {
        "units",
        "campaigns",
        "campaigns/{campaign_id}/state",
        "dispatches",
        "dispatches/{dispatch_id}/answer",
    }
    assert {f"/api/{path}" for path in wanted} <= paths
    assert page.locator("button.authorize").count() == 1, "the token can be entered"
    assert visit.wrong == []
    visit.context.close()
