"""Restoration, and export for an analyst."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lamsach.errors import LamsachError, OutputError
from lamsach.scanner.actions.files import restore_file
from lamsach.scanner.actions.lines import restore_line
from lamsach.scanner.actions.subscriptions import restore_subscription
from lamsach.scanner.actions.values import restore_value
from lamsach.scanner.actions.vault import Item, Vault

PASSWORD = b"infected"
"""The password that analysts expect on a zip file of malware."""


def restore(vault: Vault, item: Item) -> list[str]:
    """Restore one item; return the metadata that the system refused to set.

    Raises LamsachError; the item then stays.
    """
    kinds = {
        "file": restore_file,
        "line": restore_line,
        "value": restore_value,
        "subscription": restore_subscription,
    }
    restore_kind = kinds.get(str(item.meta.get("kind")))
    if restore_kind is None:
        raise OutputError("The quarantined content is damaged.", item.id, "It cannot be restored from here.")
    return restore_kind(vault, item)


def export(vault: Vault, items: Iterable[Item], path: Path) -> int:
    """Write items into one AES-encrypted zip (`ID/content`, `ID/meta.json`); return their number.

    Raises OutputError; an existing file then remains.
    """
    import pyzipper

    temporary = path.with_name(f".lamsach-{secrets.token_hex(8)}.tmp")
    count = 0
    try:
        with pyzipper.AESZipFile(
            temporary, "x", compression=pyzipper.ZIP_STORED, encryption=pyzipper.WZ_AES
        ) as archive:
            archive.setpassword(PASSWORD)
            for item in items:
                archive.writestr(f"{item.id}/meta.json", json.dumps(item.meta, indent=1))
                contents = {"content": vault.content(item)}
                for number, _ in enumerate(item.meta.get("streams", ())):
                    contents[f"stream-{number}"] = vault.stream(item, number)
                for name, pieces in contents.items():
                    with archive.open(f"{item.id}/{name}", "w", force_zip64=True) as stream:
                        for piece in pieces:
                            stream.write(piece)
                count += 1
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OutputError(
            "The export could not be written.",
            f"{path} ({error.strerror or error})",
            "Choose another name or folder for the result. Nothing was changed.",
        ) from None
    except LamsachError:
        raise
    finally:
        with suppress(OSError):
            temporary.unlink()
    return count
