"""Signed release of a list: one zip with `manifest.json`, `indicators.jsonl` and `signature.json`.

The signature (Ed25519, RFC 8032) is over the manifest's bytes with a prefix of ours; the manifest holds the
SHA-256 of the indicators. Nothing of a release is used before all of it is verified.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import InputError, LimitError, UnreadableError
from lamsach.indicators.releases.rows import ListDigest, Runs
from lamsach.indicators.releases.seal import (
    SIGNATURE,
    BrokenSeal,
    ChangedContent,
    DamagedSeal,
    entry_of,
    member,
    seal,
    signer,
)
from lamsach.indicators.values.mappings import as_mapping, from_mapping
from lamsach.indicators.values.normalise import Value
from lamsach.indicators.writers.base import iso, save_zip
from lamsach.model import Indicator, Reference

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def list_digest(items: Iterable[Indicator]) -> str:
    """Return the digest of a list's values."""
    digest = ListDigest()
    for item in items:
        digest.add(item)
    return digest.hexdigest()


SCHEMA = "lamsach-list-1"
PREFIX = b"lamsach list release 1\n"
"""Prefix of the manifest in the signature, which makes the signature useless for anything else."""
MEMBERS = ("manifest.json", "indicators.jsonl", SIGNATURE)
MAX_SMALL_BYTES = 1024 * 1024
MAX_INDICATORS_BYTES = 4 * 1024 * 1024 * 1024
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """Statement of a release about itself.

    `digest` identifies the version, as a hunt with this list states it; `previous` is the digest of the
    version before; `indicators_sha256` is that of the file of values; `by_source` counts values by source;
    `accepted` gives the reasons of the decisions by which values are released that are dangerous to block.
    """

    name: str
    version: int
    made: str
    digest: str
    count: int
    indicators_sha256: str
    previous: str | None = None
    note: str = ""
    tlp: str | None = None
    expires: str | None = None
    by_type: Mapping[str, int] | None = None
    by_source: Mapping[str, int] | None = None
    schema: str = SCHEMA
    accepted: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A release with a valid signature: manifest, values, and the key's fingerprint."""

    manifest: Manifest
    indicators: tuple[Indicator, ...]
    signer: str


def write_release(
    stream: BinaryIO,
    items: Iterable[Indicator],
    key: Ed25519PrivateKey,
    *,
    name: str,
    version: int,
    made: datetime,
    previous: str | None = None,
    note: str = "",
    tlp: str | None = None,
    accepted: Mapping[Value, str] | None = None,
) -> Manifest:
    """Write a signed release: the same bytes for the same arguments (Ed25519 is deterministic).

    The values (each once; `Runs` for many) are read once, by way of a temporary file, so that ten million
    need no memory. `accepted`: see `writers.export.prepare`.
    """
    ordered = items if isinstance(items, Runs) else Runs(items)
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="", prefix="lamsach-release-") as spool:
        manifest = Manifest(
            name=name,
            version=version,
            made=iso(made),
            previous=previous,
            note=note,
            tlp=tlp,
            accepted={value: reason for (_, value), reason in sorted((accepted or {}).items())} or None,
            **_write_values(spool, ordered),
        )
        stated = {name: value for name, value in asdict(manifest).items() if name != "accepted" or value}
        statement = json.dumps(stated, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        spool.seek(0)
        texts = ([statement], iter(lambda: spool.read(_PIECE), ""), [seal(statement.encode(), key, PREFIX)])
        save_zip(stream, zip(MEMBERS, texts, strict=True))
    return manifest


def _write_values(spool: IO[str], ordered: Iterable[Indicator]) -> dict[str, Any]:
    digest, listed = hashlib.sha256(), ListDigest()
    first_end: datetime | None = None
    by_type: Counter[str] = Counter()
    by_source: Counter[str] = Counter()
    for found in ordered:
        item = without_paths(found)
        line = json.dumps(as_mapping(item), ensure_ascii=False) + "\n"
        spool.write(line)
        digest.update(line.encode())
        listed.add(item)
        by_type[item.type.value] += 1
        by_source[item.source or (item.reference.document if item.reference else "")] += 1
        if item.valid_until and (first_end is None or item.valid_until < first_end):
            first_end = item.valid_until
    return {
        "digest": listed.hexdigest(),
        "count": by_type.total(),
        "indicators_sha256": digest.hexdigest(),
        "expires": iso(first_end) if first_end else None,
        "by_type": dict(by_type),
        "by_source": dict(by_source),
    }


def without_paths(item: Indicator) -> Indicator:
    """Strip the folders of the value's documents, which are private."""
    if item.reference is None:
        return item
    others = tuple(dict.fromkeys(map(_without_folder, item.other_references)))
    first = _without_folder(item.reference)
    return replace(item, reference=first, other_references=tuple(other for other in others if other != first))


def _without_folder(place: Reference) -> Reference:
    name = place.document.rpartition("!")[2].replace("\\", "/").rstrip("/").rpartition("/")[2]
    return replace(place, document=name or "list")


def read_release(path: Path, keys: Iterable[Ed25519PublicKey]) -> Release:
    """Return the release in a file, if one of the keys signed it and every digest matches.

    Raises UnreadableError (no release, damaged), InputError (not signed by any of the keys, changed since),
    LimitError.
    """
    items: list[Indicator] = []
    manifest, signed_by = check_release(path, keys, items.append)
    return Release(manifest, tuple(items), signed_by)


def check_release(
    path: Path, keys: Iterable[Ed25519PublicKey], take: Callable[[Indicator], object] = lambda item: None
) -> tuple[Manifest, str]:
    """Verify a release and return its manifest and the key's fingerprint; raises as `read_release`.

    Values are read one by one and passed to `take`; they must not be used before this returns.
    """
    where = str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            statement, signed = _member(archive, MEMBERS[0], where), _member(archive, SIGNATURE, where)
            entry = entry_of(archive, MEMBERS[1], MAX_INDICATORS_BYTES, _too_large(where))
            signed_by = _signer(statement, signed, keys, where)
            manifest = _manifest(statement, where)
            with archive.open(entry) as lines:
                found = hashlib.file_digest(lines, "sha256").hexdigest()  # type: ignore[arg-type]
            if found != manifest.indicators_sha256:
                raise InputError(
                    "The values were changed after the release was signed.",
                    where,
                    "Do not use it; fetch it again.",
                )
            listed, count = ListDigest(), 0
            with archive.open(entry) as lines:
                for item in _indicators(lines, where):
                    listed.add(item)
                    count += 1
                    take(item)
    except OSError as error:
        raise UnreadableError("The release cannot be read.", f"{path} ({error.strerror})") from None
    except ZIP_ERRORS:
        raise UnreadableError(
            "This is no release of a list, or it is damaged.", where, "Fetch it again."
        ) from None
    if count != manifest.count or listed.hexdigest() != manifest.digest:
        raise InputError(
            "The values do not fit what the release says of them.", where, "Ask its author for another."
        )
    return manifest, signed_by


def _too_large(where: str) -> LimitError:
    return LimitError("The release is larger than any list.", where)


def _member(archive: zipfile.ZipFile, name: str, where: str) -> bytes:
    return member(archive, name, MAX_SMALL_BYTES, _too_large(where))


def _signer(statement: bytes, signed: bytes, keys: Iterable[Ed25519PublicKey], where: str) -> str:
    """Return the fingerprint of the signing key, or raise the fitting error."""
    try:
        return signer(statement, signed, keys, PREFIX)
    except DamagedSeal:
        raise UnreadableError("The signature of the release is damaged.", where, "Fetch it again.") from None
    except ChangedContent:
        raise InputError(
            "The release was changed after it was signed.", where, "Do not use it; fetch it again."
        ) from None
    except BrokenSeal:
        raise InputError(
            "The release was not signed by any of the keys given.",
            where,
            "Give the public key of its author, whose fingerprint you have checked.",
        ) from None


def _manifest(statement: bytes, where: str) -> Manifest:
    try:
        record: dict[str, Any] = json.loads(statement)
        if record.get("schema") != SCHEMA:
            raise InputError(
                "The release is of a kind that this version does not know.", where, "Update the program."
            )
        return Manifest(**record)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise UnreadableError("The manifest of the release is damaged.", where) from None


def _indicators(lines: Iterable[bytes], where: str) -> Iterator[Indicator]:
    for line in lines:
        try:
            yield from_mapping(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise UnreadableError("A value of the release cannot be read.", where) from None
