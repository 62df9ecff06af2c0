"""Disabling a WMI subscription by its binding, and restoring it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lamsach.errors import InputError, OutputError
from lamsach.scanner import subscriptions
from lamsach.scanner.actions.opened import today
from lamsach.scanner.actions.vault import Item, Vault
from lamsach.scanner.findings import Target
from lamsach.scanner.safe_open import Skipped


def disable_subscription(vault: Vault, target: Target, facts: dict[str, Any]) -> Item:
    """Store a binding's definition, then delete it.

    Raises InputError when it is gone, OutputError when the system refuses.
    """
    text = _definition(target.text)
    if not text:
        raise InputError("The subscription is not there any more.", target.text, "Look again.")
    stated = {
        "kind": "subscription",
        "path": target.path,
        "line": target.text,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    item = vault.store({**facts, **stated}, today(), [text.encode("utf-8")])
    try:
        subscriptions.delete(target.text)
    except Skipped as skipped:
        vault.forget(item)
        raise _refused(target.text, skipped) from None
    if _definition(target.text):
        vault.forget(item)
        raise _refused(target.text, Skipped("tool_failed"))
    item.stamp("done")
    return item


def restore_subscription(vault: Vault, item: Item) -> list[str]:
    """Restore a binding. Raises OutputError when the system refuses; the item then stays."""
    path = item.meta["line"]
    if not _definition(path):
        file = item.folder / "back.mof"
        file.write_bytes(b"\xff\xfe" + b"".join(vault.content(item)).decode("utf-8").encode("utf-16-le"))
        try:
            subscriptions.create(str(file))
        except Skipped as skipped:
            raise _refused(path, skipped) from None
        finally:
            file.unlink(missing_ok=True)
        if not _definition(path):
            raise _refused(path, Skipped("tool_failed"))
    vault.forget(item)
    return []


def recover_subscription(vault: Vault, item: Item) -> bool:
    """Recover after a power cut: complete the item if the binding is gone, else drop it."""
    try:
        present = _definition(item.meta["line"])
    except OutputError:
        return False
    if present:
        vault.forget(item)
    else:
        item.stamp("done")
    return True


def _definition(path: str) -> str:
    try:
        return subscriptions.definition(path)
    except Skipped as skipped:
        raise _refused(path, skipped) from None


def _refused(path: str, skipped: Skipped) -> OutputError:
    return OutputError(
        "The subscription cannot be changed.", f"{path} ({skipped.reason})", "Run again as an administrator."
    )
