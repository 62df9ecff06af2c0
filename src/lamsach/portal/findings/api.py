"""Upload of bundles by programs: `GET` returns the progress, `PUT` adds a piece."""

from __future__ import annotations

# ninja reads the annotations at run time: the types stay imported
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status

from lamsach.errors import LamsachError
from lamsach.portal.api import access
from lamsach.portal.api.access import HandingIn
from lamsach.portal.api.models import Token
from lamsach.portal.base.ratelimit import exceeded
from lamsach.portal.findings import pieces
from lamsach.portal.findings.intake import Source
from lamsach.portal.findings.models import Bundle, BundleKind, Way

PIECES, WINDOW_S = 2000, 300
router = Router(tags=["findings"])


class ArrivedOut(Schema):
    """Number of received bytes; the bundle when complete; the reason of a refusal."""

    received: int
    bundle: int | None = None
    state: str = ""
    problem: str = ""
    counts: dict[str, int] = {}


def _source(request: HttpRequest, campaign_id: int) -> Source:
    token = request.auth  # type: ignore[attr-defined]
    campaign = get_object_or_404(access.campaigns(token), pk=campaign_id)
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
    """Return the progress of a bundle, by its SHA-256."""
    return _shown(*pieces.find(_source(request, campaign_id), sha256))


@router.put(
    "/campaigns/{campaign_id}/findings/{sha256}",
    response={200: ArrivedOut, 409: ArrivedOut, 422: ArrivedOut, 429: ArrivedOut},
    auth=HandingIn(),
)
def piece(request: HttpRequest, campaign_id: int, sha256: str, offset: int, size: int) -> Any:
    """Add the body at `offset` of a bundle of `size` bytes. 409: continue at `received`; 422: refused."""
    source = _source(request, campaign_id)
    if exceeded("findings", str(source.unit.pk), PIECES, WINDOW_S):
        return Status(429, _shown(0, None))
    try:
        return _shown(*pieces.receive(source, sha256, offset, size, pieces.piece(request)))
    except pieces.OutOfPlace as misplaced:
        return Status(409, _shown(misplaced.received, None))
    except LamsachError as error:
        return Status(422, _shown(0, None, error.what))
