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
"""The clock may be set while a machine runs; a start takes longer."""


def recover(vault: Vault) -> list[str]:
    """Finish or undo interrupted actions; return the identifiers of their items."""
    vault.sweep()
    touched = []
    for item in list(vault.items()):
        kind = str(item.meta.get("kind"))
        if item.restoring or not item.done:
            if kind in _RECOVER and _RECOVER[kind](vault, item):
                touched.append(item.id)
        elif kind == "file" and item.stamped("restart"):
            _leftover(item)
    return touched


def _recover(vault: Vault, item: Item) -> bool:
    try:
        with place_of(item.meta["path"]) as place:
            aside = place.beside(item.aside)
            if item.restoring:
                _restoring(vault, item, place, place.beside(item.back))
            elif item.waiting:
                return _waiting(vault, item, place, aside)
            elif item.meta["kind"] == "file":
                _taking(vault, item, place, aside)
            else:
                _editing(vault, item, place, aside)
            place.flush()
    except Skipped:
        # The folder is gone or forbidden: what is kept stays kept.
        item.unstamp("restoring") if item.restoring else item.stamp("done")
    return True


def _waiting(vault: Vault, item: Item, place: Place, aside: Place) -> bool:
    """Windows was to rename a held file at its start. It did: delete it when it is what was kept.

    It did not: it is left as it was.
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


def _leftover(item: Item) -> None:
    """A program that ran while it was taken away: what is left of it is deleted when it has ended."""
    with suppress(OSError, Skipped), place_of(item.meta["path"]) as place:
        place.beside(item.aside).unlink()
        item.unstamp("restart")


def _number(file: Path) -> int:
    try:
        return int(file.read_text("ascii"))
    except (OSError, ValueError):
        return 0


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


_RECOVER: Mapping[str, Callable[[Vault, Item], bool]] = {
    "file": _recover,
    "line": _recover,
    "value": recover_value,
    "subscription": recover_subscription,
}
