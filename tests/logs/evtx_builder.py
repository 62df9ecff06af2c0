"""Builder of small EVTX files: file header, chunks, records in plain binary XML without templates.

Source:
https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

CHUNK_BYTES, RECORDS_START = 65536, 512
Tree = tuple[str, Mapping[str, str], "str | Sequence[Tree]"]
"""An element: its name, its attributes, its text or its children."""


def event(
    event_id: int,
    data: Mapping[str, str],
    provider: str = "Microsoft-Windows-Sysmon",
    computer: str = "PC-MINH",
    time: str = "2026-06-10T08:00:01.500000Z",
) -> Tree:
    """Build an event with named data."""
    system: list[Tree] = [
        ("Provider", {"Name": provider}, ""),
        ("EventID", {}, str(event_id)),
        ("TimeCreated", {"SystemTime": time}, ""),
        ("Channel", {}, f"{provider}/Operational"),
        ("Computer", {}, computer),
    ]
    values: list[Tree] = [("Data", {"Name": name}, value) for name, value in data.items()]
    return (
        "Event",
        {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
        [("System", {}, system), ("EventData", {}, values)],
    )


def chunk(trees: Sequence[Tree], first: int = 1) -> bytes:
    """Build a chunk of 64 KiB with these events."""
    data = bytearray(RECORDS_START)
    last = len(data)
    for number, tree in enumerate(trees, first):
        last = len(data)
        data += struct.pack("<4sIQQ", b"\x2a\x2a\0\0", 0, number, 133_650_000_000_000_000)
        data += b"\x0f\x01\x01\x00"
        _element(data, tree)
        data += b"\0"
        size = len(data) - last + 4
        struct.pack_into("<I", data, last + 4, size)
        data += struct.pack("<I", size)
    end = len(data)
    count = len(trees)
    struct.pack_into(
        "<8sQQQQIII",
        data,
        0,
        b"ElfChnk\0",
        first,
        first + count - 1,
        first,
        first + count - 1,
        128,
        last,
        end,
    )
    struct.pack_into("<I", data, 52, zlib.crc32(bytes(data[RECORDS_START:end])))
    struct.pack_into("<I", data, 124, zlib.crc32(bytes(data[:120]) + bytes(data[128:512])))
    return bytes(data).ljust(CHUNK_BYTES, b"\0")


def file(*chunks: bytes, dirty: bool = False) -> bytes:
    """Build a file of these chunks; a dirty one states a single chunk in its header."""
    header = bytearray(4096)
    count = 1 if dirty else len(chunks)
    struct.pack_into("<8sQQQIHHHH", header, 0, b"ElfFile\0", 0, max(count - 1, 0), 1, 128, 1, 3, 4096, count)
    struct.pack_into("<I", header, 120, 1 if dirty else 0)
    struct.pack_into("<I", header, 124, zlib.crc32(bytes(header[:120])))
    return bytes(header) + b"".join(chunks)


def _element(data: bytearray, tree: Tree) -> None:
    name, attributes, content = tree
    data += struct.pack("<BI", 0x41 if attributes else 0x01, 0)
    size_at = len(data) - 4
    _name(data, name)
    if attributes:
        data += struct.pack("<I", 0)
        list_at = len(data) - 4
        for index, (key, value) in enumerate(attributes.items(), 1):
            data.append(0x46 if index < len(attributes) else 0x06)
            _name(data, key)
            _text(data, value)
        struct.pack_into("<I", data, list_at, len(data) - list_at - 4)
    data.append(0x02)
    if isinstance(content, str):
        _text(data, content)
    else:
        for child in content:
            _element(data, child)
    data.append(0x04)
    struct.pack_into("<I", data, size_at, len(data) - size_at - 4)


def _name(data: bytearray, name: str) -> None:
    data += struct.pack("<I", len(data) + 4)
    value = 0
    for character in name:
        value = (value * 65599 + ord(character)) & 0xFFFFFFFF
    data += struct.pack("<IHH", 0, value & 0xFFFF, len(name)) + name.encode("utf-16-le") + b"\0\0"


def _text(data: bytearray, text: str) -> None:
    data += struct.pack("<BBH", 0x05, 0x01, len(text)) + text.encode("utf-16-le")
