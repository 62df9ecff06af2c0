"""API for other programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from ninja import Schema

from lamsach.portal.api import access
from lamsach.portal.api.models import Token
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.models import How, Recipient, Step, StepKind
from lamsach.portal.units import tree

from .confirmation import confirmed
from .conftest import Cast
from .samples import dispatch

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(cast: Cast) -> Any:
    return cast.program(cast.first)


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


def test_a_program_of_the_unit_above_sees_units_and_state(cast: Cast) -> None:
    sent = dispatch(cast)
    above = cast.program(cast.centre)
    listed = above.get("/api/units").json()
    assert [unit["code"] for unit in listed["items"]] == ["G06.12", "G06.12.01", "G06.12.02"]
    assert listed["items"][1]["parent"] == "G06.12"
    assert [unit["code"] for unit in above.get("/api/units?limit=1&offset=2").json()["items"]] == [
        "G06.12.02"
    ]
    (found,) = above.get("/api/campaigns").json()
    assert (found["id"], found["state"], found["owner"]) == (sent.campaign_id, "running", "G06.12")
    dispatches.take(sent.recipients.get(unit=cast.first), StepKind.ACKNOWLEDGED, how=How.PAPER, who="A")
    address = f"/api/campaigns/{sent.campaign_id}/state"
    today = above.get(address).json()
    assert {name: today[name] for name in ("units", "sent", "informed", "deployed")} == {
        "units": 2, "sent": 2, "informed": 1, "deployed": 0,
    }  # fmt: skip
    before = above.get(f"{address}?on={tree.today() - timedelta(days=1)}").json()
    assert (before["sent"], before["informed"]) == (0, 0)
    assert above.get(f"{address}?on=nonsense").status_code == 422


def test_a_campaign_of_another_branch_does_not_exist(cast: Cast) -> None:
    sent = dispatch(cast)
    other = cast.program(cast.other, "stranger")
    assert other.get("/api/campaigns").json() == []
    assert other.get(f"/api/campaigns/{sent.campaign_id}/state").status_code == 404
    assert other.get("/api/dispatches").json()["items"] == []
    assert [unit["code"] for unit in other.get("/api/units").json()["items"]] == ["G06.13", "G06.13.01"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "opened"},
        {"kind": "deployed", "day": "2999-01-01"},
        {"kind": "deployed", "day": "31/02/2022"},
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(body: dict[str, str], program: Client, cast: Cast) -> None:
    recipient = dispatch(cast).recipients.get(unit=cast.first)
    address = f"/api/dispatches/{recipient.pk}/answer"
    assert program.post(address, body, "application/json").status_code == 422
    assert Step.objects.count() == 0


def test_the_description_names_the_token_and_every_address(client: Client) -> None:
    told = client.get("/api/openapi.json").json()
    assert told["openapi"].startswith("3.")
    schemes = {name: scheme["scheme"] for name, scheme in told["components"]["securitySchemes"].items()}
    assert schemes == {"UnitToken": "bearer", "HandingIn": "bearer"}
    wanted = {
        "units",
        "campaigns",
        "campaigns/{campaign_id}/state",
        "dispatches",
        "dispatches/{dispatch_id}/answer",
    }
    assert {f"/api/{path}" for path in wanted} <= told["paths"].keys()
    for path, methods in told["paths"].items():
        for method, what in methods.items():
            assert what.get("summary"), (method, path)
            assert what.get("security"), (method, path)


def test_another_units_dispatch_does_not_exist(program: Client, cast: Cast) -> None:
    other = dispatch(cast).recipients.get(unit=cast.second)
    body = {"kind": "acknowledged"}
    assert program.post(f"/api/dispatches/{other.pk}/answer", body, "application/json").status_code == 404
    assert Recipient.objects.get(pk=other.pk).acknowledged is None


def test_a_revoked_token_opens_nothing(program: Client, cast: Cast) -> None:
    number = Token.objects.get().pk
    page = confirmed(cast.client("coordinator"), f"/office/units/{cast.first.pk}/tokens/", {"revoke": number})
    assert page.status_code == 302
    assert program.get("/api/units").status_code == 401


def test_a_token_is_shown_once(cast: Cast) -> None:
    client = cast.client("coordinator")
    address = f"/office/units/{cast.first.pk}/tokens/"
    assert access.PREFIX in client.post(address, {"name": "SIEM"}).content.decode()
    assert access.PREFIX not in client.get(address).content.decode()


def test_no_two_shapes_share_a_name() -> None:
    """Equally named schemas would be merged in the OpenAPI description."""

    def below(kind: Any) -> set[Any]:
        return {one for sub in kind.__subclasses__() for one in (sub, *below(sub))}

    names = [kind.__name__ for kind in below(Schema) if kind.__module__.startswith("lamsach.")]
    assert len(names) > 20
    assert sorted({name for name in names if names.count(name) > 1}) == []
