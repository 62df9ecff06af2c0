"""File format of the exchange file: one `.zip` of a signed manifest and payloads. No database access.

`manifest.json` states sender and receiver (code and name of the unit), the counter, the highest counter
accepted from the receiver, the time, the digests of all other members, the succession of the signing key, and
the recipient to seal files for the sender to. The whole may be sealed (`transfer`). `signature.json` signs
the manifest's bytes after a prefix of its own (`lamsach.indicators.releases.seal`). Payload n is `n.json`;
its files are `n-1`, `n-2` and so on.

A key vouches for its successor with a link: the new public key and the old key's signature over it (Ed25519,
with a prefix of its own and the unit's code), so that partners need not compare fingerprints again. A link is
trusted if its old key is trusted and not ended. A possibly compromised key is replaced without a link.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import InputError, LimitError, UnreadableError
from lamsach.i18n import mark
from lamsach.indicators.releases.seal import (
    SIGNATURE,
    BrokenSeal,
    ChangedContent,
    DamagedSeal,
    fingerprint,
    load_public_key,
    member,
    seal,
    signer,
)
from lamsach.portal.exchange.kinds import Payload, PayloadFile, number, rows, text
from lamsach.results.sealed.keys import recipient
from lamsach.runtime.timeless_zip import entry

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SCHEMA = "lamsach-exchange-1"
PREFIX = b"lamsach exchange file 1\n"
"""Prefix of the signed manifest, so that the signature is valid for nothing else."""
MANIFEST = "manifest.json"
MANIFEST_BYTES = 4_000_000
PAYLOAD_BYTES = 64_000_000
TOTAL_BYTES = 500_000_000
MOST_PAYLOADS, MOST_FILES = 50, 2000
_BLOCK = 1 << 20
_NOT_ONE = mark("This is no exchange file, or it is damaged.")
_AGAIN = mark("Ask the unit that made it for the file again. Nothing in it was used.")


@dataclass(frozen=True, slots=True)
class Head:
    """Head of the manifest.

    `taken`: highest counter that the sender accepted from the receiver; `lineage`: succession links of the
    signing key; `recipient`: sealing recipient of the sender; `have`: digest of the newest payload of each
    kind that the sender accepted (None: an older version); `lost`: the sender was restored from a backup;
    `returns`: the file returns the receiver's lost statements.
    """

    sender: str
    sender_name: str
    receiver: str
    receiver_name: str
    counter: int
    taken: int
    made: datetime
    lineage: tuple[Mapping[str, Any], ...] = ()
    recipient: str = ""
    have: Mapping[str, str] | None = None
    lost: bool = False
    returns: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A file with verified signature and digests."""

    head: Head
    signer: str
    payloads: tuple[Payload, ...]


def digest(payload: Payload) -> str:
    """Digest of a payload's data, files and file names."""
    found = hashlib.sha256(_written(payload.data))
    for file in payload.files:
        with file.path.open("rb") as stream:
            found.update(f"{file.name}\0{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
    return found.hexdigest()


def _written(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, sort_keys=True).encode()


def write(stream: BinaryIO, head: Head, key: Ed25519PrivateKey, payloads: Sequence[Payload]) -> None:
    """Write a file; bytes depend on the arguments only. LimitError above the receiver's limits."""
    total = 0
    listed: list[dict[str, Any]] = []
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, payload in enumerate(payloads, 1):
            data = _written(payload.data)
            archive.writestr(entry(f"{place}.json"), data)
            files: list[dict[str, Any]] = []
            sizes: list[int] = []
            for number_, file in enumerate(payload.files, 1):
                sha256, size = _copy(archive, f"{place}-{number_}", file.path)
                files.append({"name": file.name, "sha256": sha256, "size": size})
                sizes.append(size)
            stated = {"kind": payload.kind, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            listed.append({**stated, "files": files})
            total += len(data) + sum(sizes)
            if len(data) > PAYLOAD_BYTES or total > TOTAL_BYTES:
                raise LimitError(mark("There is more to send than one exchange file holds."), payload.kind)
        manifest = json.dumps(_manifest(head, listed), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        archive.writestr(entry(MANIFEST), manifest.encode())
        archive.writestr(entry(SIGNATURE), seal(manifest.encode(), key, PREFIX))


def _copy(archive: zipfile.ZipFile, name: str, path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source, archive.open(entry(name), "w") as target:
        while block := source.read(_BLOCK):
            digest.update(block)
            size += len(block)
            target.write(block)
    return digest.hexdigest(), size


def _manifest(head: Head, payloads: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "sender": {"code": head.sender, "name": head.sender_name},
        "receiver": {"code": head.receiver, "name": head.receiver_name},
        "counter": head.counter,
        "taken": head.taken,
        "made": head.made.astimezone(UTC).isoformat(timespec="seconds"),
        "lineage": [dict(link) for link in head.lineage],
        "recipient": head.recipient,
        "have": head.have,
        "lost": head.lost,
        "returns": head.returns,
        "payloads": payloads,
    }


def peek(path: Path) -> Head:
    """Read a file's head unverified, to find the partner whose keys verify it. UnreadableError."""
    with _opening(path) as archive:
        return _head(_load(member(archive, MANIFEST, MANIFEST_BYTES, _too_large(path))))


def read(path: Path, keys: Iterable[Ed25519PublicKey], folder: Path) -> Opened:
    """Verify an untrusted file and unpack it into an empty folder.

    UnreadableError (foreign or damaged), InputError (signed by none of the keys, changed), LimitError.
    """
    with _opening(path) as archive:
        manifest_bytes = member(archive, MANIFEST, MANIFEST_BYTES, _too_large(path))
        signed_by = _signer(manifest_bytes, member(archive, SIGNATURE, 10_000, _too_large(path)), keys, path)
        manifest = _load(manifest_bytes)
        listed = rows(manifest["payloads"], MOST_PAYLOADS)
        _check_names(archive, listed, path)
        payloads = tuple(
            _payload(archive, place, stated, folder, path) for place, stated in enumerate(listed, 1)
        )
        return Opened(_head(manifest), signed_by, payloads)


class _opening:  # noqa: N801 - a context manager
    """An open archive; any failure while reading it becomes one UnreadableError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> zipfile.ZipFile:
        try:
            self._archive = zipfile.ZipFile(self._path)
        except ZIP_ERRORS as error:
            raise UnreadableError(_NOT_ONE, self._path.name, _AGAIN) from error
        return self._archive

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._archive.close()
        if isinstance(error, (*ZIP_ERRORS, TypeError, AttributeError)):
            raise UnreadableError(_NOT_ONE, self._path.name, _AGAIN) from error


def _too_large(path: Path) -> LimitError:
    return LimitError(mark("The exchange file is larger than allowed."), path.name, _AGAIN)


def _load(data: bytes) -> dict[str, Any]:
    found = json.loads(data)
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ValueError("no exchange file")
    return found


def _head(manifest: dict[str, Any]) -> Head:
    made = datetime.fromisoformat(text(manifest["made"], 40))
    if made.tzinfo is None or not 2020 <= made.year <= 2200:
        raise ValueError("no such time")
    sender, receiver = manifest["sender"], manifest["receiver"]
    return Head(
        sender=text(sender["code"], 60),
        sender_name=text(sender["name"], 300),
        receiver=text(receiver["code"], 60),
        receiver_name=text(receiver["name"], 300),
        counter=number(manifest["counter"]),
        taken=number(manifest["taken"]),
        made=made,
        lineage=tuple(rows(manifest["lineage"], 20)),
        recipient=_recipient(manifest.get("recipient", "")),
        have=_have(manifest.get("have")),
        lost=manifest.get("lost") is True,
        returns=manifest.get("returns") is True,
    )


def _have(stated: Any) -> dict[str, str] | None:
    """Digests of the payloads that the sender has; None in files of older versions."""
    if stated is None:
        return None
    if not isinstance(stated, dict) or len(stated) > MOST_PAYLOADS:
        raise ValueError("no digests")
    return {text(kind, 40): text(sha256, 64) for kind, sha256 in stated.items()}


def _recipient(stated: Any) -> str:
    """Sealing recipient of the sender; empty in files of older versions."""
    try:
        return recipient(text(stated, 100)) if stated else ""
    except InputError:
        raise ValueError("no recipient") from None


def _check_names(archive: zipfile.ZipFile, listed: Sequence[Any], path: Path) -> None:
    wanted = [MANIFEST, SIGNATURE]
    for place, stated in enumerate(listed, 1):
        wanted.append(f"{place}.json")
        wanted += [f"{place}-{count}" for count, _ in enumerate(rows(stated["files"], MOST_FILES), 1)]
    entries = archive.infolist()
    if sorted(found.filename for found in entries) != sorted(wanted):
        raise ValueError("other members than the manifest says")
    if sum(found.file_size for found in entries) > TOTAL_BYTES:
        raise _too_large(path)


def _payload(archive: zipfile.ZipFile, place: int, stated: Any, folder: Path, path: Path) -> Payload:
    data = member(archive, f"{place}.json", PAYLOAD_BYTES, _too_large(path))
    if {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} != {
        name: stated[name] for name in ("sha256", "size")
    }:
        raise ValueError("a digest differs")
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("no object")
    files = []
    for count, file in enumerate(stated["files"], 1):
        target = folder / f"{place}-{count}"
        _unpack(archive, target, file)
        files.append(PayloadFile(text(file["name"], 200), target))
    return Payload(text(stated["kind"], 40), found, tuple(files))


def _unpack(archive: zipfile.ZipFile, target: Path, stated: Any) -> None:
    digest, size = hashlib.sha256(), 0
    limit = number(stated["size"], TOTAL_BYTES)
    with archive.open(target.name) as source, target.open("wb") as sink:
        while block := source.read(_BLOCK):
            size += len(block)
            if size > limit:
                break
            digest.update(block)
            sink.write(block)
    if size != limit or digest.hexdigest() != stated["sha256"]:
        raise ValueError("a digest differs")


def _signer(manifest: bytes, signature: bytes, keys: Iterable[Ed25519PublicKey], path: Path) -> str:
    try:
        return signer(manifest, signature, keys, PREFIX)
    except DamagedSeal:
        raise UnreadableError(_NOT_ONE, path.name, _AGAIN) from None
    except ChangedContent:
        raise InputError(
            mark("The exchange file was changed after it was signed."), path.name, _AGAIN
        ) from None
    except BrokenSeal as unknown:
        raise InputError(
            mark("The exchange file was signed by a key that was not compared and accepted here."),
            str(unknown)[:60],
            mark("Add the unit's key first, and compare the fingerprint by telephone."),
        ) from None


SUCCESSION = b"lamsach exchange key succession 1\n"
LONGEST = 10
"""Limit of links in a file: a partner that missed more keys compares fingerprints again."""


def sign_successor(old: Ed25519PrivateKey, code: str, public: str) -> str:
    """Sign the unit's new public key (PEM) with the old one; base64."""
    return base64.b64encode(old.sign(_succession(code, public))).decode()


def _succession(code: str, public: str) -> bytes:
    return SUCCESSION + code.encode() + b"\n" + public.encode()


def succession_link(public: str, signature: str) -> dict[str, str]:
    """Succession link, as in the manifest."""
    return {"public": public, "signature": signature}


def successors(
    links: Sequence[Mapping[str, Any]], code: str, believed: Iterable[Ed25519PublicKey]
) -> dict[str, str]:
    """Keys that succeed believed ones: PEM by fingerprint; invalid links are skipped."""
    from cryptography.exceptions import InvalidSignature

    keys = list(believed)
    known = {fingerprint(key) for key in keys}
    found: dict[str, str] = {}
    for link in links[:LONGEST]:
        public, signature = link.get("public"), link.get("signature")
        if not isinstance(public, str) or not isinstance(signature, str) or len(public) > 1000:
            continue
        try:
            key = load_public_key(public.encode(), code)
            raw = base64.b64decode(signature, validate=True)
        except (InputError, ValueError):
            continue
        for old in keys:
            try:
                old.verify(raw, _succession(code, public))
            except InvalidSignature:
                continue
            if fingerprint(key) not in known:
                found[fingerprint(key)] = public
                known.add(fingerprint(key))
            keys.append(key)
            break
    return found
