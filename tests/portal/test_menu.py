"""The menu of the work pages (`base/navigation.py`) in Chromium, without scripts.

Folded on a phone, operable by keyboard, unfolded in a wide window.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.chromium import chromium

from .conftest import Cast
from .test_accessibility import CHECK, DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(cast: Cast) -> Iterator[Any]:
    """A page without scripts, with the coordinator logged in."""
    cookie = cast.client("coordinator").cookies["sessionid"].value
    with chromium() as browser:
        context = browser.new_context(viewport=PHONE, java_script_enabled=False)
        context.add_cookies([{"name": "sessionid", "value": cookie, "domain": "localhost", "path": "/"}])
        yield context.new_page()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_menu_is_folded_on_a_phone_and_whole_elsewhere(live_server: Any, page: Any, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{live_server.url}/office/units/")
    folded, links = page.locator("nav.menu summary"), page.locator("nav.menu a")
    assert folded.inner_text() == "Menu: Units › Unit tree"
    assert links.count() == 11, "six rooms, five tabs"
    assert not links.first.is_visible()
    assert page.locator("h1").bounding_box()["y"] < 260
    folded.focus()
    page.keyboard.press("Enter")
    assert links.first.is_visible()
    assert page.locator("nav.menu [aria-current]").all_inner_texts() == ["Units", "Unit tree"]
    assert min(link.bounding_box()["height"] for link in links.all()) >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate(CHECK) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/office/")
    page.set_viewport_size(DESKTOP)
    assert links.first.is_visible()
    assert not folded.is_visible()


def test_the_arrow_of_a_choice_is_seen_in_the_dark(live_server: Any, page: Any) -> None:
    """Its colour is as light as the text's."""
    page.emulate_media(color_scheme="dark")
    page.goto(f"{live_server.url}/office/cases/")
    field = page.locator("select.form-select").first
    shown = field.evaluate("e => [getComputedStyle(e).backgroundImage, getComputedStyle(e).color]")
    assert "stroke='%23e4e9eb'" in shown[0]
    assert shown[1] == "rgb(228, 233, 235)"


def test_the_search_by_keyboard(live_server: Any, page: Any) -> None:
    """`/` focuses the field from anywhere, the arrows move through the results.

    Without scripts the field is behind the menu's button on a phone.
    """
    scripted = page.context.browser.new_context(viewport=DESKTOP)
    scripted.add_cookies(page.context.cookies())
    fast = scripted.new_page()
    fast.goto(f"{live_server.url}/office/units/import/")
    fast.keyboard.press("/")
    fast.keyboard.type("phòng")
    fast.keyboard.press("Enter")
    fast.wait_for_url("**/office/search/?q=*")
    assert fast.evaluate(CHECK) == []
    hits = fast.locator("[data-hits] a")
    fast.keyboard.press("/")
    for shown in (0, 1):
        fast.keyboard.press("ArrowDown")
        assert hits.nth(shown).evaluate("e => e === document.activeElement")
    fast.keyboard.press("ArrowUp")
    fast.keyboard.press("Enter")
    fast.wait_for_url("**/office/units/*/")
    page.goto(f"{live_server.url}/office/")
    assert not page.locator("#search").is_visible()
    page.locator("nav.menu summary").click()
    page.locator("#search").fill("phòng")
    page.keyboard.press("Enter")
    page.wait_for_url("**/office/search/?q=*")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
