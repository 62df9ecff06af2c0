"""Acts on an archive's segments, links of its chain: expiry, erasure, repair, holds, collection gaps."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lamsach.errors import UnreadableError
from lamsach.i18n import mark

if TYPE_CHECKING:
    from lamsach.archive.archive import Archive, Entry

_DAMAGED = mark("A record of the archive is damaged.")


class DIGESTS:
    """Placeholders for digests."""

    unknown = "?"
    """Digest of an unreadable link; the links after it cannot be verified against it."""


EXPIRED, ERASED, REPAIRED, HOLD, RELEASE, GAP = "expired", "erased", "repaired", "hold", "release", "gap"
REINDEXED = "reindexed"


@dataclass(frozen=True, slots=True)
class Record:
    """Act on segments.

    `values` of EXPIRED: `segments`, pairs of number and digest; of ERASED and REPAIRED: `changes`, rows of
    number, digest before and digest after; of HOLD: `name`, `reason`, `source`, `since`, `until`.
    """

    sequence: int
    previous: str
    kind: str
    at: str
    values: dict[str, Any]


def pack_record(record: Record, key: bytes) -> tuple[bytes, str]:
    """Encode a record; returns its bytes and its digest."""
    fields = {
        "sequence": record.sequence,
        "previous": record.previous,
        "kind": record.kind,
        "at": record.at,
        "values": record.values,
    }
    content = json.dumps(fields, ensure_ascii=False, sort_keys=True).encode()
    seal = hmac.digest(key, content, "sha256").hex().encode()
    return content + b"\n" + seal + b"\n", hashlib.sha256(content).hexdigest()


def read_record(archive: Archive, entry: Entry) -> tuple[Record, str, bool]:
    """Read a record; returns it, its digest, and whether its seal is right. Raises UnreadableError."""
    content, _, rest = archive.store.read(entry.name).partition(b"\n")
    try:
        fields = json.loads(content)
        record = Record(
            fields["sequence"], fields["previous"], fields["kind"], fields["at"], dict(fields["values"])
        )
    except (ValueError, KeyError, TypeError):
        raise UnreadableError(_DAMAGED, entry.name) from None
    seal = hmac.digest(archive.key, content, "sha256").hex().encode()
    return record, hashlib.sha256(content).hexdigest(), hmac.compare_digest(seal, rest.strip())


def records(archive: Archive) -> list[Record]:
    """Return every readable, sealed record, in order."""
    found = []
    for entry in archive.entries():
        if not entry.source:
            try:
                record, _, sealed = read_record(archive, entry)
            except UnreadableError:
                continue
            if sealed:
                found.append(record)
    return found


def originals(archive: Archive) -> dict[str, str]:
    """Map the current digest of each rewritten segment to its first, by which the chain names it."""
    found: dict[str, str] = {}
    for record in records(archive):
        for _, before, after in record.values.get("changes", []):
            found[str(after)] = found.get(str(before), str(before))
    return found


def digest_of(archive: Archive, entry: Entry) -> str:
    """Return the digest by which the next link names this one; DIGESTS.unknown if damaged."""
    try:
        if entry.source:
            return archive.head(entry).digest
        return read_record(archive, entry)[1]
    except UnreadableError:
        return DIGESTS.unknown
