"""TAXII 2.1 client (https://docs.oasis-open.org/cti/taxii/v2.1/taxii-v2.1.html).

A server may loop, or send pages without end; each ends with one error, and earlier pages are retained.
"""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from lamsach.documents.archive import MIB
from lamsach.errors import UsageError
from lamsach.indicators.files.source import ListSource
from lamsach.indicators.servers.client import Fetched, MirrorState, Page, Server, Settings, write_whole
from lamsach.runtime.web_address import web_parts

MEDIA_TYPE = "application/taxii+json;version=2.1"
MAX_PAGE_BYTES = 64 * MIB
MAX_PAGES = 10_000
PAGE_OBJECTS = 1000
"""Requested number of objects of a page; the server may send fewer."""


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
        path = parts.path.rstrip("/").removesuffix("/objects") + "/objects/"
        self.url = urllib.parse.urlunsplit((parts.scheme, parts.netloc, path, "", ""))
        self._query = urllib.parse.parse_qsl(parts.query)
        self._server = Server(self.url, self.settings, "The server does not know this collection.")

    def pages(self, following: str | None = None, added_after: str | None = None) -> Iterator[Page]:
        """Yield pages from a token on. Raises UnreadableError, LimitError for a server that misbehaves."""
        return self._server.pages(lambda token: self._page(token, added_after), following, MAX_PAGES)

    def _page(self, following: str | None, added_after: str | None) -> Page:
        query = [*self._query, ("limit", str(PAGE_OBJECTS))]
        if added_after:
            query.append(("added_after", added_after))
        if following:
            query.append(("next", following))
        url = f"{self.url}?{urllib.parse.urlencode(query)}"
        data, headers = self._server.request(url, {"Accept": MEDIA_TYPE}, MAX_PAGE_BYTES)
        what = "The answer of the server is no TAXII page."
        tree = self._server.parse(data, what)
        if not isinstance(tree, dict):
            raise self._server.failure(what)
        objects, more, token = tree.get("objects"), tree.get("more") is True, tree.get("next")
        if more and not isinstance(token, str):
            raise self._server.failure("The server says that there is more, but not where.")
        known = more and isinstance(token, str) and len(token) < 4096
        return Page(data, objects if isinstance(objects, list) else [], headers, token if known else None)


def envelopes(path: str) -> Iterator[ListSource]:
    """Yield each page of the collection that `taxii+https://...` names, as a list of its own."""
    collection = Collection(path, Settings(token=os.environ.get("LAMSACH_TAXII_TOKEN")))
    for number, page in enumerate(collection.pages(), 1):
        if page.records:
            yield ListSource.of_bytes(f"{path}#{number}", page.data)


_STATE = ".taxii-state.json"


def mirror(path: str, folder: Path, settings: Settings | None = None) -> Fetched:
    """Mirror a collection's new objects into a folder, a file a page, which is a list like any other.

    An interrupted run continues at its last page; after a complete run only newer objects are requested.
    Raises UnreadableError or LimitError (earlier pages stay in the folder), OutputError when the folder
    cannot be written.
    """
    settings = settings or Settings()
    collection = Collection(path, settings)
    mirror_state = MirrorState(folder, _STATE, collection.url)
    state = mirror_state.values
    after = state.get("added_after") or settings.added_after
    pages = objects = 0
    newest = state.get("newest")
    for page in collection.pages(state.get("next"), after):
        added = page.headers.get("X-TAXII-Date-Added-Last")
        if added and (newest is None or added > newest):
            newest = added
        if page.records:
            number = int(state.get("pages") or 0) + 1
            write_whole(folder / f"page-{number:06d}.json", page.data)
            state["pages"] = str(number)
            pages += 1
            objects += len(page.records)
        state["next"] = page.following
        state["newest"] = newest
        if page.following is None:
            state["added_after"] = newest or after
        mirror_state.save()
    return Fetched(pages, objects)
