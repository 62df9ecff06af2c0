"""Write chunks of EVTX files in the manner of Windows.

Each record is an instance of a template, whose body is an instance of another.

Source:
https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lamsach.logs.binary.evtx.records import CHUNK_BYTES, RECORDS_START

STRING, ANSI, UINT8, UINT16, UINT32, UINT64 = 1, 2, 4, 6, 8, 10
BOOL, GUID, FILETIME, SID, HEX32, HEX64, BODY = 13, 15, 17, 19, 20, 21, 33
FIRST_TIME = 134_255_808_000_000_000
"""A `FILETIME` of June 2026."""
Value = tuple[int, bytes]
"""Kind of a value and its bytes."""
ABSENT: Value = (0, b"")
_LOCAL_SYSTEM = bytes.fromhex("010100000000000512000000")
_PROVIDER_ID = bytes(range(16))


@dataclass(frozen=True)
class Record:
    """An event: its named data with their kinds and bytes, and its system part.

    `literal`: the computer's name is in the template. `unnamed`: the data have no names. `optional`: absent
    data are left out. `inner`: the name of the element around the data.
    """

    number: int
    data: Sequence[tuple[str, int, bytes]]
    provider: str = "Microsoft-Windows-Sysmon"
    channel: str = "Microsoft-Windows-Sysmon/Operational"
    computer: str = "PC-MINH"
    time: int = FIRST_TIME
    literal: bool = True
    unnamed: bool = False
    optional: bool = False
    inner: str = "EventData"


def text(value: str) -> tuple[int, bytes]:
    """Return a value of UTF-16 text."""
    return STRING, value.encode("utf-16-le", "surrogatepass")


def strings(**data: str) -> list[tuple[str, int, bytes]]:
    """Return named data of text."""
    return [(name, *text(value)) for name, value in data.items()]


def template_chunk(records: Sequence[Record], first: int = 1) -> bytes:
    """Return a chunk of 64 KiB with these events."""
    chunk = _Chunk()
    for number, record in enumerate(records, first):
        chunk.add(record, number)
    return chunk.sealed(first, len(records))


def full_chunks(records: Iterable[Record]) -> Iterator[bytes]:
    """Yield chunks with as many events as fit; the last one may have fewer."""
    chunk, first, count = _Chunk(), 1, 0
    for record in records:
        end, last = len(chunk.data), chunk.last
        chunk.add(record, first + count)
        if len(chunk.data) > CHUNK_BYTES:
            del chunk.data[end:]
            chunk.last = last
            yield chunk.sealed(first, count)
            chunk, first, count = _Chunk(), first + count, 0
            chunk.add(record, first)
        count += 1
    if count:
        yield chunk.sealed(first, count)


def sealed(chunk: bytes, first: int, count: int, last: int, end: int) -> bytes:
    """Return the chunk with its header and the checksums of its content."""
    data = bytearray(chunk)
    numbers = (first, first + count - 1)
    struct.pack_into("<8sQQQQIII", data, 0, b"ElfChnk\0", *numbers, *numbers, 128, last, end)
    return resealed(bytes(data))


def resealed(chunk: bytes) -> bytes:
    """Return the chunk with the checksums of its current content."""
    data = bytearray(chunk)
    end = struct.unpack_from("<I", data, 48)[0]
    struct.pack_into("<I", data, 52, zlib.crc32(bytes(data[RECORDS_START:end])))
    struct.pack_into("<I", data, 124, zlib.crc32(bytes(data[:120]) + bytes(data[128:512])))
    return bytes(data)


@dataclass
class _Chunk:
    data: bytearray = field(default_factory=lambda: bytearray(RECORDS_START))
    last: int = RECORDS_START
    _names: dict[str, int] = field(default_factory=dict)
    _templates: dict[object, int] = field(default_factory=dict)

    def sealed(self, first: int, count: int) -> bytes:
        """Return the complete chunk of `count` records."""
        return sealed(bytes(self.data).ljust(CHUNK_BYTES, b"\0"), first, count, self.last, len(self.data))

    def add(self, record: Record, number: int) -> None:
        data, self.last = self.data, len(self.data)
        data += struct.pack("<4sIQQ", b"\x2a\x2a\0\0", 0, number, record.time)
        self._instance(self._outer, (record.provider, record.computer, record.literal), record)
        body_sizes_at = self._values(self._system(record, number))
        start = len(data)
        self._instance(self._inner, self._inner_key(record), record)
        self._values([(kind, value) for _, kind, value in record.data])
        struct.pack_into("<H", data, body_sizes_at - 4, len(data) - start)
        data += bytes(-(len(data) - self.last + 4) % 8)
        size = len(data) - self.last + 4
        struct.pack_into("<I", data, self.last + 4, size)
        data += struct.pack("<I", size)

    @staticmethod
    def _system(record: Record, number: int) -> list[Value]:
        """Return the values of the system part in Windows' order; the body's size is filled in later."""
        named = [] if record.literal else [text(record.computer)]
        return [
            *((UINT8, b"\4"), (UINT8, b"\0"), (UINT16, b"\1\0"), (UINT16, struct.pack("<H", record.number)),
                ABSENT),
            *((HEX64, struct.pack("<Q", 1 << 63)), (FILETIME, struct.pack("<Q", record.time)), ABSENT),
            *((UINT32, struct.pack("<I", 1412)), (UINT32, struct.pack("<I", 2208)),
                (UINT64, struct.pack("<Q", number))),
            *((UINT8, b"\5"), (SID, _LOCAL_SYSTEM), ABSENT, text(record.provider), (GUID, _PROVIDER_ID)),
            *(text(record.channel), *named, (BODY, b"")),
        ]  # fmt: skip

    @staticmethod
    def _inner_key(record: Record) -> object:
        kinds = tuple((name, kind) for name, kind, _ in record.data)
        return kinds, record.unnamed, record.optional, record.inner

    def _instance(self, define, key: object, record: Record) -> None:
        data = self.data
        data += b"\x0f\x01\x01\x00\x0c\x01"
        unique = hashlib.md5(repr((define.__name__, key)).encode()).digest()
        data += unique[:4]
        known = self._templates.get((define.__name__, key))
        data += struct.pack("<I", known or len(data) + 4)
        if known:
            return
        self._templates[define.__name__, key] = len(data)
        data += struct.pack("<I16sI", 0, unique, 0)
        start = len(data)
        data += b"\x0f\x01\x01\x00"
        define(record)
        data += b"\0"
        struct.pack_into("<I", data, start - 4, len(data) - start)

    def _values(self, values: Sequence[Value]) -> int:
        """Add the values; return the end of the descriptors."""
        self.data += struct.pack("<I", len(values))
        for kind, value in values:
            self.data += struct.pack("<HBB", len(value), kind, 0)
        end = len(self.data)
        for _, value in values:
            self.data += value
        return end

    def _outer(self, record: Record) -> None:
        space = "http://schemas.microsoft.com/win/2004/08/events/event"
        with self._element("Event", {"xmlns": space}), self._open("System"):
            self._leaf("Provider", {"Name": (14, STRING), "Guid": (15, GUID)})
            with self._element("EventID", {"Qualifiers": (4, UINT16)}):
                self._substitution((3, UINT16), optional=True)
            for name, place in (
                ("Version", (11, UINT8)),
                ("Level", (0, UINT8)),
                ("Task", (2, UINT16)),
                ("Opcode", (1, UINT8)),
                ("Keywords", (5, HEX64)),
            ):
                self._leaf(name, {}, place)
            self._leaf("TimeCreated", {"SystemTime": (6, FILETIME)})
            self._leaf("EventRecordID", {}, (10, UINT64))
            self._leaf("Correlation", {"ActivityID": (7, GUID), "RelatedActivityID": (13, GUID)})
            self._leaf("Execution", {"ProcessID": (8, UINT32), "ThreadID": (9, UINT32)})
            self._leaf("Channel", {}, (16, STRING))
            self._leaf("Computer", {}, record.computer if record.literal else (17, STRING))
            self._leaf("Security", {"UserID": (12, SID)})
            self.data.append(0x04)
            self._substitution((17 if record.literal else 18, BODY), optional=True)  # fmt: skip

    def _inner(self, record: Record) -> None:
        with self._element(record.inner, {}):
            for index, (name, kind, _) in enumerate(record.data):
                attributes = {} if record.unnamed else {"Name": name}
                self._leaf("Data", attributes, (index, kind), optional=record.optional)

    def _leaf(self, name: str, attributes: dict, content: object = None, *, optional: bool = True) -> None:
        with self._element(name, attributes, empty=content is None):
            if content is not None:
                self._content(content, optional=optional)

    def _content(self, content: object, *, optional: bool) -> None:
        if isinstance(content, str):
            self.data += struct.pack("<BBH", 5, 1, len(content)) + content.encode("utf-16-le")
        else:
            self._substitution(content, optional=optional)

    def _substitution(self, place: tuple[int, int], *, optional: bool) -> None:
        self.data += struct.pack("<BHB", 0x0E if optional else 0x0D, *place)

    def _open(self, name: str) -> _Element:
        """Return an element whose end the caller writes."""
        return _Element(self, name, {}, closes=False)

    def _element(self, name: str, attributes: dict, *, empty: bool = False) -> _Element:
        return _Element(self, name, attributes, empty=empty)

    def name(self, name: str) -> None:
        """Refer to a name; write it at its first use."""
        known = self._names.get(name)
        self.data += struct.pack("<I", known or len(self.data) + 4)
        if known is None:
            self._names[name] = len(self.data)
            self.data += struct.pack("<IHH", 0, len(name), len(name)) + name.encode("utf-16-le") + b"\0\0"

    def attributes(self, attributes: dict) -> None:
        """Write the list of an element's attributes."""
        size_at = len(self.data)
        self.data += bytes(4)
        for index, (key, value) in enumerate(attributes.items(), 1):
            self.data.append(0x46 if index < len(attributes) else 0x06)
            self.name(key)
            self._content(value, optional=True)
        struct.pack_into("<I", self.data, size_at, len(self.data) - size_at - 4)


@dataclass
class _Element:
    chunk: _Chunk
    name: str
    attributes: dict
    empty: bool = False
    closes: bool = True
    _size_at: int = 0

    def __enter__(self) -> None:
        data = self.chunk.data
        data += struct.pack("<BHI", 0x41 if self.attributes else 0x01, 0xFFFF, 0)
        self._size_at = len(data) - 4
        self.chunk.name(self.name)
        if self.attributes:
            self.chunk.attributes(self.attributes)
        data.append(0x03 if self.empty else 0x02)

    def __exit__(self, *_: object) -> None:
        if not self.empty and self.closes:
            self.chunk.data.append(0x04)
        struct.pack_into("<I", self.chunk.data, self._size_at, len(self.chunk.data) - self._size_at - 4)
