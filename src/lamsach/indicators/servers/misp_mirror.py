"""What a MISP instance lists, kept in a folder that is a list like any other: a file an event, so that what the instance changes or withdraws is changed here too.

The next run goes on with the page at which the last one stopped, or with what was published since.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lamsach.errors import OutputError
from lamsach.indicators.servers.asking import Settings
from lamsach.indicators.servers.mirroring import Fetched, MirrorState, write_whole
from lamsach.indicators.servers.misp_api import Instance, Record
from lamsach.indicators.tables.fields import read_date

_STATE = ".misp-state.json"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OVERLAP = timedelta(minutes=5)
"""How far before the last run's beginning the next one asks: an instance takes a while to publish."""


def mirror(path: str, folder: Path, settings: Settings | None = None) -> Fetched:
    """Bring what is new, changed or withdrawn at an instance into a folder. `added_after` of the settings bounds the first run.

    Raises UnreadableError or LimitError (what came before stays in the folder), OutputError when the folder cannot be written.
    """
    instance = Instance(path, settings)
    kept = MirrorState(folder, _STATE, instance.origin)
    state = kept.values
    since = state.get("since") or _seconds(read_date(instance.settings.added_after or ""))
    pages = objects = 0
    for page in instance.pages(int(state.get("page") or 1), since):
        if not state.get("until"):
            state["until"] = _seconds(page.time - _OVERLAP)
        keep = _keep_events if instance.kind == "events" else _keep_attributes
        objects += keep(folder, instance, page.records)
        pages += bool(page.records)
        state["page"] = str(page.number + 1)
        if not page.records:
            state |= {"since": state["until"], "until": None, "page": None}
        kept.save()
    return Fetched(pages, objects)


def _seconds(moment: datetime | None) -> str | None:
    return None if moment is None else str(int(moment.timestamp()))


def _keep_events(folder: Path, instance: Instance, events: Iterable[Record]) -> int:
    """Whole events in the place of what the folder holds of them; how many that changes."""
    return sum(
        store_event(folder / _file_name(event), kept)
        for event in events
        if (kept := instance.kept(event)) is not None
    )


def _keep_attributes(folder: Path, instance: Instance, attributes: Iterable[Record]) -> int:
    """Attributes into the files of their events; how many that changes."""
    by_file: dict[str, tuple[Record, list[Record]]] = {}
    for attribute in attributes:
        about = attribute.get("Event")
        event = dict(about) if isinstance(about, dict) else {"id": str(attribute.get("event_id"))}
        bare = {name: value for name, value in attribute.items() if name != "Event"}
        by_file.setdefault(_file_name(event), (event, []))[1].append(bare)
    changed = 0
    for name, (event, found) in by_file.items():
        before = {_identity(item): item for item in _stored(folder / name)}
        after = dict(before)
        for item in found:
            if (kept := instance.kept(item)) is not None:
                after[_identity(item)] = kept
            else:
                after.pop(_identity(item), None)
        changed += sum(before.get(identity) != after.get(identity) for identity in before | after)
        store_event(folder / name, {**event, "Attribute": list(after.values())})
    return changed


def _identity(attribute: Mapping[str, Any]) -> str:
    return str(
        attribute.get("uuid") or attribute.get("id") or (attribute.get("type"), attribute.get("value"))
    )


def _file_name(event: Mapping[str, Any]) -> str:
    uuid = str(event.get("uuid") or "").lower()
    if not _UUID.fullmatch(uuid):
        uuid = hashlib.sha256(str(event.get("id") or json.dumps(event)).encode()).hexdigest()[:32]
    return _name(uuid)


def _name(uuid: str) -> str:
    return f"event-{uuid}.json"


def event_path(folder: Path, uuid: str) -> Path:
    """Return where a folder keeps an event of this UUID."""
    return folder / _name(uuid)


def _stored(path: Path) -> list[Record]:
    try:
        found = json.loads(path.read_bytes())["Event"]["Attribute"]
        return [item for item in found if isinstance(item, dict)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def store_event(path: Path, event: Record) -> bool:
    """Write an event, or take its file away when nothing is left of it. Whether that changes the folder."""
    data = json.dumps({"Event": event}).encode()
    try:
        if not event.get("Attribute") and not event.get("Object"):
            existed = path.is_file()
            path.unlink(missing_ok=True)
            return existed
        if path.is_file() and path.read_bytes() == data:
            return False
    except OSError as error:
        raise OutputError(
            "The folder cannot be written.", f"{path.parent} ({error.strerror})", "Choose another folder."
        ) from None
    write_whole(path, data)
    return True
