"""TAXII 2.1 client (https://docs.oasis-open.org/cti/taxii/v2.1/taxii-v2.1.html): the objects of a collection,
page by page.

A server may loop, or give pages without end; each ends with one error, and what came before is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lamsach.documents.archive import MIB
from lamsach.errors import LimitError, UsageError
from lamsach.indicators.files.source import ListSource
from lamsach.indicators.servers.client import Fetched, MirrorState, Server, Settings, web_parts, write_whole

MEDIA_TYPE = "application/taxii+json;version=2.1"
MAX_PAGE_BYTES = 64 * MIB
MAX_PAGES = 10_000
MAX_TOTAL_BYTES = 4096 * MIB
PAGE_OBJECTS = 1000
"""How many objects a page is asked to hold; the server may give fewer."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: bytes, the next page's token (None: the last), newest date, object count, digest."""

    data: bytes
    following: str | None
    added_last: str | None
    objects: int
    digest: bytes


class Collection:
    """A collection at a server. Raises UsageError for a bad URL, UnreadableError for bad certificates."""

    def __init__(self, url: str, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        bare = url.removeprefix("taxii+")
        parts = web_parts(bare)
        if parts is None:
            raise UsageError(
                "This is not the address of a TAXII collection.",
                url,
                "Give taxii+https://host/api/collections/ID/.",
            )
        path = parts.path.rstrip("/")
        self.url = (
            urllib.parse.urlunsplit(
                (parts.scheme, parts.netloc, path if path.endswith("/objects") else path + "/objects", "", "")
            )
            + "/"
        )
        self._query = [(name, value) for name, value in urllib.parse.parse_qsl(parts.query)]
        self._server = Server(self.url, self.settings, "The server does not know this collection.")

    def pages(self, following: str | None = None, added_after: str | None = None) -> Iterator[Page]:
        """Yield pages from a token on. Raises UnreadableError, LimitError for a server that misbehaves."""
        seen: set[str] = set() if following is None else {following}
        digests: set[bytes] = set()
        total = 0
        for _ in range(MAX_PAGES):
            page = self._page(following, added_after)
            if page.following is not None and (
                page.following in seen or (page.objects and page.digest in digests)
            ):
                raise self._server.failed("The server gives the same page again and again.")
            digests.add(page.digest)
            total += len(page.data)
            if total > MAX_TOTAL_BYTES:
                raise LimitError("The server sends more than a list holds.", self.url)
            yield page
            if page.following is None:
                return
            seen.add(page.following)
            following = page.following
        raise LimitError("The server gives pages without end.", self.url)

    def _page(self, following: str | None, added_after: str | None) -> Page:
        query = [*self._query, ("limit", str(PAGE_OBJECTS))]
        if added_after:
            query.append(("added_after", added_after))
        if following:
            query.append(("next", following))
        url = f"{self.url}?{urllib.parse.urlencode(query)}"
        data, headers = self._server.ask(url, {"Accept": MEDIA_TYPE}, MAX_PAGE_BYTES)
        return self._read(data, headers.get("X-TAXII-Date-Added-Last"))

    def _read(self, data: bytes, added_last: str | None) -> Page:
        what = "The answer of the server is no TAXII page."
        tree = self._server.parsed(data, what)
        if not isinstance(tree, dict):
            raise self._server.failed(what)
        objects = tree.get("objects", [])
        following = tree.get("next")
        more = tree.get("more") is True
        if more and not isinstance(following, str):
            raise self._server.failed("The server says that there is more, but not where.")
        return Page(
            data,
            following if more and isinstance(following, str) and len(following) < 4096 else None,
            added_last,
            len(objects) if isinstance(objects, list) else 0,
            hashlib.sha256(json.dumps(objects).encode()).digest(),
        )


def envelopes(path: str, settings: Settings | None = None) -> Iterator[ListSource]:
    """Each page of the collection that `taxii+https://...` names, as a list of its own."""
    settings = settings or Settings(token=os.environ.get("LAMSACH_TAXII_TOKEN"))
    collection = Collection(path, settings)
    for number, page in enumerate(collection.pages(added_after=settings.added_after), 1):
        if page.objects:
            yield ListSource.of_bytes(f"{path}#{number}", page.data)


_STATE = ".taxii-state.json"


def mirror(path: str, folder: Path, settings: Settings | None = None) -> Fetched:
    """Bring a collection's new objects into a folder, a file a page, which is a list like any other.

    A run that was broken off goes on at its last page; after a whole run only what was added since is asked
    for.

    Raises UnreadableError or LimitError (what came before stays in the folder), OutputError when the folder
    cannot be written.
    """
    settings = settings or Settings()
    collection = Collection(path, settings)
    kept = MirrorState(folder, _STATE, collection.url)
    state = kept.values
    after = state.get("added_after") or settings.added_after
    pages = objects = 0
    newest = state.get("newest")
    for page in collection.pages(state.get("next"), after):
        if page.added_last and (newest is None or page.added_last > newest):
            newest = page.added_last
        if page.objects:
            number = int(state.get("pages") or 0) + 1
            write_whole(folder / f"page-{number:06d}.json", page.data)
            state["pages"] = str(number)
            pages += 1
            objects += page.objects
        state["next"] = page.following
        state["newest"] = newest
        if page.following is None:
            state["added_after"] = newest or after
        kept.save()
    return Fetched(pages, objects)
