"""Records of an EVTX chunk as the library `evtx` gives them: JSON texts (https://github.com/omerbenamram/evtx)."""

from __future__ import annotations

import io
from typing import Any

from lamsach.logs.binary.evtx.chunks import CHUNK_BYTES, bridged, header_of, without_tables

_HEADER = header_of(1)


def record_texts(chunk: bytes) -> list[str | None]:
    """The JSON of each record of a chunk, in order; None for a damaged one.

    Behind a damaged head of a record the next whole one is looked for. A chunk of which nothing can be read counts as one damaged record.
    """
    chunk = without_tables(chunk.ljust(CHUNK_BYTES, b"\0"))
    texts, whole = _parsed(chunk)
    if whole:
        return texts
    repaired, whole = _parsed(bridged(chunk))
    if not (texts or repaired or whole):
        return [None]
    return texts + repaired[len(texts) :]


def _parsed(chunk: bytes) -> tuple[list[str | None], bool]:
    """Return what the library reads of a chunk, None for a damaged record; and whether it came to the chunk's end."""
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
