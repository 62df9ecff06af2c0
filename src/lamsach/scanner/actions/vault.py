"""Quarantine on disk: a folder an item, encrypted metadata in `meta.bin`, content in `content.bin`.

An item's state is expressed by names alone, each changed by one rename or one new file, so that a power cut
leaves one state or the next: `ID.part` being filled, `ID` stored, `ID/done` the original is gone,
`ID/restoring` being restored, `ID/restart` completed by Windows at its next start, `ID.gone` to be deleted.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from lamsach.errors import OutputError, UnreadableError, UsageError
from lamsach.scanner.actions.encryption import host_key, seal, unseal

_ID = re.compile(r"[0-9]{8}-[0-9a-f]{8}")
META_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Item:
    """A quarantined object: its identifier, its folder, and its metadata (see `Vault.store`)."""

    id: str
    folder: Path
    meta: dict[str, Any]

    @property
    def done(self) -> bool:
        """Return whether the original is gone."""
        return (self.folder / "done").exists()

    @property
    def restoring(self) -> bool:
        """Return whether it is being restored."""
        return (self.folder / "restoring").exists()

    @property
    def waiting(self) -> bool:
        """Return whether the original remains until Windows starts again."""
        return not self.done and self.stamped("restart")

    @property
    def aside(self) -> str:
        """The temporary name of the original before its deletion."""
        return f".lamsach-{self.id}"

    @property
    def back(self) -> str:
        """The temporary name during restoration."""
        return f".lamsach-{self.id}-back"

    def stamped(self, name: str) -> bool:
        """Return whether the item has a mark."""
        return (self.folder / name).exists()

    @property
    def expected(self) -> str:
        """The SHA-256 of the restored file; empty when not recorded."""
        try:
            return (self.folder / "restoring").read_text("ascii", "replace")
        except OSError:
            return ""

    def stamp(self, name: str, text: str = "") -> None:
        """Write a mark (`done`, `restoring`) and flush it to the disk."""
        descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(descriptor, text.encode("ascii"))
        os.fsync(descriptor)
        os.close(descriptor)
        flush(self.folder)

    def unstamp(self, name: str) -> None:
        """Remove a mark."""
        (self.folder / name).unlink(missing_ok=True)
        flush(self.folder)


class Vault:
    """The quarantine in a folder accessible only to its owner. Raises OutputError when unusable."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._items = folder / "items"
        try:
            self._items.mkdir(parents=True, exist_ok=True, mode=0o700)
            if os.name == "posix":
                _restrict_to_owner(folder)
            self._key = host_key(folder)
        except OSError as error:
            raise OutputError(
                "The quarantine cannot be used.",
                f"{folder} ({error.strerror or error})",
                "Check the rights on its folder.",
            ) from None

    def store(
        self,
        meta: dict[str, Any],
        day: str,
        pieces: Iterable[bytes],
        streams: Iterable[tuple[str, Iterable[bytes]]] = (),
    ) -> Item:
        """Store an item's metadata, content and named streams, read back and compared before returning.

        `meta` gets `sha256` and `size` of the content, and of each stream. Nothing remains when this raises.
        """
        identity = f"{day}-{secrets.token_hex(4)}"
        part = self._items / f"{identity}.part"
        part.mkdir(mode=0o700)
        try:
            full = {**meta, **self._write(part / "content.bin", pieces, identity)}
            named = [
                {
                    "name": name,
                    **self._write(part / f"stream-{number}.bin", data, f"{identity} {number}"),
                }
                for number, (name, data) in enumerate(streams)
            ]
            if named:
                full["streams"] = named
            with _new_file(part / "meta.bin") as stream:
                text = json.dumps(full).encode("ascii")
                seal(self._key, [text], stream, f"meta {identity}".encode())
                _flush_file(stream)
            flush(part)
            final = self._items / identity
            part.rename(final)
            flush(self._items)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        return Item(identity, final, full)

    def _write(self, file: Path, pieces: Iterable[bytes], label: str) -> dict[str, Any]:
        digest, size = hashlib.sha256(), 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                yield piece

        with _new_file(file) as stream:
            seal(self._key, counted(), stream, label.encode())
            _flush_file(stream)
        again = hashlib.sha256()
        with file.open("rb") as stream:
            for piece in unseal(self._key, stream, label.encode(), label):
                again.update(piece)
        if again.digest() != digest.digest():
            raise OutputError("The quarantine did not keep what was written.", str(file), "Check the disk.")
        return {"sha256": digest.hexdigest(), "size": size}

    def content(self, item: Item) -> Iterator[bytes]:
        """Yield the content in pieces. Raises UnreadableError when it is damaged."""
        with (item.folder / "content.bin").open("rb") as stream:
            yield from unseal(self._key, stream, item.id.encode(), item.id)

    def stream(self, item: Item, number: int) -> Iterator[bytes]:
        """Yield the content of one of `meta["streams"]`. Raises UnreadableError when it is damaged."""
        with (item.folder / f"stream-{number}.bin").open("rb") as stream:
            yield from unseal(self._key, stream, f"{item.id} {number}".encode(), item.id)

    def items(self) -> Iterator[Item]:
        """Yield every stored item, oldest first. A damaged one has an empty `meta`."""
        for folder in sorted(self._items.iterdir()):
            if _ID.fullmatch(folder.name):
                yield Item(folder.name, folder, self._meta(folder))

    def item(self, identity: str) -> Item:
        """Return one item. Raises UsageError when there is none of this name."""
        folder = self._items / identity
        if not _ID.fullmatch(identity) or not folder.is_dir():
            raise UsageError(
                "There is nothing of this name in the quarantine.", identity, "See: lamsach quarantine list"
            )
        item = Item(identity, folder, self._meta(folder))
        if not item.meta:
            raise UnreadableError(
                "The quarantined content is damaged.", identity, "It cannot be restored from here."
            )
        return item

    def forget(self, item: Item) -> None:
        """Delete an item: first by renaming it, then from the disk."""
        gone = item.folder.with_name(f"{item.id}.gone")
        item.folder.rename(gone)
        flush(self._items)
        shutil.rmtree(gone, ignore_errors=True)

    def sweep(self) -> None:
        """Delete leftovers of a power cut: incomplete items, and restored items."""
        for folder in self._items.iterdir():
            if folder.suffix in (".part", ".gone"):
                shutil.rmtree(folder, ignore_errors=True)

    def _meta(self, folder: Path) -> dict[str, Any]:
        try:
            with (folder / "meta.bin").open("rb") as stream:
                data = io.BytesIO(stream.read(META_BYTES))
            text = b"".join(unseal(self._key, data, f"meta {folder.name}".encode(), folder.name))
            meta = json.loads(text)
        except (OSError, ValueError, UnreadableError):
            return {}
        return meta if isinstance(meta, dict) else {}


def _restrict_to_owner(folder: Path) -> None:
    """Restrict the folder to its owner. Raises PermissionError when it belongs to another user."""
    status = folder.lstat()
    if status.st_uid != os.geteuid() or folder.is_symlink():
        raise PermissionError(1, "owned by somebody else", str(folder))
    if status.st_mode & 0o077:
        folder.chmod(0o700)


def _new_file(path: Path) -> BinaryIO:
    return os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb"
    )


def _flush_file(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def flush(folder: Path) -> None:
    """Write a folder itself to the disk, where the system can (Windows cannot open one)."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
