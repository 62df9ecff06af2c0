"""After a power cut or a kill: each item is brought to the state before or after what was being done to it."""

from __future__ import annotations

import hashlib
import os

from lamsach.scanner.actions.handles import Place, place_of, same_file
from lamsach.scanner.actions.values import recover_value
from lamsach.scanner.actions.vault import Item, Vault
from lamsach.scanner.opening import Skipped, pieces


def recover(vault: Vault) -> list[str]:
    """Finish or undo whatever was interrupted; the identifiers of the items that it concerned."""
    vault.sweep()
    touched = []
    for item in list(vault.items()):
        if (
            item.meta
            and (item.restoring or not item.done)
            and item.meta.get("kind") in ("file", "line", "value")
        ):
            touched.append(item.id)
            recover_value(vault, item) if item.meta["kind"] == "value" else _recover(vault, item)
    return touched


def _recover(vault: Vault, item: Item) -> None:
    try:
        with place_of(item.meta["path"]) as place:
            aside = place.beside(f".lamsach-{item.id}")
            if item.restoring:
                _restoring(vault, item, place, aside)
            elif item.meta["kind"] == "file":
                _taking(vault, item, place, aside)
            else:
                _editing(vault, item, place, aside)
            place.flush()
    except Skipped:
        # The folder is gone or forbidden: what is kept stays kept.
        item.unstamp("restoring") if item.restoring else item.stamp("done")


def _taking(vault: Vault, item: Item, place: Place, aside: Place) -> None:
    """A file was being taken away: the item is whole. Moved aside: finish. Still there: forget the copy."""
    device, inode = item.meta["device"], item.meta["inode"]
    if same_file(aside.status(), device, inode):
        aside.unlink()
        item.stamp("done")
    elif same_file(place.status(), device, inode):
        vault.forget(item)
    else:
        item.stamp("done")


def _editing(vault: Vault, item: Item, place: Place, aside: Place) -> None:
    """A line was being changed: the new text is in place, or it is not."""
    aside.unlink()
    if _digest(place) == item.meta["new_sha256"]:
        item.stamp("done")
    else:
        vault.forget(item)


def _restoring(vault: Vault, item: Item, place: Place, aside: Place) -> None:
    """A file was being given back: it is whole under its name, or it is still in the quarantine."""
    aside.unlink()
    if item.expected and _digest(place) == item.expected:
        vault.forget(item)
    else:
        item.unstamp("restoring")


def _digest(place: Place) -> str:
    try:
        descriptor, status = place.open_file()
    except Skipped:
        return ""
    try:
        digest = hashlib.sha256()
        for piece in pieces(descriptor, status.st_size):
            digest.update(piece)
        return digest.hexdigest()
    finally:
        os.close(descriptor)
