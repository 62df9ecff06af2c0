"""Client of MISP feeds (https://www.circl.lu/doc/misp/managing-feeds/): a web folder with `manifest.json` and
beside it each event as `UUID.json`.

The manifest says of each event when it was last changed, so that a folder which is kept asks only for what is
new or changed; what the manifest no longer names leaves the folder. Of an event is taken what it marks for
detection (`to_ids`). The address's query goes along with every question.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from lamsach.documents.archive import MIB
from lamsach.errors import InputError, LimitError, UsageError
from lamsach.indicators.files.source import ListSource
from lamsach.indicators.servers.client import (
    MAX_TOTAL_BYTES,
    Fetched,
    MirrorState,
    Server,
    Settings,
    web_parts,
)
from lamsach.indicators.servers.misp_api import (
    MAX_PAGE_BYTES,
    Record,
    event_path,
    for_detection,
    store_event,
)
from lamsach.indicators.tables.fields import read_date

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 64 * MIB
MAX_EVENTS = 100_000
FAILURES = 5
"""After so many events in a row that could not be fetched the rest is left to the next run."""
_STATE = ".misp-feed-state.json"
_SAVED_EVERY = 50
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
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
        self._asked_bytes = 0

    def manifest(self) -> dict[str, int]:
        """Last changes (epoch seconds) by the events' UUIDs. Raises UnreadableError, LimitError."""
        tree = self._ask(self.url, MAX_MANIFEST_BYTES)
        if not isinstance(tree, Mapping):
            raise self._server.failed("The answer of the server is no manifest of a MISP feed.")
        if len(tree) > MAX_EVENTS:
            raise LimitError("The server sends more than a list holds.", self.url)
        found = {
            uuid.lower(): stamp
            for uuid, said in tree.items()
            if _UUID.fullmatch(uuid.lower()) and (stamp := _stamp(said)) is not None
        }
        if not found:
            raise self._server.failed("The manifest of the feed names no event.")
        return found

    def event(self, uuid: str) -> Record:
        """Return what an event marks for detection. Raises UnreadableError, LimitError."""
        folder = self._parts.path.removesuffix(MANIFEST)
        url = urllib.parse.urlunsplit(self._parts._replace(path=f"{folder}{uuid}.json", fragment=""))
        tree = self._ask(url, MAX_PAGE_BYTES)
        event = tree.get("Event") if isinstance(tree, Mapping) else None
        if not isinstance(event, dict):
            raise self._server.failed("The answer of the server is no event of MISP.", f"{uuid}.json")
        return for_detection({**event, "uuid": uuid})

    def _ask(self, url: str, limit: int) -> Any:
        data, _ = self._server.ask(url, {"Accept": "application/json"}, limit)
        self._asked_bytes += len(data)
        if self._asked_bytes > MAX_TOTAL_BYTES:
            raise LimitError("The server sends more than a list holds.", self.url)
        return self._server.parsed(data, "The answer of the server is no JSON.", url.rpartition("/")[2])


def _stamp(said: object) -> int | None:
    """Time of an event's last change by its entry in the manifest; None for what is no entry."""
    text = str(said.get("timestamp", "0")) if isinstance(said, Mapping) else ""
    return int(text) if _STAMP.fullmatch(text) else None


def _wanted(manifest: Mapping[str, int], since: datetime | None) -> dict[str, int]:
    """The events that were changed after a time."""
    least = -1 if since is None else int(since.timestamp())
    return {uuid: stamp for uuid, stamp in manifest.items() if stamp >= least}


class _Tries:
    """Counts events that cannot be had, and gives up when nothing else comes."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._in_a_row = 0
        self.failed: list[InputError] = []

    def event(self, uuid: str) -> Record | None:
        """The event, or None when it cannot be had now. Raises the error of the last of several in a row."""
        try:
            found = self._feed.event(uuid)
        except InputError as error:
            self.failed.append(error)
            self._in_a_row += 1
            if self._in_a_row >= FAILURES:
                raise
            return None
        self._in_a_row = 0
        return found


def mirror(url: str, folder: Path, settings: Settings | None = None) -> Fetched:
    """Bring what is new or changed in a feed into a folder, a file an event; what the feed no longer names
    leaves it. `added_after` of the settings leaves out what was changed before. An event that cannot be had
    is counted in `failed` and asked for again by the next run.

    Raises UnreadableError or LimitError for a feed that cannot be had (what came before stays in the folder),
    OutputError when the folder cannot be written.
    """
    feed = Feed(url, settings)
    kept = MirrorState(folder, _STATE, feed.url)
    wanted = _wanted(feed.manifest(), read_date(feed.settings.added_after or ""))
    for uuid in kept.values.keys() - wanted.keys():
        store_event(event_path(folder, uuid), {})
        del kept.values[uuid]
    tries = _Tries(feed)
    events = attributes = 0
    try:
        for uuid, stamp in wanted.items():
            if kept.values.get(uuid) == str(stamp) or (event := tries.event(uuid)) is None:
                continue
            store_event(event_path(folder, uuid), event)
            kept.values[uuid] = str(stamp)
            events += 1
            attributes += _count(event)
            if events % _SAVED_EVERY == 0:
                kept.save()
    finally:
        kept.save()
    return Fetched(events, attributes, len(tries.failed))


def _count(event: Record) -> int:
    """Return how many attributes an event holds, its objects' included."""
    return len(event["Attribute"]) + sum(len(item["Attribute"]) for item in event["Object"])


def events(path: str, settings: Settings | None = None) -> Iterator[ListSource]:
    """Each event of the feed that `misp+https://.../manifest.json` names, as a list of its own.

    Raises the first error when an event could not be had, after the others.
    """
    feed = Feed(path, settings)
    tries = _Tries(feed)
    for uuid in _wanted(feed.manifest(), read_date(feed.settings.added_after or "")):
        event = tries.event(uuid)
        if event is not None and _count(event):
            yield ListSource.of_bytes(f"{path}#{uuid}", json.dumps({"Event": event}).encode())
    if tries.failed:
        raise tries.failed[0]
