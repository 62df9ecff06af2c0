"""Quarantining and giving back a whole file, and changing one line of a text file; each with what a power cut leaves of it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lamsach.errors import InputError, OutputError
from lamsach.scanner.actions import metadata
from lamsach.scanner.actions.handles import Place, place_of, same_file
from lamsach.scanner.actions.vault import Item, Vault
from lamsach.scanner.findings import Target
from lamsach.scanner.opening import Skipped, pieces

EDIT_BYTES = 16 << 20
DROPPED_NOT_COMMENTED = ("ld.so.preload",)
"""Files whose readers know no comments."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file that was opened and is what was looked at."""

    place: Place
    descriptor: int
    status: os.stat_result
    sha256: str


def quarantine_file(vault: Vault, target: Target, facts: dict[str, Any]) -> Item:
    """Keep a file encrypted, then take it away. Raises InputError when it is not the file that was looked at any more.

    The file is opened once; what is kept, compared and taken away is what was opened.
    """
    with _opened(target) as file:
        item = vault.store({**facts, **_identity(target, file), "kind": "file"}, _day(), _content(file))
        aside = file.place.beside(f".lamsach-{item.id}")
        _take_away(vault, item, file, aside)
    item.stamp("done")
    return item


def _take_away(vault: Vault, item: Item, file: _Opened, aside: Place) -> None:
    """Move the name aside, look whether it was the opened file, and only then remove it."""
    if item.meta["sha256"] != file.sha256:
        vault.forget(item)
        raise _other_file(item.meta["path"])
    try:
        file.place.rename(aside)
    except OSError as error:
        vault.forget(item)
        raise OutputError(
            "The file cannot be taken away.",
            f"{item.meta['path']} ({error.strerror})",
            "Run again as an administrator.",
        ) from None
    if not same_file(aside.status(), file.status.st_dev, file.status.st_ino):
        aside.rename_to_free(file.place)
        vault.forget(item)
        raise _other_file(item.meta["path"])
    aside.unlink()
    file.place.flush()


def restore_file(vault: Vault, item: Item) -> list[str]:
    """Give a file back with all it had; what the system refused to set is named in the answer.

    Raises OutputError when something else has its name now, or its folder is gone; the item stays then.
    """
    path = item.meta["path"]
    try:
        with place_of(path) as place:
            if place.status() is not None:
                raise OutputError(
                    "Something else has this name now.", path, "Move it away, then restore again."
                )
            item.stamp("restoring", item.meta["sha256"])
            aside = place.beside(f".lamsach-{item.id}")
            aside.unlink()
            try:
                refused = _write(vault, item, aside)
                aside.rename_to_free(place)
            except BaseException:
                aside.unlink()
                item.unstamp("restoring")
                raise
            place.flush()
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


def _write(vault: Vault, item: Item, place: Place) -> list[str]:
    descriptor = place.create()
    try:
        digest = hashlib.sha256()
        for piece in vault.content(item):
            digest.update(piece)
            _write_all(descriptor, piece)
        if digest.hexdigest() != item.meta["sha256"]:
            raise OutputError(
                "The quarantined content is damaged.", item.id, "It cannot be restored from here."
            )
        refused = metadata.apply(descriptor, place.name, item.meta["metadata"])
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return refused


def disable_line(vault: Vault, target: Target, facts: dict[str, Any]) -> Item:
    """Turn a line of a text file into a comment (or drop it where comments are not known). The whole old file is kept.

    Raises InputError when the line is not there any more.
    """
    with _opened(target) as file:
        old = b"".join(_content(file))
        new = without_line(old, target)
        facts = {**facts, **_identity(target, file), "kind": "line", "line": target.text}
        facts["new_sha256"] = hashlib.sha256(new).hexdigest()
        item = vault.store(facts, _day(), [old])
        aside = file.place.beside(f".lamsach-{item.id}")
        aside.unlink()
        descriptor = aside.create()
        try:
            _write_all(descriptor, new)
            kept = item.meta["metadata"]
            metadata.apply(descriptor, aside.name, {**kept, "mtime_ns": _now_ns()})
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if not same_file(file.place.status(), file.status.st_dev, file.status.st_ino):
            aside.unlink()
            vault.forget(item)
            raise _other_file(target.path)
        aside.rename(file.place)
        file.place.flush()
    item.stamp("done")
    return item


def restore_line(vault: Vault, item: Item) -> list[str]:
    """Put a changed text file back as it was; when it was changed since, only our line in it.

    Raises OutputError when neither the file nor our comment in it is there any more; the item stays then.
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
            aside = place.beside(f".lamsach-{item.id}")
            aside.unlink()
            descriptor = aside.create()
            try:
                _write_all(descriptor, content)
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
    """The text with the line turned into a comment. Raises InputError when the line is not in it."""
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
    """The text with our comment turned into the line again. Raises OutputError when it is not in it."""
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


@contextmanager
def _opened(target: Target) -> Iterator[_Opened]:
    """The target's file, opened and found to be what was looked at. Raises InputError."""
    path = target.path if target.sha256 else os.path.realpath(target.path)
    try:
        with place_of(path) as place:
            descriptor, status = place.open_file()
            try:
                if target.inode and (status.st_dev, status.st_ino) != (target.device, target.inode):
                    raise _other_file(path)
                digest = hashlib.sha256()
                for piece in pieces(descriptor, max(status.st_size, 0) + 1):
                    digest.update(piece)
                if target.sha256 and digest.hexdigest() != target.sha256:
                    raise _other_file(path)
                yield _Opened(place, descriptor, status, digest.hexdigest())
            finally:
                os.close(descriptor)
    except Skipped as skipped:
        if skipped.reason in ("locked", "no_right"):
            raise InputError(
                "The file is in use or may not be read; it was left alone.",
                path,
                "End the program that uses it, or run again as an administrator.",
            ) from None
        raise _other_file(path) from None


def _other_file(path: str) -> InputError:
    return InputError(
        "This is not the file any more that was looked at; it was left alone.", path, "Look again."
    )


def _content(file: _Opened) -> Iterator[bytes]:
    os.lseek(file.descriptor, 0, os.SEEK_SET)
    yield from pieces(file.descriptor, file.status.st_size + 1)


def _identity(target: Target, file: _Opened) -> dict[str, Any]:
    return {
        "path": target.path if target.sha256 else os.path.realpath(target.path),
        "target_kind": target.kind.value,
        "device": file.status.st_dev,
        "inode": file.status.st_ino,
        "metadata": metadata.capture(file.descriptor, file.status, file.place.name),
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _day() -> str:
    return datetime.now(UTC).strftime("%Y%m%d")


def _now_ns() -> int:
    return int(datetime.now(UTC).timestamp() * 1e9)
