"""Client of a MISP instance's "restSearch" (https://www.circl.lu/doc/misp/automation/).

`misp+https://host` names the published events of an instance, `misp+https://host/attributes` its attributes;
the query is sent as further filters of the search (`?tags=botnet&last=30d`). Only attributes marked for
detection (`to_ids`) are accepted, unless a filter says otherwise.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from lamsach.documents.archive import MIB
from lamsach.errors import UnreadableError, UsageError
from lamsach.indicators.files.source import ListSource
from lamsach.indicators.formats.feeds.misp import is_for_detection
from lamsach.indicators.servers.client import (
    Fetched,
    MirrorState,
    Page,
    Server,
    Settings,
    unwritable_error,
    write_whole,
)
from lamsach.indicators.tables.fields import read_date
from lamsach.runtime.web_address import web_parts
from lamsach.runtime.web_client import Headers

MAX_PAGE_BYTES = 128 * MIB
MAX_PAGES = 100_000
PAGE_RECORDS = {"events": 20, "attributes": 5000}
"""Requested number of records of a page."""
_ALWAYS = frozenset({"returnFormat", "page"})
_MAX_KEY = 4096
_YES = (True, "1")

Record = dict[str, Any]


class Instance:
    """Events or attributes of an instance. Raises UsageError (URL), UnreadableError (certificates)."""

    def __init__(self, url: str, settings: Settings | None = None) -> None:
        self.settings = settings or settings_of_environment()
        parts = web_parts(url.removeprefix("misp+"))
        if parts is None:
            raise UsageError(
                "This is not the address of a MISP instance.",
                url,
                "Give misp+https://host or misp+https://host/attributes.",
            )
        path = parts.path.rstrip("/").removesuffix("/restSearch")
        base, _, last = path.rpartition("/")
        self.kind = last if last in PAGE_RECORDS else "events"
        base = base if last in PAGE_RECORDS else path
        self._filters: dict[str, str | list[str]] = {}
        for name, values in urllib.parse.parse_qs(parts.query).items():
            if name not in _ALWAYS:
                self._filters[name] = values[0] if len(values) == 1 else values
        self.url = urllib.parse.urlunsplit(
            (parts.scheme, parts.netloc, f"{base}/{self.kind}/restSearch", "", "")
        )
        self._server = Server(self.url, self.settings, "The server does not know this address.")

    @property
    def origin(self) -> str:
        """Return the address with its filters, which a mirror's state names."""
        return f"{self.url}?{urllib.parse.urlencode(sorted(self._filters.items()), doseq=True)}"

    def wanted_part(self, record: Record) -> Record | None:
        """Return the part of an event or attribute for detection, or all if the user's filter decides."""
        if "to_ids" in self._filters:
            return mark_wanted(record)
        if self.kind == "events":
            return for_detection(record)
        return record if is_wanted(record) else None

    def pages(self, first: int = 1, since: str | None = None) -> Iterator[Page]:
        """Yield the pages from a number on, until one is empty.

        `since` (seconds of the epoch) requests records published, or else changed, from then on. Raises
        UnreadableError or LimitError for a server that fails or misbehaves.
        """
        return self._server.pages(lambda number: self._page(number, since), first, MAX_PAGES)

    def _page(self, number: int, since: str | None) -> Page:
        query: dict[str, Any] = {
            "limit": PAGE_RECORDS[self.kind],
            "published": 1,
            "deleted": [0, 1],
            **self._filters,
        }
        if since is not None:
            query["publish_timestamp" if str(query["published"]) == "1" else "timestamp"] = since
        query |= {"returnFormat": "json", "page": number}
        request_headers = {"Accept": "application/json", "Content-Type": "application/json"}
        data, headers = self._server.request(
            self.url, request_headers, MAX_PAGE_BYTES, json.dumps(query).encode()
        )
        records = self._records(data)
        return Page(data, records, headers, number + 1 if records else None)

    def _records(self, data: bytes) -> list[Any]:
        what = "The answer of the server is no list of MISP."
        tree = self._server.parse(data, what)
        found = tree.get("response") if isinstance(tree, Mapping) else tree
        if isinstance(found, Mapping):
            found = found.get("Attribute", [found] if "Event" in found else None)
        if not isinstance(found, list):
            raise self._server.failure(what)
        records = [
            item.get("Event") if self.kind == "events" and isinstance(item, Mapping) else item
            for item in found
        ]
        if not all(isinstance(record, dict) for record in records):
            raise self._server.failure(what)
        return records


def is_wanted(attribute: Mapping[str, Any]) -> bool:
    """Return whether an attribute is valid and marked for detection."""
    return is_for_detection(attribute) and attribute.get("deleted") not in _YES


def mark_wanted(record: Record) -> Record:
    """Mark an attribute, or all of an event, for detection, as a user's filter requests."""
    marked = {**record, "to_ids": True} if "value" in record else dict(record)
    for key in ("Attribute", "Object"):
        if key in record:
            marked[key] = [mark_wanted(item) for item in _mappings(record[key])]
    return marked


def for_detection(event: Record) -> Record:
    """Return the event without attributes that are not for detection, its objects' included."""
    objects = [
        {**item, "Attribute": _detecting(item)}
        for item in _mappings(event.get("Object"))
        if item.get("deleted") not in _YES
    ]
    return {
        **event,
        "Attribute": _detecting(event),
        "Object": [item for item in objects if item["Attribute"]],
    }


def _detecting(record: Record) -> list[Record]:
    return [item for item in _mappings(record.get("Attribute")) if is_wanted(item)]


def _mappings(items: object) -> list[Record]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def settings_of_environment() -> Settings:
    """Read `LAMSACH_MISP_KEY`, or the file that `LAMSACH_MISP_KEY_FILE` names. Raises UnreadableError."""
    key, path = os.environ.get("LAMSACH_MISP_KEY"), os.environ.get("LAMSACH_MISP_KEY_FILE")
    return Settings(token=key or (key_of_file(Path(path)) if path else None))


def key_of_file(path: Path) -> str:
    """Return the first line of a file with a key or token. Raises UnreadableError."""
    try:
        with path.open(encoding="utf-8") as stream:
            key = stream.readline(_MAX_KEY).strip()
    except (OSError, UnicodeError):
        key = ""
    if not key or not key.isascii() or not key.isprintable():
        raise UnreadableError("The file holds no key.", str(path), "Write the key on its first line.")
    return key


def search_results(path: str) -> Iterator[ListSource]:
    """Yield each page of `misp+https://...` as a list of its own."""
    instance = Instance(path)
    for number, page in enumerate(instance.pages(), 1):
        if page.records:
            wanted = list(filter(None, map(instance.wanted_part, page.records)))
            is_flat = instance.kind == "attributes"
            response = {"Attribute": wanted} if is_flat else [{"Event": event} for event in wanted]
            yield ListSource.of_bytes(f"{path}#{number}", json.dumps({"response": response}).encode())


_STATE = ".misp-state.json"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OVERLAP = timedelta(minutes=5)
"""Overlap of successive runs: an instance publishes with a delay."""


def mirror(path: str, folder: Path, settings: Settings | None = None) -> Fetched:
    """Mirror new, changed and withdrawn events of an instance into a folder.

    `added_after` of the settings bounds the first run. Raises UnreadableError or LimitError (earlier pages
    stay in the folder), OutputError when the folder cannot be written.
    """
    instance = Instance(path, settings)
    mirror_state = MirrorState(folder, _STATE, instance.origin)
    state = mirror_state.values
    since = state.get("since") or _seconds(read_date(instance.settings.added_after or ""))
    pages = objects = 0
    first = int(state.get("page") or 1)
    for number, page in enumerate(instance.pages(first, since), first):
        if not state.get("until"):
            state["until"] = _seconds(_time(page.headers) - _OVERLAP)
        store = _store_events if instance.kind == "events" else _store_attributes
        objects += store(folder, instance, page.records)
        pages += bool(page.records)
        state["page"] = str(number + 1)
        if not page.records:
            state |= {"since": state["until"], "until": None, "page": None}
        mirror_state.save()
    return Fetched(pages, objects)


def _time(headers: Headers) -> datetime:
    """Return the server's clock when it answered; ours if it does not say."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.now(UTC)


def _seconds(moment: datetime | None) -> str | None:
    return None if moment is None else str(int(moment.timestamp()))


def _store_events(folder: Path, instance: Instance, events: Iterable[Record]) -> int:
    """Replace the folder's events; return the number of changed ones."""
    return sum(
        store_event(event_path(folder, _uuid_of(event)), wanted)
        for event in events
        if (wanted := instance.wanted_part(event)) is not None
    )


def _store_attributes(folder: Path, instance: Instance, attributes: Iterable[Record]) -> int:
    """Store attributes in the files of their events; return the number of changed ones."""
    by_event: dict[str, tuple[Record, list[Record]]] = {}
    for attribute in attributes:
        about = attribute.get("Event")
        event = dict(about) if isinstance(about, dict) else {"id": str(attribute.get("event_id"))}
        bare = {name: value for name, value in attribute.items() if name != "Event"}
        by_event.setdefault(_uuid_of(event), (event, []))[1].append(bare)
    changed = 0
    for uuid, (event, found) in by_event.items():
        path = event_path(folder, uuid)
        before = {_identity(item): item for item in _stored(path)}
        after = dict(before)
        for item in found:
            if (wanted := instance.wanted_part(item)) is not None:
                after[_identity(item)] = wanted
            else:
                after.pop(_identity(item), None)
        changed += sum(before.get(identity) != after.get(identity) for identity in before | after)
        store_event(path, {**event, "Attribute": list(after.values())})
    return changed


def _identity(attribute: Mapping[str, Any]) -> str:
    return str(
        attribute.get("uuid") or attribute.get("id") or (attribute.get("type"), attribute.get("value"))
    )


def _uuid_of(event: Mapping[str, Any]) -> str:
    uuid = str(event.get("uuid") or "").lower()
    if UUID.fullmatch(uuid):
        return uuid
    return hashlib.sha256(str(event.get("id") or json.dumps(event)).encode()).hexdigest()[:32]


def event_path(folder: Path, uuid: str) -> Path:
    """Return the path of an event in a folder."""
    return folder / f"event-{uuid}.json"


def _stored(path: Path) -> list[Record]:
    try:
        found = json.loads(path.read_bytes())["Event"]["Attribute"]
        return [item for item in found if isinstance(item, dict)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def store_event(path: Path, event: Record) -> bool:
    """Write an event, or delete its file when nothing is left of it; return whether the folder changed."""
    data = json.dumps({"Event": event}).encode()
    try:
        if not event.get("Attribute") and not event.get("Object"):
            existed = path.is_file()
            path.unlink(missing_ok=True)
            return existed
        if path.is_file() and path.read_bytes() == data:
            return False
    except OSError as error:
        raise unwritable_error(path.parent, error) from None
    write_whole(path, data)
    return True
