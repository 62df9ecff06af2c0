"""Lines that may name address holders, stored with a segment so that it need not be opened for them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

import zstandard

from lamsach.archive.archive import Archive, Entry
from lamsach.archive.archived_lines import raw_of
from lamsach.archive.catalog import ALL_LINES, NO_LINES, Row
from lamsach.errors import UnreadableError
from lamsach.i18n import mark

_MOST_UNPACKED = 1 << 20
_DAMAGED = mark("A segment of the archive is damaged.")


def unpack_lines(text: str, name: str) -> Iterator[tuple[int, bytes]]:
    """Yield packed lines with their numbers. Raises UnreadableError."""
    try:
        data = zstandard.ZstdDecompressor().decompress(base64.b85decode(text), max_output_size=_MOST_UNPACKED)
        for item in data.split(b"\n"):
            number, _, line = item.partition(b" ")
            yield int(number), line
    except (ValueError, zstandard.ZstdError):
        raise UnreadableError(_DAMAGED, name) from None


def lines(archive: Archive, rows: Sequence[Row]) -> Iterator[tuple[int, bytes | None]]:
    """Yield the lines of a source that may name an address holder, and its header lines.

    Damage is raised at the end.
    """
    problem: UnreadableError | None = None
    for row in rows:
        try:
            yield from _of_row(archive, row)
        except UnreadableError as error:
            problem = error
    if problem is not None:
        raise problem


def _of_row(archive: Archive, row: Row) -> Iterator[tuple[int, bytes | None]]:
    if row.holders == ALL_LINES:
        yield from enumerate(raw_of(archive, row).split(b"\n"), row.first_line)
        return
    found: list[tuple[int, bytes]] = [(int(number), str(text).encode()) for number, text in row.headers]
    if row.holders != NO_LINES:
        about = archive.head(Entry(row.name, row.sequence, row.source)).description
        found += unpack_lines(about.holders or "", row.name)
    yield from sorted(found)
