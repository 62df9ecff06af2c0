"""List of erasures beside the database: a backup still holds what was erased, and it is erased again.

`erased.jsonl` in the data folder, one JSON object a line: when (`at`), what kind (`what`), and which rows, by
number. It holds no name or address; a person's erasure is told by a keyed digest. It is only added to, and
written to the disk before the erasure is committed, so that nothing erased is missing in it. A line of kind
`restored` says that the portal went back to a backup: rows that were made after that backup and before the
line are no longer there, and other rows may bear their numbers.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NAME, FOLDER = "erased.jsonl", "erased"
PENDING = "restored.json"
"""Beside the list after a restore until it was worked off: `made`, the moment of the backup."""
Line = Mapping[str, Any]


def note(what: str, **values: Any) -> None:
    """Add a line. OSError when it cannot be written; then nothing may be erased."""
    from django.conf import settings
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    line = {"at": datetime.now(UTC).isoformat(), "what": what, **values}
    append(Path(settings.DATA) / NAME, line)
    if settings.UPLOADS:  # the data folder may be this machine's alone
        text = json.dumps(line, ensure_ascii=False)
        default_storage.save(
            f"{FOLDER}/{line['at'][:10]}-{secrets.token_hex(8)}.jsonl", ContentFile(text.encode())
        )


def noted(place: Any) -> list[Line]:
    """The lines that all machines wrote beside uploads that are not in the data folder."""
    found = []
    for name in place.names(FOLDER):
        with place.open(name) as file:
            found += _lines(file.read())
    return found


def append(path: Path, line: Line) -> None:
    """Add a line to such a file and see it on the disk."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, json.dumps(line, ensure_ascii=False).encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


def read(path: Path) -> list[Line]:
    """The lines of a file, none of one that is not there. A line that a power cut broke off is left out."""
    return _lines(path.read_bytes()) if path.exists() else []


def _lines(data: bytes) -> list[Line]:
    found = []
    for text in data.splitlines():
        try:
            line = json.loads(text)
            at = datetime.fromisoformat(line["at"])
            if isinstance(line["what"], str) and at.tzinfo is not None:
                found.append(line)
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return found


def merged(lists: Iterable[Iterable[Line]]) -> list[Line]:
    """The lines of several files, each once, in the order of time."""
    texts = {json.dumps(line, sort_keys=True): line for lines in lists for line in lines}
    return sorted(texts.values(), key=lambda line: datetime.fromisoformat(line["at"]))


def due(lines: Iterable[Line], made: datetime) -> list[Line]:
    """Select what to erase again on a backup of that moment: later lines of the backup's own history."""
    found: list[Line] = []
    ours = [(made, True)]
    for line in lines:
        at = datetime.fromisoformat(line["at"])
        if at <= made:
            continue
        if line["what"] == "restored":
            back = datetime.fromisoformat(line["made"])
            then = [state for moment, state in ours if moment <= back]
            ours.append((at, bool(then) and then[-1]))
        elif ours[-1][1]:
            found.append(line)
    return found


def carry_over(before: Path, after: Path, made: datetime, noted: Iterable[Line] = ()) -> None:
    """Join the lists of two folders when one replaces the other, note the restore and what is pending."""
    lines = merged([read(before / NAME), read(after / NAME), noted])
    lines.append({"at": datetime.now(UTC).isoformat(), "what": "restored", "made": made.isoformat()})
    _write(after / NAME, lines)
    (after / PENDING).write_text(json.dumps({"made": made.isoformat()}), "utf-8")


def take(folder: Path, path: Path) -> None:
    """Add the lines of another copy of the list. OSError when it cannot be read."""
    path.stat()
    _write(folder / NAME, merged([read(folder / NAME), read(path)]))


def _write(path: Path, lines: Iterable[Line]) -> None:
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    for line in lines:
        append(part, line)
    if part.exists():
        part.replace(path)
