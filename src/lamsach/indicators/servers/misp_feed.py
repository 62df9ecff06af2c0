"""Client of MISP feeds: `manifest.json` and a `UUID.json` for each event.

See https://www.circl.lu/doc/misp/managing-feeds/. The manifest states the last change of each event, so that
a mirror requests only new and changed ones; events that the manifest no longer lists are deleted from the
folder. Of an event, attributes marked for detection (`to_ids`) are accepted. The address's query is sent with
every request.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lamsach.documents.archive import MIB
from lamsach.errors import InputError, LimitError, UsageError
from lamsach.indicators.files.source import ListSource
from lamsach.indicators.servers.client import Fetched, MirrorState, Server, Settings
from lamsach.indicators.servers.misp_api import (
    MAX_PAGE_BYTES,
    UUID,
    Record,
    event_path,
    for_detection,
    store_event,
)
from lamsach.indicators.tables.fields import read_date
from lamsach.runtime.web_address import web_parts

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 64 * MIB
MAX_EVENTS = 100_000
FAILURES = 5
"""Number of successive failures after which the remaining events are left to the next run."""
_STATE = ".misp-feed-state.json"
_SAVE_INTERVAL = 50
_STAMP = re.compile(r"\d{1,12}")


def is_feed(url: str) -> bool:
    """Return whether an address is that of a feed's manifest."""
    parts = web_parts(url.removeprefix("misp+"))
    return parts is not None and parts.path.endswith("/" + MANIFEST)


class Feed:
    """A feed at a server. Raises UsageError (URL), UnreadableError (certificates)."""

    def __init__(self, url: str, settings: Settings | None = None) -> None:
        if not is_feed(url):
            raise UsageError(
                "This is not the address of a MISP feed.", url, "Give https://host/folder/manifest.json."
            )
        self.settings = settings or Settings()
        parts = urllib.parse.urlsplit(url.removeprefix("misp+"))
        self.url = urllib.parse.urlunsplit((parts.scheme, parts.netloc, parts.path, parts.query, ""))
        self._parts = parts
        self._server = Server(self.url, self.settings, "The server does not know this address.")

    def manifest(self) -> dict[str, int]:
        """Return the last changes (epoch seconds) by event UUID. Raises UnreadableError, LimitError."""
        tree = self._fetch(self.url, MAX_MANIFEST_BYTES)
        if not isinstance(tree, Mapping):
            raise self._server.failure("The answer of the server is no manifest of a MISP feed.")
        if len(tree) > MAX_EVENTS:
            raise LimitError("The server sends more than a list holds.", self.url)
        found = {
            uuid.lower(): stamp
            for uuid, listed in tree.items()
            if UUID.fullmatch(uuid.lower()) and (stamp := _stamp(listed)) is not None
        }
        if not found:
            raise self._server.failure("The manifest of the feed names no event.")
        return found

    def wanted(self) -> dict[str, int]:
        """Return the part of the manifest since `added_after` of the settings."""
        since = read_date(self.settings.added_after or "")
        first_stamp = -1 if since is None else int(since.timestamp())
        return {uuid: stamp for uuid, stamp in self.manifest().items() if stamp >= first_stamp}

    def event(self, uuid: str) -> Record:
        """Return the part of an event for detection. Raises UnreadableError, LimitError."""
        folder = self._parts.path.removesuffix(MANIFEST)
        url = urllib.parse.urlunsplit(self._parts._replace(path=f"{folder}{uuid}.json", fragment=""))
        tree = self._fetch(url, MAX_PAGE_BYTES)
        event = tree.get("Event") if isinstance(tree, Mapping) else None
        if not isinstance(event, dict):
            raise self._server.failure("The answer of the server is no event of MISP.", f"{uuid}.json")
        return for_detection({**event, "uuid": uuid})

    def _fetch(self, url: str, limit: int) -> Any:
        data, _ = self._server.request(url, {"Accept": "application/json"}, limit)
        return self._server.parse(data, "The answer of the server is no JSON.", url.rpartition("/")[2])


def _stamp(listed: object) -> int | None:
    """Return the time of an event's last change from its entry in the manifest; None for no entry."""
    text = str(listed.get("timestamp", "0")) if isinstance(listed, Mapping) else ""
    return int(text) if _STAMP.fullmatch(text) else None


def _fetched(feed: Feed, uuids: Iterable[str], failed: list[InputError]) -> Iterator[tuple[str, Record]]:
    """Yield the events, the failures in `failed`. Raises the error of the last of several in a row."""
    in_a_row = 0
    for uuid in uuids:
        try:
            event = feed.event(uuid)
        except InputError as error:
            failed.append(error)
            in_a_row += 1
            if in_a_row >= FAILURES:
                raise
            continue
        in_a_row = 0
        yield uuid, event


def mirror(url: str, folder: Path, settings: Settings | None = None) -> Fetched:
    """Mirror a feed into a folder, a file an event; events no longer listed are deleted.

    `added_after` of the settings excludes earlier changes. An event that cannot be fetched is counted in
    `failed` and retried by the next run. Raises UnreadableError or LimitError for a feed that cannot be read
    (earlier events stay in the folder), OutputError when the folder cannot be written.
    """
    feed = Feed(url, settings)
    state = MirrorState(folder, _STATE, feed.url)
    wanted = feed.wanted()
    for uuid in state.values.keys() - wanted.keys():
        store_event(event_path(folder, uuid), {})
        del state.values[uuid]
    changed = [uuid for uuid, stamp in wanted.items() if state.values.get(uuid) != str(stamp)]
    failed: list[InputError] = []
    events = attributes = 0
    try:
        for uuid, event in _fetched(feed, changed, failed):
            store_event(event_path(folder, uuid), event)
            state.values[uuid] = str(wanted[uuid])
            events += 1
            attributes += _count(event)
            if events % _SAVE_INTERVAL == 0:
                state.save()
    finally:
        state.save()
    return Fetched(events, attributes, len(failed))


def _count(event: Record) -> int:
    return len(event["Attribute"]) + sum(len(item["Attribute"]) for item in event["Object"])


def events(path: str, settings: Settings | None = None) -> Iterator[ListSource]:
    """Yield each event of a feed (`misp+https://.../manifest.json`); raise the first error last."""
    feed = Feed(path, settings)
    failed: list[InputError] = []
    for uuid, event in _fetched(feed, feed.wanted(), failed):
        if _count(event):
            yield ListSource.of_bytes(f"{path}#{uuid}", json.dumps({"Event": event}).encode())
    if failed:
        raise failed[0]
