"""The interface for other programs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from lamsach.portal.api import access
from lamsach.portal.api.models import Token
from lamsach.portal.campaigns.models import Recipient, Step

from .conftest import Cast
from .samples import dispatch

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(cast: Cast) -> Any:
    word = access.issue(cast.first, "Phần mềm", cast.people["coordinator"])
    return Client(headers={"authorization": f"Bearer {word}"})


def test_nothing_without_a_token(client: Client, cast: Cast) -> None:
    for path in ("units", "campaigns", "campaigns/1/state", "dispatches"):
        assert client.get(f"/api/{path}").status_code == 401
    assert client.post("/api/dispatches/1/answer", {}, "application/json").status_code == 401
    assert client.get("/api/openapi.json").status_code == 200


def test_a_log_in_is_no_token(cast: Cast) -> None:
    assert cast.client("administrator").get("/api/units").status_code == 401


def test_a_program_answers_for_its_unit(program: Client, cast: Cast) -> None:
    sent = dispatch(cast)
    (got,) = program.get("/api/dispatches").json()["items"]
    address = f"/api/dispatches/{got['id']}/answer"
    body = {"kind": "deployed", "day": "2022-09-20", "note": "12 máy"}
    assert program.post(address, body, "application/json").json() == {"changed": True}
    assert program.post(address, body, "application/json").json() == {"changed": False}
    assert Step.objects.get().how == "api"
    assert [unit["code"] for unit in program.get("/api/units").json()["items"]] == ["G06.12.01"]
    assert program.get(f"/api/campaigns/{sent.campaign_id}/state").json()["units"] == 0


def test_another_units_dispatch_does_not_exist(program: Client, cast: Cast) -> None:
    other = dispatch(cast).recipients.get(unit=cast.second)
    body = {"kind": "acknowledged"}
    assert program.post(f"/api/dispatches/{other.pk}/answer", body, "application/json").status_code == 404
    assert Recipient.objects.get(pk=other.pk).acknowledged is None


def test_a_revoked_token_opens_nothing(program: Client, cast: Cast) -> None:
    number = Token.objects.get().pk
    page = cast.client("coordinator").post(f"/office/units/{cast.first.pk}/tokens/", {"revoke": number})
    assert page.status_code == 302
    assert program.get("/api/units").status_code == 401


def test_a_token_is_shown_once(cast: Cast) -> None:
    client = cast.client("coordinator")
    address = f"/office/units/{cast.first.pk}/tokens/"
    assert access.PREFIX in client.post(address, {"name": "SIEM"}).content.decode()
    assert access.PREFIX not in client.get(address).content.decode()
