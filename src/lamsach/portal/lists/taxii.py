"""Read-only TAXII 2.1 server with a collection per list.

https://docs.oasis-open.org/cti/taxii/v2.1/taxii-v2.1.html. A unit's token gives access to its lists, as
`Authorization: Bearer` or as the password of Basic with any name. Objects are those of the latest version
(`taxii_objects`), ordered by time of addition; `next` names a position, valid across newer versions. Media
type, token and errors: sections 1.6, 3.1, 3.6.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid5

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from lamsach.indicators.writers.exchange import NAMESPACE
from lamsach.indicators.writers.export import Terms
from lamsach.portal.api.access import find
from lamsach.portal.api.models import Token
from lamsach.portal.base.ratelimit import client_address, exceeded
from lamsach.portal.lists import access, taxii_objects, versions
from lamsach.portal.lists.models import KeptList, Version
from lamsach.portal.lists.taxii_objects import DatedObject

MEDIA_TYPE = "application/taxii+json;version=2.1"
_RANGES = ("*/*", "application/*", "application/taxii+json")
WRONG_TOKENS, WINDOW_S = 30, 300
View = Callable[..., HttpResponse]


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of ours
    """An error resource (section 3.6.1)."""

    def __init__(self, status: int, title: str, **headers: str) -> None:
        super().__init__(title)
        self.status, self.title = status, title
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def answer(
    record: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Build a response with a TAXII resource."""
    text = json.dumps(record, ensure_ascii=False)
    return HttpResponse(text, status=status, content_type=MEDIA_TYPE, headers=dict(headers or {}))


def taxii_view(function: View) -> View:
    """Make a TAXII view, authenticated by a unit's token instead of login."""

    def view(request: HttpRequest, **names: Any) -> HttpResponse:
        try:
            _check_method(request)
            if not _accepts(request.headers.get("Accept", "*/*")):
                raise Refusal(406, "The media type is application/taxii+json;version=2.1.")
            request.token = _token(request)  # type: ignore[attr-defined]
            return function(request, **names)
        except Refusal as refusal:
            error = {"title": refusal.title, "http_status": str(refusal.status)}
            return answer(error, refusal.status, refusal.headers)

    view.__doc__ = function.__doc__
    return login_not_required(csrf_exempt(view))


def _check_method(request: HttpRequest) -> None:
    if request.method in ("GET", "HEAD"):
        return
    if request.method in ("POST", "DELETE") and "/objects/" in request.path:
        raise Refusal(403, "Collections can only be read.")
    raise Refusal(405, "Only reading is served.", Allow="GET, HEAD")


def _accepts(header: str) -> bool:
    """Return whether a media range of Accept (RFC 9110 section 12.5.1) covers TAXII."""
    for text in header.lower().split(","):
        media, *parameters = (part.strip() for part in text.split(";"))
        args = {
            name.strip(): value.strip()
            for name, _, value in (parameter.partition("=") for parameter in parameters)
        }
        if media in _RANGES and args.get("version", "2.1") == "2.1" and args.get("q", "1").strip("0.") != "":
            return True
    return False


def _token(request: HttpRequest) -> Token:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            token = base64.b64decode(token, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            token = ""
    found = find(token, request) if token else None
    if found is None:
        if token and exceeded("taxii", client_address(request), WRONG_TOKENS, WINDOW_S):
            raise Refusal(429, "Too many wrong tokens.")
        wanted = 'Bearer realm="lamsach", Basic realm="lamsach"'
        raise Refusal(401, "A token of a unit is needed.", WWW_Authenticate=wanted)
    return found


PAGE_OBJECTS, MOST_OBJECTS = 1000, 10_000
OBJECT_TYPE = "application/stix+json;version=2.1"
ONLY_VERSION = {"first", "last", "all"}
"""Values of `match[version]` that match the only stored version of each object."""


@taxii_view
def discovery(request: HttpRequest) -> HttpResponse:
    """Serve the discovery resource (section 4.1)."""
    root = request.build_absolute_uri("/api/taxii2/root/")
    return answer({"title": "Lamsach", "default": root, "api_roots": [root]})


@taxii_view
def api_root(request: HttpRequest) -> HttpResponse:
    """Serve the API root (section 4.2); nothing is accepted, but the standard requires a size above 0."""
    return answer({"title": "Lamsach", "versions": [MEDIA_TYPE], "max_content_length": 1})


@taxii_view
def missing(request: HttpRequest) -> HttpResponse:
    """Refuse any other address."""
    raise Refusal(404, "There is no such resource.")


def _identifier(kept_list: KeptList) -> str:
    return str(uuid5(NAMESPACE, f"collection {kept_list.pk} {kept_list.created.isoformat()}"))


def _collection(kept_list: KeptList) -> dict[str, Any]:
    return {
        "id": _identifier(kept_list),
        "title": f"{kept_list.unit.name}: {kept_list.name}",
        "can_read": True,
        "can_write": False,
        "media_types": [OBJECT_TYPE],
    }


@taxii_view
def collections(request: HttpRequest) -> HttpResponse:
    """List the collections (section 5.1)."""
    found = [_collection(kept_list) for kept_list in access.of_token(request.token.unit)]  # type: ignore[attr-defined]
    return answer({"collections": found} if found else {})


def _find(request: HttpRequest, collection_id: str) -> tuple[KeptList, Version]:
    for kept_list in access.of_token(request.token.unit):  # type: ignore[attr-defined]
        if _identifier(kept_list) == str(collection_id):
            version = versions.latest(kept_list)
            if version is not None:
                return kept_list, version
    raise Refusal(404, "There is no such collection.")


@taxii_view
def collection(request: HttpRequest, collection_id: str) -> HttpResponse:
    """Serve a collection (section 5.2)."""
    return answer(_collection(_find(request, collection_id)[0]))


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refusal(400, "added_after is no time.") from None


def _number(text: str, problem: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 15:
        raise Refusal(400, problem)
    return int(text)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of a request for a collection (sections 3.4, 3.5)."""

    limit: int
    after: datetime | None
    following: tuple[int, int, int] | None
    ids: frozenset[str]
    types: frozenset[str]
    versions: frozenset[str]
    spec_versions: frozenset[str]

    @classmethod
    def of(cls, request: HttpRequest) -> Wanted:
        """Parse the parameters. Refusal."""
        query = request.GET
        limit = _number(query.get("limit", str(PAGE_OBJECTS)), "limit is no number above 0.")
        if limit < 1:
            raise Refusal(400, "limit is no number above 0.")
        after = query.get("added_after", "")
        sets = [
            frozenset(text for text in query.get(f"match[{name}]", "").split(",") if text)
            for name in ("id", "type", "version", "spec_version")
        ]
        return cls(
            min(limit, MOST_OBJECTS),
            _moment(after) if after else None,
            _following(query.get("next", "")),
            *sets,
        )

    def matches(self, record: dict[str, Any]) -> bool:
        """Return whether an object passes the filters."""
        return (
            (not self.ids or record["id"] in self.ids)
            and (not self.types or record["type"] in self.types)
            and (not self.spec_versions or record["spec_version"] in self.spec_versions)
            and (not self.versions or bool(self.versions & {*ONLY_VERSION, record["modified"]}))
        )


def _following(text: str) -> tuple[int, int, int] | None:
    """Parse version, position and time of the page's first object."""
    if not text:
        return None
    parts = text.split(".")
    if len(parts) != 3:
        raise Refusal(400, "next is none that was given.")
    version, place, since = (_number(part, "next is none that was given.") for part in parts)
    return version, place, since


def _page(request: HttpRequest, collection_id: str, only: str) -> tuple[list[DatedObject], dict[str, Any]]:
    """Return a page's objects, and `more` and `next` if there are more; `only`: a single object's id."""
    kept_list, version = _find(request, collection_id)
    wanted = Wanted.of(request)
    unit = request.token.unit  # type: ignore[attr-defined]
    terms = Terms(datetime.now(UTC), access.highest_tlp(kept_list, unit), kept_list.tlp)
    objects = taxii_objects.of(version)
    start = objects.after(wanted.after) if wanted.after else 0
    if wanted.following is not None:
        of_version, place, since = wanted.following
        start = max(start, place if of_version == version.number else objects.since(since))
    found: list[DatedObject] = []
    for place, dated in objects.at(start, only.encode()):
        if (only and dated.record["id"] != only) or not wanted.matches(dated.record):
            continue
        if terms.refusal(dated.item) is not None:
            continue
        if len(found) == wanted.limit:
            return found, {"more": True, "next": f"{version.number}.{place}.{dated.since}"}
        found.append(dated)
    return found, {}


def _time(dated: DatedObject) -> str:
    return datetime.fromtimestamp(dated.since, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _listed(
    request: HttpRequest,
    collection_id: str,
    entry: Callable[[DatedObject], Any],
    name: str = "objects",
    only: str = "",
) -> HttpResponse:
    """Build a page with the times of its first and last object in the headers."""
    found, more = _page(request, collection_id, only)
    if only and not found and not set(request.GET) - {"limit"}:
        raise Refusal(404, "There is no such object.")
    entries = list(map(entry, found))
    times = (
        {"X-TAXII-Date-Added-First": _time(found[0]), "X-TAXII-Date-Added-Last": _time(found[-1])}
        if found
        else {}
    )
    return answer({**more, **({name: entries} if entries else {})}, headers=times)


@taxii_view
def objects(request: HttpRequest, collection_id: str, object_id: str = "") -> HttpResponse:
    """List objects (section 5.4), or serve one (section 5.6)."""
    return _listed(request, collection_id, lambda dated: dated.record, only=object_id)


@taxii_view
def manifest(request: HttpRequest, collection_id: str) -> HttpResponse:
    """List manifest entries (section 5.3)."""

    def entry(dated: DatedObject) -> dict[str, str]:
        own = {"id": dated.record["id"], "version": dated.record["modified"]}
        return {**own, "date_added": _time(dated), "media_type": OBJECT_TYPE}

    return _listed(request, collection_id, entry)


@taxii_view
def object_versions(request: HttpRequest, collection_id: str, object_id: str) -> HttpResponse:
    """List an object's versions (section 5.8)."""
    return _listed(request, collection_id, lambda dated: dated.record["modified"], "versions", object_id)


_ONE = "root/collections/<uuid:collection_id>/"
urlpatterns = [
    path("", discovery, name="taxii"),
    path("root/", api_root),
    path("root/collections/", collections),
    path(_ONE, collection),
    path(_ONE + "objects/", objects),
    path(_ONE + "manifest/", manifest),
    path(_ONE + "objects/<str:object_id>/", objects),
    path(_ONE + "objects/<str:object_id>/versions/", object_versions),
    re_path(r"^.+/$", missing),
]
