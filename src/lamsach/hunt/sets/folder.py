"""Cache folder of a list's compiled set, found without loading numpy or the compiler."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from lamsach import __version__
from lamsach.hunt.cache import cache_folder, sources_digest

SETTLED_NS = 10 * 10**9
"""Minimum age of a file whose digest is cached: more than the time resolution of any file system."""
NOTES_MAX = 256


def digest_of(path: Path) -> bytes:
    """Return the SHA-256 of the file, cached if possible. Raises OSError when it cannot be read."""
    with path.open("rb") as stream:
        about = _about(os.fstat(stream.fileno()))
        note = _note_of(path)
        known = _noted(note, about)
        if known is not None:
            return known
        digest = hashlib.file_digest(stream, "sha256").digest()
        after = os.fstat(stream.fileno())
    if os.name != "nt" and _about(after) == about and _has_settled(after):
        _save(note, about, digest)
    return digest


def _about(status: os.stat_result) -> list[int]:
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _has_settled(status: os.stat_result) -> bool:
    age = time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns)
    return age > SETTLED_NS


def _note_of(path: Path) -> Path:
    name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:32]
    return cache_folder() / "digests" / f"{name}.json"


def _noted(note: Path, about: list[int]) -> bytes | None:
    """Return the digest noted for a file with this status; None when there is none."""
    try:
        saved = json.loads(note.read_bytes())
        digest = bytes.fromhex(saved["sha256"])
        return digest if saved["about"] == about and len(digest) == hashlib.sha256().digest_size else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _save(note: Path, about: list[int], digest: bytes) -> None:
    """Note the digest; a cache that cannot be written is no error."""
    temporary = None
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=note.parent, prefix=".new-", delete=False) as file:
            temporary = Path(file.name)
            json.dump({"about": about, "sha256": digest.hex()}, file)
        temporary.replace(note)
        _prune(note.parent)
    except OSError:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _prune(folder: Path) -> None:
    notes = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in notes[NOTES_MAX:]:
        old.unlink(missing_ok=True)


LAYOUT = 3
"""Version of the layout of the folder's files: `lists` writes them, `lists` and `plain_set` read them."""


def set_folder(documents: Sequence[str]) -> Path | None:
    """Return the folder of these documents' set, which may not exist; None if one is no plain file.

    Named by a digest of their bytes and names, of this version and of the kernel.
    """
    digest = hashlib.sha256(f"{LAYOUT} {__version__} {sources_digest()}".encode())
    for document in documents:
        path = Path(document)
        if not path.is_file():
            return None
        try:
            digest.update(f"\0{document}\0".encode("utf-8", "surrogatepass"))
            digest.update(digest_of(path))
        except OSError:
            return None
    return cache_folder() / "lists" / digest.hexdigest()[:32]
