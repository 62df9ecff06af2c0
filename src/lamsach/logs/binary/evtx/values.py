"""The values of an EVTX file's binary XML as text, spelled as the library spells them (https://github.com/omerbenamram/evtx)."""

from __future__ import annotations

import struct
from codecs import utf_16_le_decode
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from lamsach.logs.binary.evtx.elements import UnusualError

NULL, STRING, BOOLEAN, SIZE, HEX32, HEX64 = 0, 1, 13, 16, 20, 21
"""Kinds of values. A template's SIZE is written as HEX32 or HEX64, as wide as the machine's addresses."""
SIZES = {3: 1, 4: 1, 5: 2, 6: 2, 7: 4, 8: 4, 9: 8, 10: 8, 13: 4, 15: 16, 17: 8, 20: 4, 21: 8}
"""The size in bytes of each kind of value that has one."""
SECONDS_TO_1970 = 11_644_473_600
_BEGINNING = datetime(1601, 1, 1)
_VALUES_KEPT = 65536


def text(data: bytes) -> str:
    """Text up to its first NUL. Raises UnusualError for what is no UTF-16."""
    try:
        return utf_16_le_decode(data, "strict", True)[0].partition("\0")[0]
    except UnicodeDecodeError as error:
        raise UnusualError from error


@lru_cache(_VALUES_KEPT)
def value(kind: int, data: bytes) -> str:
    """A value of this kind as text; empty when nothing is stated. Raises UnusualError for a kind or a size that is not among the usual ones."""
    if kind == NULL or not data:
        return ""
    if kind == STRING:
        return text(data)
    size, read = SIZES.get(kind), _READERS.get(kind)
    if read is None or (size is not None and len(data) != size):
        raise UnusualError
    return read(data)


def _whole(layout: str) -> Callable[[bytes], str]:
    number = struct.Struct(layout)
    return lambda data: str(number.unpack(data)[0])


def _hex(data: bytes) -> str:
    return f"{int.from_bytes(data, 'little'):#x}"


def _boolean(data: bytes) -> str:
    number = int.from_bytes(data, "little")
    if number > 1:
        raise UnusualError
    return "true" if number else "false"


def _security_id(data: bytes) -> str:
    """`S-1-5-21-..`: revision, how many parts follow, six bytes of authority, the parts."""
    if len(data) < 8 or data[0] != 1 or len(data) != 8 + 4 * data[1] or data[2:4] != b"\0\0":
        raise UnusualError
    parts = struct.unpack_from(f"<{data[1]}I", data, 8)
    return "-".join(map(str, ("S", data[0], int.from_bytes(data[2:8], "big"), *parts)))


def _time(data: bytes) -> str:
    ticks = int.from_bytes(data, "little")
    if not usual_time(ticks):
        raise UnusualError
    moment = _BEGINNING + timedelta(microseconds=ticks // 10)
    return f"{moment.isoformat(timespec='microseconds')}Z"


def usual_time(ticks: int) -> bool:
    """Whether a `FILETIME` lies between 1970 and 2100."""
    return SECONDS_TO_1970 <= ticks // 10**7 < SECONDS_TO_1970 + 4_102_444_800


_READERS: dict[int, Callable[[bytes], str]] = {
    3: _whole("<b"), 4: _whole("<B"), 5: _whole("<h"), 6: _whole("<H"),
    7: _whole("<i"), 8: _whole("<I"), 9: _whole("<q"), 10: _whole("<Q"),
    13: _boolean, 15: lambda data: str(UUID(bytes_le=data)).upper(), 17: _time, 19: _security_id, SIZE: _hex, 20: _hex, 21: _hex,
    14: lambda data: data.hex().upper(),
}  # fmt: skip
