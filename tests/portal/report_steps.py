"""Steps of a report as its page submits them, up to an accepted report."""

from __future__ import annotations

from typing import Any

from django.test import Client

from lamsach.portal.reports import drafts
from lamsach.portal.reports.models import Report, ReportState

from .conftest import Cast
from .samples import dispatch


def post(client: Client, found: Report, what: str, **data: Any) -> Any:
    """Submit a form of the report's page, as of its present version."""
    found.refresh_from_db()
    return client.post(f"/office/reports/{found.pk}/{what}/", {"version": found.version, **data})


def fields(found: Report, **changes: Any) -> dict[str, Any]:
    """The draft's form as submitted by a browser."""
    found.refresh_from_db()
    data: dict[str, Any] = {"version": found.version, "itself": "on"}
    data |= {f"text_{key}": found.texts[key] for key in ("assessment", "proposals")}
    for figure in found.figures.all():
        data[f"reason_{figure.key}"] = figure.reason
        if figure.stated is not None:
            data[f"stated_{figure.key}"] = figure.stated
    return {**data, **changes}


def send(client: Client, found: Report) -> None:
    """Submit, approve and send a report."""
    for action in ("submit", "approve", "send"):
        post(client, found, "step", action=action, signer="A")


def frozen(cast: Cast, scan: Any = None) -> Report:
    """Accepted report of the first room, with the signed document if given."""
    found = drafts.begin(dispatch(cast).campaign, cast.first, cast.people["officer"])
    client, above = cast.client("administrator"), cast.client("coordinator")
    assert post(client, found, "step", action="submit").status_code == 302
    post(client, found, "step", action="approve", signer="Nguyễn Văn Thử", position="Trưởng phòng")
    if scan is not None:
        post(client, found, "scan", file=scan)
    post(client, found, "step", action="send")
    post(above, found, "receive", action="accept")
    found.refresh_from_db()
    assert found.state == ReportState.FROZEN
    return found
