"""List of erasures outside the database: backups still hold erased data, so a restore erases it again.

`erased.jsonl` in the data folder, one JSON object a line: time (`at`), kind (`what`), and the rows, by
number. It contains no name or address; a person is identified by a keyed digest. Lines are only appended, and
synced to disk before the erasure is committed, so that none is missing. A line of kind `restored` records a
return to a backup: rows created after that backup and before the line no longer exist, and their numbers may
have been reused.
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
"""Next to the list from a restore until it is processed: `made`, the moment of the backup."""
Line = Mapping[str, Any]


def note(what: str, **values: Any) -> None:
    """Append a line. OSError when it cannot be written; then nothing may be erased."""
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


def noted_lines(store: Any) -> list[Line]:
    """Lines that all machines wrote to an upload storage outside the data folder."""
    lines = []
    for name in store.names(FOLDER):
        with store.open(name) as file:
            lines += _lines(file.read())
    return lines


def append(path: Path, line: Line) -> None:
    """Append a line to a file and sync it to disk."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, json.dumps(line, ensure_ascii=False).encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


def read(path: Path) -> list[Line]:
    """Lines of a file, none if it is missing; a line truncated by a power cut is skipped."""
    return _lines(path.read_bytes()) if path.exists() else []


def _lines(data: bytes) -> list[Line]:
    lines = []
    for text in data.splitlines():
        try:
            line = json.loads(text)
            at = datetime.fromisoformat(line["at"])
            if isinstance(line["what"], str) and at.tzinfo is not None:
                lines.append(line)
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return lines


def merge_lines(lists: Iterable[Iterable[Line]]) -> list[Line]:
    """Lines of several lists, without duplicates, in order of time."""
    texts = {json.dumps(line, sort_keys=True): line for lines in lists for line in lines}
    return sorted(texts.values(), key=lambda line: datetime.fromisoformat(line["at"]))


def due(lines: Iterable[Line], made: datetime) -> list[Line]:
    """Select what to erase again on a backup of that moment: later lines of the backup's own history."""
    selected: list[Line] = []
    branches = [(made, True)]
    for line in lines:
        at = datetime.fromisoformat(line["at"])
        if at <= made:
            continue
        if line["what"] == "restored":
            origin = datetime.fromisoformat(line["made"])
            earlier = [state for moment, state in branches if moment <= origin]
            branches.append((at, bool(earlier) and earlier[-1]))
        elif branches[-1][1]:
            selected.append(line)
    return selected


def carry_over(before: Path, after: Path, made: datetime, noted: Iterable[Line] = ()) -> None:
    """Join the lists of two folders when one replaces the other; record the restore and mark it pending."""
    lines = merge_lines([read(before / NAME), read(after / NAME), noted])
    lines.append({"at": datetime.now(UTC).isoformat(), "what": "restored", "made": made.isoformat()})
    _write(after / NAME, lines)
    (after / PENDING).write_text(json.dumps({"made": made.isoformat()}), "utf-8")


def merge_copy(folder: Path, path: Path) -> None:
    """Add the lines of another copy of the list. OSError when it cannot be read."""
    path.stat()
    _write(folder / NAME, merge_lines([read(folder / NAME), read(path)]))


def _write(path: Path, lines: Iterable[Line]) -> None:
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    for line in lines:
        append(part, line)
    if part.exists():
        part.replace(path)
