"""Number of clicks and fields of two walks in a browser: the coordinator's launch and the officer's day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lamsach.portal.campaigns.models import Campaign, CampaignState, Dispatch, Recipient
from lamsach.portal.cases.models import Case, CaseState
from lamsach.portal.reports.models import Report, ReportState
from lamsach.portal.units import tree

from . import bundles
from .bundles import EVIL, FIREWALL, Contact
from .conftest import Cast
from .samples import campaign, dispatch
from .test_lists_browser import browsing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MAC = "02:00:00:00:00:01"


class Hand:
    """A person's actions on a page: clicks (including choices and ticks) and fields typed into."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.clicks, self.fields = page, 0, 0
        page.context.add_cookies([{"name": "django_language", "value": "en", "url": address}])
        page.set_default_timeout(60_000)
        page.goto(f"{address}/office/")

    def click(self, selector: str) -> None:
        """Click on the first match."""
        self.clicks += 1
        self.page.locator(selector).first.click()

    def follow(self, selector: str) -> None:
        """Click on a link to another page."""
        with self.page.expect_navigation():
            self.click(selector)

    def press(self, text: str) -> None:
        """Click on a button or link by its text."""
        self.follow(f"main :is(button, a):has-text('{text}')")

    def room(self, text: str) -> None:
        """Go to a room or tab."""
        self.follow(f".menu a:has-text('{text}')")

    def fill(self, **values: str) -> None:
        """Type into fields."""
        for name, value in values.items():
            self.fields += 1
            self.page.locator(f"main [name={name}]").first.fill(value)

    def says(self, text: str) -> None:
        """Wait until the page shows a text."""
        self.page.locator("main").get_by_text(text).first.wait_for()


def aside(work: Any) -> Any:
    """Run a worker's task in a separate thread: Django refuses databases in the browser's event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def test_the_coordinator_launches_a_campaign_in_few_clicks(live_server: Any, cast: Cast) -> None:
    first, last = tree.today(), tree.today() + timedelta(days=30)
    with browsing(cast) as page:
        hand = Hand(page, live_server.url)
        hand.press("Prepare a campaign")
        hand.fill(name="Làm sạch mã độc", starts=first.isoformat(), ends=last.isoformat())
        hand.fill(report_due=last.isoformat())
        hand.press("Save the campaign")
        hand.room("Dispatches")
        hand.press("Write a dispatch")
        hand.fill(number="12/CV", subject="V/v làm sạch mã độc", body="Đề nghị Quý đơn vị triển khai.")
        hand.press("Save the draft")
        hand.press("Send the dispatch to 2 units")
        hand.press("Send the dispatch to 2 units now")
        hand.says("sent")
        hand.room("Board")
        hand.says("Làm sạch mã độc")
    sent = Dispatch.objects.get(subject="V/v làm sạch mã độc")
    assert sent.recipients.count() == 2
    assert Campaign.objects.get(pk=sent.campaign_id).state == CampaignState.RUNNING
    assert (hand.clicks <= 25, hand.fields <= 10) == (True, True), (hand.clicks, hand.fields)


def infected(folder: Path) -> Path:
    """Bundle of a hunt that found one machine."""
    days = [bundles.day(-back) for back in range(9, 0, -1)]
    contact = Contact(f"mac:{MAC}", {days[0]: 4, days[1]: 2}, EVIL)
    found = bundles.findings(
        [bundles.device(f"mac:{MAC}", name="KT-01")], [contact], [(FIREWALL, day) for day in days]
    )
    path = folder / "findings.zip"
    path.write_bytes(bundles.packed(found).getvalue())
    return path


def test_the_officers_day_takes_few_clicks(live_server: Any, cast: Cast, tmp_path: Path) -> None:
    """Acknowledge the dispatch, upload the hunt's result, clean the machine, send the report."""
    sent, bundle = dispatch(cast), infected(tmp_path)
    with browsing(cast, "officer") as page:
        hand = Hand(page, live_server.url)
        hand.press("Acknowledge")
        hand.room("Machines")
        hand.room("Findings")
        hand.press("Upload a bundle")
        hand.clicks += 1
        page.locator("#hand-in [name=file]").set_input_files(str(bundle))
        hand.follow("#hand-in button")
        hand.room("Machines to be handled")
        aside(bundles.work)
        hand.room("Machines to be handled")
        hand.follow("main tbody th a")
        hand.click("#playbook button:has-text('It is done')")
        page.locator("#playbook").get_by_text("1 of").wait_for()
        for state, why in (("working", "Đã rút mạng"), ("cleaned", "Đã quét và loại bỏ")):
            hand.click(f"main [name=to][value={state}]")
            hand.fill(why=why)
            hand.press("Take the step")
        hand.room("Campaigns")
        hand.room("Reports")
        hand.follow("main tbody th a")
        hand.press("Make the draft")
        hand.press("Submit to the head")
        hand.fill(signer="Nguyễn Văn Ví Dụ")
        hand.press("Approve the report")
        hand.press("Send the report to")
        hand.says("Sent")
    assert Recipient.objects.get(dispatch=sent, unit=cast.first).acknowledged
    assert Case.objects.get(campaign=campaign(cast)).state == CaseState.CLEANED
    assert Report.objects.get(unit=cast.first).state == ReportState.SENT
    assert (hand.clicks <= 30, hand.fields <= 5) == (True, True), (hand.clicks, hand.fields)
