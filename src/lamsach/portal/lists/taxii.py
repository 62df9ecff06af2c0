"""A TAXII 2.1 server (https://docs.oasis-open.org/cti/taxii/v2.1/taxii-v2.1.html), reading only: a collection for each list that a unit's token may have.

The token goes as `Authorization: Bearer`, or as the password of Basic with any name. Objects are those of the latest version (see
`taxii_objects`), in the order in which they were added; `next` names a place in them, and goes on where it was when a newer version has come.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid5

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from lamsach.indicators.writers.export import Terms
from lamsach.indicators.writers.stix import NAMESPACE
from lamsach.portal.lists import access, releasing, taxii_objects
from lamsach.portal.lists.models import KeptList, Version
from lamsach.portal.lists.taxii_http import MEDIA_TYPE, Refusal, answer, served
from lamsach.portal.lists.taxii_objects import Held

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
            version = releasing.latest(kept)
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
    """What a client asks of a collection (sections 3.4, 3.5): at most `limit` objects added after a time, of these identifiers, types and versions."""

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
