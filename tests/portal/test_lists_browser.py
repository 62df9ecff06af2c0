"""The review queue in Chromium by keyboard only: a thousand values ticked and decided without a mouse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lamsach.portal.lists import documents, origins
from lamsach.portal.lists.models import Decision, Document, Doubt, Origin
from tests.chromium import chromium

from . import list_samples
from .conftest import Cast
from .lists_server import Answer, trusted
from .test_accessibility import DESKTOP

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@contextmanager
def browsing(cast: Cast, name: str = "coordinator") -> Iterator[Any]:
    """Open a browser page with a logged-in user."""
    cookie = cast.client(name).cookies["sessionid"].value
    with chromium() as browser:
        context = browser.new_context(viewport=DESKTOP)
        context.add_cookies([{"name": "sessionid", "value": cookie, "domain": "localhost", "path": "/"}])
        yield context.new_page()


def test_a_thousand_values_are_decided_without_a_mouse(live_server: Any, cast: Cast) -> None:
    from playwright.sync_api import expect

    kept_list = list_samples.add(cast, "".join(f"x{number:04}.duckdns.org\n" for number in range(1200))).list
    with browsing(cast) as page:
        keys = page.keyboard
        page.goto(f"{live_server.url}/office/blocklists/{kept_list.pk}/review/?size=1000")
        rows = page.locator("table[data-keys] tbody tr")
        assert rows.count() == 1000
        keys.press("?")
        assert page.locator("#keys p").is_visible()
        keys.press("?")
        keys.press("a")
        assert page.locator("input[name=doubt]:checked").count() == 1000
        keys.press("j")
        keys.press("x")
        assert page.locator("input[name=doubt]:checked").count() == 999
        keys.press("x")
        page.locator("#id_choice").focus()
        keys.press("Tab")
        keys.type("đã xem từng tên")
        keys.press("Enter")
        expect(page.locator("input[name=doubt]")).to_have_count(200, timeout=60_000)
        assert "1000" in page.locator("[role=status], .messages").first.inner_text()
        assert page.evaluate("sessionStorage.getItem('lamsach.machines')") is None, "these are no machines"
    assert Doubt.objects.filter(list=kept_list, decided=None).count() == 200
    assert Decision.objects.filter(list=kept_list, reason="đã xem từng tên").count() == 1000


def test_all_values_can_be_ticked_on_a_phone(live_server: Any, cast: Cast) -> None:
    """Without column headings, the tick for all has its own line and label."""
    kept_list = list_samples.add(cast, "".join(f"x{number:02}.duckdns.org\n" for number in range(12))).list
    with browsing(cast) as page:
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(f"{live_server.url}/office/blocklists/{kept_list.pk}/review/")
        every = page.get_by_role("checkbox", name="Tick all on this page")
        box = every.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        page.get_by_text("Tick all on this page").click()
        assert page.locator("input[name=doubt]:checked").count() == 12
        every.focus()
        page.keyboard.press("Space")
        assert page.locator("input[name=doubt]:checked").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_misp_server_is_added_in_the_page_and_its_key_is_not_shown_again(
    live_server: Any, cast: Cast, settings: Any, tmp_path: Path
) -> None:
    """From the form to the values, over TLS to a server on loopback that requires the key."""
    kept_list, key, pages = list_samples.kept_list(cast), "MISP-key-of-forty-letters-and-digits-0123", []

    def answer(path: str, headers: dict[str, str]) -> Answer:
        if headers.get("authorization") != key:
            return 403, {}, b""
        pages.append(path)
        said = {
            "uuid": "00000000-0000-4000-8000-000000000001",
            "type": "domain",
            "value": "bot-c2.xyz",
            "to_ids": True,
        }
        events = [{"Event": {"info": "Mirai", "Attribute": [said]}}] if len(pages) == 1 else []
        return 200, {}, json.dumps({"response": events}).encode()

    settings.DATA = tmp_path / "data"
    with trusted(tmp_path, settings) as server:
        server.answer = answer
        with browsing(cast) as page:
            page.goto(f"{live_server.url}/office/blocklists/{kept_list.pk}/")
            page.get_by_text("Add a source").click()
            page.locator("#origin_name").fill("MISP")
            page.locator("#origin_url").fill(f"misp+https://127.0.0.1:{server.server_port}")
            assert page.locator("#origin_key").get_attribute("type") == "password"
            page.locator("#origin_key").fill(key)
            page.locator("#origin_key").press("Enter")
            page.get_by_role("link", name="MISP", exact=True).click()
            page.get_by_text("A key is stored for the server of this source.").wait_for()
            assert page.locator("#id_key").input_value() == ""
            assert key not in page.content()
        assert origins.fetch(Origin.objects.get().pk) == {"new": True}
        documents.read(Document.objects.get().pk)
        with browsing(cast) as page:
            page.goto(f"{live_server.url}/office/blocklists/{kept_list.pk}/")
            row = page.get_by_role("row", name="MISP.zip")
            assert row.get_by_role("cell", name="1", exact=True).count() == 1
            assert key not in page.content()
