"""A TAXII 2.1 server (https://docs.oasis-open.org/cti/taxii/v2.1/taxii-v2.1.html), reading only:

a collection for each list.

A unit's token opens the lists that it may have, as `Authorization: Bearer` or as the password of Basic with
any name. Objects are those of the latest version (`taxii_objects`), in the order in which they were added;
`next` names a place in them, and goes on where it was when a newer version has come. Media type, token and
errors: sections 1.6, 3.1, 3.6.
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
from lamsach.portal.lists.taxii_objects import Held

MEDIA_TYPE = "application/taxii+json;version=2.1"
_RANGES = ("*/*", "application/*", "application/taxii+json")
WRONG_TOKENS, WINDOW_S = 30, 300
View = Callable[..., HttpResponse]


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of ours
    """An error resource (section 3.6.1) with its status."""

    def __init__(self, status: int, title: str, **headers: str) -> None:
        super().__init__(title)
        self.status, self.title = status, title
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def answer(
    record: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """A resource of TAXII."""
    text = json.dumps(record, ensure_ascii=False)
    return HttpResponse(text, status=status, content_type=MEDIA_TYPE, headers=dict(headers or {}))


def served(function: View) -> View:
    """A view of TAXII, which people need not log in for: a token of a unit opens it."""

    def view(request: HttpRequest, **names: Any) -> HttpResponse:
        try:
            _check_method(request)
            if not _accepts(request.headers.get("Accept", "*/*")):
                raise Refusal(406, "The media type is application/taxii+json;version=2.1.")
            request.token = _token(request)  # type: ignore[attr-defined]
            return function(request, **names)
        except Refusal as refusal:
            said = {"title": refusal.title, "http_status": str(refusal.status)}
            return answer(said, refusal.status, refusal.headers)

    view.__doc__ = function.__doc__
    return login_not_required(csrf_exempt(view))


def _check_method(request: HttpRequest) -> None:
    if request.method in ("GET", "HEAD"):
        return
    if request.method in ("POST", "DELETE") and "/objects/" in request.path:
        raise Refusal(403, "Collections can only be read.")
    raise Refusal(405, "Only reading is served.", Allow="GET, HEAD")


def _accepts(header: str) -> bool:
    """Return whether a media range of Accept (RFC 9110 section 12.5.1) holds what is served."""
    for text in header.lower().split(","):
        media, *parameters = (part.strip() for part in text.split(";"))
        said = {
            name.strip(): value.strip() for name, _, value in (word.partition("=") for word in parameters)
        }
        if media in _RANGES and said.get("version", "2.1") == "2.1" and said.get("q", "1").strip("0.") != "":
            return True
    return False


def _token(request: HttpRequest) -> Token:
    kind, _, word = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            word = base64.b64decode(word, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            word = ""
    found = find(word, request) if word else None
    if found is None:
        if word and exceeded("taxii", client_address(request), WRONG_TOKENS, WINDOW_S):
            raise Refusal(429, "Too many wrong tokens.")
        wanted = 'Bearer realm="lamsach", Basic realm="lamsach"'
        raise Refusal(401, "A token of a unit is needed.", WWW_Authenticate=wanted)
    return found


PAGE_OBJECTS, MOST_OBJECTS = 1000, 10_000
OBJECT_TYPE = "application/stix+json;version=2.1"
ONLY_VERSION = {"first", "last", "all"}
"""Values of `match[version]` that the one version which is held of each object answers."""


@served
def discovery(request: HttpRequest) -> HttpResponse:
    """Section 4.1."""
    root = request.build_absolute_uri("/api/taxii2/root/")
    return answer({"title": "Lamsach", "default": root, "api_roots": [root]})


@served
def api_root(request: HttpRequest) -> HttpResponse:
    """Section 4.2. Nothing is taken, but the standard wants a size above 0."""
    return answer({"title": "Lamsach", "versions": [MEDIA_TYPE], "max_content_length": 1})


@served
def missing(request: HttpRequest) -> HttpResponse:
    """Any other address."""
    raise Refusal(404, "There is no such resource.")


def _identifier(kept: KeptList) -> str:
    return str(uuid5(NAMESPACE, f"collection {kept.pk} {kept.created.isoformat()}"))


def _collection(kept: KeptList) -> dict[str, Any]:
    return {
        "id": _identifier(kept),
        "title": f"{kept.unit.name}: {kept.name}",
        "can_read": True,
        "can_write": False,
        "media_types": [OBJECT_TYPE],
    }


@served
def collections(request: HttpRequest) -> HttpResponse:
    """Section 5.1."""
    found = [_collection(kept) for kept in access.of_token(request.token.unit)]  # type: ignore[attr-defined]
    return answer({"collections": found} if found else {})


def _one(request: HttpRequest, collection_id: str) -> tuple[KeptList, Version]:
    for kept in access.of_token(request.token.unit):  # type: ignore[attr-defined]
        if _identifier(kept) == str(collection_id):
            version = versions.latest(kept)
            if version is not None:
                return kept, version
    raise Refusal(404, "There is no such collection.")


@served
def collection(request: HttpRequest, collection_id: str) -> HttpResponse:
    """Section 5.2."""
    return answer(_collection(_one(request, collection_id)[0]))


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
    """Request for a collection (sections 3.4, 3.5): `limit`, added after, identifiers, types, versions."""

    limit: int
    after: datetime | None
    following: tuple[int, int, int] | None
    ids: frozenset[str]
    types: frozenset[str]
    versions: frozenset[str]
    spec_versions: frozenset[str]

    @classmethod
    def of(cls, request: HttpRequest) -> Wanted:
        """Raises Refusal for what is no filter of the standard."""
        asked = request.GET
        limit = _number(asked.get("limit", str(PAGE_OBJECTS)), "limit is no number above 0.")
        if limit < 1:
            raise Refusal(400, "limit is no number above 0.")
        after = asked.get("added_after", "")
        sets = [
            frozenset(text for text in asked.get(f"match[{name}]", "").split(",") if text)
            for name in ("id", "type", "version", "spec_version")
        ]
        return cls(
            min(limit, MOST_OBJECTS),
            _moment(after) if after else None,
            _following(asked.get("next", "")),
            *sets,
        )

    def takes(self, record: dict[str, Any]) -> bool:
        """Return whether an object is asked for."""
        return (
            (not self.ids or record["id"] in self.ids)
            and (not self.types or record["type"] in self.types)
            and (not self.spec_versions or record["spec_version"] in self.spec_versions)
            and (not self.versions or bool(self.versions & {*ONLY_VERSION, record["modified"]}))
        )


def _following(text: str) -> tuple[int, int, int] | None:
    """Version, place and time of the next page's first object."""
    if not text:
        return None
    parts = text.split(".")
    if len(parts) != 3:
        raise Refusal(400, "next is none that was given.")
    version, place, since = (_number(part, "next is none that was given.") for part in parts)
    return version, place, since


def _page(request: HttpRequest, collection_id: str, only: str = "") -> tuple[list[Held], dict[str, Any]]:
    """The objects of a page and what says that there is more. `only`: the one object that is asked for."""
    kept, version = _one(request, collection_id)
    wanted = Wanted.of(request)
    unit = request.token.unit  # type: ignore[attr-defined]
    terms = Terms(datetime.now(UTC), access.most(kept, unit), kept.tlp)
    objects = taxii_objects.of(version)
    start = objects.after(wanted.after) if wanted.after else 0
    if wanted.following is not None:
        of_version, place, since = wanted.following
        start = max(start, place if of_version == version.number else objects.since(since))
    found: list[Held] = []
    for place, held in objects.at(start, only.encode()):
        if (only and held.record["id"] != only) or not wanted.takes(held.record):
            continue
        if terms.refusal(held.item) is not None:
            continue
        if len(found) == wanted.limit:
            return found, {"more": True, "next": f"{version.number}.{place}.{held.since}"}
        found.append(held)
    return found, {}


def _time(held: Held) -> str:
    return datetime.fromtimestamp(held.since, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _listed(found: list[Held], more: dict[str, Any], name: str, entries: list[Any]) -> HttpResponse:
    """A page with the times of its first and last object in the headers."""
    times = (
        {"X-TAXII-Date-Added-First": _time(found[0]), "X-TAXII-Date-Added-Last": _time(found[-1])}
        if found
        else {}
    )
    return answer({**more, **({name: entries} if entries else {})}, headers=times)


@served
def objects(request: HttpRequest, collection_id: str) -> HttpResponse:
    """Section 5.4."""
    found, more = _page(request, collection_id)
    return _listed(found, more, "objects", [held.record for held in found])


@served
def manifest(request: HttpRequest, collection_id: str) -> HttpResponse:
    """Section 5.3."""
    found, more = _page(request, collection_id)
    entries = [
        {
            "id": held.record["id"],
            "date_added": _time(held),
            "version": held.record["modified"],
            "media_type": OBJECT_TYPE,
        }
        for held in found
    ]
    return _listed(found, more, "objects", entries)


def _object(request: HttpRequest, collection_id: str, object_id: str) -> tuple[list[Held], dict[str, Any]]:
    found, more = _page(request, collection_id, object_id)
    if not found and not set(request.GET) - {"limit"}:
        raise Refusal(404, "There is no such object.")
    return found, more


@served
def one_object(request: HttpRequest, collection_id: str, object_id: str) -> HttpResponse:
    """Section 5.6."""
    found, more = _object(request, collection_id, object_id)
    return _listed(found, more, "objects", [held.record for held in found])


@served
def object_versions(request: HttpRequest, collection_id: str, object_id: str) -> HttpResponse:
    """Section 5.8."""
    found, more = _object(request, collection_id, object_id)
    return _listed(found, more, "versions", [held.record["modified"] for held in found])


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
    re_path(r"^.+/$", missing),
]
