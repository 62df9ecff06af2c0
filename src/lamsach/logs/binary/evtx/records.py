"""EVTX files: chunks, the JSON of their records, and a quick parser of that JSON.

Chunks:
https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc. A
header of 4096 bytes, then chunks of 64 KiB with their own names and templates. Each goes to the library as a
file of its own, so that damage in one affects no other. Traps: a log copied while Windows wrote it counts
too few chunks in its header, which is therefore ignored; unused chunks are zeros.
JSON: layout of the library `evtx` (https://github.com/omerbenamram/evtx), event schemas named in `contacts`
and `logons`. The system part comes first, in the schema's order; quotation marks in values are escaped, so
`"SourceIp":` never occurs in one. Other layouts go to `lamsach.logs.mappings.windows.json`.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, BinaryIO, NamedTuple

from lamsach.logs.mappings.windows.contacts import FILTERED
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


TIME = '"TimeCreated":{"#attributes":{"SystemTime":"'
_PROVIDER, _NUMBER, _TEXT = '"Provider":{"#attributes":{"Name":"', '"EventID":', '"#text":'
_CHANNEL, _COMPUTER = '"Channel":"', '"Computer":"'
_EVENT_DATA = '"EventData":{'
_TIME_CHARACTERS = 27
"""2026-06-10T08:00:01.123456Z"""
_decode = json.JSONDecoder().raw_decode
_CACHE_SIZE = 4096

_CONNECTION = (
    *("Initiated", "SourceIp", "SourcePort", "DestinationIp", "DestinationPort", "DestinationHostname"),
    "User",
)
_FILTERED = ("Direction", "SourceAddress", "SourcePort", "DestAddress", "DestPort")
_LOGON = ("SubjectUserName", "TargetUserName", "WorkstationName", "IpAddress", "IpPort")
_IMAGE = ("Hashes", "User")
_SYSMON = {
    **dict.fromkeys((2, 4, 5, 8, 9, 10, 12, 14, 16, 17, 18, 19, 20, 21, 25), ("User",)),
    1: ("CommandLine", "ParentCommandLine", *_IMAGE),
    3: _CONNECTION,
    6: _IMAGE,
    7: _IMAGE,
    13: ("Details", "User"),
}
_OF_SUBJECTS = (
    *(4656, 4657, 4658, 4660, 4661, 4662, 4663, 4670, 4672, 4673, 4674, 4690, 4703, 4798, 4799, 4907, 4985),
    *(5058, 5059, 5061, 5379),
)
_SECURITY = {
    4624: _LOGON,
    4625: _LOGON,
    **dict.fromkeys(FILTERED, _FILTERED),
    **dict.fromkeys(_OF_SUBJECTS, ("SubjectUserName",)),
}
_READ: Mapping[str, Mapping[int, tuple[str, ...]]] = {
    "Microsoft-Windows-Sysmon": _SYSMON,
    "Microsoft-Windows-Security-Auditing": _SECURITY,
}
"""Data names that an event's reader uses; for unlisted events all are parsed."""


_FILES = ("Image", "TargetFilename", "OriginalFileName", "ImageLoaded")
_NAMING = tuple((name.lower(), f'"{name}":') for name in _FILES)
"""Data with file names, parsed on request."""


class Layout(NamedTuple):
    """Properties shared by all records with the same text before the time.

    `marks`: data to parse, by lower-case name; empty for all."""

    event_id: int
    provider: str
    marks: tuple[tuple[str, str], ...]


def quick_record(text: str, *, names_files: bool = False) -> WindowsRecord | None:
    """Parse the record of an event with named data, as nearly all are; None for any other.

    `names_files`: also parse data with file names.

    `{"Event":{..,"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon",..}},"EventID":3,..,
    "TimeCreated":{"#attributes":{"SystemTime":"2026-06-10T08:00:01.123456Z"}},..,
    "Channel":"..","Computer":"PC-17",..},"EventData":{..}}}`"""
    try:
        position = text.index(TIME)
        layout = layout_of(text[:position])
        begin = position + len(TIME)
        end = begin + _TIME_CHARACTERS
        start = text.index(_EVENT_DATA, end)
        channel, computer = _names(text[text.index(_CHANNEL, end, start) : start])
        marks = (*layout.marks, *_NAMING) if names_files and layout.marks else layout.marks
        data = _some(text, start, marks) if marks else _all(text, start)
    except (ValueError, RecursionError, IndexError):
        return None
    if text[end] != '"':
        return None
    return WindowsRecord(layout.event_id, layout.provider, channel, computer or None, text[begin:end], data)


def may_state_holder(text: str) -> bool:
    """Return whether a record may state who had an address; quick, and false for most."""
    return _may_state_holder(text[: max(text.find(TIME), 0)])


@lru_cache(_CACHE_SIZE)
def _may_state_holder(beginning: str) -> bool:
    try:
        layout = layout_of(beginning)
    except ValueError:
        return True
    return states_holder(layout.event_id, layout.provider)


@lru_cache(_CACHE_SIZE)
def layout_of(beginning: str) -> Layout:
    """Return the layout of records with this text before `TIME`. Raises ValueError."""
    position = beginning.index(_NUMBER)
    provider, _ = _string(beginning[:position], _PROVIDER)
    number = beginning[position + len(_NUMBER) :]
    if number.startswith("{"):  # with qualifiers
        number = number[number.index(_TEXT) + len(_TEXT) :]
    event_id = int(number.partition(",")[0].strip('"}')) & 0xFFFF
    names = _READ.get(provider, {}).get(event_id, ())
    return Layout(event_id, provider, tuple((name.lower(), f'"{name}":') for name in names))


@lru_cache(_CACHE_SIZE)
def _names(ending: str) -> tuple[str, str]:
    """Return channel and computer from the rest of the system part, cached as it rarely varies.

    Raises ValueError."""
    channel, rest = _string(ending, _CHANNEL)
    return channel, _string(rest, _COMPUTER)[0]


def _string(text: str, mark: str) -> tuple[str, str]:
    """Return the string after the mark, and the rest. Raises ValueError when absent or escaped."""
    value, quote, rest = text[text.index(mark) + len(mark) :].partition('"')
    if "\\" in value or not quote:
        raise ValueError
    return value, rest


def _some(text: str, start: int, marks: Sequence[tuple[str, str]]) -> dict[str, str]:
    data: dict[str, str] = {}
    for name, mark in marks:
        position = text.find(mark, start)
        if position < 0:
            continue
        position += len(mark)
        if text[position] == '"':
            value = text[position + 1 : text.index('"', position + 1)]
            data[name] = _decode(text, position)[0] if "\\" in value else value
        else:
            value = text[position : text.find(",", position)]
            plain = value.isdigit() or value in ("true", "false")
            data[name] = value if plain else _scalar(_decode(text, position)[0])
    return data


def _all(text: str, start: int) -> dict[str, str]:
    values, _ = _decode(text, start + len(_EVENT_DATA) - 1)
    if "Data" in values or "#attributes" in values:
        raise ValueError
    return {
        name: value if value.__class__ is str else _scalar(value)
        for name, value in zip(_lowered(tuple(values)), values.values(), strict=True)
    }


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
