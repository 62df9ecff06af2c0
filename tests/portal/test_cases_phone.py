"""The machine list on a phone, in Chromium: all rows of a page can be ticked together."""

from __future__ import annotations

from typing import Any

import pytest

from .bundles import Contact, day, device, findings, hand_in
from .conftest import Cast
from .samples import dispatch
from .test_lists_browser import browsing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 360, "height": 740}


def machines(cast: Cast, count: int) -> None:
    """So many infected machines of the first room."""
    keys = [f"mac:02:00:00:00:00:{number:02}" for number in range(1, count + 1)]
    found = [device(key, name=f"PC-{place:02}", user="thu") for place, key in enumerate(keys, 1)]
    contacts = [Contact(device=key, days={day(-3): 4}) for key in keys]
    hand_in(cast, dispatch(cast).campaign, findings(found, contacts))


def test_all_machines_are_ticked_on_a_phone_too(live_server: Any, cast: Cast) -> None:
    machines(cast, 7)
    with browsing(cast) as page:
        page.set_viewport_size(PHONE)
        page.goto(f"{live_server.url}/office/cases/")
        every = page.get_by_role("checkbox", name="Tick all on this page")
        box = every.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        page.get_by_text("Tick all on this page").click()
        assert page.locator("input[name=case]:checked").count() == 7
        every.focus()
        page.keyboard.press("Space")
        assert page.locator("input[name=case]:checked").count() == 0
        page.locator("h1").click()
        page.keyboard.press("a")
        assert page.locator("input[name=case]:checked").count() == 7
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
