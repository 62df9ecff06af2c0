"""Recovery after a power cut or a kill: each item goes to the state before or after its action."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from lamsach.scanner.actions.handles import Place, place_of, same_file
from lamsach.scanner.actions.restart import cancel, started_at
from lamsach.scanner.actions.subscriptions import recover_subscription
from lamsach.scanner.actions.values import recover_value
from lamsach.scanner.actions.vault import Item, Vault
from lamsach.scanner.safe_open import Skipped, pieces

SAME_START_SECONDS = 60
"""Tolerance for clock changes while a machine runs; a restart takes longer."""


def recover(vault: Vault) -> list[str]:
    """Finish or undo interrupted actions; return the identifiers of their items."""
    vault.sweep()
    touched = []
    for item in list(vault.items()):
        kind = str(item.meta.get("kind"))
        if item.restoring or not item.done:
            if kind in _BY_KIND and _BY_KIND[kind](vault, item):
                touched.append(item.id)
        elif kind == "file" and item.stamped("restart"):
            _delete_leftover(item)
    return touched


def _recover(vault: Vault, item: Item) -> bool:
    try:
        with place_of(item.meta["path"]) as place:
            aside = place.sibling(item.aside)
            if item.restoring:
                _finish_restore(vault, item, place, place.sibling(item.back))
            elif item.waiting:
                return _finish_waiting(vault, item, place, aside)
            elif item.meta["kind"] == "file":
                _finish_quarantine(vault, item, place, aside)
            else:
                _finish_edit(vault, item, place, aside)
            place.flush()
    except Skipped:
        # the folder is gone or forbidden: the stored item stays
        item.unstamp("restoring") if item.restoring else item.stamp("done")
    return True


def _finish_waiting(vault: Vault, item: Item, place: Place, aside: Place) -> bool:
    """Complete a rename of a file in use at Windows' start: delete the file if it is the stored one.

    If it was not renamed, it is left unchanged.
    """
    device, inode = item.meta["device"], item.meta["inode"]
    if same_file(aside.status(), device, inode):
        if _digest(aside) != item.meta["sha256"]:
            aside.rename_to_free(place)
            vault.forget(item)
            return True
        with suppress(OSError):
            aside.unlink()
        item.stamp("done")
        return True
    if abs(started_at() - _number(item.folder / "restart")) <= SAME_START_SECONDS:
        return False
    cancel(item.meta["path"])
    if same_file(place.status(), device, inode):
        vault.forget(item)
    else:
        item.stamp("done")
    return True


def _delete_leftover(item: Item) -> None:
    """Delete the leftover of a program that ran during its quarantine, once it has ended."""
    with suppress(OSError, Skipped), place_of(item.meta["path"]) as place:
        place.sibling(item.aside).unlink()
        item.unstamp("restart")


def _number(file: Path) -> int:
    try:
        return int(file.read_text("ascii"))
    except (OSError, ValueError):
        return 0


def _finish_quarantine(vault: Vault, item: Item, place: Place, aside: Place) -> None:
    """Complete an interrupted quarantine: delete a file moved aside; if it was not moved, drop the item."""
    device, inode = item.meta["device"], item.meta["inode"]
    if same_file(aside.status(), device, inode):
        aside.unlink()
        item.stamp("done")
    elif same_file(place.status(), device, inode):
        vault.forget(item)
    else:
        item.stamp("done")


def _finish_edit(vault: Vault, item: Item, place: Place, aside: Place) -> None:
    """Complete an interrupted edit: either the new text is in place, or the item is dropped."""
    aside.unlink()
    if _digest(place) == item.meta["new_sha256"]:
        item.stamp("done")
    else:
        vault.forget(item)


def _finish_restore(vault: Vault, item: Item, place: Place, aside: Place) -> None:
    """Complete an interrupted restoration: drop the item if the file is whole, else retain it."""
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


_BY_KIND: Mapping[str, Callable[[Vault, Item], bool]] = {
    "file": _recover,
    "line": _recover,
    "value": recover_value,
    "subscription": recover_subscription,
}
