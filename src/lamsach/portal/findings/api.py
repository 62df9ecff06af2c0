"""Sending bundles by program: `GET` says how much has arrived, `PUT` adds a piece. The address is shown on the page of findings."""

from __future__ import annotations

# ninja reads the annotations at run time: the types stay imported
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status

from lamsach.errors import LamsachError
from lamsach.portal.api import access
from lamsach.portal.api.access import HandingIn
from lamsach.portal.api.models import Token
from lamsach.portal.base.ratelimit import exceeded
from lamsach.portal.findings import transfers
from lamsach.portal.findings.models import Bundle, BundleKind, Way
from lamsach.portal.findings.taking import Source

PIECES, WINDOW_S = 2000, 300
router = Router(tags=["findings"])


class ArrivedOut(Schema):
    """How many bytes are there; the bundle's number, state and counts once it is whole; why it was refused."""

    received: int
    bundle: int | None = None
    state: str = ""
    problem: str = ""
    counts: dict[str, int] = {}


def _source(request: HttpRequest, campaign_id: int) -> Source:
    token = request.auth  # type: ignore[attr-defined]
    campaign = access.campaigns(token).filter(pk=campaign_id).first()
    if campaign is None:
        raise Http404
    only = None if isinstance(token, Token) else BundleKind.SCAN
    return Source(token.unit, campaign, Way.API, who=token.name, only=only)


def _shown(received: int, bundle: Bundle | None, problem: str = "") -> dict[str, Any]:
    if bundle is None:
        return {"received": received, "problem": problem}
    return {
        "received": received,
        "bundle": bundle.pk,
        "state": bundle.state,
        "problem": bundle.problem,
        "counts": bundle.counts,
    }


@router.get("/campaigns/{campaign_id}/findings/{sha256}", response=ArrivedOut, auth=HandingIn())
def arrived(request: HttpRequest, campaign_id: int, sha256: str) -> Any:
    """Return how far a bundle (by its SHA-256) is."""
    return _shown(*transfers.find(_source(request, campaign_id), sha256))


@router.put(
    "/campaigns/{campaign_id}/findings/{sha256}",
    response={200: ArrivedOut, 409: ArrivedOut, 422: ArrivedOut, 429: ArrivedOut},
    auth=HandingIn(),
)
def piece(request: HttpRequest, campaign_id: int, sha256: str, offset: int, size: int) -> Any:
    """Add the body's bytes at `offset` of a bundle of `size` bytes. 409: go on at `received`; 422: refused."""
    source = _source(request, campaign_id)
    if exceeded("findings", str(source.unit.pk), PIECES, WINDOW_S):
        return Status(429, _shown(0, None))
    try:
        return _shown(*transfers.receive(source, sha256, offset, size, transfers.piece(request)))
    except transfers.OutOfPlace as elsewhere:
        return Status(409, _shown(elsewhere.received, None))
    except LamsachError as error:
        return Status(422, _shown(0, None, error.what))
