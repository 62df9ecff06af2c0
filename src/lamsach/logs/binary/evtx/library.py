"""The records of a chunk of an EVTX file as the library `evtx` gives them: as JSON (https://github.com/omerbenamram/evtx)."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from lamsach.logs.binary.evtx.chunks import (
    CHUNK_BYTES,
    HEADER,
    RECORDS_START,
    bridged,
    with_sound_tables,
    without_tables,
)

_SIZE, _ENDS = struct.Struct("<I"), struct.Struct("<II")

_ALONE = 6
"""So many records of a chunk are rather read one by one than all that stand between."""


def library_texts(chunk: bytes) -> list[str | None]:
    """The JSON of each record of a chunk; None for one that is damaged."""
    found = _all_of(with_sound_tables(chunk))
    return list(found) if found is not None else list(_one_by_one(chunk))


def some_library_texts(chunk: bytes, places: Sequence[int], which: Sequence[int]) -> list[str | None] | None:
    """The JSON of some records of a chunk whose checksums hold; `places`: where each begins, and where the last one ends. None when the
    library does not find just these records."""
    if len(which) <= _ALONE:
        found = [_alone(chunk, places[at], places[at + 1]) for at in which]
        if None not in found:
            return list(found)
    texts = library_texts(chunk)
    return [texts[at] for at in which] if len(texts) == len(places) - 1 else None


def _alone(chunk: bytes, begin: int, end: int) -> str | None:
    """The JSON of the one record between these places: the chunk's first record is said to reach up to it, and nothing to follow it."""
    data = bytearray(without_tables(chunk))
    if begin > RECORDS_START:
        _SIZE.pack_into(data, RECORDS_START + 4, begin - RECORDS_START)
        _SIZE.pack_into(data, begin - 4, begin - RECORDS_START)
    _ENDS.pack_into(data, 44, begin, end)
    found = _all_of(bytes(data))
    return found[-1] if found and len(found) == 1 + (begin > RECORDS_START) else None


def _all_of(chunk: bytes) -> list[str] | None:
    """The JSON of each record; None when anything is damaged."""
    from evtx import PyEvtxParser

    try:
        found: Any = PyEvtxParser(io.BytesIO(HEADER + chunk), number_of_threads=1).records_json()
        return [record["data"] for record in found]
    except BaseException as error:  # the library's panics are no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
    return None


def _one_by_one(chunk: bytes) -> Iterator[str | None]:
    """The same of a chunk with damage in it, of which as much is read as can be."""
    given = 0
    for text in _parsed(chunk):
        if text is _HEAD_DAMAGED:
            break
        given += 1
        yield text
    else:
        return
    repaired = list(_parsed(bridged(chunk)))
    yield from (text for text in repaired[given:] if text is not _HEAD_DAMAGED)
    if not given and repaired == [_HEAD_DAMAGED]:
        yield None


_HEAD_DAMAGED = "damaged"


def _parsed(chunk: bytes) -> Iterator[str | None]:
    """What the library reads: None for a damaged record, `_HEAD_DAMAGED` at the end when it cannot go on."""
    from evtx import PyEvtxParser

    try:
        records = iter(
            PyEvtxParser(io.BytesIO(HEADER + without_tables(chunk)), number_of_threads=1).records_json()
        )
    except (RuntimeError, OSError, ValueError):
        yield _HEAD_DAMAGED
        return
    failures = 0
    while failures < CHUNK_BYTES:
        try:
            record: Any = next(records, None)
        except BaseException as error:  # the library's panics are no Exception
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            failures += 1
            if "record number" not in str(error):
                yield _HEAD_DAMAGED
                return
            yield None
            continue
        if record is None:
            return
        yield record["data"]
