"""Changing and restoring one line of a text file, including recovery after a power cut."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lamsach.errors import InputError, OutputError
from lamsach.scanner.actions import metadata
from lamsach.scanner.actions.handles import place_of, same_file
from lamsach.scanner.actions.opened import in_use, opened, other_file, today, write_all
from lamsach.scanner.actions.vault import Item, Vault
from lamsach.scanner.findings import Target
from lamsach.scanner.safe_open import Skipped

EDIT_BYTES = 16 << 20
DROPPED_NOT_COMMENTED = ("ld.so.preload",)
"""Files whose format has no comments."""


def disable_line(vault: Vault, target: Target, facts: dict[str, Any]) -> Item:
    """Turn a line of a text file into a comment (or drop it where there are no comments).

    The whole old file is stored. Raises InputError when the line is no longer present.
    """
    with opened(target) as file:
        if file.held:
            raise in_use(target.path)
        old = b"".join(file.content())
        new = without_line(old, target)
        facts = {**facts, **file.identity(target), "kind": "line", "line": target.text}
        facts["new_sha256"] = hashlib.sha256(new).hexdigest()
        item = vault.store(facts, today(), [old])
        aside = file.place.sibling(item.aside)
        aside.unlink()
        descriptor = aside.create()
        try:
            write_all(descriptor, new)
            old_metadata = item.meta["metadata"]
            metadata.apply(descriptor, aside.name, {**old_metadata, "mtime_ns": _now_ns()})
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if not same_file(file.place.status(), file.status.st_dev, file.status.st_ino):
            aside.unlink()
            vault.forget(item)
            raise other_file(target.path)
        aside.rename(file.place)
        file.place.flush()
    item.stamp("done")
    return item


def restore_line(vault: Vault, item: Item) -> list[str]:
    """Restore a changed text file; if it has changed since, only our line in it.

    Raises OutputError when the file or our comment in it is gone; the item then stays.
    """
    path, meta = item.meta["path"], item.meta
    target = Target(kind=meta["target_kind"], path=path, text=meta["line"])
    try:
        with place_of(path) as place:
            descriptor, status = place.open_file()
            with os.fdopen(descriptor, "rb") as stream:
                now = stream.read(EDIT_BYTES + 1)
                current = metadata.capture(stream.fileno(), status, place.name)
            old = b"".join(vault.content(item))
            unchanged = hashlib.sha256(now).hexdigest() == meta["new_sha256"]
            content = old if unchanged else with_line_again(now, target)
            item.stamp("restoring", hashlib.sha256(content).hexdigest())
            aside = place.sibling(item.back)
            aside.unlink()
            descriptor = aside.create()
            try:
                write_all(descriptor, content)
                refused = metadata.apply(descriptor, aside.name, meta["metadata"] if unchanged else current)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            aside.rename(place)
            place.flush()
    except Skipped:
        raise OutputError("The file is not there any more.", path, "Export the old file instead.") from None
    vault.forget(item)
    return refused


def without_line(content: bytes, target: Target) -> bytes:
    """Turn the line into a comment. Raises InputError when the line is missing."""
    line = target.text.encode("utf-8", "surrogateescape")
    lines = content.split(b"\n")
    if line not in lines:
        raise InputError("The line is not there any more.", target.path, "Look again.")
    place = lines.index(line)
    if Path(target.path).name in DROPPED_NOT_COMMENTED:
        del lines[place]
    else:
        lines[place] = _MARK + line
    return b"\n".join(lines)


def with_line_again(content: bytes, target: Target) -> bytes:
    """Turn our comment back into the line. Raises OutputError when it is missing."""
    line = target.text.encode("utf-8", "surrogateescape")
    lines = content.split(b"\n")
    if Path(target.path).name in DROPPED_NOT_COMMENTED:
        return b"\n".join([line, *lines])
    if _MARK + line not in lines:
        raise OutputError(
            "The file was changed and the line is not in it any more.",
            target.path,
            "Export the old file instead.",
        )
    lines[lines.index(_MARK + line)] = line
    return b"\n".join(lines)


_MARK = b"# lamsach: "


def _now_ns() -> int:
    return int(datetime.now(UTC).timestamp() * 1e9)
