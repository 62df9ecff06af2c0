"""Segment: a file that `zstd -d` turns back into the log's lines, described without being unpacked.

    skippable frame   "LAMSEG1\\0", length of the description, description (JSON), filter (see `filters`)
    skippable frame   seal: HMAC-SHA256 of the first frame's content
    zstd frame        the original lines

Skippable frames: RFC 8878 section 3.1.2. The description contains the SHA-256 of the zstd frame and the
digest of the segment before.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from typing import Any

import zstandard

from lamsach.archive.filters import size_of
from lamsach.archive.presence import replay_presence
from lamsach.archive.signs import replay
from lamsach.errors import UnreadableError
from lamsach.i18n import mark
from lamsach.model import Event

_SKIPPABLE = 0x184D2A50
_MAGIC = b"LAMSEG1\0"
_HEAD = struct.Struct("<II8sI")
_SEAL_BYTES = 8 + 32
FIRST_READ = 1 << 17
"""Bytes read from a segment's start, nearly always enough for its description and filter."""
MOST_RAW_BYTES = 1 << 28
"""Maximum unpacked size; a segment that states more is damaged."""
_DAMAGED = mark("A segment of the archive is damaged.")
_REPAIR = mark("Run: lamsach archive verify, then lamsach archive repair.")


@dataclass(slots=True)
class Description:
    """Description of a segment. Times are ISO 8601 in UTC; line numbers are 1-based in the source.

    `previous`: digest of the segment or record before in the chain. `begin`, `end`: its byte range of the
    source (as UTF-8 text after unpacking). `place`: position of the collector in a followed file. `coverage`:
    rows of observer, format, day, parsed, lines, sampled, refused. `headers`: numbered lines that parsers
    need for later lines. `signs`: see `signs`; `seen`: see `presence`. `filter_count`: entries of the filter,
    None when the segment must always be opened. `filter_shape`: see `filters.Shape`. `hashes`: see
    `keys.hash_check`.
    """

    sequence: int
    previous: str
    source: str
    created: str
    lines: int
    first_line: int
    begin: int
    end: int
    frame_sha256: str = ""
    filter_count: int | None = None
    filter_shape: list[int] = field(default_factory=list)
    hashes: str = ""
    first: str | None = None
    last: str | None = None
    format: str | None = None
    unfinished: bool = False
    """True when its last line continues in the next segment."""
    coverage: list[list[Any]] = field(default_factory=list)
    headers: list[tuple[int, str]] = field(default_factory=list)
    signs: list[list[Any]] = field(default_factory=list)
    seen: list[list[Any]] = field(default_factory=list)
    kind: list[Any] | None = None
    """Observer, format, day and parsed flag of the last line, the start of the next segment's count."""
    holders: str | None = None
    """Packed lines that may name holders (see `holders`); empty: none; None: any line may be one."""
    place: dict[str, Any] = field(default_factory=dict)
    replaces: str = ""
    """Digest of the segment that this one replaces, after erasure of personal data or repair."""


_NAMES = frozenset(entry.name for entry in fields(Description))


@dataclass(frozen=True, slots=True)
class Head:
    """Segment's description and filter, its digest, the state of its seal, and its zstd frame's offset."""

    description: Description
    filter: bytes
    digest: str
    sealed: bool
    frame_offset: int


def pack(description: Description, filter_bytes: bytes, frame: bytes, key: bytes) -> tuple[bytes, str]:
    """Encode a segment; returns its bytes and digest. Sets `frame_sha256`."""
    description.frame_sha256 = hashlib.sha256(frame).hexdigest()
    description_bytes = json.dumps(asdict(description), ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
    description_bytes += b" " * (-(_HEAD.size + len(description_bytes)) % 8)  # so that the filter is aligned
    content = _MAGIC + struct.pack("<I", len(description_bytes)) + description_bytes + filter_bytes
    head = struct.pack("<II", _SKIPPABLE, len(content)) + content
    seal = hmac.digest(key, content, "sha256")
    return head + struct.pack("<II", _SKIPPABLE + 1, 32) + seal + frame, hashlib.sha256(content).hexdigest()


def content_bytes(data: bytes, name: str) -> int:
    """Return the number of bytes before the zstd frame, from the segment's first bytes.

    Raises UnreadableError.
    """
    if len(data) < _HEAD.size:
        raise UnreadableError(_DAMAGED, name, _REPAIR)
    magic, size, mark_, _ = _HEAD.unpack_from(data)
    if magic != _SKIPPABLE or mark_ != _MAGIC:
        raise UnreadableError(_DAMAGED, name, _REPAIR)
    return 8 + int(size) + _SEAL_BYTES


def head_of(data: bytes, name: str, key: bytes) -> Head:
    """Parse the head of a segment from at least its first `content_bytes`.

    Raises UnreadableError for a damaged one.
    """
    whole = content_bytes(data, name)
    if len(data) < whole:
        raise UnreadableError(_DAMAGED, name, _REPAIR)
    _, size, _, about_bytes = _HEAD.unpack_from(data)
    content = data[8 : 8 + size]
    seal = data[8 + size + 8 : whole]
    try:
        about = json.loads(content[12 : 12 + about_bytes].decode("utf-8", "surrogatepass"))
        description = Description(**{name: value for name, value in about.items() if name in _NAMES})
    except (ValueError, TypeError, AttributeError):
        raise UnreadableError(_DAMAGED, name, _REPAIR) from None
    filter_bytes = content[12 + about_bytes :]
    if not _is_sound(description, len(filter_bytes)):
        raise UnreadableError(_DAMAGED, name, _REPAIR)
    sealed = hmac.compare_digest(seal, hmac.digest(key, content, "sha256"))
    return Head(description, filter_bytes, hashlib.sha256(content).hexdigest(), sealed, whole)


_NUMBERS = ("sequence", "lines", "first_line", "begin", "end")
_TEXTS = ("previous", "source", "created", "frame_sha256", "hashes", "replaces")
_OPTIONAL = ("first", "last", "format", "holders")


def _is_sound(about: Description, filter_bytes: int) -> bool:
    """Return whether every value has its type, so that readers need no checks."""
    values = asdict(about)
    count, shape = about.filter_count, about.filter_shape
    if not (
        all(type(values[name]) is int and values[name] >= 0 for name in _NUMBERS)
        and all(isinstance(values[name], str) for name in _TEXTS)
        and all(values[name] is None or isinstance(values[name], str) for name in _OPTIONAL)
        and (count is None or type(count) is int)
        and isinstance(about.place, dict)
    ):
        return False
    try:
        if shape and ([type(number) for number in shape] != [int] * 4 or size_of(shape) != filter_bytes):
            return False
        return _rows_are_sound(about)
    except (ValueError, TypeError, AttributeError):
        return False


def _rows_are_sound(about: Description) -> bool:
    for stamp in (about.created, about.first, about.last):
        if stamp is not None and datetime.fromisoformat(stamp).tzinfo is None:
            return False
    for observer, name, day, _parsed, *numbers in about.coverage:
        kinds = [type(number) for number in numbers]
        if not (isinstance(observer, str) and isinstance(name, str) and kinds == [int] * 3):
            return False
        if day is not None:
            date.fromisoformat(day)
    if about.kind is not None:
        observer, name, day, _parsed = about.kind
        if not (isinstance(observer, str) and isinstance(name, str)):
            return False
        if day is not None:
            date.fromisoformat(day)
    replay(about.signs, lambda _event: None)
    replay_presence(about.seen, _times_are_sound)
    return all(type(number) is int and isinstance(text, str) for number, text in about.headers)


def _times_are_sound(event: Event) -> None:
    texts = (event.device_ip, event.device_mac, event.device_name, event.user)
    if event.time is None or event.time.tzinfo is None:
        raise ValueError
    if not all(text is None or isinstance(text, str) for text in texts):
        raise TypeError


def compress(raw: bytes, level: int) -> bytes:
    """Compress lines to one independent zstd frame with checksum."""
    return zstandard.ZstdCompressor(level=level, write_checksum=True).compress(raw)


def decompress(frame: bytes, name: str) -> bytes:
    """Decompress the lines of a whole frame. Raises UnreadableError."""
    try:
        size = zstandard.get_frame_parameters(frame).content_size
        if size > MOST_RAW_BYTES:
            raise UnreadableError(_DAMAGED, name, _REPAIR)
        return zstandard.ZstdDecompressor().decompress(frame, max_output_size=max(size, 1))
    except zstandard.ZstdError:
        raise UnreadableError(_DAMAGED, name, _REPAIR) from None


def salvage(frame: bytes) -> bytes:
    """Decompress as many whole lines as possible from a truncated or damaged frame."""
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    parts: list[bytes] = []
    total = 0
    for begin in range(0, len(frame), 4096):
        try:
            part = unpacker.decompress(frame[begin : begin + 4096])
        except (zstandard.ZstdError, EOFError):
            break
        parts.append(part)
        total += len(part)
        if total > MOST_RAW_BYTES:
            break
    data = b"".join(parts)
    return data[: data.rfind(b"\n") + 1]
