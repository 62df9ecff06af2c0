"""First steps of an administrator, determined from the data; the test letter."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from lamsach.portal.mail import delivery
from lamsach.portal.mail.models import Letter, LetterState
from lamsach.portal.units.models import Unit
from lamsach.portal.web.tasks import first_steps

from .conftest import Browser, Cast
from .samples import campaign

pytestmark = pytest.mark.django_db


def left(cast: Cast) -> list[str]:
    return [row.address for row in first_steps(cast.people["administrator"])]


def test_each_step_is_determined_from_the_data(cast: Cast, browser: Browser, settings: Any) -> None:
    settings.PUBLIC_URL = settings.SMTP_URL = ""
    letter, new = "/office/test-letter/", "/office/campaigns/new/"
    assert left(cast) == [letter, new]
    campaign(cast)
    assert browser("administrator").get(letter).status_code == 302
    assert not Letter.objects.exists(), "a look sends nothing"
    assert browser("administrator").post(letter).status_code == 302
    assert delivery.deliver_due() == 1
    assert Letter.objects.get(kind="test").state == LetterState.SENT
    assert left(cast) == [letter], "a file in the outbox is no letter that went out"
    (row,) = first_steps(cast.people["administrator"])
    assert "LAMSACH_SMTP_URL" in row.note
    settings.PUBLIC_URL, settings.SMTP_URL = "https://portal.example", "smtp+plain://127.0.0.1:9"
    assert left(cast) == []
    Letter.objects.update(state=LetterState.QUEUED)
    assert left(cast) == [letter], "queued is not sent"


def test_a_portal_with_its_root_alone_lacks_units_and_people(cast: Cast) -> None:
    assert "/office/units/import/" not in left(cast)
    Unit.objects.exclude(parent=None).update(valid_until=timezone.localdate())
    type(cast.people["officer"]).objects.exclude(pk=cast.people["administrator"].pk).update(is_active=False)
    assert {"/office/units/import/", "/office/people/invite/sheet/"} <= set(left(cast))


@pytest.mark.parametrize("name", ["authority", "coordinator", "officer", "reader"])
def test_only_administrators_see_and_send(name: str, cast: Cast, browser: Browser) -> None:
    assert "test-letter" not in browser(name).get("/office/").content.decode()
    assert browser(name).post("/office/test-letter/").status_code in (403, 404)
    assert not Letter.objects.exists()


def test_the_first_page_shows_it_with_its_button(cast: Cast, browser: Browser) -> None:
    page = browser("administrator").get("/office/").content.decode()
    assert 'action="/office/test-letter/"' in page
    assert "LAMSACH_SMTP_URL" in page
