"""EVTX files: chunks, the JSON of their records, and the event in that JSON.

Chunks:
https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc. A
header of 4096 bytes, then chunks of 64 KiB with their own names and templates. Each goes to the library as a
file of its own, so that damage in one affects no other. Traps: a log copied while Windows wrote it counts
too few chunks in its header, which is therefore ignored; unused chunks are zeros.
JSON: layout of the library `evtx` (https://github.com/omerbenamram/evtx); records without named data go to
`lamsach.logs.mappings.windows.json`.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, BinaryIO

from lamsach.logs.mappings.windows.events import states_holder
from lamsach.logs.mappings.windows.record import WindowsRecord
from lamsach.logs.text.json_records import text_of

FILE_MAGIC, CHUNK_MAGIC = b"ElfFile\0", b"ElfChnk\0"
CHUNK_BYTES = 1 << 16
RECORDS_START = 512
_TABLES_START = 128
"""Offset of the hash chains of names and templates."""
_HEADER_BYTES = 4096
_RECORD_MAGIC = b"\x2a\x2a\0\0"
_SMALLEST_RECORD = 28
_U32, _SIZE_AT = struct.Struct("<I"), struct.Struct("<40xH")


def header_of(count: int) -> bytes:
    """Return the header of a file with this many chunks (version 3.1)."""
    header = bytearray(_HEADER_BYTES)
    header[:8] = FILE_MAGIC
    struct.pack_into("<QQQIHHHH", header, 8, 0, count - 1, 1, 128, 1, 3, _HEADER_BYTES, count)
    struct.pack_into("<I", header, 124, zlib.crc32(bytes(header[:120])))
    return bytes(header)


def read_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the used chunks of a file in order, with or without a magic; the last may be short.

    Also reads a file that begins with a chunk (carved from a disk). Raises what the stream raises, after all
    complete chunks."""
    begin = stream.read(len(FILE_MAGIC))
    if begin == FILE_MAGIC:
        header = begin + stream.read(_HEADER_BYTES - len(begin))
        if len(header) == _HEADER_BYTES:
            stream.read(max(_SIZE_AT.unpack_from(header)[0] - _HEADER_BYTES, 0))
        begin = b""
    while piece := begin + stream.read(CHUNK_BYTES - len(begin)):
        begin = b""
        if piece[0] or piece.count(0) < len(piece):
            yield piece


def without_tables(chunk: bytes) -> bytes:
    """Clear a chunk's hash tables: the library can do without, and a cyclic chain would hang it."""
    return chunk[:_TABLES_START] + bytes(RECORDS_START - _TABLES_START) + chunk[RECORDS_START:]


def repaired_headers(chunk: bytes) -> bytes:
    """Repair the headers of damaged records, so that a reader fails on these only and finds the next."""
    data = bytearray(chunk)
    data[:8] = CHUNK_MAGIC
    position = RECORDS_START
    while position + _SMALLEST_RECORD <= len(data):
        size = _record_size(data, position)
        if size is None:
            following = _next_record(data, position + 4)
            if following is None:
                break
            struct.pack_into("<4sIQQ", data, position, _RECORD_MAGIC, following - position, 0, 0)
            _U32.pack_into(data, following - 4, following - position)
            size = following - position
        position += size
    return bytes(data)


def _record_size(data: bytes | bytearray, position: int) -> int | None:
    """Return the record size, which start and end must agree on; None without a complete record."""
    if data[position : position + 4] != _RECORD_MAGIC or position + _SMALLEST_RECORD > len(data):
        return None
    (size,) = _U32.unpack_from(data, position + 4)
    end = position + size
    if size < _SMALLEST_RECORD or end > len(data):
        return None
    return size if _U32.unpack_from(data, end - 4)[0] == size else None


def _next_record(data: bytearray, start: int) -> int | None:
    position = data.find(_RECORD_MAGIC, start)
    while position >= 0:
        if position - start >= _SMALLEST_RECORD - 4 and _record_size(data, position) is not None:
            return position
        position = data.find(_RECORD_MAGIC, position + 1)
    return None


# {"Event":{..,"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon",..}},"EventID":3,..
# "EventID":{"#attributes":{"Qualifiers":16384},"#text":7036}
_ORIGIN = re.compile(
    r'"Provider":\{"#attributes":\{"Name":"([^"\\]*)".{0,500}?"EventID":(?:\{.{0,200}?"#text":)?"?(\d{1,10})',
    re.ASCII | re.DOTALL,
)
_ORIGIN_ROOM = 4096
_CACHE_SIZE = 4096


def named_record(record: Mapping[str, Any]) -> WindowsRecord | None:
    """Return the event of a record with named data, as nearly all are; None for any other.

    `{"Event":{..,"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon",..}},"EventID":3,..,
    "TimeCreated":{"#attributes":{"SystemTime":"2026-06-10T08:00:01.123456Z"}},..,
    "Channel":"..","Computer":"PC-17",..},"EventData":{..}}}`"""
    try:
        event = record["Event"]
        system, values = event["System"], event["EventData"]
        number, provider = system["EventID"], system["Provider"]["#attributes"]["Name"]
        time, channel = system["TimeCreated"]["#attributes"]["SystemTime"], system["Channel"]
        computer = system["Computer"]
        number = int(number["#text"] if isinstance(number, dict) else number)  # with qualifiers
        names = _lowered(tuple(values))
    except (KeyError, TypeError, ValueError):
        return None
    if not names or "Data" in values or "#attributes" in values:
        return None
    if not all(isinstance(text, str) for text in (provider, time, channel, computer)):
        return None
    data = {
        name: value if value.__class__ is str else _scalar(value)
        for name, value in zip(names, values.values(), strict=True)
    }
    return WindowsRecord(number & 0xFFFF, provider, channel, computer or None, time, data)


def may_state_holder(text: str) -> bool:
    """Return whether a record's JSON may state who had an address; quick, and false for most."""
    found = _ORIGIN.search(text, 0, _ORIGIN_ROOM)
    return found is None or states_holder(int(found[2]) & 0xFFFF, found[1])


def _scalar(value: object) -> str:
    """Convert a non-text value to text: `Initiated` in Sysmon's connections is a boolean."""
    if value.__class__ is bool:
        return "true" if value else "false"
    return text_of(value) or ""


@lru_cache(_CACHE_SIZE)
def _lowered(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.lower() for name in names)


_HEADER = header_of(1)


def record_texts(chunk: bytes) -> list[str | None]:
    """Return the JSON of each record of a chunk, in order; None for a damaged one.

    After a damaged record header the next complete record is found. An unreadable chunk counts as one
    damaged record."""
    chunk = without_tables(chunk.ljust(CHUNK_BYTES, b"\0"))
    texts, whole = _parsed(chunk)
    if whole:
        return texts
    repaired, whole = _parsed(repaired_headers(chunk))
    if not (texts or repaired or whole):
        return [None]
    return texts + repaired[len(texts) :]


def _parsed(chunk: bytes) -> tuple[list[str | None], bool]:
    """Parse a chunk with the library (None for damaged records); also return whether it reached the end."""
    from evtx import PyEvtxParser

    found: list[str | None] = []
    try:
        records: Any = PyEvtxParser(io.BytesIO(_HEADER + chunk), number_of_threads=1).records_json()
    except (RuntimeError, OSError, ValueError):
        return found, False
    while len(found) < CHUNK_BYTES:
        try:
            for record in records:
                found.append(record["data"])
        except BaseException as error:  # the library's panics are no Exception
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            if "record number" not in str(error):
                return found, False
            found.append(None)
        else:
            break
    return found, True
