"""Attached files of messages in the storage, deduplicated by content."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from lamsach.portal.base.uploads import StoredFile, save_once


def store(data: bytes, digest: str) -> str:
    """Store bytes under their digest, once; return the path."""
    return save_once(ContentFile(data), digest)


def uploads_of(rows: Iterable[Any]) -> list[StoredFile]:
    """Return the attached files of a message as uploads."""
    return [StoredFile(row["name"][:200], row["path"], row["size"], row["sha256"]) for row in rows]


def content(row: Any) -> bytes:
    """Read an attached file."""
    with default_storage.open(row["path"], "rb") as stream:
        return bytes(stream.read())
