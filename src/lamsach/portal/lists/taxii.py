"""A TAXII 2.1 server (https://docs.oasis-open.org/cti/taxii/v2.1/taxii-v2.1.html), reading only: a collection for each list that a unit's token may have.

The token goes as `Authorization: Bearer`, or as the password of Basic with any name. Objects are those of the latest version; `date_added` is when the version that
first held the object was made known here: the version's own time. Pages are cut by an offset in the version, which `next` carries.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import uuid5

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from lamsach.indicators.writers import BY_NAME
from lamsach.indicators.writers.base import Stamp
from lamsach.indicators.writers.export import Terms
from lamsach.indicators.writers.stix import NAMESPACE
from lamsach.model import Indicator
from lamsach.portal.base.ratelimit import client_address, exceeded
from lamsach.portal.lists import access, releasing
from lamsach.portal.lists.models import KeptList, Version

if TYPE_CHECKING:
    from lamsach.portal.api.models import Token

MEDIA_TYPE = "application/taxii+json;version=2.1"
PAGE_OBJECTS, MOST_OBJECTS = 1000, 10_000
WRONG_TOKENS, WINDOW_S = 30, 300
View = Callable[..., HttpResponse]


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of ours
    """An error resource (section 3.6.1) with its status."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.status, self.title = status, title


def _answer(
    record: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    return HttpResponse(
        json.dumps(record, ensure_ascii=False),
        status=status,
        content_type=MEDIA_TYPE,
        headers=dict(headers or {}),
    )


def _view(function: View) -> View:
    """The common part of every answer: method, media type, token, errors as the standard wants them."""

    def served(request: HttpRequest, **names: Any) -> HttpResponse:
        try:
            if request.method not in ("GET", "HEAD"):
                raise Refusal(405, "Only reading is served.")
            accepted = request.headers.get("Accept", "*/*").replace(" ", "")
            if not any(kind in accepted for kind in ("*/*", "application/*", "application/taxii+json")) or (
                "version=" in accepted and "version=2.1" not in accepted
            ):
                raise Refusal(406, "The media type is application/taxii+json;version=2.1.")
            request.token = _token(request)  # type: ignore[attr-defined]
            return function(request, **names)
        except Refusal as refusal:
            headers = (
                {"WWW-Authenticate": 'Bearer realm="lamsach", Basic realm="lamsach"'}
                if refusal.status == 401
                else {}
            )
            return _answer(
                {"title": refusal.title, "http_status": str(refusal.status)}, refusal.status, headers
            )

    served.__doc__ = function.__doc__
    return login_not_required(served)


def _token(request: HttpRequest) -> Token:
    from lamsach.portal.api.access import find

    kind, _, word = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            word = base64.b64decode(word, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            word = ""
    found = find(word) if word else None
    if found is None:
        if word and exceeded("taxii", client_address(request), WRONG_TOKENS, WINDOW_S):
            raise Refusal(429, "Too many wrong tokens.")
        raise Refusal(401, "A token of a unit is needed.")
    return found


@_view
def discovery(request: HttpRequest) -> HttpResponse:
    """Section 4.1."""
    root = request.build_absolute_uri("/api/taxii2/root/")
    return _answer({"title": "Lamsach", "default": root, "api_roots": [root]})


@_view
def api_root(request: HttpRequest) -> HttpResponse:
    """Section 4.2."""
    return _answer({"title": "Lamsach", "versions": [MEDIA_TYPE], "max_content_length": 0})


def _identifier(kept: KeptList) -> str:
    return str(uuid5(NAMESPACE, f"collection {kept.pk} {kept.created.isoformat()}"))


def _collection(kept: KeptList) -> dict[str, Any]:
    return {
        "id": _identifier(kept),
        "title": f"{kept.unit.name}: {kept.name}",
        "can_read": True,
        "can_write": False,
        "media_types": ["application/stix+json;version=2.1"],
    }


@_view
def collections(request: HttpRequest) -> HttpResponse:
    """Section 5.1."""
    found = [_collection(kept) for kept in access.of_token(request.token.unit)]  # type: ignore[attr-defined]
    return _answer({"collections": found} if found else {})


def _one(request: HttpRequest, collection_id: str) -> tuple[KeptList, Version]:
    for kept in access.of_token(request.token.unit):  # type: ignore[attr-defined]
        if _identifier(kept) == str(collection_id):
            version = releasing.latest(kept)
            if version is not None:
                return kept, version
    raise Refusal(404, "There is no such collection.")


@_view
def collection(request: HttpRequest, collection_id: str) -> HttpResponse:
    """Section 5.2."""
    return _answer(_collection(_one(request, collection_id)[0]))


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, "added_after is no time.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _stated(request: HttpRequest, name: str) -> set[str]:
    return {text for text in request.GET.get(f"match[{name}]", "").split(",") if text}


def _numbers(request: HttpRequest, version: Version) -> tuple[int, int]:
    """Where the page begins, and how many objects it holds at most."""
    limit = request.GET.get("limit", "")
    if limit and (not limit.isdecimal() or int(limit) < 1):
        raise Refusal(400, "limit is no number above 0.")
    start, number = 0, request.GET.get("next", "")
    if number:
        of_version, _, place = number.partition(".")
        if not place.isdecimal() or len(place) > 12 or of_version != str(version.number):
            raise Refusal(404, "The list has a newer version: begin again.")
        start = int(place)
    return start, min(int(limit) if limit else PAGE_OBJECTS, MOST_OBJECTS)


def _records(request: HttpRequest, kept: KeptList, version: Version) -> Iterator[dict[str, Any]]:
    """The STIX objects of the version that the token's unit may have and the filters want."""
    from lamsach.indicators.writers import stix

    terms = Terms(at=datetime.now(UTC), max_tlp=access.most(kept, request.token.unit), stated_tlp=kept.tlp)  # type: ignore[attr-defined]
    stamp = Stamp(version.digest, version.made, version.count)
    writer = BY_NAME["stix"]()
    identifiers, types = _stated(request, "id"), _stated(request, "type")
    versions = _stated(request, "spec_version")
    if (types and "indicator" not in types) or (versions and "2.1" not in versions):
        return
    items: Iterator[Indicator] = releasing.values(version)
    for item in items:
        if terms.refusal(item) is not None or writer.refusal(item) is not None:
            continue
        record = stix.indicator(item, stamp)
        if not identifiers or record["id"] in identifiers:
            yield record


def _page(request: HttpRequest, kept: KeptList, version: Version) -> tuple[list[dict[str, Any]], str]:
    start, limit = _numbers(request, version)
    after = request.GET.get("added_after", "")
    if after and version.made <= _moment(after):
        return [], ""
    found = list(islice(_records(request, kept, version), start, start + limit + 1))
    following = f"{version.number}.{start + limit}" if len(found) > limit else ""
    return found[:limit], following


def _dates(found: list[dict[str, Any]], version: Version) -> dict[str, str]:
    made = version.made.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {"X-TAXII-Date-Added-First": made, "X-TAXII-Date-Added-Last": made} if found else {}


@_view
def objects(request: HttpRequest, collection_id: str) -> HttpResponse:
    """Section 5.4."""
    kept, version = _one(request, collection_id)
    found, following = _page(request, kept, version)
    more = {"more": True, "next": following} if following else {}
    return _answer({**more, **({"objects": found} if found else {})}, headers=_dates(found, version))


@_view
def manifest(request: HttpRequest, collection_id: str) -> HttpResponse:
    """Section 5.3."""
    kept, version = _one(request, collection_id)
    found, following = _page(request, kept, version)
    made = version.made.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    records = [
        {
            "id": record["id"],
            "date_added": made,
            "version": record["modified"],
            "media_type": "application/stix+json;version=2.1",
        }
        for record in found
    ]
    more = {"more": True, "next": following} if following else {}
    return _answer({**more, **({"objects": records} if records else {})}, headers=_dates(found, version))


@_view
def one_object(request: HttpRequest, collection_id: str, object_id: str) -> HttpResponse:
    """Section 5.6."""
    kept, version = _one(request, collection_id)
    found = [record for record in _records(request, kept, version) if record["id"] == object_id][:1]
    if not found:
        raise Refusal(404, "There is no such object.")
    return _answer({"objects": found}, headers=_dates(found, version))


@_view
def object_versions(request: HttpRequest, collection_id: str, object_id: str) -> HttpResponse:
    """Section 5.8."""
    kept, version = _one(request, collection_id)
    found = [record["modified"] for record in _records(request, kept, version) if record["id"] == object_id][
        :1
    ]
    if not found:
        raise Refusal(404, "There is no such object.")
    return _answer({"versions": found})


_ONE = "root/collections/<uuid:collection_id>/"
urlpatterns = [
    path("", discovery, name="taxii"),
    path("root/", api_root),
    path("root/collections/", collections),
    path(_ONE, collection),
    path(_ONE + "objects/", objects),
    path(_ONE + "manifest/", manifest),
    path(_ONE + "objects/<str:object_id>/", one_object),
    path(_ONE + "objects/<str:object_id>/versions/", object_versions),
]
