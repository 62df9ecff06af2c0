"""Quarantine and restoration of a whole file, including recovery after a power cut."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from typing import Any

from lamsach.errors import OutputError
from lamsach.scanner.actions import metadata, restart
from lamsach.scanner.actions.handles import Place, place_of, same_file
from lamsach.scanner.actions.opened import Opened, in_use, opened, other_file, today, write_all
from lamsach.scanner.actions.streams import stream_content, streams_of, write_stream
from lamsach.scanner.actions.vault import Item, Vault
from lamsach.scanner.findings import Target
from lamsach.scanner.safe_open import Skipped


def quarantine_file(vault: Vault, target: Target, facts: dict[str, Any]) -> Item:
    """Store a file encrypted, then remove it.

    Raises InputError when it is no longer the examined file. The file is opened once; the opened file is
    stored, compared and removed. Windows removes a file in use at its next start: the item is `waiting` then.
    """
    with opened(target) as file:
        name = file.place.name
        streams = [
            (stream.name, stream_content(name, stream, file.status)) for stream in streams_of(file.descriptor)
        ]
        meta = {**facts, **file.identity(target), "kind": "file"}
        item = vault.store(meta, today(), file.content(), streams)
        if item.meta["sha256"] != file.sha256:
            vault.forget(item)
            raise other_file(item.meta["path"])
        aside = file.place.sibling(item.aside)
        if file.held:
            _remove_later(vault, item, file, aside)
            return item
        _remove(vault, item, file, aside)
    if os.name == "nt" and aside.status() is not None:
        # our handle held the name until it was closed, or the program still runs
        _leave_for_restart(item, aside)
    item.stamp("done")
    return item


def _remove(vault: Vault, item: Item, file: Opened, aside: Place) -> None:
    """Rename the file aside, verify that it is the opened one, and only then delete it."""
    try:
        file.place.rename(aside)
    except OSError as error:
        vault.forget(item)
        raise OutputError(
            "The file cannot be removed.",
            f"{item.meta['path']} ({error.strerror})",
            "Run again as an administrator.",
        ) from None
    if not same_file(aside.status(), file.status.st_dev, file.status.st_ino):
        aside.rename_to_free(file.place)
        vault.forget(item)
        raise other_file(item.meta["path"])
    try:
        aside.unlink()
    except PermissionError:
        if os.name != "nt":
            raise
    file.place.flush()


def _leave_for_restart(item: Item, aside: Place) -> None:
    """Rename a running program, so that it no longer starts; Windows deletes it after its end."""
    try:
        aside.unlink()
    except OSError:
        item.stamp("restart", "delete")
        restart.delete_at_restart(aside.name)


def _remove_later(vault: Vault, item: Item, file: Opened, aside: Place) -> None:
    """Have Windows rename a file in use at its next start.

    The mark is written first: an interruption after it is completed later.
    """
    item.stamp("restart", str(restart.started_at()))
    if not restart.rename_at_restart(file.place.name, aside.name):
        vault.forget(item)
        raise in_use(item.meta["path"])


def restore_file(vault: Vault, item: Item) -> list[str]:
    """Restore a file with its metadata; return the metadata that the system refused to set.

    Raises OutputError when its name is taken or its folder is gone; the item then stays.
    """
    path = item.meta["path"]
    try:
        with place_of(path) as place:
            present = place.status()
            if item.waiting and same_file(present, item.meta["device"], item.meta["inode"]):
                restart.cancel(path)
                vault.forget(item)
                return []
            if present is not None:
                what = "Something else has this name now."
                raise OutputError(what, path, "Move it away, then restore again.")
            refused = _write_back(vault, item, place)
            place.flush()
            if item.stamped("restart"):
                with suppress(OSError):
                    place.sibling(item.aside).unlink()
    except Skipped:
        raise OutputError(
            "The folder of the file is not there any more.", path, "Make the folder, or export the file."
        ) from None
    except OSError as error:
        raise OutputError(
            "The file cannot be put back.", f"{path} ({error.strerror})", "Run again as an administrator."
        ) from None
    vault.forget(item)
    return refused


def _write_back(vault: Vault, item: Item, place: Place) -> list[str]:
    item.stamp("restoring", item.meta["sha256"])
    back = place.sibling(item.back)
    back.unlink()
    try:
        refused = _write(vault, item, back)
        back.rename_to_free(place)
    except BaseException:
        back.unlink()
        item.unstamp("restoring")
        raise
    return refused


def _write(vault: Vault, item: Item, place: Place) -> list[str]:
    descriptor = place.create()
    try:
        digest = hashlib.sha256()
        for piece in vault.content(item):
            digest.update(piece)
            write_all(descriptor, piece)
        if digest.hexdigest() != item.meta["sha256"]:
            raise OutputError(
                "The quarantined content is damaged.", item.id, "It cannot be restored from here."
            )
        refused = _write_streams(vault, item, place)
        refused += metadata.apply(descriptor, place.name, item.meta["metadata"])
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return refused


def _write_streams(vault: Vault, item: Item, place: Place) -> list[str]:
    refused = []
    for number, stream in enumerate(item.meta.get("streams", ())):
        if os.name != "nt":
            refused.append(f"stream:{stream['name']}")
            continue
        try:
            write_stream(place.name, stream["name"], vault.stream(item, number))
        except OSError:
            refused.append(f"stream:{stream['name']}")
    return refused
