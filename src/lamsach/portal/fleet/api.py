"""Reports of `lamsach scan --report ADDRESS`, a summary per scan; counts under the token's unit."""

from __future__ import annotations

# ninja reads the annotations at run time: the types stay imported
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field, create_model

from lamsach.portal.api import access
from lamsach.portal.api.access import HandingIn
from lamsach.portal.base.plain_json import Clean, Moment
from lamsach.portal.base.ratelimit import exceeded
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.cases.coverage import find_unsearched
from lamsach.portal.fleet.figures import DAYS, NAMES, USUAL_DAYS, by_branch
from lamsach.portal.fleet.scans import Summary, store_summary

CALLS, WINDOW_S = 6000, 300
router = Router(tags=["fleet"])


Count = Annotated[int, Field(ge=0, lt=1 << 53)]
Mac = Annotated[str, Field(max_length=40), Clean]


class ScanIn(Schema):
    """A scan of a machine: malicious findings `left` and `done`; `whole`: everything was examined."""

    host: Annotated[str, Field(min_length=1, max_length=255), Clean]
    macs: Annotated[list[Mac], Field(max_length=50)] = []
    finished: Moment
    mode: Literal["quick", "full"]
    malicious: Count = 0
    suspicious: Count = 0
    risk: Count = 0
    left: Count = 0
    done: Count = 0
    skipped: Count = 0
    whole: bool = True
    stopped: bool = False
    version: Annotated[str, Field(max_length=40), Clean] = ""
    list_digest: Annotated[str, Field(max_length=64), Clean] = ""


class ScanTakenOut(Schema):
    """`taken`: false if the machine is not identifiable, or the unit has too many (`problem`)."""

    taken: bool
    problem: str = ""


_COUNTS: dict[str, Any] = dict.fromkeys((*NAMES, "not_searched"), (int, ...))
FleetOut = create_model(
    "FleetOut",
    __base__=Schema,
    __doc__="Counts of machines under the token's unit; `not_searched`: units whose logs were not searched.",
    **_COUNTS,
)


def _campaign(request: HttpRequest, campaign_id: int) -> Campaign:
    found = access.campaigns(request.auth).filter(pk=campaign_id).first()  # type: ignore[attr-defined]
    if found is None:
        raise Http404
    return found


@router.post(
    "/campaigns/{campaign_id}/scans",
    response={200: ScanTakenOut, 409: ScanTakenOut, 429: ScanTakenOut},
    auth=HandingIn(),
)
def report(request: HttpRequest, campaign_id: int, data: ScanIn) -> Any:
    """Report a machine's last scan; repetitions change nothing. 409: campaign over; 429: too often."""
    campaign = _campaign(request, campaign_id)
    unit = request.auth.unit  # type: ignore[attr-defined]
    if exceeded("scans", str(unit.pk), CALLS, WINDOW_S):
        return Status(429, {"taken": False, "problem": "too often"})
    if campaign.state == CampaignState.CLOSED:
        return Status(409, {"taken": False, "problem": "the campaign is over"})
    values = data.model_dump()
    look = store_summary(campaign, unit, Summary(**{**values, "macs": tuple(values["macs"])}))
    return {"taken": look is not None, "problem": "" if look else "this machine cannot be told from others"}


@router.get("/campaigns/{campaign_id}/scans", response=FleetOut)
def numbers(request: HttpRequest, campaign_id: int, days: int = USUAL_DAYS) -> Any:
    """Counts of scanned machines under the unit, and of those silent for `days` (1, 7, 14, 30)."""
    campaign = _campaign(request, campaign_id)
    unit = request.auth.unit  # type: ignore[attr-defined]
    whole, _branches, _basis = by_branch(campaign, unit, days if days in DAYS else USUAL_DAYS, timezone.now())
    numbers = {name: getattr(whole, name) for name in NAMES}
    return {**numbers, "not_searched": find_unsearched(campaign, unit.pk).count}
