"""REST interface to lists: released lists, signed release, coverage of a value, feedback of units."""

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
    """A released list. `digest`: stated by hunts with it; `fingerprint`: of the signing key."""

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
    """The unit's total feedback on the value."""

    count: int


class ErrorOut(Schema):
    """An error message."""

    detail: str


class PlaceOut(Schema):
    """A list that covers a value, with the covering value and its place."""

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
    """Released lists of the unit and the units above it."""
    found = []
    for entry in access.of_token(request.auth.unit):  # type: ignore[attr-defined]
        version = versions.latest(entry)
        if version is not None:
            names = ("made", "digest", "count", "sha256", "fingerprint")
            facts = {name: getattr(version, name) for name in names} | {"version": version.number}
            own = {"id": entry.pk, "name": entry.name, "unit": entry.unit.code, "tlp": entry.tlp}
            found.append(own | facts)
    return found


@router.get("/lists/{list_id}/release")
def release(request: HttpRequest, list_id: int) -> HttpResponse:
    """Download the signed release of the latest version; 304 when `If-None-Match` names it.

    404 for a list not shared with the unit: `amber+strict` and `red` stay within the list's unit.
    """
    unit = request.auth.unit  # type: ignore[attr-defined]
    kept_list = access.of_token(unit).filter(pk=list_id).first()
    version = versions.latest(kept_list) if kept_list is not None else None
    if (
        kept_list is None
        or version is None
        or not versions.may_have(version, access.highest_tlp(kept_list, unit))
    ):
        raise Http404
    tag = f'"{version.sha256}"'
    if request.headers.get("If-None-Match", "") == tag:
        return HttpResponse(status=304, headers={"ETag": tag})
    answer = download(f"{kept_list.name}-{version.number}.zip", version.path)
    answer["ETag"] = tag
    return answer


@router.get("/lists/check", response=list[PlaceOut])
def check(request: HttpRequest, value: str) -> Any:
    """Find released lists that cover a value: itself, a parent domain, a network, a URL on its host."""
    unit = request.auth.unit  # type: ignore[attr-defined]
    try:
        return versions.places(access.of_token(unit), value[:2000], unit)
    except InputError:
        return []


@router.post("/lists/feedback", response={200: CountOut, 400: ErrorOut})
def say(request: HttpRequest, data: FeedbackIn) -> Any:
    """Report that a value was seen, or is a false alarm."""
    token = request.auth  # type: ignore[attr-defined]
    if exceeded("feedback", str(token.pk), CALLS, WINDOW_S):
        raise Http404
    try:
        count = feedback.submit(
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
