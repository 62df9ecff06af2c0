"""Lists for programs: which there are, the signed release, a value's places, feedback of units."""

from __future__ import annotations

# ninja reads the annotations at run time: the types stay imported
from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from pydantic import Field

from lamsach.errors import InputError
from lamsach.portal.base.plain_json import Clean
from lamsach.portal.base.ratelimit import exceeded
from lamsach.portal.base.uploads import download
from lamsach.portal.lists import access, feedback, versions
from lamsach.portal.lists.models import FeedbackKind

CALLS, WINDOW_S = 600, 300
router = Router(tags=["lists"])


class ListOut(Schema):
    """A released list. `digest` is what a hunt with it states; `fingerprint` is of the key that signed it."""

    id: int
    name: str
    unit: str
    version: int
    made: datetime
    digest: str
    count: int
    sha256: str
    fingerprint: str
    tlp: str


class FeedbackIn(Schema):
    """Feedback of the unit on a value."""

    value: Annotated[str, Field(min_length=1, max_length=2000), Clean]
    kind: Literal["seen", "false"]
    count: Annotated[int, Field(ge=1, le=1_000_000_000)] = 1
    note: Annotated[str, Field(max_length=300), Clean] = ""
    digest: Annotated[str, Field(max_length=64), Clean] = ""


class CountOut(Schema):
    """Count of the unit's feedback now."""

    count: int


class ErrorOut(Schema):
    """An error in words."""

    detail: str


class PlaceOut(Schema):
    """A list that covers a value, the covering value, and its place."""

    list: str
    unit: str
    version: int
    type: str
    value: str
    document: str
    page: int | None
    row: int | None
    decision: str
    reason: str


@router.get("/lists", response=list[ListOut])
def lists(request: HttpRequest) -> Any:
    """The released lists of the unit and the units above it."""
    found = []
    for kept in access.of_token(request.auth.unit):  # type: ignore[attr-defined]
        version = versions.latest(kept)
        if version is not None:
            names = ("made", "digest", "count", "sha256", "fingerprint")
            facts = {name: getattr(version, name) for name in names} | {"version": version.number}
            own = {"id": kept.pk, "name": kept.name, "unit": kept.unit.code, "tlp": kept.tlp}
            found.append(own | facts)
    return found


@router.get("/lists/{list_id}/release")
def release(request: HttpRequest, list_id: int) -> HttpResponse:
    """Answer with the signed release of the latest version; 304 when `If-None-Match` names it.

    404 for a list that is not for the unit: `amber+strict` and `red` stay within the list's unit.
    """
    unit = request.auth.unit  # type: ignore[attr-defined]
    kept = access.of_token(unit).filter(pk=list_id).first()
    version = versions.latest(kept) if kept is not None else None
    if kept is None or version is None or not versions.may_have(version, access.most(kept, unit)):
        raise Http404
    tag = f'"{version.sha256}"'
    if request.headers.get("If-None-Match", "") == tag:
        return HttpResponse(status=304, headers={"ETag": tag})
    answer = download(f"{kept.name}-{version.number}.zip", version.path)
    answer["ETag"] = tag
    return answer


@router.get("/lists/check", response=list[PlaceOut])
def check(request: HttpRequest, value: str) -> Any:
    """Return released lists that cover a value: itself, a parent domain, a network, a URL on its host."""
    unit = request.auth.unit  # type: ignore[attr-defined]
    try:
        return versions.places(access.of_token(unit), value[:2000], unit)
    except InputError:
        return []


@router.post("/lists/feedback", response={200: CountOut, 400: ErrorOut})
def say(request: HttpRequest, data: FeedbackIn) -> Any:
    """Say that a value was seen, or is a false alarm."""
    token = request.auth  # type: ignore[attr-defined]
    if exceeded("feedback", str(token.pk), CALLS, WINDOW_S):
        raise Http404
    try:
        count = feedback.say(
            token.unit,
            data.value,
            FeedbackKind(data.kind),
            count=data.count,
            note=data.note,
            digest=data.digest,
            who=token.name,
        )
    except InputError as error:
        return Status(400, {"detail": error.what})
    return {"count": count}
